"""The lesson in the teacher's hands: it begins and ends, has a task, pauses and goes on. Pupils hand in one result."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from bot.services.deliver import Deliver
from bot.services.intake import SHOWN
from bot.services.latents import Latents
from bot.services.lesson_ports import Notes, demand_teacher
from bot.services.lesson_rules import (
    GROUPS,
    LessonRequest,
    TaskRequest,
    demand_task,
    read_minutes,
    read_rules,
    read_task,
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
from generation.errors import AtelierError, NotFound
from generation.job import Job, JobState

_log = logging.getLogger(__name__)

LESSON_OVER: Final = "lesson_over"
"""Of jobs that still waited when their lesson ended."""
KEPT_S: Final = 30 * 24 * 3600.0
LOOKED_BACK: Final = 100
AT_WORK: Final = frozenset({JobState.RUNNING, JobState.CHECKING})


@dataclass(frozen=True, slots=True, kw_only=True)
class Paused:
    """`running`: jobs that still end and then wait unposted; `waiting`: those that do not start."""

    is_new: bool
    running: int
    waiting: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """What a lesson was. `jobs`: how many by state; `cancelled`: those that still waited at its end."""

    lesson: Lesson
    jobs: Mapping[JobState, int]
    people: int
    items: int
    seconds: float
    hand_ins: int
    cancelled: int
    voices: EndedVoices


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
        self._clock = clock
        self._posting: set[asyncio.Task[None]] = set()

    async def start(self, asked: LessonRequest, who: Requester) -> Lesson:
        """Raises InvalidInput for what is no rule, LessonRefused lesson_running."""
        demand_teacher(who)
        rules, seconds = read_rules(asked, self._models()), read_minutes(asked.minutes)
        left = self._lessons.unended(who.guild_id)
        if left is not None and self._lessons.current(who.guild_id) is None:
            await self._finish(left)
        lesson = await self._lessons.start(who.guild_id, rules, seconds)
        await self._note(who, "lesson.start", {"lesson": lesson.id, "minutes": round(seconds / 60)})
        return lesson

    async def end(self, who: Requester) -> Ended:
        """What waits is cancelled kindly, what is in work still ends and is posted, the lesson's voices are deleted.

        Raises LessonRefused lesson_none.
        """
        demand_teacher(who)
        lesson = self._lessons.unended(who.guild_id)
        if lesson is None:
            raise LessonRefused("lesson_none")
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
            else read_task(asked, self._models(), now=self._clock(), ends_at=lesson.ends_at)
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
        """Once a task. Raises NotFound job_gone; LessonRefused lesson_none, task_none, task_late, task_handed_in;
        InvalidInput where the result does not keep to the task."""
        lesson = self._current(who.guild_id)
        if lesson.task is None:
            raise LessonRefused("task_none")
        job = await self._jobs.get(job_id)
        mine = job is not None and (job.guild_id, job.owner_id) == (who.guild_id, who.person_id)
        if job is None or not mine or not self._is_about(job, lesson, lesson.task):
            raise NotFound("job_gone")
        demand_task(lesson.task, job.medium, job.model, texts_of(job.params))
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
        if await self._stops.lift(lesson.guild, Stop.PAUSE):
            await self._go_on(lesson.guild)
        voices = await self._voices.end(lesson.guild, lesson.ends_at)
        for voice in voices.ended:
            await self._forget(voice)
        return await self._summary(ended, sum(done), voices)

    async def _summary(self, lesson: Lesson, cancelled: int, voices: EndedVoices) -> Ended:
        jobs: dict[JobState, int] = {}
        for (_, state), number in (await self._spendings.counts(lesson.guild, lesson.started_at)).items():
            jobs[state] = jobs.get(state, 0) + number
        spent = await self._spendings.of_all(lesson.guild, lesson.started_at)
        return Ended(
            lesson=lesson,
            jobs=jobs,
            people=len(spent),
            items=sum(one.items for one in spent.values()),
            seconds=sum(one.seconds for one in spent.values()),
            hand_ins=len(await self._lessons.hand_ins(lesson.id)),
            cancelled=cancelled,
            voices=voices,
        )

    async def _forget(self, voice: str) -> None:
        try:
            await self._latents.forget(voice)
        except AtelierError as error:  # its recordings are gone; the gate refuses it anyway
            _log.warning("a worker did not forget a voice (%s)", error.code)

    async def _go_on(self, guild: str) -> int:
        """Start what waits, and post what is ready, behind whoever asked for it."""
        self._dispatcher.wake()
        ready = [job for job in await self._unfinished(guild) if job.state is JobState.POSTING]
        for job in ready:
            task = asyncio.create_task(self._deliver.post_again(job))
            self._posting.add(task)
            task.add_done_callback(self._posting.discard)
        return len(ready)

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

    @staticmethod
    def _is_about(job: Job, lesson: Lesson, task: Task) -> bool:
        return (
            job.state in SHOWN and job.created_at >= lesson.started_at and job.medium in GROUPS[task.medium]
        )

    async def _note(self, who: Requester, what: str, detail: Mapping[str, str | int]) -> None:
        if self._notes is not None:
            await self._notes.note(who.guild_id, who.person_id, what, detail=detail)


def texts_of(params: Mapping[str, Any]) -> list[str]:
    """Everything that was typed for a job, wherever it stands in its parameters."""
    found: list[str] = []
    waiting: list[Any] = [dict(params)]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            found.append(one)
        elif isinstance(one, Mapping):
            waiting += one.values()
        elif isinstance(one, list | tuple):
            waiting += one
    return found
