"""`/clip`: posted results of the class are chosen and become a job that puts them together."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Final

from bot.services.audio_ports import Question
from bot.services.clip_ports import Chosen, ClipRequest
from bot.services.clip_sources import MEDIUM_OF, ClipSources, Kind, Source, spoken_in
from bot.services.intake import Intake
from bot.services.ports import ReplyAddress, Requester, Ticket
from bot.services.references import is_upload, piece_reference
from bot.services.uploads import Order, Uploads
from bot.services.voice_owner import VoiceOwner
from data.voice_records import voice_of
from generation.clip_params import CLIP, MAKER, SUBTITLES, ClipParams, Subtitles
from generation.errors import InvalidInput, NotAllowed
from generation.job import Job

DEFAULT_SUBTITLES: Final[Subtitles] = "burned"


class Clip:
    """`/clip` and its buttons. Each raises an AtelierError with its sentence's code; then nothing is queued."""

    def __init__(self, *, intake: Intake, sources: ClipSources, uploads: Uploads, owner: VoiceOwner) -> None:
        self._intake = intake
        self._sources = sources
        self._uploads = uploads
        self._owner = owner

    async def clip(
        self, request: ClipRequest, who: Requester, address: ReplyAddress | None
    ) -> Ticket | Question:
        """Raises InvalidInput, NotFound, LimitReached, Refused (also with the name of a consent's check)."""
        if request.music is not None and request.song is not None:
            raise InvalidInput("piece_twice")
        params = _params(request)
        sources = await self._sources.of(who.guild_id, who.person_id, params)
        await self._demand_owner(sources, who)
        for source, digest in zip(sources, _digests(request), strict=True):
            await self._sources.file(source, sha256=digest)
        if request.song is None:
            params = _with_rights(params, sources)
            return await self._queue(params, sources, who, address)
        texts = _texts(params, sources)
        await self._intake.demand_allowed(MAKER, params.to_plain(), who, texts=texts, medium=CLIP)
        kept = await self._uploads.take(request.song, "audio", who)
        params = dataclasses.replace(params, song=kept.id)
        order = Order(model=MAKER, params=params, seed=sources[0].seed, medium=CLIP)
        return await self._uploads.submit(order, kept, request.song.name, who, address)

    async def again(
        self, job_id: str, who: Requester, address: ReplyAddress | None, *, other_subtitles: bool
    ) -> Ticket:
        """The same piece once more, for the person who asks. NotAllowed song_of_other: it needs another's upload."""
        params = ClipParams.from_plain((await self.recipe(job_id, who)).params)
        if params.song is not None and is_upload(params.song):
            try:
                await self._uploads.demand_own(params.song, who)
            except NotAllowed:
                raise NotAllowed("song_of_other") from None
        if other_subtitles:
            (other,) = (kind for kind in SUBTITLES if kind != params.subtitles)
            params = dataclasses.replace(params, subtitles=other)
        sources = await self._sources.of(who.guild_id, who.person_id, params)
        await self._demand_owner(sources, who)
        for source in sources:
            await self._sources.file(source)
        return await self._queue(params, sources, who, address)

    async def recipe(self, job_id: str, who: Requester) -> Job:
        """The posted piece of this class. Raises NotFound job_gone."""
        return await self._intake.recipe(job_id, CLIP, who)

    async def offered(self, kind: Kind, who: Requester, *, limit: int = 25) -> Sequence[Job]:
        """The last posted results of this class that can be chosen, the newest first."""
        return await self._intake.recent(MEDIUM_OF[kind], who, limit=limit)

    async def _demand_owner(self, sources: Sequence[Source], who: Requester) -> None:
        for speech in (one.job for one in sources if one.kind == "speech"):
            await self._owner.demand(voice_of(speech.params), who.guild_id, who.person_id)

    async def _queue(
        self, params: ClipParams, sources: Sequence[Source], who: Requester, address: ReplyAddress | None
    ) -> Ticket:
        # what holds a voice has the speech as its parent: a withdrawal finds it by either
        parent = next((one for one in sources if one.kind == "speech"), sources[0])
        return await self._intake.queue(
            MAKER,
            params.to_plain(),
            sources[0].seed,
            who,
            address,
            texts=_texts(params, sources),
            medium=CLIP,
            parent=(parent.job.id, parent.index),
        )


def _params(request: ClipRequest) -> ClipParams:
    return ClipParams(
        pictures=tuple(_piece(one) for one in request.pictures),
        video=None if request.video is None else request.video.job,
        song=None if request.music is None else _piece(request.music),
        speech=None if request.speech is None else request.speech.job,
        subtitles=_subtitles(request.subtitles),
        title=request.title or "",
        chain=request.chain,
    )


def _with_rights(params: ClipParams, sources: Sequence[Source]) -> ClipParams:
    """Why a recording may be used that a video brings along stands at the piece, too."""
    declared = next((one.job.params.get("declaration") for one in sources if one.kind == "video"), None)
    return dataclasses.replace(params, declaration=declared) if params.song is None else params


def _digests(request: ClipRequest) -> list[str | None]:
    """In the order of `ClipSources.of`."""
    single = (request.video, request.music, request.speech)
    return [one.sha256 for one in (*request.pictures, *single) if one is not None]


def _piece(chosen: Chosen) -> str:
    return piece_reference(chosen.job, chosen.index)


def _texts(params: ClipParams, sources: Sequence[Source]) -> list[str]:
    """What is seen and heard as words: they were allowed before, and are judged together."""
    return [text for text in (*params.texts, spoken_in(sources)) if text]


def _subtitles(typed: str | None) -> Subtitles:
    for known in SUBTITLES:
        if (typed or DEFAULT_SUBTITLES).strip().casefold() == known:
            return known
    raise InvalidInput("subtitles_unknown")
