"""Taking a request of any medium in: check its texts, admit its owner, store it, queue it.

Nothing is queued before its row is committed.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, NoReturn, Protocol

from bot.services.door import Door, is_private
from bot.services.limits import Limits
from bot.services.ports import ReplyAddress, Requester, Ticket
from data.jobs import Jobs
from generation.catalog import Catalog, ModelInfo
from generation.dispatcher import Dispatcher
from generation.errors import ModelMissing, NotFound, Refused
from generation.job import Job, JobState, new_job_id
from moderation.pipeline import Pipeline

SHOWN = frozenset({JobState.POSTING, JobState.POSTED})
"""A quick hand presses a button before Discord's answer to the post has been noted down."""
LOOKED_BACK = 100
"""Of a person's jobs, to find the last of a medium."""
REPLY_LIFETIME_S = 14 * 60
"""An interaction's token lives 15 minutes; one minute is kept for the way."""


def may_use(job: Job, guild_id: str, person_id: str) -> bool:
    """Whether this result is there for something that this person of this class makes."""
    return (
        job.guild_id == guild_id and job.state in SHOWN and (job.owner_id == person_id or not is_private(job))
    )


class Maker(Protocol):
    """Who makes what is asked for: a model (`ModelInfo`), or what needs none (`generation.clip_params.MAKER`)."""

    @property
    def id(self) -> str: ...

    @property
    def family(self) -> str: ...

    @property
    def medium(self) -> str: ...


class Intake:
    """What the commands of all media share. Methods raise an AtelierError with its sentence's code."""

    def __init__(
        self,
        *,
        catalog: Catalog,
        jobs: Jobs,
        dispatcher: Dispatcher,
        pipeline: Pipeline,
        limits: Limits,
        door: Door | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._catalog = catalog
        self._jobs = jobs
        self._dispatcher = dispatcher
        self._pipeline = pipeline
        self._limits = limits
        self._door = door
        self._clock = clock

    def model(self, medium: str, model_id: str | None) -> ModelInfo:
        """An installed model; the default without an id. Raises ModelMissing or NotFound."""
        known = self._catalog.models(medium)
        if not known:
            raise ModelMissing("medium_off")
        model = next((one for one in known if model_id in (None, one.id)), None)
        if model is None:
            there = (one.id for one in known if one.path is not None)
            raise NotFound("model_unknown", known=", ".join(there))
        if model.path is None:
            raise ModelMissing("model_missing", model=model.title)
        return model

    async def recipe(self, job_id: str, medium: str | Collection[str], who: Requester) -> Job:
        """The posted job of this medium (or one of these) in this class; what only its owner may see is nobody else's.

        Raises NotFound job_gone.
        """
        media = {medium} if isinstance(medium, str) else medium
        job = await self._jobs.get(job_id)
        if job is None or job.medium not in media or not may_use(job, who.guild_id, who.person_id):
            raise NotFound("job_gone")
        return job

    async def latest(self, medium: str, who: Requester) -> Job | None:
        """The last posted job of this medium that the person asked for in this class."""
        jobs = await self._jobs.of_owner(who.guild_id, who.person_id, LOOKED_BACK)
        return next((job for job in jobs if job.medium == medium and job.state in SHOWN), None)

    async def recent(self, medium: str, who: Requester, *, limit: int) -> Sequence[Job]:
        """The last posted jobs of this medium in the class that are still there, whoever asked for them, as far as
        this person may see them."""
        jobs = await self._jobs.of_medium(who.guild_id, medium, LOOKED_BACK)
        return [job for job in jobs if may_use(job, who.guild_id, who.person_id)][:limit]

    async def queue(
        self,
        model: Maker,
        params: Mapping[str, Any],
        seed: int,
        who: Requester,
        address: ReplyAddress | None,
        *,
        texts: Sequence[str],
        medium: str | None = None,
        parent: tuple[str | None, int | None] = (None, None),
        notices: Sequence[str] = (),
    ) -> Ticket:
        """Check `texts` and queue a job. `medium`: what is asked for, if it is not simply the model's medium.

        `notices`: codes of sentences that its post must carry. Raises LimitReached, Refused, or what the class's door
        says; then nothing is queued.
        """
        notices = (*notices, *await self._enter(model, params, who, medium))
        job = self._job(model, params, seed, who)
        job = dataclasses.replace(
            job,
            medium=medium or model.medium,
            parent=parent[0],
            parent_index=parent[1],
            notices=tuple(notices),
        )
        verdict = await self._pipeline.check_text(*texts, guild=who.guild_id)
        async with self._limits.admit(who):
            # again: the check took a while, and two of a person's commands may have come at once
            await self._enter(model, params, who, medium)
            if not verdict.allowed:
                await self._refuse(job, f"refused_{verdict.code}")
            # one commit: a job that is stored waits, whatever happens next
            job = dataclasses.replace(job, state=JobState.QUEUED)
            expires = None if address is None else self._clock() + REPLY_LIFETIME_S
            await self._jobs.add(job, address=None if address is None else str(address), expires_at=expires)
            place = self._dispatcher.submit(job)
        return Ticket(job=job, place=place, expected_seconds=await self._dispatcher.expected_seconds(job))

    async def demand_begin(self, model: Maker, who: Requester) -> None:
        """Raise what `queue` would, before something begins in which more is asked for later."""
        if self._door is not None:
            await self._door.demand(who, model.medium, model.id, None)

    def demand_open(self, who: Requester) -> None:
        """Before words of a model are shown that are no job's. Raises NotAllowed emergency_on or paused."""
        if self._door is not None:
            self._door.demand_open(who.guild_id)

    def posts_privately(self, who: Requester) -> bool:
        """Whether the class's lesson shows results only to whoever asked."""
        return self._door is not None and self._door.posts_privately(who.guild_id)

    async def demand_room(self, who: Requester) -> None:
        """Raise LimitReached where `queue` would, before any work is done for a request."""
        self.demand_open(who)
        async with self._limits.admit(who):
            pass

    async def demand_allowed(
        self,
        model: Maker,
        params: Mapping[str, Any],
        who: Requester,
        *,
        texts: Sequence[str],
        medium: str | None = None,
    ) -> None:
        """Raise what `queue` would, before anything is made of `texts` that others see."""
        await self._enter(model, params, who, medium)
        verdict = await self._pipeline.check_text(*texts, guild=who.guild_id)
        async with self._limits.admit(who):
            if not verdict.allowed:
                job = dataclasses.replace(self._job(model, params, 0, who), medium=medium or model.medium)
                await self._refuse(job, f"refused_{verdict.code}")

    async def demand_all(
        self, who: Requester, models: Mapping[str, str], *, texts: Sequence[str], items: int
    ) -> None:
        """Ask the class's door about several jobs, before the first of them is made. See `Door.demand_all`."""
        if self._door is not None:
            await self._door.demand_all(who, models, texts, items)

    async def _enter(
        self,
        model: Maker,
        params: Mapping[str, Any],
        who: Requester,
        medium: str | None,
    ) -> Sequence[str]:
        """Ask the class's door, if it has one; the notices that every job of the class carries."""
        if self._door is None:
            return ()
        await self._door.demand(who, medium or model.medium, model.id, params)
        return self._door.notices(who.guild_id, medium or model.medium, params)

    def _job(self, model: Maker, params: Mapping[str, Any], seed: int, who: Requester) -> Job:
        return Job(
            id=new_job_id(),
            guild_id=who.guild_id,
            channel_id=who.channel_id,
            owner_id=who.person_id,
            medium=model.medium,
            family=model.family,
            model=model.id,
            params=params,
            seed=seed,
            locale=who.locale,
            created_at=self._clock(),
        )

    async def _refuse(self, job: Job, code: str) -> NoReturn:
        """Kept as a fact for the teacher, without an address: its owner is told right now."""
        await self._jobs.add(job)
        await self._jobs.move(job.id, JobState.REFUSED, error_code=code)
        raise Refused(code, job=job.id)
