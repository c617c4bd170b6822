"""`/notaus`: a committed row first; from then on nothing of the class moves on, is made or is shown.

What waits is cancelled, workers that are at it are killed, sends on their way are broken off and what they left is
deleted. The row outlives a crash: at the next start the gate refuses what was in work, and `finish` takes back what
a broken-off send may have left. It holds until a teacher lifts it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol

from bot.services.deliver import Deliver
from bot.services.lesson_ports import Notes, Shows, demand_teacher
from bot.services.ports import Hindrance, Requester
from bot.services.posting import Posting
from data.artifacts import Artifacts
from data.jobs import Jobs
from data.stops import EMERGENCY_CODE, Stop, Stops
from generation.dispatcher import Dispatcher
from generation.errors import AtelierError, NotFound
from generation.job import ENDED, Job, JobState

_log = logging.getLogger(__name__)

LATE_S: Final = (0.2, 0.3, 0.5, 0.7)
"""Between the looks for a message whose send was broken off: together less than two seconds."""
PATIENCE_S: Final = 10.0
"""Who presses gets an answer; what takes longer goes on behind it."""
PAUSES_S: Final = (0.05, 0.2, 0.5, 1.0)
"""Between two looks at what is left."""


class Workers(Protocol):
    """What is needed of the supervisor."""

    def kill(self, family: str) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopped:
    """`is_new`: it was not stopped before. `ended`: jobs that ended without a post; `left`: jobs of which a message
    may still stand. `is_kept`: its row is on the disk; else it holds only until the bot ends."""

    is_new: bool
    ended: int
    deleted: int = 0
    left: tuple[str, ...] = ()
    is_kept: bool = True


@dataclass(frozen=True, slots=True)
class _Cleared:
    """`is_left`: a message of it may still stand."""

    job: str
    deleted: int = 0
    is_left: bool = False

    def after(self, before: _Cleared) -> _Cleared:
        return replace(self, deleted=before.deleted + self.deleted)


class Emergency:
    """Of one class at a time; the others' jobs go on, those that lose their worker begin anew.

    `also` breaks off its sends as soon as the row stands, and goes on once it is lifted.
    """

    def __init__(
        self,
        *,
        stops: Stops,
        jobs: Jobs,
        artifacts: Artifacts,
        posting: Posting,
        deliver: Deliver,
        dispatcher: Dispatcher,
        workers: Workers,
        notes: Notes | None = None,
        also: Sequence[Shows] = (),
        late: Sequence[float] = LATE_S,
    ) -> None:
        self._stops = stops
        self._jobs = jobs
        self._artifacts = artifacts
        self._posting = posting
        self._deliver = deliver
        self._dispatcher = dispatcher
        self._workers = workers
        self._notes = notes
        self._also = tuple(also)
        self._late = tuple(late)
        self._tasks: set[asyncio.Task[Any]] = set()
        self._forbidden: set[str] = set()

    def since(self, who: Requester) -> float | None:
        """Since when the class is stopped, None: it is not. Raises NotAllowed teachers_only."""
        demand_teacher(who)
        return self._stops.since(who.guild_id, Stop.EMERGENCY)

    async def stop(self, who: Requester) -> Stopped:
        """Also where the disk refuses its row: that is said, and tried again. Raises NotAllowed teachers_only."""
        demand_teacher(who)
        is_new, is_kept = True, True
        try:
            is_new = await self._stops.set(who.guild_id, Stop.EMERGENCY)
        except AtelierError as error:
            _log.error("an emergency stop holds and could not be written down (%s)", error.code)
            is_kept = False
        stopped = replace(await self._clear_in_time(who.guild_id, is_new=is_new), is_kept=is_kept)
        await self._note(who, "emergency.stop", {"jobs": stopped.ended, "deleted": stopped.deleted})
        return stopped

    async def lift(self, who: Requester) -> bool:
        """The class may go on; nothing of what was stopped comes back. False: it was not stopped.

        Raises NotAllowed teachers_only, StorageFailed: then it still holds.
        """
        demand_teacher(who)
        await self._clear(who.guild_id, is_new=False)  # nothing of what was stopped may come back
        lifted = await self._stops.lift(who.guild_id, Stop.EMERGENCY)
        if lifted:
            self._dispatcher.wake()
            for other in self._also:
                self._keep(asyncio.create_task(self._tried(other.finish())))
            await self._note(who, "emergency.lift", {})
        return lifted

    async def finish(self) -> None:
        """For the start, and once a minute: clear away what a stop that was broken off has left. Never raises."""
        try:
            for guild in self._stops.held(Stop.EMERGENCY):
                await self._clear(guild, is_new=False)
            left = set(await self._stops.emergency_jobs()) - self._forbidden
            await asyncio.gather(*[self._take_back(job) for job in sorted(left)])
            await self._stops.keep()
        except Exception as error:  # noqa: BLE001  the disk, most likely; it is tried again
            _log.error("an emergency stop could not be cleared away yet (%s)", type(error).__name__)

    async def purge(self) -> None:
        """As a chore of `Upkeep`."""
        await self.finish()

    async def sweep(self) -> None:
        """At the start `finish` comes with the recovery, when messages can be deleted."""

    async def close(self) -> None:
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _note(self, who: Requester, what: str, detail: Mapping[str, int]) -> None:
        """What was done is done, also where the log cannot take it."""
        if self._notes is None:
            return
        try:
            await self._notes.note(who.guild_id, who.person_id, what, detail=dict(detail))
        except AtelierError as error:
            _log.error("the log did not take %s (%s)", what, error)

    # -- clearing away --

    async def _clear_in_time(self, guild: str, *, is_new: bool) -> Stopped:
        """Whoever leaves or a disk that hangs does not stop the clearing."""
        task = asyncio.create_task(self._clear(guild, is_new=is_new))
        self._keep(task)
        for other in self._also:
            self._keep(asyncio.create_task(self._tried(other.break_off(guild))))
        done, _ = await asyncio.wait({task}, timeout=PATIENCE_S)
        if not done:
            left = tuple(job.id for job in await self._of(guild))
            return Stopped(is_new=is_new, ended=0, left=left)
        return task.result()

    async def _clear(self, guild: str, *, is_new: bool) -> Stopped:
        cleared: dict[str, _Cleared] = {}
        for pause in (0.0, *PAUSES_S):  # one that was between two states is found by the next look
            await asyncio.sleep(pause)
            jobs = await self._of(guild)
            if not jobs:
                break
            self._silence(jobs)
            for one in await asyncio.gather(*map(self._end, jobs)):
                before = cleared.get(one.job)
                cleared[one.job] = one if before is None else one.after(before)
        return Stopped(
            is_new=is_new,
            ended=len(cleared),
            deleted=sum(one.deleted for one in cleared.values()),
            left=tuple(sorted(one.job for one in cleared.values() if one.is_left)),
        )

    def _keep(self, task: asyncio.Task[Any]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _tried(self, work: Awaitable[None]) -> None:
        try:
            await work
        except Exception as error:  # noqa: BLE001  the others go on; its own chore tries again
            _log.error("what else is shown could not be stopped or go on yet (%s)", type(error).__name__)

    def _silence(self, jobs: Iterable[Job]) -> None:
        """Without waiting for anything: nothing more is sent, and what is being sent is given up."""
        for job in jobs:
            self._posting.break_off(job.id)

    async def _of(self, guild: str) -> list[Job]:
        return [job for job in await self._jobs.unfinished() if job.guild_id == guild]

    async def _end(self, job: Job) -> _Cleared:
        try:
            cancelled = await self._dispatcher.cancel(job.id, EMERGENCY_CODE)
            if any(one.id == job.id for one in self._dispatcher.running()):
                self._workers.kill(job.family)  # a step may take a minute
            if cancelled:
                return _Cleared(job.id)
            return await self._take_back(job.id)
        except AtelierError as error:  # the disk; the others must not wait for this one
            _log.error("job %s could not be stopped yet (%s)", job.id, error)
            return _Cleared(job.id, is_left=True)

    async def _take_back(self, job_id: str) -> _Cleared:
        """What no queue knows (any more): delete what may stand, then end it."""
        job = await self._jobs.get(job_id)
        if job is None:
            return _Cleared(job_id)
        taken = await self._posting.take_back(job, late=self._late)
        if taken.hindrance is Hindrance.FORBIDDEN:
            self._forbidden.add(job_id)
        await self._refuse(job)
        await self._artifacts.delete(job_id)
        return _Cleared(job_id, deleted=taken.deleted, is_left=taken.hindrance is not None)

    async def _refuse(self, job: Job) -> None:
        if job.state in ENDED:
            return
        try:
            ended = await self._jobs.move(job.id, JobState.REFUSED, error_code=EMERGENCY_CODE)
        except NotFound:
            return  # in this very moment somebody else has ended it, or it was noted that it stands
        await self._deliver.on_end(ended, EMERGENCY_CODE)
