"""When an answer shows how far its job is. Calls are rare (Discord counts them): once, in the middle of a long job."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable

from bot.services.ports import Publisher, ReplyAddress, Status
from data.addresses import ReplyAddresses
from generation.job import Job
from generation.supervisor import Progress

_log = logging.getLogger(__name__)
_LEAST_SECONDS = 2.0
"""Shorter jobs show no bar: the result comes before one could read it."""


class ProgressReport:
    """`on_progress` is the dispatcher's callback; it never waits."""

    def __init__(
        self,
        *,
        publisher: Publisher,
        addresses: ReplyAddresses,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._publisher = publisher
        self._addresses = addresses
        self._clock = clock
        self._first_seen: dict[str, float] = {}
        self._shown: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def on_progress(self, job: Job, progress: Progress) -> None:
        """Show the bar once: after two seconds at the latest at half way, if at least two seconds are left."""
        now = self._clock()
        if progress.done >= progress.total:
            self._first_seen.pop(job.id, None)
            self._shown.discard(job.id)
            return
        begun = self._first_seen.setdefault(job.id, now)
        if job.id in self._shown or now - begun < _LEAST_SECONDS or progress.done == 0:
            return
        left = (now - begun) / progress.done * (progress.total - progress.done)
        if left < _LEAST_SECONDS:
            return
        self._shown.add(job.id)
        status = Status(done=progress.done, total=progress.total, ready_at=now + left)
        task = asyncio.create_task(self._show(job, status))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _show(self, job: Job, status: Status) -> None:
        address = await self._addresses.get(job.id)
        await self._publisher.show_status(job, None if address is None else ReplyAddress(address), status)

    async def close(self) -> None:
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
