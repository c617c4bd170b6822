"""`atelier generate`: one job through the same services, queue and checks, without Discord."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from bot.app import open_atelier
from bot.families import Report
from bot.i18n import Sentences
from bot.services.audio_ports import (
    AudioPost,
    ContinueRequest,
    MusicRequest,
    NotesRequest,
    Question,
    SoundRequest,
)
from bot.services.clip_ports import ClipPost, ClipRequest
from bot.services.desk import Desk
from bot.services.insight import NextWordRequest, TokensRequest
from bot.services.ports import (
    ImagePost,
    ImageRequest,
    InsightPost,
    NotDelivered,
    Post,
    Posted,
    ReplyAddress,
    Requester,
    Status,
    TakenBack,
    TextPost,
    TextRequest,
)
from bot.services.speech_ports import LanguageOffer, SpeechPost, SpeechRequest
from bot.services.video_ports import ScriptRequest, VideoPost, VideoRequest
from bot.settings import Settings
from generation.errors import AtelierError, InvalidInput, Refused
from generation.job import Job
from generation.music_params import Declaration
from generation.video_params import VIDEO
from moderation.verdict import Approved

AnyRequest = (
    ImageRequest
    | TextRequest
    | NextWordRequest
    | TokensRequest
    | MusicRequest
    | ContinueRequest
    | SoundRequest
    | NotesRequest
    | SpeechRequest
    | VideoRequest
    | ScriptRequest
    | ClipRequest
)
FILE_LIMIT = 25 * 1024 * 1024
"""Bytes; a folder would take more, but what is made here can be sent to others."""


@dataclass(slots=True)
class FolderPublisher:
    """A publisher for one person at a terminal: results go to a folder."""

    out: Path
    report: Report
    sentences: Sentences
    ended: asyncio.Future[dict[str, Any]] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )

    async def show_status(self, job: Job, address: ReplyAddress | None, status: Status) -> None:
        if status.total:
            key = "cli.frames" if job.medium == VIDEO else "cli.progress"
            self.report(self.sentences.text(key, job.locale, done=status.done, total=status.total))

    def file_limit(self, job: Job) -> int:
        return FILE_LIMIT

    async def publish(self, post: Approved[Post], address: ReplyAddress | None) -> Posted:
        value = post.value
        files = _files(value)
        names = [f"{value.job.id}-{file.name}" for file in files]
        try:
            await asyncio.to_thread(self.out.mkdir, parents=True, exist_ok=True)
            for file, name in zip(files, names, strict=True):
                await asyncio.to_thread(shutil.copyfile, file, self.out / name)
        except OSError as error:
            # the person at the terminal is told now, not after another try
            self._fail(value.job, "storage_failed", {}, verdict="failed")
            raise NotDelivered from error
        self._finish(_result(value, names))
        return Posted(channel_id="folder", message_id=value.job.id)

    async def tell_owner(
        self,
        job: Job,
        address: ReplyAddress | None,
        code: str,
        values: Mapping[str, Any],
        *,
        private: bool,
    ) -> None:
        self._fail(job, code, values, verdict="refused" if private else "failed")

    def withhold(self, job_id: str) -> None:
        """Nothing to do: one job is made here, by the person who waits for it."""

    async def take_back(self, job: Job, posted: Posted | None, address: ReplyAddress | None) -> TakenBack:
        files = await asyncio.to_thread(lambda: list(self.out.glob(f"{job.id}-*")))
        for file in files:
            await asyncio.to_thread(file.unlink, missing_ok=True)
        return TakenBack(deleted=min(1, len(files)))

    async def is_member(self, guild_id: str, person_id: str) -> bool:
        return True  # this machine is a class of one person

    async def tell_person(self, person_id: str, text: str) -> bool:
        self.report(text)
        return True

    def _fail(self, job: Job, code: str, values: Mapping[str, Any], *, verdict: str) -> None:
        sentence = error_sentence(self.sentences, code, job.locale, values)
        self._finish({"job": job.id, "verdict": verdict, "code": code, "message": sentence, "files": []})

    def _finish(self, result: dict[str, Any]) -> None:
        if not self.ended.done():
            self.ended.set_result(result)


def error_sentence(sentences: Sentences, code: str, locale: str, values: Mapping[str, Any]) -> str:
    """A worker may fail with a code that nobody has written a sentence for."""
    return sentences.of_error(code, locale, values)


def own_folder(settings: Settings) -> Settings:
    """The same settings with a data folder beside the bot's, which may be running: it never shares one."""
    folder = settings.data_dir / "generate"
    return settings.model_copy(update={"data_dir": folder, "records_dir": folder / "records"})


async def generate(
    settings: Settings,
    request: AnyRequest,
    *,
    out: Path,
    locale: str,
    report: Report,
    declaration: Declaration | None = None,
) -> dict[str, Any]:
    """Make what is asked for into `out`. Returns the result as plain values; "verdict" tells how it ended.

    `declaration`: why a melody or song of the request may be used; such a request fails without one.
    Raises AtelierError when the work cannot even begin, e.g. data_folder_locked.
    """
    sentences = Sentences.load()
    who = Requester(
        guild_id="local", channel_id="local", person_id="operator", locale=locale, is_teacher=True
    )
    publisher = FolderPublisher(out=out, report=report, sentences=sentences)
    async with open_atelier(
        own_folder(settings), publisher=publisher, sentences=sentences, report=report
    ) as atelier:
        try:
            await _submit(atelier.desk, request, who, declaration)
        except AtelierError as error:
            sentence = error_sentence(sentences, error.code, locale, error.values)
            verdict = "refused" if isinstance(error, Refused) else "failed"
            return {"job": None, "verdict": verdict, "code": error.code, "message": sentence, "files": []}
        return await publisher.ended


async def _submit(desk: Desk, request: AnyRequest, who: Requester, declaration: Declaration | None) -> None:
    ask: Mapping[type, Callable[..., Awaitable[object]]] = {
        ImageRequest: desk.submit.image,
        TextRequest: desk.write.text,
        NextWordRequest: desk.insight.next_word,
        TokensRequest: desk.insight.tokens,
        MusicRequest: desk.music.music,
        ContinueRequest: desk.music.further,
        SoundRequest: desk.music.sound,
        NotesRequest: desk.notes.notes,
        SpeechRequest: desk.speak.speak,
        VideoRequest: desk.video.video,
        ScriptRequest: desk.video.script,
        ClipRequest: desk.clip.clip,
    }
    answer = await ask[type(request)](request, who, None)
    if isinstance(answer, LanguageOffer):
        raise InvalidInput("speech_language")
    if not isinstance(answer, Question):
        return
    if declaration is None:
        await desk.uploads.cancel(answer.id, who)
        raise InvalidInput("declaration_unknown")
    await desk.uploads.decide(answer.id, declaration, who, None)


def _files(post: Post) -> list[Path]:
    if isinstance(post, ImagePost):
        return [post.sheet, *(picture.file for picture in post.pictures if picture.file is not None)]
    if isinstance(post, TextPost):
        return [post.file]
    if isinstance(post, InsightPost):
        return [post.data, *([] if post.picture is None else [post.picture])]
    if isinstance(post, AudioPost):
        pieces = [file for piece in post.pieces for file in (piece.file, piece.midi) if file is not None]
        return [post.picture, *pieces]
    if isinstance(post, SpeechPost):
        return [post.picture, post.file]
    if isinstance(post, VideoPost | ClipPost):
        words = post.subtitles if isinstance(post, ClipPost) else None
        return [post.video, post.poster, *([] if words is None else [words])]
    raise TypeError(f"no files are known of a {type(post).__name__}")


def _result(post: Post, names: list[str]) -> dict[str, Any]:
    result: dict[str, Any] = {
        "job": post.job.id,
        "medium": post.job.medium,
        "model": post.job.model,
        "seeds": [post.job.seed],
        "parameters": dict(post.job.params),
        "files": names,
        "verdict": "approved",
        "flagged": [],
        "seconds": round(post.seconds, 2),
    }
    if isinstance(post, ImagePost):
        flagged = [picture.index for picture in post.pictures if picture.file is None]
        result["seeds"] = [picture.seed for picture in post.pictures]
        result.update(flagged=flagged, verdict="partly_flagged" if flagged else "approved")
    if isinstance(post, TextPost):
        result.update(text=post.text, notices=list(post.notices))
    if isinstance(post, InsightPost):
        result.update(insight=asdict(post.insight), notices=list(post.notices))
    if isinstance(post, AudioPost):
        result["seeds"] = [piece.seed for piece in post.pieces]
        result.update(lengths=[round(piece.seconds, 2) for piece in post.pieces], notices=list(post.notices))
    if isinstance(post, SpeechPost):
        result.update(lengths=[round(post.length, 2)], notices=[*post.job.notices, *post.notices])
    if isinstance(post, VideoPost):
        result.update(_of_video(post))
    if isinstance(post, ClipPost):
        result.update(_of_clip(post))
    return result


def _of_video(post: VideoPost) -> dict[str, Any]:
    seen = post.measured
    return {
        "seeds": list(dict.fromkeys(key["seed"] for key in post.job.params["keys"])),
        "lengths": [round(seen.seconds, 2)],
        "frames": seen.frames,
        "size": [seen.width, seen.height],
        "sound": seen.has_sound,
        "notices": [*post.job.notices, *post.notices],
    }


def _of_clip(post: ClipPost) -> dict[str, Any]:
    seen = post.measured
    return {
        "lengths": [round(seen.seconds, 2)],
        "frames": seen.frames,
        "size": [seen.width, seen.height],
        "sound": seen.has_sound,
        "lines": list(post.lines),
        "notices": [*post.job.notices, *post.notices],
    }


def as_json(result: Mapping[str, Any]) -> str:
    return json.dumps(result, ensure_ascii=False, indent=2)
