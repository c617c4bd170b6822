"""Ways in which the check of a video fails, and what the pipeline makes of each: shared by the tests and the counts."""

import hashlib
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from moderation.pipeline import Pipeline
from tests.unit.moderation.faults import (
    AUDIO_FILE_FAULTS,
    FAULTS,
    TIMEOUT_S,
    Outcome,
    allow_images,
    allow_text,
    pictures,
)

VIDEO_FRAMES = 40
"""Several batches: each is judged only if those before it were allowed."""


def film(folder: Path, count: int = VIDEO_FRAMES) -> tuple[Path, list[Path], dict[str, Any]]:
    """A video, its frames, and what was measured on it."""
    video = folder / "video.mp4"
    video.write_bytes(b"video")
    measured = {
        "sha256": hashlib.sha256(b"video").hexdigest(),
        "frames": count,
        "fps": 8.0,
        "seconds": count / 8,
        "width": 512,
        "height": 512,
        "bytes": 5,
        "light": [200] * count,
        "audio": {
            "seconds": count / 8 + 0.01,
            "lufs": -16.0,
            "peak_db": -1.0,
            "finite": True,
            "clipped": 0.0,
            "silent_share": 0.0,
        },
    }
    return video, pictures(folder, count), measured


Measured = dict[str, Any]


def _changed(**changes: Any) -> Callable[[Measured, int], Any]:
    return lambda measured, victim: {**measured, **changes}


def _lit(value: Any) -> Callable[[Measured, int], Any]:
    def change(measured: Measured, victim: int) -> Any:
        light = [*measured["light"][:victim], value, *measured["light"][victim + 1 :]]
        return {**measured, "light": light}

    return change


def _heard(**changes: Any) -> Callable[[Measured, int], Any]:
    return lambda measured, victim: {**measured, "audio": {**measured["audio"], **changes}}


def _without(name: str) -> Callable[[Measured, int], Any]:
    return lambda measured, victim: {key: value for key, value in measured.items() if key != name}


VIDEO_FAULTS: dict[str, Callable[[Measured, int], Any]] = {
    "None": lambda measured, victim: None,
    "True": lambda measured, victim: True,
    "nothing": lambda measured, victim: {},
    "a frame more": lambda measured, victim: {**measured, "frames": measured["frames"] + 1},
    "a frame less": lambda measured, victim: {**measured, "frames": measured["frames"] - 1},
    "no frames": _changed(frames=0),
    "frames True": _changed(frames=True),
    "frames as text": _changed(frames="40"),
    "frames as float": _changed(frames=40.0),
    "another file's": _changed(sha256="0" * 64),
    "no digest's": _changed(sha256=""),
    "black": _lit(0),
    "nearly black": _lit(16),
    "light NaN": _lit(math.nan),
    "light infinite": _lit(math.inf),
    "light None": _lit(None),
    "light True": _lit(True),
    "light as text": _lit("200"),
    "lighter than white": _lit(256),
    "light below nothing": _lit(-1),
    "light of a frame less": lambda measured, victim: {**measured, "light": measured["light"][1:]},
    "light of a frame more": lambda measured, victim: {**measured, "light": [*measured["light"], 200]},
    "light as text at all": _changed(light="x" * VIDEO_FRAMES),
    "seconds NaN": _changed(seconds=math.nan),
    "no time": _changed(seconds=0),
    "audio True": _changed(audio=True),
    "audio not finite": _heard(finite=False),
    "audio finite as text": _heard(finite="yes"),
    "audio clipped": _heard(clipped=0.05),
    "audio clipped NaN": _heard(clipped=math.nan),
    "audio clipped below nothing": _heard(clipped=-0.1),
    "audio seconds NaN": _heard(seconds=math.nan),
    "audio of another length": _heard(seconds=60.0),
    "audio without seconds": _heard(seconds=None),
}
VIDEO_FAULTS |= {f"no {name}": _without(name) for name in ("sha256", "frames", "light", "seconds", "audio")}
VIDEO_FILE_FAULTS = AUDIO_FILE_FAULTS
"""The video is touched while its frames are judged."""


async def inject_video(kind: str, name: str, folder: Path, victim: int) -> Outcome:
    """`kind` "check": the check fails in the batch of frame `victim`; "measured": a number is wrong; "file": the video
    is touched while the frames are judged."""
    video, files, measured = film(folder)
    told = VIDEO_FAULTS[name](measured, victim) if kind == "measured" else measured

    async def check(given: Sequence[Path]) -> Any:
        if kind == "file" and files[victim] in given:
            VIDEO_FILE_FAULTS[name](video)
        if kind == "check" and files[victim] in given:
            place = list(given).index(files[victim])
            return await FAULTS[name](given, place)
        return await allow_images(given)

    timeout = 1.0 if name == "killed" else TIMEOUT_S / 10 if name.startswith("hangs") else 5.0
    pipeline = Pipeline(text_checks=[allow_text], image_check=check, timeout_s=timeout)
    decision = await pipeline.approve_video(
        video, files, expected=VIDEO_FRAMES, measured=told, texts=["ein Boot", "ein Wald"]
    )
    left = any(file.exists() or file.is_symlink() for file in (video, *files))
    return Outcome(decision.approved is not None, left_on_disk=left, code=decision.verdict.code)


VIDEO_KINDS = [
    *(("check", name) for name in FAULTS),
    *(("measured", name) for name in VIDEO_FAULTS),
    *(("file", name) for name in VIDEO_FILE_FAULTS),
]
