"""Taking a request in: validate, check, draw the seed, store, queue. Nothing is queued before its row is committed."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from typing import Any, NoReturn

from bot.services.limits import Limits
from bot.services.ports import Adaptation, ImageRequest, ReplyAddress, Requester, Ticket
from data.jobs import Jobs
from generation.catalog import Catalog, ModelInfo
from generation.dispatcher import Dispatcher
from generation.errors import InvalidInput, ModelMissing, NotFound, Refused
from generation.job import Job, JobState, draw_seed, new_job_id, seed_of
from generation.params import (
    GUIDANCE_HIGH,
    GUIDANCE_LOW,
    STEPS_LIMIT,
    ImageParams,
    parse_seed,
    parse_size,
)
from moderation.pipeline import Pipeline

DEFAULT_SIDE = 512
_SHOWN = frozenset({JobState.POSTING, JobState.POSTED})
"""A quick hand presses a button before Discord's answer to the post has been noted down."""
REPLY_LIFETIME_S = 14 * 60
"""An interaction's token lives 15 minutes; one minute is kept for the way."""


class Submit:
    """`/image` and its buttons. Every method returns a Ticket or raises an AtelierError with its sentence's code."""

    def __init__(
        self,
        *,
        catalog: Catalog,
        jobs: Jobs,
        dispatcher: Dispatcher,
        pipeline: Pipeline,
        limits: Limits,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._catalog = catalog
        self._jobs = jobs
        self._dispatcher = dispatcher
        self._pipeline = pipeline
        self._limits = limits
        self._clock = clock

    async def image(self, request: ImageRequest, who: Requester, address: ReplyAddress | None) -> Ticket:
        """Raises InvalidInput, ModelMissing, LimitReached or Refused; then nothing is queued."""
        model = self._model(request.model)
        params = _image_params(request, model)
        seed = parse_seed(request.seed)
        return await self._queue(model, params, draw_seed() if seed is None else seed, who, address)

    async def again(
        self, job_id: str, who: Requester, address: ReplyAddress | None, *, new_seeds: bool
    ) -> Ticket:
        """The same request once more, with the same or with new seeds, for the person who asks."""
        old = await self.recipe(job_id, None, who)
        seed = draw_seed() if new_seeds else old.seed
        params = ImageParams.from_plain(old.params)
        # with another seed it is no longer the old picture with one thing changed
        adapted = old.parent is not None and not new_seeds
        parent = (old.parent, old.parent_index) if adapted else (None, None)
        return await self._queue(self._model(old.model), params, seed, who, address, parent=parent)

    async def adapt(
        self,
        job_id: str,
        index: int,
        changes: Adaptation,
        who: Requester,
        address: ReplyAddress | None,
    ) -> Ticket:
        """Picture `index` of a posted job with another prompt or other settings, and with its own seed."""
        old = await self.recipe(job_id, index, who)
        params = dataclasses.replace(
            ImageParams.from_plain(old.params),
            prompt=changes.prompt,
            negative=changes.negative,
            guidance=_number(changes.guidance),
            steps=_whole(changes.steps),
            count=1,
        )
        model = self._model(old.model)
        return await self._queue(
            model, params, seed_of(old.seed, index), who, address, parent=(old.id, index)
        )

    async def recipe(self, job_id: str, index: int | None, who: Requester) -> Job:
        """The posted job whose picture `index` can be adapted. Raises NotFound job_gone."""
        job = await self._jobs.get(job_id)
        if job is None or job.guild_id != who.guild_id or job.state not in _SHOWN:
            raise NotFound("job_gone")
        if index is not None and not 1 <= index <= int(job.params["count"]):
            raise NotFound("job_gone")
        return job

    def _model(self, model_id: str | None) -> ModelInfo:
        known = self._catalog.models("image")
        if not known:
            raise ModelMissing("medium_off")
        model = (
            next((one for one in known if one.id == model_id), None) if model_id else next(iter(known), None)
        )
        if model is None:
            there = (one.id for one in known if one.path is not None)
            raise NotFound("model_unknown", known=", ".join(there))
        if model.path is None:
            raise ModelMissing("model_missing", model=model.title)
        self._catalog.demand_checker(model)
        return model

    async def _queue(
        self,
        model: ModelInfo,
        params: ImageParams,
        seed: int,
        who: Requester,
        address: ReplyAddress | None,
        *,
        parent: tuple[str | None, int | None] = (None, None),
    ) -> Ticket:
        job = Job(
            id=new_job_id(),
            guild_id=who.guild_id,
            channel_id=who.channel_id,
            owner_id=who.person_id,
            medium=model.medium,
            family=model.family,
            model=model.id,
            params=params.to_plain(),
            seed=seed,
            locale=who.locale,
            created_at=self._clock(),
            parent=parent[0],
            parent_index=parent[1],
        )
        verdict = await self._pipeline.check_text(params.prompt, params.negative)
        async with self._limits.admit(who):
            if not verdict.allowed:
                await self._refuse(job, f"refused_{verdict.code}")
            # one commit: a job that is stored waits, whatever happens next
            job = dataclasses.replace(job, state=JobState.QUEUED)
            expires = None if address is None else self._clock() + REPLY_LIFETIME_S
            await self._jobs.add(job, address=None if address is None else str(address), expires_at=expires)
            place = self._dispatcher.submit(job)
        return Ticket(job=job, place=place, expected_seconds=await self._dispatcher.expected_seconds(job))

    async def _refuse(self, job: Job, code: str) -> NoReturn:
        """Kept as a fact for the teacher, without an address: its owner is told right now."""
        await self._jobs.add(job)
        await self._jobs.move(job.id, JobState.REFUSED, error_code=code)
        raise Refused(code)


def _image_params(request: ImageRequest, model: ModelInfo) -> ImageParams:
    width, height = model.default_width or DEFAULT_SIDE, model.default_height or DEFAULT_SIDE
    if request.size and request.size.strip():
        width, height = parse_size(request.size, model.sides)
    values: dict[str, Any] = {
        "count": request.count,
        "guidance": model.default_guidance if request.guidance is None else request.guidance,
        "steps": model.default_steps if request.steps is None else request.steps,
    }
    return ImageParams(
        prompt=request.prompt,
        negative=request.negative or "",
        width=width,
        height=height,
        scheduler=(request.scheduler or "").strip().casefold() or None,
        **{name: value for name, value in values.items() if value is not None},
    )


def _number(text: str) -> float:
    try:
        return float(text.strip().replace(",", "."))
    except ValueError:
        raise InvalidInput("guidance_invalid", low=GUIDANCE_LOW, high=GUIDANCE_HIGH) from None


def _whole(text: str) -> int:
    try:
        return int(text.strip())
    except ValueError:
        raise InvalidInput("steps_invalid", high=STEPS_LIMIT) from None
