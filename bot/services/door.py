"""The door of the class: whether a request may come in now, whether its job may start, and whether it may be shown."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from bot.services.lesson_rules import (
    CAREFUL,
    DAY_S,
    HELP,
    demand_allowed,
    demand_budget,
    demand_task,
    typed_in,
)
from bot.services.ports import Requester
from data.lessons import Lessons, Rules
from data.spendings import Spendings, Spent
from data.stops import Stop, Stops
from generation.catalog import Catalog
from generation.clip_params import CLIP
from generation.errors import NotAllowed
from generation.job import Job
from generation.params import work_units
from generation.speech_params import SPEECH

PRIVATE: Final = "lesson_private"
"""The notice of a result that only its owner sees because the lesson says so."""


class Door:
    """`careful`: the rules without a lesson. `expected`: measured seconds of so much work with a model. `others` may
    shut it too (a person who is blocked): they raise.

    Teachers pass the rules of a lesson, and nobody passes a pause or an emergency stop.
    """

    def __init__(
        self,
        *,
        lessons: Lessons,
        stops: Stops,
        spendings: Spendings,
        catalog: Catalog,
        careful: Rules = CAREFUL,
        expected: Callable[[str, float], float | None] = lambda model, units: None,
        others: Sequence[Callable[[Requester], Awaitable[None]]] = (),
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._lessons = lessons
        self._stops = stops
        self._spendings = spendings
        self._catalog = catalog
        self._careful = careful
        self._expected = expected
        self._others = tuple(others)
        self._clock = clock

    async def demand(self, who: Requester, medium: str, model: str, params: Mapping[str, Any] | None) -> None:
        """Whether this request may become a job now; `params` say of how many items, None: nothing is asked for yet.
        Raises NotAllowed emergency_on, paused, lesson_medium, lesson_model; LimitReached; InvalidInput where it does
        not keep to the class's task."""
        await self.demand_person(who)
        if who.is_teacher:
            return
        lesson, rules = self._lessons.current(who.guild_id), self.rules(who.guild_id)
        demand_allowed(rules, medium, model, self._catalog.medium_of)
        asked = None if params is None or params.get("preset") in HELP else params
        if lesson is not None and lesson.task is not None and asked is not None:
            demand_task(lesson.task, medium, model, typed_in(asked))
        spent = await self._spoken_for(who, rules)
        demand_budget(rules, spent, _items(params or {}), in_lesson=lesson is not None)

    async def demand_all(
        self, who: Requester, models: Mapping[str, str], texts: Sequence[str], items: int
    ) -> None:
        """Whether all of these may become jobs, asked before the first of them is made: by medium the model, "" where
        it is not known yet; `items` together. Raises what `demand` raises."""
        await self.demand_person(who)
        if who.is_teacher:
            return
        lesson, rules = self._lessons.current(who.guild_id), self.rules(who.guild_id)
        for medium, model in models.items():
            demand_allowed(rules, medium, model, self._catalog.medium_of)
            if lesson is not None and lesson.task is not None and model:
                demand_task(lesson.task, medium, model, texts)
        spent = await self._spoken_for(who, rules)
        demand_budget(rules, spent, items, in_lesson=lesson is not None)

    def demand_open(self, guild: str) -> None:
        """Whether the class goes on at all; also before anything else is shown that a model made. Raises NotAllowed."""
        if self._stops.since(guild, Stop.EMERGENCY) is not None:
            raise NotAllowed("emergency_on")
        if self._stops.since(guild, Stop.PAUSE) is not None:
            raise NotAllowed("paused")

    async def demand_person(self, who: Requester) -> None:
        """Whether this person may take part now at all. Raises NotAllowed emergency_on, paused, and what shuts the door
        besides."""
        self.demand_open(who.guild_id)
        for other in self._others:
            await other(who)

    def is_held(self, guild: str) -> bool:
        """For the dispatcher: nothing of this class may start."""
        return self._stops.is_held(guild)

    def may_post(self, job: Job) -> bool:
        """For `Posting`: whether results of the job's class may be shown now."""
        return not self._stops.is_held(job.guild_id)

    def rules(self, guild: str) -> Rules:
        lesson = self._lessons.current(guild)
        return self._careful if lesson is None else lesson.rules

    def posts_privately(self, guild: str) -> bool:
        """Whether only who asked sees a result."""
        return self.rules(guild).private

    def notices(self, guild: str, medium: str, params: Mapping[str, Any]) -> tuple[str, ...]:
        """What every job of the class carries."""
        private = self.posts_privately(guild) and not is_shared(medium, params)
        return (PRIVATE,) if private else ()

    def since(self, guild: str) -> float:
        """From when on budgets count: the lesson's beginning, without one a day ago."""
        lesson = self._lessons.current(guild)
        return self._clock() - DAY_S if lesson is None else lesson.started_at

    async def _spoken_for(self, who: Requester, rules: Rules) -> Spent:
        """What is used up, and the time of what still waits, as far as such jobs were ever measured: many at once
        would else all be let in by the same last second."""
        spent = await self.spent(who.guild_id, who.person_id)
        if rules.gpu_seconds is None:
            return spent
        waiting = await self._spendings.waiting(who.guild_id, who.person_id, self.since(who.guild_id))
        seconds = sum(self._expected(model, work_units(params)) or 0.0 for model, params in waiting)
        return replace(spent, seconds=spent.seconds + seconds)

    async def spent(self, guild: str, person: str) -> Spent:
        return await self._spendings.of(guild, person, self.since(guild))


def is_shared(medium: str, params: Mapping[str, Any]) -> bool:
    """Whether all see such a result in any lesson: a voice in it may have to be taken back."""
    return medium == SPEECH or (medium == CLIP and bool(params.get("speech")))


def is_private(job: Job) -> bool:
    """Whether only its owner may see the result, and make something of it."""
    if is_shared(job.medium, job.params):
        return False
    return bool(job.params.get("private")) or PRIVATE in job.notices


def _items(params: Mapping[str, Any]) -> int:
    count = params.get("count", 1)
    return count if isinstance(count, int) and count > 0 else 1
