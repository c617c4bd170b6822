"""Uploaded melodies and songs: probed, kept, and used once their person has said why they may use them."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from bot.services.audio_ports import Question, Upload
from bot.services.intake import Intake, Maker
from bot.services.ports import ReplyAddress, Requester, Ticket
from bot.services.probe import SIZES, UploadProbe
from data.uploads import KeptUpload, KeptUploads, Kind, WaitingRequest
from generation.clip_params import CLIP, MAKER, ClipParams
from generation.errors import AtelierError, InvalidInput, LimitReached, NotAllowed, NotFound, Refused
from generation.music_params import DECLARATIONS, Declaration, MusicParams, NotesParams, read_params
from generation.video_params import VIDEO, VideoParams

_log = logging.getLogger(__name__)
IMAGE: Final = "image"
MEGABYTE: Final = 1024 * 1024
QUESTIONS_LIMIT: Final = 5
"""How many requests of one person may wait for a declaration."""
AT_ONCE: Final = 4
"""Files that are fetched and looked at together: a class that sends 25 MB each must not fill the memory."""
_NAME_LIMIT: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A request that is valid but for its upload; `params` name it already.

    `medium`: what is asked for, if it is not simply the model's medium.
    """

    model: Maker
    params: MusicParams | NotesParams | VideoParams | ClipParams
    seed: int
    notices: tuple[str, ...] = ()
    medium: str | None = None


class Uploads:
    """`decide` and `cancel` are what the buttons under the question call. Methods raise an AtelierError."""

    def __init__(
        self,
        *,
        intake: Intake,
        kept: KeptUploads,
        probe: UploadProbe,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._intake = intake
        self._kept = kept
        self._probe = probe
        self._clock = clock
        self._busy: set[tuple[str, str]] = set()
        self._room = asyncio.Semaphore(AT_ONCE)

    async def take(self, upload: Upload, kind: Kind, who: Requester) -> KeptUpload:
        """Fetch, probe and keep a file; one that its person sent before is found again.

        Raises InvalidInput (what is wrong with it), LimitReached upload_busy, WorkerError.
        """
        async with Turn(self._busy, (who.guild_id, who.person_id)), self._room:
            content = await read_upload(upload, kind)
            sha256 = await asyncio.to_thread(lambda: hashlib.sha256(content).hexdigest())
            known = await self._kept.find(who.guild_id, who.person_id, kind, sha256)
            if known is not None:
                return known
            async with self._probe.probed(kind, content) as found:
                if found.clean is None:
                    return await self._kept.add_notes(who.guild_id, who.person_id, sha256, found.notes)
                return await self._kept.add_sound(
                    who.guild_id, who.person_id, sha256, clean=found.clean, seconds=found.seconds
                )

    async def submit(
        self, order: Order, kept: KeptUpload, name: str, who: Requester, address: ReplyAddress | None
    ) -> Ticket | Question:
        """Queue what uses a declared file; else let it wait for the declaration. Raises LimitReached or Refused."""
        plain = order.params.to_plain()
        if kept.declaration is not None:
            plain["declaration"] = kept.declaration
            return await self._intake.queue(
                order.model,
                plain,
                order.seed,
                who,
                address,
                texts=order.params.texts,
                medium=order.medium,
                notices=order.notices,
            )
        waiting = WaitingRequest(
            id=secrets.token_hex(8),
            upload=kept.id,
            guild_id=who.guild_id,
            channel_id=who.channel_id,
            person_id=who.person_id,
            locale=who.locale,
            medium=order.medium or order.model.medium,
            model=order.model.id,
            params=plain,
            seed=order.seed,
            notices=order.notices,
            created_at=self._clock(),
        )
        if not await self._kept.wait(waiting, limit=QUESTIONS_LIMIT):
            raise LimitReached("limit_uploads", limit=QUESTIONS_LIMIT)
        return Question(id=waiting.id, name=_shown(name))

    async def demand_own(self, upload_id: str, who: Requester) -> None:
        """Raises NotAllowed upload_of_other, NotFound upload_gone."""
        if await self._kept.get(upload_id, who.guild_id, who.person_id) is None:
            if await self._kept.owner(upload_id, who.guild_id) not in {None, who.person_id}:
                raise NotAllowed("upload_of_other")
            raise NotFound("upload_gone")

    async def decide(
        self, question_id: str, declaration: Declaration, who: Requester, address: ReplyAddress | None
    ) -> Ticket:
        """Keep the declaration and queue the request that waits for it, for the channel where it was typed.

        Raises NotFound upload_gone, and what queueing raises (LimitReached: the request goes on waiting).
        """
        if declaration not in DECLARATIONS:
            raise InvalidInput("declaration_unknown")
        async with Turn(self._busy, (who.guild_id, who.person_id)):
            waiting = await self._waiting(question_id, who)
            model = self._maker(waiting)
            await self._kept.declare(waiting.upload, declaration)
            plain = {**waiting.params, "declaration": declaration}
            try:
                ticket = await self._intake.queue(
                    model,
                    plain,
                    waiting.seed,
                    replace(who, channel_id=waiting.channel_id),
                    address,
                    texts=_texts(waiting.medium, plain),
                    medium=waiting.medium,
                    notices=waiting.notices,
                )
            except Refused:
                await self._kept.forget(question_id)
                raise
            await self._forget(question_id)
        return ticket

    async def cancel(self, question_id: str, who: Requester) -> bool:
        """Forget the request, and delete its file at once unless another request of its person needs it.

        Returns whether the file is gone. Raises NotFound upload_gone.
        """
        async with Turn(self._busy, (who.guild_id, who.person_id)):
            waiting = await self._kept.waiting(question_id, who.guild_id, who.person_id)
            if waiting is None:
                raise NotFound("upload_gone")
            await self._kept.forget(question_id)
            return await self._kept.get(waiting.upload, who.guild_id, who.person_id) is None

    def _maker(self, waiting: WaitingRequest) -> Maker:
        """Raises ModelMissing, NotFound."""
        return MAKER if waiting.medium == CLIP else self._intake.model(_maker(waiting.medium), waiting.model)

    async def _waiting(self, question_id: str, who: Requester) -> WaitingRequest:
        waiting = await self._kept.waiting(question_id, who.guild_id, who.person_id)
        if waiting is None or await self._kept.get(waiting.upload, who.guild_id, who.person_id) is None:
            raise NotFound("upload_gone")
        return waiting

    async def _forget(self, question_id: str) -> None:
        """The job is queued whatever the disk says now; the row is forgotten after a day in any case."""
        try:
            await self._kept.forget(question_id)
        except AtelierError as error:
            _log.warning("a request that was decided is still kept (%s)", error.code)


class Turn:
    """One thing at a time for each person: two presses at once queue one job. Raises LimitReached upload_busy."""

    def __init__(self, busy: set[tuple[str, str]], person: tuple[str, str]) -> None:
        self._busy = busy
        self._person = person

    async def __aenter__(self) -> None:
        if self._person in self._busy:
            raise LimitReached("upload_busy")
        self._busy.add(self._person)

    async def __aexit__(self, *exception: object) -> None:
        self._busy.discard(self._person)


def _maker(medium: str) -> str:
    """The medium of the models that make it: a video is made by a model for pictures."""
    return IMAGE if medium == VIDEO else medium


def _texts(medium: str, plain: Mapping[str, Any]) -> Sequence[str]:
    if medium == CLIP:
        return ClipParams.from_plain(plain).texts
    return VideoParams.from_plain(plain).texts if medium == VIDEO else read_params(medium, plain).texts


async def read_upload(upload: Upload, kind: Kind) -> bytes:
    """What was sent, fetched. Raises InvalidInput upload_large or upload_lost."""
    limit = SIZES[kind]
    if upload.size > limit * MEGABYTE:
        raise InvalidInput("upload_large", limit=limit)
    try:
        content = await upload.read()
    except AtelierError:
        raise
    except Exception as error:  # noqa: BLE001
        # the type only: the message of a foreign error may hold an address
        _log.warning("an upload could not be fetched (%s)", type(error).__name__)
        raise InvalidInput("upload_lost") from None
    if len(content) > limit * MEGABYTE:  # whatever its size was said to be
        raise InvalidInput("upload_large", limit=limit)
    return content


def _shown(name: str) -> str:
    plain = "".join(char if char.isprintable() else " " for char in name)
    return plain if len(plain) <= _NAME_LIMIT else f"{plain[: _NAME_LIMIT - 1]}…"
