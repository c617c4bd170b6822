"""Music and sounds: what was typed, uploaded or pressed becomes a job."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Final, Literal

from bot.services.audio_ports import ContinueRequest, MusicRequest, Question, SoundRequest, Upload
from bot.services.intake import Intake
from bot.services.lyric import plan, stretch
from bot.services.ports import ReplyAddress, Requester, Ticket
from bot.services.prompt_help import NOTICES, PromptHelp
from bot.services.references import is_upload, piece_reference
from bot.services.uploads import Order, Uploads
from generation.catalog import Catalog, ModelInfo
from generation.errors import InvalidInput, NotFound
from generation.job import Job, draw_seed
from generation.music_params import (
    DEFAULT_MUSIC_SECONDS,
    DEFAULT_SOUND_SECONDS,
    FORMATS,
    MUSIC,
    MUSIC_SECONDS,
    SOUND,
    Format,
    MusicParams,
    SoundParams,
)
from generation.params import parse_seed

LONGER_S: Final = 10
"""Seconds that "longer" adds."""
NO_SINGING: Final = "no_singing"
FileUse = Literal["melody", "prior"]


class Music:
    """`/music`, `/music-more`, `/sound` and their buttons. Each raises an AtelierError with its sentence's code."""

    def __init__(
        self, *, intake: Intake, catalog: Catalog, prompt_help: PromptHelp, uploads: Uploads
    ) -> None:
        self._intake = intake
        self._catalog = catalog
        self._prompt_help = prompt_help
        self._uploads = uploads

    async def music(
        self, request: MusicRequest, who: Requester, address: ReplyAddress | None
    ) -> Ticket | Question:
        """Raises InvalidInput, ModelMissing, LimitReached or Refused; then nothing is queued."""
        model = self._model(request.model, follows=request.melody is not None)
        seconds = _default(request.seconds, DEFAULT_MUSIC_SECONDS)
        params = MusicParams(
            prompt=request.prompt,
            seconds=seconds,
            count=_default(request.count, 1),
            format=_format(request.format),
        )
        params = dataclasses.replace(params, sections=plan(request.lyric or "", seconds))
        return await self._new(model, params, request.seed, who, address, file=request.melody, use="melody")

    async def further(
        self, request: ContinueRequest, who: Requester, address: ReplyAddress | None
    ) -> Ticket | Question:
        """Continue an upload or an earlier piece of this class. Raises NotFound job_gone or no_piece besides."""
        if request.file is not None and request.job is not None:
            raise InvalidInput("piece_twice")
        old = None if request.file is not None else await self._piece(request, who)
        before = None if old is None else MusicParams.from_plain(old.params)
        prompt = (request.prompt or "").strip()
        params = MusicParams(
            prompt=prompt or (before.original or before.prompt if before is not None else ""),
            seconds=_default(request.seconds, DEFAULT_MUSIC_SECONDS),
            count=_default(request.count, 1),
            format=_format(request.format),
            prior=None if old is None else piece_reference(old.id, request.index),
            declaration=None if before is None else before.declaration,
        )
        parent = (None, None) if old is None else (old.id, request.index)
        model = self._model(self._same_model(request.model, old))
        return await self._new(
            model, params, request.seed, who, address, file=request.file, use="prior", parent=parent
        )

    async def sound(self, request: SoundRequest, who: Requester, address: ReplyAddress | None) -> Ticket:
        """Raises InvalidInput, ModelMissing, LimitReached or Refused; then nothing is queued."""
        model = self._intake.model(SOUND, request.model)
        params = SoundParams(
            prompt=request.prompt,
            seconds=_default(request.seconds, DEFAULT_SOUND_SECONDS),
            count=_default(request.count, 1),
            format=_format(request.format),
        )
        seed = parse_seed(request.seed)
        readable = await self._prompt_help.readable(params, model, who)
        return await self._queue(
            model,
            readable.params,
            draw_seed() if seed is None else seed,
            who,
            address,
            notices=readable.notices,
        )

    async def again(
        self, job_id: str, who: Requester, address: ReplyAddress | None, *, new_seed: bool
    ) -> Ticket:
        """Music or a sound once more, for the person who asks. NotAllowed upload_of_other: it needs another's file."""
        old = await self.recipe(job_id, None, who)
        kind = MusicParams if old.medium == MUSIC else SoundParams
        params = kind.from_plain(old.params)
        return await self._repeat(old, params, draw_seed() if new_seed else old.seed, who, address)

    async def longer(self, job_id: str, who: Requester, address: ReplyAddress | None) -> Ticket:
        """The same music with the same seed, LONGER_S seconds longer. Raises InvalidInput longest at 60 seconds."""
        old = await self._intake.recipe(job_id, MUSIC, who)
        before = MusicParams.from_plain(old.params)
        if before.seconds >= MUSIC_SECONDS:
            raise InvalidInput("longest", limit=MUSIC_SECONDS)
        seconds = min(MUSIC_SECONDS, before.seconds + LONGER_S)
        sections = stretch(before.sections, seconds) if before.sections else ()
        params = dataclasses.replace(before, seconds=seconds, sections=sections)
        return await self._repeat(old, params, old.seed, who, address)

    def rehearses(self) -> bool:
        """Whether a rehearsal model makes the music, unless somebody chooses another."""
        return all(model.mini for model in list(self._catalog.models(MUSIC))[:1])

    async def recent(self, who: Requester, *, limit: int = 25) -> Sequence[Job]:
        """The last posted music of this class, the newest first: what can be continued."""
        return await self._intake.recent(MUSIC, who, limit=limit)

    async def recipe(self, job_id: str, index: int | None, who: Requester) -> Job:
        """The posted music or sound of this class that has piece `index`. Raises NotFound job_gone."""
        job = await self._intake.recipe(job_id, (MUSIC, SOUND), who)
        if index is not None and not 1 <= index <= int(job.params["count"]):
            raise NotFound("job_gone")
        return job

    async def _new(
        self,
        model: ModelInfo,
        params: MusicParams,
        typed_seed: str | int | None,
        who: Requester,
        address: ReplyAddress | None,
        *,
        file: Upload | None,
        use: FileUse,
        parent: tuple[str | None, int | None] = (None, None),
    ) -> Ticket | Question:
        seed = parse_seed(typed_seed)
        seed = draw_seed() if seed is None else seed
        if file is not None:  # before anything is fetched or decoded for a request that is refused anyway
            await self._intake.demand_allowed(model, params.to_plain(), who, texts=params.texts)
        readable = await self._prompt_help.readable(params, model, who)
        params, notices = readable.params, (*_singing(params), *readable.notices)
        if file is None:
            return await self._queue(model, params, seed, who, address, parent=parent, notices=notices)
        kept = await self._uploads.take(file, "audio", who)
        params = dataclasses.replace(
            params,
            melody=kept.id if use == "melody" else params.melody,
            prior=kept.id if use == "prior" else params.prior,
        )
        order = Order(model=model, params=params, seed=seed, notices=notices)
        return await self._uploads.submit(order, kept, file.name, who, address)

    async def _repeat(
        self,
        old: Job,
        params: MusicParams | SoundParams,
        seed: int,
        who: Requester,
        address: ReplyAddress | None,
    ) -> Ticket:
        """What the model could read is not found out again: the same seed makes the same music."""
        notices = tuple(code for code in old.notices if code in NOTICES)
        if isinstance(params, MusicParams):
            notices = (*_singing(params), *notices)
            for reference in filter(None, (params.melody, params.prior)):
                if is_upload(reference):
                    await self._uploads.demand_own(reference, who)
        model = self._intake.model(old.medium, old.model)
        parent = (old.parent, old.parent_index)
        return await self._queue(model, params, seed, who, address, parent=parent, notices=notices)

    async def _queue(
        self,
        model: ModelInfo,
        params: MusicParams | SoundParams,
        seed: int,
        who: Requester,
        address: ReplyAddress | None,
        *,
        parent: tuple[str | None, int | None] = (None, None),
        notices: tuple[str, ...] = (),
    ) -> Ticket:
        return await self._intake.queue(
            model, params.to_plain(), seed, who, address, texts=params.texts, parent=parent, notices=notices
        )

    async def _piece(self, request: ContinueRequest, who: Requester) -> Job:
        if request.job is not None:
            old = await self._intake.recipe(request.job, MUSIC, who)
        else:
            latest = await self._intake.latest(MUSIC, who)
            if latest is None:
                raise NotFound("no_piece")
            old = latest
        if not 1 <= request.index <= int(old.params["count"]):
            raise NotFound("piece_gone")
        return old

    def _model(self, model_id: str | None, *, follows: bool = False) -> ModelInfo:
        """`follows`: it must be able to follow a melody. Without an id the best one that is here and can do it."""
        model = self._intake.model(MUSIC, model_id)
        if not follows or _follows(model):
            return model
        able = (one for one in self._catalog.models(MUSIC) if one.path is not None and _follows(one))
        found = next(able, None) if model_id is None else None
        if found is None:
            raise InvalidInput("melody_of_model", model=model.title)
        return found

    def _same_model(self, model_id: str | None, old: Job | None) -> str | None:
        """That of the piece, if it is still here: another one would go on in another voice."""
        if model_id is not None or old is None:
            return model_id
        here = (one.id for one in self._catalog.models(MUSIC) if one.path is not None)
        return old.model if old.model in here else None


def _follows(model: ModelInfo) -> bool:
    return bool(model.options.get("melody"))


def _singing(params: MusicParams) -> tuple[str, ...]:
    return (NO_SINGING,) if params.sections else ()


def _default(value: int | None, default: int) -> int:
    return default if value is None else value


def _format(typed: str | None) -> Format:
    wanted = (typed or FORMATS[0]).strip().casefold()
    for known in FORMATS:
        if wanted == known:
            return known
    raise InvalidInput("format_unknown", known=", ".join(FORMATS))
