"""How much one person may have in work at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary

from bot.services.ports import Requester
from data.jobs import Jobs
from generation.errors import LimitReached
from generation.job import JobState


class Limits:
    """At most `waiting` jobs of a pupil that are waiting or in work; teachers are not limited."""

    def __init__(self, *, jobs: Jobs, waiting: int) -> None:
        self._jobs = jobs
        self._waiting = waiting
        self._locks: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def admit(self, who: Requester) -> AsyncIterator[None]:
        """Hold the person's place until the job is stored, so that two commands at once cannot both slip in.

        Raises LimitReached.
        """
        key = (who.guild_id, who.person_id)
        lock = self._locks.setdefault(key, asyncio.Lock())
        async with lock:
            if not who.is_teacher:
                await self._demand_room(who)
            yield

    async def _demand_room(self, who: Requester) -> None:
        if await self._jobs.count_active(who.guild_id, who.person_id) < self._waiting:
            return
        # Discord may be away for hours: results that are ready and cannot be shown are not the pupil's fault
        waiting = [
            job
            for job in await self._jobs.unfinished()
            if (job.guild_id, job.owner_id) == (who.guild_id, who.person_id)
            and job.state is not JobState.POSTING
        ]
        if len(waiting) >= self._waiting:
            raise LimitReached("limit_waiting", limit=self._waiting)
