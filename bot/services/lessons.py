"""The lesson in the teacher's hands: it begins and ends, has a task, pauses and goes on. Pupils hand in one result."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Final

from bot.services.deliver import Deliver
from bot.services.intake import SHOWN
from bot.services.latents import Latents
from bot.services.lesson_ports import Ended, Notes, Paused, Shows, demand_teacher
from bot.services.lesson_rules import (
    GROUPS,
    LessonRequest,
    TaskRequest,
    demand_task,
    read_minutes,
    read_rules,
    read_task,
    typed_in,
)
from bot.services.ports import Requester
from data.errors import LessonRefused
from data.jobs import Jobs
from data.lesson_voices import EndedVoices, LessonVoices
from data.lessons import HandIn, Lesson, Lessons, Task
from data.spendings import Spendings
from data.stops import Stop, Stops
from generation.catalog import Catalog
from generation.dispatcher import Dispatcher
from generation.errors import AtelierError, NotAllowed, NotFound
from generation.job import Job, JobState

_log = logging.getLogger(__name__)

LESSON_OVER: Final = "lesson_over"
"""Of jobs that still waited when their lesson ended."""
KEPT_S: Final = 30 * 24 * 3600.0
LOOKED_BACK: Final = 100
LOOKED_BACK_S: Final = 12 * 3600.0
"""How long after its own end a lesson's summary is still given."""
AT_WORK: Final = frozenset({JobState.RUNNING, JobState.CHECKING})


class LessonDesk:
    """All but `hand_in`, `offered` and `task` for teachers alone: the others raise NotAllowed teachers_only."""

    def __init__(  # noqa: PLR0913  the composition root names each of them
        self,
        *,
        lessons: Lessons,
        stops: Stops,
        spendings: Spendings,
        voices: LessonVoices,
        latents: Latents,
        jobs: Jobs,
        dispatcher: Dispatcher,
        deliver: Deliver,
        catalog: Catalog,
        notes: Notes | None = None,
        also: Sequence[Shows] = (),
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._lessons = lessons
        self._stops = stops
        self._spendings = spendings
        self._voices = voices
        self._latents = latents
        self._jobs = jobs
        self._dispatcher = dispatcher
        self._deliver = deliver
        self._catalog = catalog
        self._notes = notes
        self._also = tuple(also)
        self._clock = clock
        self._posting: set[asyncio.Task[None]] = set()

    async def start(self, asked: LessonRequest, who: Requester) -> Lesson:
        """Raises InvalidInput for what is no rule, LessonRefused lesson_running."""
        demand_teacher(who)
        rules, seconds = (
            read_rules(asked, self._models(), self._catalog.medium_of),
            read_minutes(asked.minutes),
        )
        left = self._lessons.unended(who.guild_id)
        if left is not None and self._lessons.current(who.guild_id) is None:
            with suppress(LessonRefused):  # somebody else has just ended it
                await self._finish(left)
        lesson = await self._lessons.start(who.guild_id, rules, seconds)
        await self._note(who, "lesson.start", {"lesson": lesson.id, "minutes": round(seconds / 60)})
        return lesson

    async def end(self, who: Requester) -> Ended:
        """What waits is cancelled kindly, what is in work still ends and is posted, the lesson's voices are deleted.

        A pause outlives it: somebody has said that nothing is shown until `resume`. Of a lesson that ended by itself
        not long ago the summary is given. Raises LessonRefused lesson_none.
        """
        demand_teacher(who)
        lesson = self._lessons.unended(who.guild_id)
        if lesson is None:
            return await self._look_back(who.guild_id)
        ended = await self._finish(lesson)
        await self._note(who, "lesson.end", {"lesson": lesson.id, "cancelled": ended.cancelled})
        return ended

    async def give_task(self, asked: TaskRequest | None, who: Requester) -> Lesson:
        """What everybody makes from now on; None: whatever they like. Raises InvalidInput, LessonRefused."""
        demand_teacher(who)
        lesson = self._current(who.guild_id)
        task = (
            None
            if asked is None
            else read_task(asked, self._models(), self._catalog.medium_of, now=self._clock(), lesson=lesson)
        )
        lesson = await self._lessons.set_task(lesson.id, task)
        await self._note(who, "lesson.task", {"task": 0 if lesson.task is None else lesson.task.number})
        return lesson

    async def pause(self, who: Requester) -> Paused:
        """Nothing starts or is shown until `resume`, also after a restart."""
        demand_teacher(who)
        is_new = await self._stops.set(who.guild_id, Stop.PAUSE)
        states = [job.state for job in await self._unfinished(who.guild_id)]
        if is_new:
            await self._note(who, "pause", {})
        return Paused(
            is_new=is_new,
            running=sum(state in AT_WORK for state in states),
            waiting=states.count(JobState.QUEUED),
        )

    async def resume(self, who: Requester) -> int | None:
        """What waits goes on, what is ready is posted: how many that are. None: there was no pause."""
        demand_teacher(who)
        if not await self._stops.lift(who.guild_id, Stop.PAUSE):
            return None
        await self._note(who, "resume", {})
        return await self._go_on(who.guild_id)

    # -- for pupils --

    def held(self, guild: str) -> Stop | None:
        """What holds the class now: the emergency stop before a pause."""
        return next(
            (stop for stop in (Stop.EMERGENCY, Stop.PAUSE) if self._stops.since(guild, stop) is not None),
            None,
        )

    def task(self, guild: str) -> Task | None:
        """What the class is to make now."""
        lesson = self._lessons.current(guild)
        return None if lesson is None else lesson.task

    async def offered(self, who: Requester) -> list[Job]:
        """What this person may hand in for the task, newest first."""
        lesson = self._lessons.current(who.guild_id)
        if lesson is None or lesson.task is None:
            return []
        jobs = await self._jobs.of_owner(who.guild_id, who.person_id, LOOKED_BACK)
        return [job for job in jobs if self._is_about(job, lesson, lesson.task)]

    async def hand_in(self, job_id: str, who: Requester) -> HandIn:
        """Once a task. Raises NotFound job_gone; LessonRefused task_over, task_none, task_late, task_handed_in;
        NotAllowed emergency_on; InvalidInput where the result does not keep to the task."""
        if self.held(who.guild_id) is Stop.EMERGENCY:
            raise NotAllowed("emergency_on")
        lesson = self._lessons.current(who.guild_id)
        if lesson is None:
            raise LessonRefused("task_over")  # a pupil cannot begin one
        if lesson.task is None:
            raise LessonRefused("task_none")
        job = await self._jobs.get(job_id)
        mine = job is not None and (job.guild_id, job.owner_id) == (who.guild_id, who.person_id)
        if job is None or not mine or not self._is_about(job, lesson, lesson.task):
            raise NotFound("job_gone")
        demand_task(lesson.task, job.medium, job.model, typed_in(job.params))
        return await self._lessons.hand_in(lesson.id, who.person_id, job.id)

    # -- in time --

    async def sweep(self) -> None:
        """At the start nothing can be said to anybody yet: the first `purge` sees to what is over."""

    async def purge(self) -> None:
        """As a chore of `Upkeep`: end the lessons whose time is over, forget old ones. Raises StorageFailed."""
        for lesson in self._lessons.over():
            try:
                await self._finish(lesson)
            except LessonRefused:
                _log.debug("lesson %s was ended by somebody else", lesson.id)
        await self._lessons.forget(self._clock() - KEPT_S)

    async def close(self) -> None:
        """What is being posted goes on at the next start."""
        for task in tuple(self._posting):
            task.cancel()
        await asyncio.gather(*self._posting, return_exceptions=True)

    async def _finish(self, lesson: Lesson) -> Ended:
        ended = await self._lessons.end(lesson.id)
        over = ended.ended_at or self._clock()
        waiting = [
            job
            for job in await self._unfinished(lesson.guild)
            if job.state is JobState.QUEUED and job.created_at <= over
        ]
        done = await asyncio.gather(*[self._dispatcher.cancel(job.id, LESSON_OVER) for job in waiting])
        voices = await self._voices.end(lesson.guild, lesson.ends_at)
        for voice in voices.ended:
            await self._forget(voice)
        return await self._summary(ended, sum(done), voices)

    async def _look_back(self, guild: str) -> Ended:
        last = await self._lessons.last(guild)
        over = None if last is None else last.ended_at
        if last is None or over is None or over < max(last.ends_at, self._clock() - LOOKED_BACK_S):
            raise LessonRefused("lesson_none")
        return await self._summary(last, 0, None)

    async def _summary(self, lesson: Lesson, cancelled: int, voices: EndedVoices | None) -> Ended:
        jobs: dict[JobState, int] = {}
        since, until = lesson.started_at, lesson.ended_at or lesson.ends_at
        for (_, state), number in (await self._spendings.counts(lesson.guild, since, until)).items():
            jobs[state] = jobs.get(state, 0) + number
        spent = await self._spendings.of_all(lesson.guild, since, until)
        held = self.held(lesson.guild)
        return Ended(
            lesson=lesson,
            jobs=jobs,
            people=len(spent),
            items=sum(one.items for one in spent.values()),
            seconds=sum(one.seconds for one in spent.values()),
            hand_ins=len(await self._lessons.hand_ins(lesson.id)),
            cancelled=cancelled,
            voices=voices,
            held=held,
            ready=0 if held is None else len(await self._ready(lesson.guild)),
            running=sum(jobs.get(state, 0) for state in AT_WORK),
            by_itself=until >= lesson.ends_at,
        )

    async def _forget(self, voice: str) -> None:
        try:
            await self._latents.forget(voice)
        except AtelierError as error:  # its recordings are gone; the gate refuses it anyway
            _log.warning("a worker did not forget a voice (%s)", error.code)

    async def _go_on(self, guild: str) -> int:
        """Start what waits, and post what is ready, behind whoever asked for it."""
        self._dispatcher.wake()
        ready = await self._ready(guild)
        works = [self._deliver.post_again(job) for job in ready] + [other.finish() for other in self._also]
        for work in works:
            task = asyncio.create_task(work)
            self._posting.add(task)
            task.add_done_callback(self._posting.discard)
        return len(ready)

    async def _ready(self, guild: str) -> list[Job]:
        return [job for job in await self._unfinished(guild) if job.state is JobState.POSTING]

    async def _unfinished(self, guild: str) -> list[Job]:
        return [job for job in await self._jobs.unfinished() if job.guild_id == guild]

    def _current(self, guild: str) -> Lesson:
        lesson = self._lessons.current(guild)
        if lesson is None:
            raise LessonRefused("lesson_none")
        return lesson

    def _models(self) -> list[str]:
        """Those that are on this machine and make something that pupils ask for."""
        media = set().union(*GROUPS.values())
        every = (
            one for medium in self._catalog.media() if medium in media for one in self._catalog.models(medium)
        )
        return [one.id for one in every if one.path is not None]

    def _is_about(self, job: Job, lesson: Lesson, task: Task) -> bool:
        # what waits for the end of a pause has not been seen by anybody
        shown = SHOWN if self.held(lesson.guild) is None else {JobState.POSTED}
        return (
            job.state in shown and job.created_at >= lesson.started_at and job.medium in GROUPS[task.medium]
        )

    async def _note(self, who: Requester, what: str, detail: Mapping[str, str | int]) -> None:
        if self._notes is not None:
            await self._notes.note(who.guild_id, who.person_id, what, detail=detail)
