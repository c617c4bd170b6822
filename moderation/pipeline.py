"""The one place where something becomes fit to be shown. Everything here fails closed.

A check that raises, hangs, is killed or answers anything but a clear yes refuses: code "check_failed". Files
that are refused are destroyed before the caller hears of it. If the caller is cancelled, or anything goes
wrong, the files are destroyed too: nothing unjudged outlives its check.
"""

import asyncio
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Generic, TypeVar

from moderation.audio_check import AUDIO, Bounds, check_audio
from moderation.files import destroy, digests
from moderation.picture_check import IMAGE, ImageCheck, ImageScore, PictureJudge
from moderation.selftest import PLAIN_TEXT, plain_picture
from moderation.text_checks import DialogueCheck, TextCheck, Turn, run_text_checks, turns_of
from moderation.timely import Timely
from moderation.verdict import _SEAL, CHECK_FAILED, Approved, Verdict
from moderation.video_check import VIDEO, VideoDecision, check_measured, judge_frames

__all__ = ["Decision", "ImageCheck", "ImageDecision", "ImageScore", "Pipeline", "VideoDecision"]

T = TypeVar("T")
_Texts = tuple[Sequence[str], str]
"""What something was made from, and the class server in which."""

TEXT: Final = "text"
ANSWER: Final = "answer_"
"""Begins the code of a refusal that is about what a model wrote: its sentence blames the model, not the pupil."""
_SAME_FOR_ANSWERS: Final = frozenset({CHECK_FAILED, "self_harm"})


@dataclass(frozen=True, slots=True)
class ImageDecision:
    """What became of several pictures: `verdicts` and `digests` follow the order in which they were given.

    `approved` holds the pictures that were allowed, None if none was. `flagged` are the places (from 0) of
    all others, whether a classifier flagged them or could not judge them; their files are gone. `digests` are
    SHA-256 in hex of what was judged, "" where the file is gone.
    """

    approved: Approved[tuple[Path, ...]] | None
    verdicts: tuple[Verdict, ...]
    flagged: tuple[int, ...]
    digests: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Decision(Generic[T]):
    """What became of one thing: `approved` is None exactly if `verdict` refuses."""

    approved: Approved[T] | None
    verdict: Verdict
    digests: tuple[str, ...] = ()


class Pipeline:
    """All checks of one bot. It cannot be built without a text check and an image check.

    `answer_checks` judge only what a model wrote. `dialogue_check` judges what the text checks allow: requests for
    every medium, and answers together with their prompt. `timeout_s` bounds one round of text checks and one call of
    the dialogue check or the image check, each in seconds; the frames of a video get more (`video_check.judge_frames`).
    """

    def __init__(
        self,
        *,
        text_checks: Sequence[TextCheck],
        image_check: ImageCheck,
        answer_checks: Sequence[TextCheck] = (),
        dialogue_check: DialogueCheck | None = None,
        timeout_s: float = 30.0,
    ) -> None:
        if not text_checks or not all(callable(check) for check in (*text_checks, *answer_checks)):
            raise ValueError("a pipeline needs at least one text check, and each must be callable")
        if not callable(image_check) or not (dialogue_check is None or callable(dialogue_check)):
            raise TypeError("a pipeline needs an image check, and each check must be callable")
        if not 0 < timeout_s < math.inf:
            raise ValueError("a pipeline needs a timeout in seconds")
        self._text_checks = tuple(text_checks)
        self._answer_checks = (*text_checks, *answer_checks)
        self._dialogue_check = dialogue_check
        self._timely = Timely()
        self._pictures = PictureJudge(image_check, self._timely)
        self._timeout_s = timeout_s

    async def check_text(self, *texts: str, guild: str = "") -> Verdict:
        """Judge a request's texts (prompt, negative prompt, ...), each alone and all of them joined.

        `guild`, here and below: the class server whose own words count too; "" for the lists alone.
        """
        return await self._judge_texts(self._text_checks, asked=texts, guild=guild)

    async def approve_text(self, *texts: str, prompt: str = "", guild: str = "") -> Decision[tuple[str, ...]]:
        """Judge texts that a model wrote when it was asked `prompt`; the approved value is exactly these texts."""
        judged = self._judge_texts(self._answer_checks, asked=(prompt,), answers=texts, guild=guild)
        verdict = _of_answer(await judged)
        return Decision(_approve(texts, (verdict,)), verdict)

    async def approve_images(self, files: Sequence[Path]) -> ImageDecision:
        """Judge pictures one by one; those that are not clearly allowed are deleted before this returns."""
        files = tuple(files)
        kept: tuple[Path, ...] = ()
        try:
            verdicts, found = await self._pictures.judge(files, self._timeout_s)
            kept = tuple(file for file, verdict in zip(files, verdicts, strict=True) if verdict.allowed)
        finally:
            destroy(file for file in files if file not in kept)
        allowing = tuple(verdict for verdict in verdicts if verdict.allowed)
        return ImageDecision(
            approved=_approve(kept, allowing) if kept else None,
            verdicts=verdicts,
            flagged=tuple(place for place, verdict in enumerate(verdicts) if not verdict.allowed),
            digests=found,
        )

    async def approve_video(
        self,
        video: Path,
        frames: Sequence[Path],
        *,
        expected: int | None,
        measured: object,
        texts: Sequence[str],
        guild: str = "",
    ) -> VideoDecision:
        """Judge a finished video by every picture decoded from it, in their order, and by the texts it was made from.

        `measured`: what the media family's `read_frames` said when it decoded them; `expected`: how many frames were
        asked for, None where nobody knows. The first refused frame ends it: video and frames are deleted before this
        returns.
        """
        frames = tuple(frames)
        kept, checked = False, 0
        try:
            (before,) = await asyncio.to_thread(digests, (video,))
            verdict = await self._judge_video(before, len(frames), expected, measured, (texts, guild))
            if verdict.allowed:
                verdict, checked = await judge_frames(self._pictures, frames, self._timeout_s)
            (after,) = await asyncio.to_thread(digests, (video,))
            if verdict.allowed and not (before and before == after and checked == len(frames)):
                verdict = _failed(VIDEO)
            kept = verdict.allowed
        finally:
            if not kept:
                destroy((video, *frames))
        return VideoDecision(_approve(video, (verdict,)), verdict, after if kept else "", checked)

    async def approve_audio(
        self,
        files: Sequence[Path],
        *,
        measured: Sequence[object],
        bounds: Bounds,
        texts: Sequence[str],
        guild: str = "",
    ) -> Decision[tuple[Path, ...]]:
        """Judge finished sounds by what was measured on them, in their order, and by the texts they were made from.

        Nothing here listens. One that is refused refuses all: all are deleted before this returns.
        """
        files = tuple(files)
        kept = False
        try:
            before = await asyncio.to_thread(digests, files)
            verdict = await self._judge_audio(files, measured, bounds, (texts, guild))
            after = await asyncio.to_thread(digests, files)
            if verdict.allowed and not (all(before) and before == after):
                verdict = _failed(AUDIO)
            kept = verdict.allowed
        finally:
            if not kept:
                destroy(files)
        return Decision(_approve(files, (verdict,)), verdict, after if kept else ())

    async def ready(self, *, must_refuse: str | None = "pornografie") -> Verdict:
        """Try every check once, on plain inputs: allows if all of them answer as they should.

        `must_refuse` is a text that at least one check has to refuse (None leaves this out): a filter that
        allows everything is as broken as one that raises.
        """
        verdict = await self.check_text(PLAIN_TEXT)
        if not verdict.allowed:
            return verdict
        if must_refuse is not None and (await self.check_text(must_refuse)).code in {"", CHECK_FAILED}:
            return _failed(TEXT)
        with plain_picture() as picture:
            answers = await self._pictures.answers(picture, self._timeout_s)
        return Verdict.allow("ready") if answers else _failed(IMAGE)

    async def _judge_texts(
        self,
        checks: Sequence[TextCheck],
        *,
        asked: Sequence[str],
        answers: Sequence[str] | None = None,
        guild: str,
    ) -> Verdict:
        """`checks` for the answers (or, without any, for what was asked), then the dialogue check for both."""
        judged = asked if answers is None else answers
        verdict = await self._timely.within(
            run_text_checks(checks, judged, guild=guild), _only_verdict, TEXT, self._timeout_s
        )
        if not verdict.allowed or self._dialogue_check is None:
            return verdict
        turns = turns_of(asked, answers or ())
        if not turns:  # nothing but empty texts: there is nothing to judge, and the words have allowed it
            return verdict
        return await self._timely.within(self._ask(turns), _only_verdict, "dialogue", self._timeout_s)

    async def _judge_audio(
        self, files: Sequence[Path], measured: Sequence[object], bounds: Bounds, texts: _Texts
    ) -> Verdict:
        """The first refusal; the texts first, because their sentences concern a person."""
        verdict = await self.check_text(*texts[0], guild=texts[1])
        if not verdict.allowed:
            return verdict
        if not files or len(set(files)) != len(files) or len(files) != len(measured):
            return _failed(AUDIO)
        verdicts = [check_audio(one, bounds) for one in measured]
        return next((one for one in verdicts if not one.allowed), verdicts[0])

    async def _ask(self, turns: Sequence[Turn]) -> object:
        """In a coroutine of its own: the check may raise before it returns something that can be awaited."""
        return None if self._dialogue_check is None else await self._dialogue_check(turns)

    async def _judge_video(
        self, digest: str, frames: int, expected: int | None, measured: object, texts: _Texts
    ) -> Verdict:
        """By its texts first, because their sentences concern a person; then by its numbers."""
        verdict = await self.check_text(*texts[0], guild=texts[1])
        if not verdict.allowed:
            return verdict
        return check_measured(measured, digest=digest, frames=frames, expected=expected)


def _approve(value: T, verdicts: tuple[Verdict, ...]) -> Approved[T] | None:
    allowed = bool(verdicts) and all(verdict.allowed for verdict in verdicts)
    return Approved(value, verdicts, seal=_SEAL) if allowed else None


def _failed(check: str) -> Verdict:
    return Verdict.refuse(check, CHECK_FAILED)


def _only_verdict(answer: object) -> Verdict:
    return answer if isinstance(answer, Verdict) else _failed(TEXT)


def _of_answer(verdict: Verdict) -> Verdict:
    if verdict.allowed or verdict.code in _SAME_FOR_ANSWERS:
        return verdict
    return Verdict.refuse(verdict.check, f"{ANSWER}{verdict.code}", verdict.matches)
