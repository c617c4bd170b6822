"""Who waits for what: one's own jobs for everybody, all of them and the refusals for teachers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.services.ports import Requester
from data.jobs import Jobs
from generation.dispatcher import Dispatcher
from generation.errors import NotAllowed
from generation.job import Job, JobState


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueRow:
    """An unfinished job; `place` 0 when it is already in work, `expected_seconds` None if never measured."""

    job: Job
    place: int
    expected_seconds: float | None


class Overview:
    def __init__(self, *, jobs: Jobs, dispatcher: Dispatcher) -> None:
        self._jobs = jobs
        self._dispatcher = dispatcher

    async def of_person(self, who: Requester) -> list[QueueRow]:
        return await self._rows([job for job in await self._unfinished(who) if job.owner_id == who.person_id])

    async def all(self, who: Requester) -> list[QueueRow]:
        """Every unfinished job of this class. Raises NotAllowed unless a teacher asks."""
        _teachers_only(who)
        return await self._rows(await self._unfinished(who))

    async def refusals(self, who: Requester) -> list[Job]:
        """The last refused jobs, newest first; facts for the teacher. Raises NotAllowed."""
        _teachers_only(who)
        return list(await self._jobs.recent_refusals(who.guild_id))

    async def _unfinished(self, who: Requester) -> Sequence[Job]:
        return [job for job in await self._jobs.unfinished() if job.guild_id == who.guild_id]

    async def _rows(self, jobs: Sequence[Job]) -> list[QueueRow]:
        rows = []
        for job in jobs:
            queued = job.state is JobState.QUEUED
            rows.append(
                QueueRow(
                    job=job,
                    place=(self._dispatcher.place(job.id) or 0) if queued else 0,
                    expected_seconds=await self._dispatcher.expected_seconds(job),
                )
            )
        return sorted(rows, key=lambda row: (row.place, row.job.created_at))


def _teachers_only(who: Requester) -> None:
    if not who.is_teacher:
        raise NotAllowed("not_allowed")
