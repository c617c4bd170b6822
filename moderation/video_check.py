"""When a video may be shown: every picture that is in its file was judged, none is black, the numbers fit.

What is measured comes from decoding the finished file (task `read_frames` of the media family): sha256 of the file that
was decoded; frames, seconds; light [for each frame how light it is where it is lightest, 0 … 255]; audio: null or
{seconds, finite, clipped, …}.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from moderation.audio_check import BROKEN, CLIPPED, MOST_CLIPPED, number_of
from moderation.picture_check import IMAGE, PictureJudge
from moderation.verdict import CHECK_FAILED, IMAGE_FLAGGED, Approved, Verdict

VIDEO: Final = "video"
BLACK, FLAGGED, FRAMES = "video_black", "video_flagged", "video_frames"
BLACK_LIGHT: Final = 16
"""A frame that is nowhere lighter is what a model or a filter leaves when it fails."""
FRAMES_LIMIT: Final = 1200
BATCH: Final = 8
"""Frames judged in one call: between two of them somebody's picture can be judged."""
FRAMES_PER_TIMEOUT: Final = 8
"""So many frames are given the time of one more picture check …"""
MOST_TIMEOUTS: Final = 40
"""… and a whole video never more than so many of them."""
SOUND_TOLERANCE_S: Final = 0.3


@dataclass(frozen=True, slots=True)
class VideoDecision:
    """`approved` is None exactly if `verdict` refuses. `frames_checked` were judged and allowed: all, or those before
    the first that was not. `digest`: SHA-256 in hex of what was judged, "" if refused."""

    approved: Approved[Path] | None
    verdict: Verdict
    digest: str
    frames_checked: int


def check_measured(measured: object, *, digest: str, frames: int, expected: int | None) -> Verdict:
    """Judge the numbers: `frames` pictures were decoded, `expected` were asked for (None: nobody knows beforehand), and
    the file with this SHA-256 is shown."""
    if not isinstance(measured, Mapping) or not digest or measured.get("sha256") != digest:
        return Verdict.refuse(VIDEO, CHECK_FAILED)
    told, light = measured.get("frames"), measured.get("light")
    whole = type(told) is int and told == frames and 0 < frames <= FRAMES_LIMIT
    if not whole or not isinstance(light, list | tuple) or len(light) != frames:
        return Verdict.refuse(VIDEO, CHECK_FAILED)
    if expected is not None and expected != frames:
        return Verdict.refuse(VIDEO, FRAMES)
    code = _fault_of_light(light) or _fault_of_sound(measured)
    return Verdict.refuse(VIDEO, code) if code else Verdict.allow(VIDEO)


def _fault_of_light(light: Sequence[object]) -> str:
    numbers = [number_of(value) for value in light]
    if not all(number is not None and 0 <= number <= 255 for number in numbers):
        return CHECK_FAILED
    return "" if all(number is not None and number > BLACK_LIGHT for number in numbers) else BLACK


def _fault_of_sound(measured: Mapping[object, object]) -> str:
    """A video may be silent; sound that is there is a sound, and as long as the pictures."""
    seconds = number_of(measured.get("seconds"))
    if seconds is None or not seconds > 0 or "audio" not in measured:
        return CHECK_FAILED
    audio = measured["audio"]
    if audio is None:
        return ""
    if not isinstance(audio, Mapping) or not isinstance(audio.get("finite"), bool):
        return CHECK_FAILED
    length, clipped = number_of(audio.get("seconds")), number_of(audio.get("clipped"))
    if audio["finite"] and (length is None or clipped is None or not 0 <= clipped <= 1):
        return CHECK_FAILED
    if not audio["finite"] or not abs((length or 0.0) - seconds) <= SOUND_TOLERANCE_S:
        return BROKEN
    return "" if (clipped or 0.0) <= MOST_CLIPPED else CLIPPED


async def judge_frames(judge: PictureJudge, frames: Sequence[Path], timeout_s: float) -> tuple[Verdict, int]:
    """The first refusal, and how many frames were allowed before it; else an allowance, and how many frames there are.

    `timeout_s` is what one picture check may take: a batch gets more, in proportion, and all of them together an end.
    """
    files = tuple(frames)
    if not files or len(set(files)) != len(files):
        return Verdict.refuse(VIDEO, CHECK_FAILED), 0
    clock = asyncio.get_running_loop().time
    end = clock() + min(_patience(timeout_s, len(files)), MOST_TIMEOUTS * timeout_s)
    checked = 0
    for start in range(0, len(files), BATCH):
        batch = files[start : start + BATCH]
        left = min(_patience(timeout_s, len(batch)), end - clock())
        if left <= 0:
            return Verdict.refuse(VIDEO, CHECK_FAILED), checked
        verdicts, _ = await judge.judge(batch, left)
        for verdict in verdicts:
            if not verdict.allowed:
                return Verdict.refuse(VIDEO, _code_of(verdict)), checked
            checked += 1
    return Verdict.allow(IMAGE), checked


def _patience(timeout_s: float, frames: int) -> float:
    return timeout_s * (1 + frames / FRAMES_PER_TIMEOUT)


def _code_of(verdict: Verdict) -> str:
    return FLAGGED if verdict.code == IMAGE_FLAGGED else CHECK_FAILED
