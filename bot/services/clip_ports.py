"""The combined piece: what was chosen for it, and what is shown."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bot.services.audio_ports import Upload
from bot.services.ports import Post
from bot.services.video_ports import Measured
from generation.clip_params import Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """Result `index` of a posted job. With `sha256` it must be exactly that file."""

    job: str
    index: int = 1
    sha256: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipRequest:
    """`/clip` as it was chosen, nothing validated yet: a video or pictures; the rest may be missing.

    Sound comes from `music` or from the uploaded `song`, not both. `chain`: the jobs that made all of it.
    """

    video: Chosen | None = None
    pictures: tuple[Chosen, ...] = ()
    music: Chosen | None = None
    song: Upload | None = None
    speech: Chosen | None = None
    subtitles: str | None = None
    title: str | None = None
    chain: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipPost(Post):
    """A finished combined piece. `lines`: what its title card says; `spoken`: what is said in it.

    `subtitles`: the .srt, None where nobody speaks. `owner`: whose voice was copied, `until` when the consent ends.
    """

    video: Path
    poster: Path
    subtitles: Path | None
    measured: Measured
    lines: tuple[str, ...]
    spoken: str
    owner: str | None = None
    until: float | None = None
    notices: tuple[str, ...] = ()
    """Codes of sentences beside those of the job."""
