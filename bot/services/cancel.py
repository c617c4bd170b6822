"""Stopping a job: its owner or a teacher may."""

from __future__ import annotations

from bot.services.ports import Requester
from data.jobs import Jobs
from generation.dispatcher import Dispatcher
from generation.errors import NotAllowed, NotFound


class Cancel:
    def __init__(self, *, jobs: Jobs, dispatcher: Dispatcher) -> None:
        self._jobs = jobs
        self._dispatcher = dispatcher

    async def cancel(self, job_id: str, who: Requester) -> bool:
        """True once the job will not be posted any more, False if it has already ended or is being posted.

        Raises NotFound for a foreign or unknown id and NotAllowed for other people's jobs.
        """
        job = await self._jobs.get(job_id)
        if job is None or job.guild_id != who.guild_id:
            raise NotFound("job_gone")
        if job.owner_id != who.person_id and not who.is_teacher:
            raise NotAllowed("not_allowed")
        return await self._dispatcher.cancel(job_id)
