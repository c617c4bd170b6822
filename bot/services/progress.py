"""When an answer shows how far its job is. Calls are rare (Discord counts them): once, in the middle of a long job.

A video is told of more often, in frames, and once with its first and last picture.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from typing import Final

from bot.services.ports import Publisher, ReplyAddress, Status
from bot.services.video_ports import VideoStatus
from bot.services.video_preview import READY, VideoPreview
from data.addresses import ReplyAddresses
from generation.job import Job
from generation.supervisor import Progress
from generation.video_params import VIDEO

_log = logging.getLogger(__name__)
_LEAST_SECONDS: Final = 2.0
"""Shorter jobs show no bar: the result comes before one could read it."""
AGAIN_S: Final = 10.0
"""How often the frames of a video are counted in its answer: fewer edits than Discord takes of one answer."""
REMEMBERED_JOBS: Final = 64
"""More than workers ever have at the same time; how a job ends is nothing that is told here."""


@dataclass(slots=True)
class _Seen:
    """The first sign of an attempt: `done` steps at that time. `shown`: how many its bar said last, and when."""

    attempt: int
    at: float
    done: int
    shown: tuple[int, float] | None = None


class ProgressReport:
    """`on_progress` is the dispatcher's callback; it never waits. Without `preview` videos show no pictures.

    `may_show`: whether anything that was made may be seen now; a class that pauses reads numbers and sees no pictures.
    """

    def __init__(
        self,
        *,
        publisher: Publisher,
        addresses: ReplyAddresses,
        preview: VideoPreview | None = None,
        may_show: Callable[[Job], bool] = lambda job: True,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._publisher = publisher
        self._addresses = addresses
        self._preview = preview
        self._may_show = may_show
        self._clock = clock
        self._seen: OrderedDict[str, _Seen] = OrderedDict()
        self._tasks: set[asyncio.Task[None]] = set()

    def on_progress(self, job: Job, progress: Progress) -> None:
        """Show the bar once (a video's again and again): after two seconds, if at least two more are left."""
        now = self._clock()
        seen = self._remember(job, progress, now)
        if (
            _was_shown(seen, job, progress, now)
            or now - seen.at < _LEAST_SECONDS
            or progress.done <= seen.done
        ):
            return
        left = (now - seen.at) / (progress.done - seen.done) * (progress.total - progress.done)
        if left < _LEAST_SECONDS:
            return
        seen.shown = (progress.done, now)
        preview = self._preview if job.medium == VIDEO and progress.done >= READY else None
        kind = VideoStatus if job.medium == VIDEO else Status
        status = kind(done=progress.done, total=progress.total, ready_at=now + left)
        task = asyncio.create_task(self._show(job, status, preview))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _remember(self, job: Job, progress: Progress, now: float) -> _Seen:
        seen = self._seen.get(job.id)
        if seen is None or seen.attempt != job.attempt:
            shown = None if seen is None else seen.shown
            self._seen[job.id] = seen = _Seen(job.attempt, now, progress.done, shown)
        self._seen.move_to_end(job.id)
        while len(self._seen) > REMEMBERED_JOBS:
            self._seen.popitem(last=False)
        return seen

    async def _show(self, job: Job, status: Status, preview: VideoPreview | None) -> None:
        try:
            async with AsyncExitStack() as stack:
                if preview is not None and isinstance(status, VideoStatus) and self._may_show(job):
                    pictures = await stack.enter_async_context(preview.pictures(job))
                    if self._may_show(job):  # judging them takes a while
                        status = replace(status, pictures=pictures)
                address = await self._addresses.get(job.id)
                await self._publisher.show_status(
                    job, None if address is None else ReplyAddress(address), status
                )
        except Exception as error:  # noqa: BLE001  a bar that is missing hurts nobody
            _log.info("the bar of job %s was not shown (%s)", job.id, type(error).__name__)


def _was_shown(seen: _Seen, job: Job, progress: Progress, now: float) -> bool:
    """Whether its bar stands there, new enough."""
    if seen.shown is None:
        return False
    done, at = seen.shown
    return job.medium != VIDEO or progress.done <= done or now - at < AGAIN_S
