"""A result goes from everywhere: it is stopped, its post and its place in the gallery are taken back, its files are
deleted; and so is every piece that somebody has made of it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Final

from bot.services.gallery_ports import Hanging
from bot.services.ports import Hindrance, Publisher, TakenBack
from bot.services.posting import Posting
from data.artifacts import Artifacts
from data.jobs import Jobs
from data.pieces import PieceLinks
from generation.dispatcher import Dispatcher
from generation.errors import AtelierError
from generation.job import ENDED, Job, JobState

_log = logging.getLogger(__name__)
PAUSES_S: Final = (0.05, 0.2, 0.5, 1.0, 2.0, 4.0)
"""Between two looks at whether a worker has ended a job."""
AT_ONCE: Final = 4
NOT_STOPPABLE: Final = ENDED | {JobState.POSTING}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleared:
    """`job` None: it was gone before. `is_over` False: Discord, a worker or the disk is awaited, it is to be tried
    again."""

    job: Job | None = None
    taken: TakenBack = field(default_factory=TakenBack)
    is_over: bool = True


class Pieces:
    """`pauses`: see PAUSES_S."""

    def __init__(
        self,
        *,
        links: PieceLinks,
        jobs: Jobs,
        artifacts: Artifacts,
        posting: Posting,
        publisher: Publisher,
        dispatcher: Dispatcher,
        gallery: Hanging | None = None,
        pauses: Sequence[float] = PAUSES_S,
    ) -> None:
        self._links = links
        self._jobs = jobs
        self._artifacts = artifacts
        self._posting = posting
        self._publisher = publisher
        self._dispatcher = dispatcher
        self._gallery = gallery
        self._pauses = tuple(pauses)

    async def of(self, jobs: Collection[str], *, telling: bool = False) -> list[str]:
        """See `PieceLinks.of`."""
        return await self._links.of(jobs, telling=telling) if jobs else []

    async def clear(self, ids: Sequence[str]) -> list[Cleared]:
        """Let them go, a few at once; no send of any begins from now on. Never raises for one of them."""
        for job_id in ids:
            self._publisher.withhold(job_id)
        places = asyncio.Semaphore(AT_ONCE)

        async def one(job_id: str) -> Cleared:
            async with places:
                return await self._clear(job_id)

        return await asyncio.gather(*map(one, ids))

    async def _clear(self, job_id: str) -> Cleared:
        job = await self._stopped(job_id)
        if job is None:
            return Cleared()
        try:
            taken = await self._posting.take_back(job)
            if self._gallery is not None:
                taken += await self._gallery.clear_job(job_id)
            await self._artifacts.delete(job_id)
        except AtelierError as error:
            _log.warning("job %s could not be cleared away yet (%s)", job_id, error.code)
            return Cleared(job=job, is_over=False)
        waits = taken.hindrance is Hindrance.AWAY or self._dispatcher.is_in_work(job_id)
        return Cleared(job=job, taken=taken, is_over=not waits)

    async def _stopped(self, job_id: str) -> Job | None:
        """The job, once no worker is at it any more, or after it was waited for. None: it is gone."""
        for pause in (0.0, *self._pauses):
            await asyncio.sleep(pause)
            job = await self._jobs.get(job_id)
            if job is None or (job.state in NOT_STOPPABLE and not self._dispatcher.is_in_work(job_id)):
                return job
            if job.state not in NOT_STOPPABLE:
                await self._dispatcher.cancel(job_id)
        return await self._jobs.get(job_id)
