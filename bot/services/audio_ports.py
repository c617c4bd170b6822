"""Music, sounds and notes: what was typed, the question that an upload asks, and what is shown."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from bot.services.ports import Post


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file that a person sent, not looked at yet. `size` in bytes, as Discord says; `read` fetches it when wanted."""

    name: str
    size: int
    read: Callable[[], Awaitable[bytes]]


@dataclass(frozen=True, slots=True, kw_only=True)
class MusicRequest:
    """`/music` as it was typed, nothing validated yet. None means "the model's or the class's default"."""

    prompt: str
    seconds: int | None = None
    count: int | None = None
    melody: Upload | None = None
    lyric: str | None = None
    seed: str | int | None = None
    model: str | None = None
    format: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContinueRequest:
    """`/music-more`: continue `file`, or piece `index` of the post of `job`, not both; without them the person's last.

    `prompt` None: that of the piece (a file needs one). `seconds` counts what is new.
    """

    file: Upload | None = None
    job: str | None = None
    index: int = 1
    prompt: str | None = None
    seconds: int | None = None
    count: int | None = None
    seed: str | int | None = None
    model: str | None = None
    format: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundRequest:
    """`/sound` as it was typed, nothing validated yet."""

    prompt: str
    seconds: int | None = None
    count: int | None = None
    seed: str | int | None = None
    model: str | None = None
    format: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NotesRequest:
    """`/notes` as it was typed: `prompt` is a title, an artist or a mood; `melody` notes such as "C D E F G G".

    `file` is a MIDI file; with it `melody` must be empty.
    """

    prompt: str | None = None
    melody: str | None = None
    file: Upload | None = None
    tokens: int | None = None
    count: int | None = None
    temperature: float | None = None
    seed: str | int | None = None
    model: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Instead of a Ticket: the request waits until its person says why they may use the file (`Uploads.decide`).

    `id` fits a component id and names the waiting request. `name` is the file's name as it was sent, shortened.
    """

    id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Take `index` (1…) of a job: `file` can be played (.ogg, .mp3), `midi` is there for notes, `seconds` measured."""

    index: int
    seed: int
    file: Path
    seconds: float
    midi: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioPost(Post):
    """Music, sounds or notes. `picture` shows the wave forms, or the notes.

    `job.params` may hold a `declaration`, whose sentence the post must say.
    """

    pieces: tuple[Piece, ...]
    picture: Path
    notices: tuple[str, ...] = ()
    """Codes of sentences beside those of the job."""
