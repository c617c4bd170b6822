"""Notes: a title, a mood or a melody becomes a job."""

from __future__ import annotations

import dataclasses

from bot.services.audio_ports import NotesRequest, Question
from bot.services.intake import Intake
from bot.services.ports import ReplyAddress, Requester, Ticket
from bot.services.typed_notes import read_notes
from bot.services.uploads import Order, Uploads
from generation.errors import InvalidInput
from generation.job import Job, draw_seed
from generation.music_params import (
    CONTINUATIONS,
    DEFAULT_NOTES_TEMPERATURE,
    DEFAULT_TOKENS,
    NOTES,
    Note,
    NotesParams,
)
from generation.params import parse_seed


class Notes:
    """`/notes` and its buttons. Every method raises an AtelierError with its sentence's code."""

    def __init__(self, *, intake: Intake, uploads: Uploads) -> None:
        self._intake = intake
        self._uploads = uploads

    async def notes(
        self, request: NotesRequest, who: Requester, address: ReplyAddress | None
    ) -> Ticket | Question:
        """Raises InvalidInput, ModelMissing, LimitReached or Refused; then nothing is queued."""
        model = self._intake.model(NOTES, request.model)
        typed = (request.melody or "").strip()
        if typed and request.file is not None:
            raise InvalidInput("melody_twice")
        params = _params(request, read_notes(typed, who.locale) if typed else ())
        seed = parse_seed(request.seed)
        seed = draw_seed() if seed is None else seed
        if request.file is None:
            return await self._intake.queue(model, params.to_plain(), seed, who, address, texts=params.texts)
        await self._intake.demand_allowed(model, params.to_plain(), who, texts=params.texts)
        kept = await self._uploads.take(request.file, "midi", who)
        melody = tuple(Note(*one) for one in kept.notes)
        params = dataclasses.replace(params, prompt=request.prompt or "", melody=melody, upload=kept.id)
        order = Order(model=model, params=params, seed=seed)
        return await self._uploads.submit(order, kept, request.file.name, who, address)

    async def again(
        self, job_id: str, who: Requester, address: ReplyAddress | None, *, new_seed: bool
    ) -> Ticket:
        """The same request once more, with the same or with a new seed, for the person who asks.

        Raises NotAllowed upload_of_other for what was read from another's file.
        """
        old = await self.recipe(job_id, who)
        params = NotesParams.from_plain(old.params)
        if params.upload is not None:
            await self._uploads.demand_own(params.upload, who)
        model = self._intake.model(NOTES, old.model)
        seed = draw_seed() if new_seed else old.seed
        return await self._intake.queue(model, params.to_plain(), seed, who, address, texts=params.texts)

    async def recipe(self, job_id: str, who: Requester) -> Job:
        """The posted notes of this class. Raises NotFound job_gone."""
        return await self._intake.recipe(job_id, NOTES, who)


_PLACEHOLDER = (Note(60, 0.0, 1.0),)
"""Stands for the melody of a file that is not read yet, so that all else is checked before it is fetched."""


def _params(request: NotesRequest, melody: tuple[Note, ...]) -> NotesParams:
    continued = bool(melody) or request.file is not None
    return NotesParams(
        prompt=request.prompt or "",
        melody=melody or (_PLACEHOLDER if continued else ()),
        tokens=DEFAULT_TOKENS if request.tokens is None else request.tokens,
        count=(CONTINUATIONS if continued else 1) if request.count is None else request.count,
        temperature=DEFAULT_NOTES_TEMPERATURE if request.temperature is None else request.temperature,
    )
