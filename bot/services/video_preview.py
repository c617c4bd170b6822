"""The first and the last picture of a video, for the answer that waits: judged like any other picture, or not shown."""

from __future__ import annotations

import asyncio
import shutil
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import Final

from data.errors import ArtifactChanged
from data.files import copy
from generation.job import Job
from moderation.files import destroy
from moderation.pipeline import Pipeline
from moderation.verdict import CHECK_FAILED, Approved

REMEMBERED_JOBS: Final = 64
"""More than are ever made at the same time."""
REFUSED: Final = "refused_video_ends"
READY: Final = 2
"""Frames that must be done: a worker makes the first and the last one before all others."""


class VideoPreview:
    """`prepare` makes sure that pictures can be checked; a worker's files of an attempt lie in `<job>-<attempt>`.

    The pictures of a job are judged once, when both are there. `end(job's id, code)` ends a job whose first or last
    picture is refused: nobody waits for frames that are never shown. A check that failed ends nothing; the finished
    video is judged anyway.
    """

    def __init__(
        self,
        *,
        pipeline: Pipeline,
        work_dir: Path,
        prepare: Callable[[], Awaitable[None]],
        end: Callable[[str, str], Awaitable[object]] | None = None,
    ) -> None:
        self._end = end
        self._pipeline = pipeline
        self._work_dir = work_dir
        self._prepare = prepare
        self._judged_jobs: OrderedDict[str, None] = OrderedDict()

    @asynccontextmanager
    async def pictures(self, job: Job) -> AsyncIterator[Approved[tuple[Path, ...]] | None]:
        """The first and the last one, as long as the block lasts.

        None if they are not there yet, if one is refused, and once they were judged.
        """
        if job.id in self._judged_jobs:
            yield None
            return
        folder = Path(mkdtemp(dir=self._work_dir, prefix=f"{job.id}-preview-"))
        try:
            copies = await asyncio.to_thread(self._copied, job, folder)
            yield await self._judged(job, copies) if copies else None
        finally:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    def _copied(self, job: Job, folder: Path) -> tuple[Path, ...]:
        """Copies, because the pipeline destroys what it refuses and the worker is not done with its files."""
        made = self._work_dir / f"{job.id}-{job.attempt}"
        copies = []
        for number in (1, int(job.params["frames"])):
            target = folder / f"frame-{number:05}.png"
            try:
                copy(made / target.name, target)
            except (OSError, ArtifactChanged):
                return ()
            copies.append(target)
        return tuple(copies)

    async def _judged(self, job: Job, copies: tuple[Path, ...]) -> Approved[tuple[Path, ...]] | None:
        self._judged_jobs[job.id] = None
        while len(self._judged_jobs) > REMEMBERED_JOBS:
            self._judged_jobs.popitem(last=False)
        await self._prepare()
        decision = await self._pipeline.approve_images(copies)
        if not decision.flagged:
            return decision.approved
        refused = [
            copied.name
            for copied, one in zip(copies, decision.verdicts, strict=True)
            if not one.allowed and one.code != CHECK_FAILED
        ]
        if refused and self._end is not None:
            # before the refusal is committed: a crash in between must not leave them
            await asyncio.to_thread(self._destroy, job, refused)
            await self._end(job.id, REFUSED)
        return None

    def _destroy(self, job: Job, names: Sequence[str]) -> None:
        """The worker's own of these pictures, those kept for another attempt included: it is about to be stopped."""
        destroy(file for name in names for file in self._work_dir.glob(f"{job.id}-*/{name}"))
