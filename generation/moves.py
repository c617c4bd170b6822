"""A job's moves as the dispatcher makes them: committed, patiently, or not made at all."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Final, Self

from generation.errors import AtelierError, MoveRefused, NotFound
from generation.job import MAX_ATTEMPTS, Job, JobState
from generation.ports import JobStore

_LOG = logging.getLogger(__name__)

PAUSE_SECONDS: Final = 1.0
RESTARTED: Final = "restarted"
STORAGE_FAILED: Final = "storage_failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovered:
    """What became of the last run's jobs: waiting again, given up or refused, and being posted (left to the caller)."""

    queued: tuple[Job, ...] = ()
    failed: tuple[Job, ...] = ()
    posting: tuple[Job, ...] = ()

    @classmethod
    def of(cls, jobs: Iterable[Job]) -> Self:
        """Sort by state; nothing else is left over once `Moves.recover` has been through."""
        moved = tuple(jobs)
        ended = {JobState.FAILED, JobState.REFUSED}
        states = ({JobState.QUEUED}, ended, {JobState.POSTING})
        queued, failed, posting = (tuple(job for job in moved if job.state in these) for these in states)
        return cls(queued=queued, failed=failed, posting=posting)


class Moves:
    """Waits while the disk refuses, since nothing may happen without its row; `close` ends the waiting."""

    def __init__(self, store: JobStore) -> None:
        self._store = store
        self._closing = asyncio.Event()

    @property
    def closing(self) -> bool:
        return self._closing.is_set()

    def close(self) -> None:
        """From now on a disk that refuses is an error at once."""
        self._closing.set()

    async def commit(self, job_id: str, to: JobState, **changes: Any) -> Job:
        """`JobStore.move`. Raises NotFound for a job that has moved on, AtelierError when closing."""
        while True:
            try:
                return await self._store.move(job_id, to, **changes)
            except AtelierError as error:
                if error.code != STORAGE_FAILED or self.closing:
                    raise
                _LOG.error("job %s cannot be stored (%s); trying again", job_id, error)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._closing.wait(), PAUSE_SECONDS)

    async def end(self, job: Job, to: JobState, code: str) -> Job | None:
        """The ended job; None when it has ended, or is being posted, already."""
        try:
            return await self.commit(job.id, to, error_code=code)
        except NotFound:
            return None

    async def put_back(self, job: Job) -> None:
        """At an orderly stop: let it wait again. The attempt that was broken off does not count."""
        attempt = job.attempt - 1 if job.state is JobState.RUNNING else job.attempt
        with suppress(NotFound):
            await self.commit(job.id, JobState.QUEUED, attempt=attempt)

    async def recover(self, job: Job) -> Job | None:
        """After a crash: a job that was in work waits again, is given up or refused. None: it has moved on."""
        if job.state not in {JobState.RUNNING, JobState.CHECKING}:
            return job
        to = JobState.QUEUED if job.attempt < MAX_ATTEMPTS else JobState.FAILED
        try:
            return await self.commit(job.id, to, expect=job.state, error_code=RESTARTED)
        except MoveRefused as refusal:
            return refused(job, refusal)
        except NotFound:
            return None


def refused(job: Job, refusal: MoveRefused) -> Job:
    """The job as the refusal has left it."""
    return replace(job, state=JobState.REFUSED, error_code=refusal.code)
