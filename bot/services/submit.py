"""Pictures: what was typed or pressed becomes a job."""

from __future__ import annotations

import dataclasses
from typing import Any

from bot.services.intake import Intake
from bot.services.ports import Adaptation, ImageRequest, ReplyAddress, Requester, Ticket
from bot.services.prompt_help import NOTICES, ORIGINALS, PromptHelp, Readable
from generation.catalog import Catalog, ModelInfo
from generation.errors import InvalidInput, NotFound
from generation.job import Job, draw_seed, seed_of
from generation.params import (
    GUIDANCE_HIGH,
    GUIDANCE_LOW,
    STEPS_LIMIT,
    ImageParams,
    parse_seed,
    parse_size,
)

DEFAULT_SIDE = 512


class Submit:
    """`/image` and its buttons. Every method returns a Ticket or raises an AtelierError with its sentence's code."""

    def __init__(self, *, intake: Intake, catalog: Catalog, prompt_help: PromptHelp) -> None:
        self._intake = intake
        self._catalog = catalog
        self._prompt_help = prompt_help

    async def image(self, request: ImageRequest, who: Requester, address: ReplyAddress | None) -> Ticket:
        """Raises InvalidInput, ModelMissing, LimitReached or Refused; then nothing is queued."""
        model = self._model(request.model)
        params = _image_params(request, model)
        seed = parse_seed(request.seed)
        readable = await self._prompt_help.readable(params, model, who)
        return await self._queue(model, readable, draw_seed() if seed is None else seed, who, address)

    async def again(
        self, job_id: str, who: Requester, address: ReplyAddress | None, *, new_seeds: bool
    ) -> Ticket:
        """The same request once more, with the same or with new seeds, for the person who asks."""
        old = await self.recipe(job_id, None, who)
        seed = draw_seed() if new_seeds else old.seed
        readable = _as_before(old, ImageParams.from_plain(old.params))
        # with another seed it is no longer the old picture with one thing changed
        adapted = old.parent is not None and not new_seeds
        parent = (old.parent, old.parent_index) if adapted else (None, None)
        return await self._queue(self._model(old.model), readable, seed, who, address, parent=parent)

    async def adapt(
        self,
        job_id: str,
        index: int,
        changes: Adaptation,
        who: Requester,
        address: ReplyAddress | None,
    ) -> Ticket:
        """Picture `index` of a posted job with another prompt or other settings, and with its own seed.

        The form shows what the model read. Left as it is, it stays the translation of what was typed before; a prompt
        that was changed is a new one, and is translated if need be.
        """
        old = await self.recipe(job_id, index, who)
        before = ImageParams.from_plain(old.params)
        params = dataclasses.replace(
            before,
            prompt=changes.prompt,
            negative=changes.negative,
            guidance=_number(changes.guidance),
            steps=_whole(changes.steps),
            count=1,
        )
        model = self._model(old.model)
        changed = [field for field in ORIGINALS if getattr(params, field) != getattr(before, field)]
        forgotten: dict[str, Any] = dict.fromkeys((ORIGINALS[field] for field in changed), "")
        params = dataclasses.replace(params, **forgotten)
        kept = _as_before(old, params).notices if "prompt" not in changed else ()
        readable = await self._prompt_help.readable(params, model, who, fields=changed)
        readable = Readable(params=readable.params, notices=tuple(dict.fromkeys((*kept, *readable.notices))))
        return await self._queue(
            model, readable, seed_of(old.seed, index), who, address, parent=(old.id, index)
        )

    async def recipe(self, job_id: str, index: int | None, who: Requester) -> Job:
        """The posted job whose picture `index` can be adapted. Raises NotFound job_gone."""
        job = await self._intake.recipe(job_id, "image", who)
        if index is not None and not 1 <= index <= int(job.params["count"]):
            raise NotFound("job_gone")
        return job

    def _model(self, model_id: str | None) -> ModelInfo:
        model = self._intake.model("image", model_id)
        self._catalog.demand_checker(model)
        return model

    async def _queue(
        self,
        model: ModelInfo,
        readable: Readable[ImageParams],
        seed: int,
        who: Requester,
        address: ReplyAddress | None,
        *,
        parent: tuple[str | None, int | None] = (None, None),
    ) -> Ticket:
        params = readable.params
        _demand_able(model, params)
        originals = (getattr(params, original) for original in ORIGINALS.values())
        texts = (params.prompt, params.negative, *(text for text in originals if text))
        return await self._intake.queue(
            model,
            params.to_plain(),
            seed,
            who,
            address,
            texts=texts,
            parent=parent,
            notices=readable.notices,
        )


def _as_before(old: Job, params: ImageParams) -> Readable[ImageParams]:
    """What the model of `old` could read is not found out again: the same seed makes the same picture."""
    return Readable(params=params, notices=tuple(code for code in old.notices if code in NOTICES))


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


def _demand_able(model: ModelInfo, params: ImageParams) -> None:
    """Raises InvalidInput for what only this model cannot do: nothing that was asked for is left out silently."""
    low, high = model.steps
    if not low <= params.steps <= high:
        raise InvalidInput("steps_of_model", model=model.title, low=low, high=high)
    if params.scheduler and model.options.get("own_scheduler"):
        raise InvalidInput("scheduler_of_model", model=model.title)
    if params.negative and not model.options.get("negative", True):
        raise InvalidInput("negative_of_model", model=model.title)


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
