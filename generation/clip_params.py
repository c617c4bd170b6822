"""What can be asked of a combined piece: posted results by their jobs, validated once at the edge."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, Self, get_args

from generation.errors import InvalidInput
from generation.music_params import DECLARATIONS, Declaration
from generation.params import clean_prompt, is_seen
from generation.video_params import CLIP

__all__ = ["CLIP", "CLIP_TASK", "MAKER", "ClipParams", "Maker", "Step", "Subtitles"]

CLIP_TASK: Final = "clip_post"
PICTURES_LIMIT: Final = 4
STEPS_LIMIT: Final = 8
TITLE_LIMIT: Final = 80
Subtitles = Literal["burned", "track"]
SUBTITLES: Final[tuple[Subtitles, ...]] = get_args(Subtitles)
_JOB: Final = re.compile(r"[0-9A-Za-z_-]{1,20}")
_PIECE: Final = re.compile(rf"{_JOB.pattern}/[1-9][0-9]?")
_SONG: Final = re.compile(rf"{_JOB.pattern}(?:/[1-9][0-9]?)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Maker:
    """What a job names in place of a model, where the work needs none."""

    id: str
    family: str
    medium: str


MAKER: Final = Maker(id="clip", family="media", medium=CLIP)
"""A clip is put together by the family that composes every post; nothing in it is generated anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One job of a chain, and the jobs that it was made from."""

    job: str
    parents: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipParams:
    """A piece of one `video` (a job's id) or one to four `pictures` ("<job>/<index>"), in this order.

    `song`: "<job>/<index>" of posted music, or an upload's id; `speech`: the job whose recording is heard. Under this
    name `data.traces` and the consents' gate find a voice in it. `chain`: the jobs of the chain that made all of it.
    """

    pictures: tuple[str, ...] = ()
    video: str | None = None
    song: str | None = None
    speech: str | None = None
    subtitles: Subtitles = "burned"
    title: str = ""
    declaration: Declaration | None = None
    chain: tuple[Step, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "title", clean_title(self.title))
        if (self.video is None) == (not self.pictures):
            raise InvalidInput("clip_both" if self.pictures else "clip_empty")
        if len(self.pictures) > PICTURES_LIMIT:
            raise InvalidInput("clip_pictures", limit=PICTURES_LIMIT)
        if self.subtitles not in SUBTITLES:
            raise InvalidInput("subtitles_unknown")
        if self.declaration is not None and self.declaration not in DECLARATIONS:
            raise InvalidInput("declaration_unknown")
        named = [(_PIECE, one) for one in self.pictures]
        named += [(_JOB, one) for one in (self.video, self.speech) if one is not None]
        named += [(_SONG, self.song)] if self.song is not None else []
        named += [(_JOB, one) for step in self.chain for one in (step.job, *step.parents)]
        if len(self.chain) > STEPS_LIMIT or not all(pattern.fullmatch(one) for pattern, one in named):
            raise InvalidInput("clip_reference")

    @property
    def texts(self) -> tuple[str, ...]:
        """All that a person wrote for it; what is spoken was written for the speech."""
        return (self.title,) if self.title else ()

    def to_plain(self) -> dict[str, Any]:
        plain: dict[str, Any] = {"subtitles": self.subtitles}
        for name in ("video", "song", "speech", "title", "declaration"):
            if value := getattr(self, name):
                plain[name] = value
        if self.pictures:
            plain["pictures"] = list(self.pictures)
        if self.chain:
            plain["chain"] = [{"job": step.job, "parents": list(step.parents)} for step in self.chain]
        return plain

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Self:
        """Raises InvalidInput; KeyError or TypeError for what is no plain form at all."""
        chain = tuple(Step(job=one["job"], parents=tuple(one["parents"])) for one in plain.get("chain", ()))
        return cls(**{**plain, "pictures": tuple(plain.get("pictures", ())), "chain": chain})


def clean_title(title: str) -> str:
    """One line, "" where nothing of it would be seen. Raises InvalidInput prompt_control, clip_title."""
    line = clean_prompt(title, required=False)
    if not any(is_seen(char) for char in line):
        return ""
    if len(line) > TITLE_LIMIT:
        raise InvalidInput("clip_title", limit=TITLE_LIMIT)
    return line


def seconds_of(texts: Sequence[str], count: int) -> float:
    """How long each of `count` pictures stands, so that together they last about as long as `texts` are spoken."""
    spoken = sum(len(text) for text in texts) / SPOKEN_A_SECOND
    return round(min(max(SHORTEST_S, spoken / count), LONGEST_S), 2)


SPOKEN_A_SECOND: Final = 14.0
"""Letters, about, of all our voices."""
SHORTEST_S, LONGEST_S = 3.0, 20.0
