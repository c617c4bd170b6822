"""Video: what was typed, and what is shown."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bot.services.audio_ports import Upload
from bot.services.ports import Post, Status
from generation.video_params import Motion
from moderation.verdict import Approved


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoRequest:
    """`/video` as it was typed, nothing validated yet: a walk from the picture of `prompt1` to that of `prompt2`.

    Sound comes from `song` or from piece `index` of the posted music of `job`, not both. `seconds` None: as long as the
    sound, else the default; other None mean the model's or the class's default.
    """

    prompt1: str
    prompt2: str
    seconds: int | None = None
    fps: int | None = None
    seed1: str | int | None = None
    seed2: str | int | None = None
    model: str | None = None
    song: Upload | None = None
    job: str | None = None
    index: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptRequest:
    """`/video-skript` as it was typed: `common` stands behind each prompt of `lines` ("frame: prompt", one a line)."""

    lines: str
    common: str | None = None
    seconds: int | None = None
    seed: str | int | None = None
    model: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What was decoded from the finished file: `frames` pictures of `width` x `height` pixels in `seconds`."""

    frames: int
    seconds: float
    width: int
    height: int
    has_sound: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoStatus(Status):
    """What is shown again and again while a video is made: `done` of `total` frames; once its ends."""

    pictures: Approved[tuple[Path, ...]] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoPost(Post):
    """A finished video. `poster` is one of its pictures; `motion` is how it was really made.

    `job.params` may hold a `declaration`, whose sentence the post must say.
    """

    video: Path
    poster: Path
    measured: Measured
    motion: Motion
    notices: tuple[str, ...] = ()
    """Codes of sentences beside those of the job, e.g. that the file had to be made smaller."""
