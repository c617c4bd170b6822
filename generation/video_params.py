"""What can be asked of a video: key frames with a prompt each, validated once at the edge."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal, Self, get_args

from generation.errors import InvalidInput
from generation.job import SEED_LIMIT
from generation.music_params import DECLARATIONS, Declaration
from generation.params import (
    GUIDANCE_HIGH,
    GUIDANCE_LOW,
    SCHEDULERS,
    STEPS_LIMIT,
    check_size,
    clean_prompt,
    parse_seed,
)

VIDEO: Final = "video"
CLIP: Final = "clip"
Motion = Literal["walk", "travel"]
MOTIONS: Final[tuple[Motion, ...]] = get_args(Motion)
SECONDS_LIMIT: Final = 20
FPS_LOW, FPS_DEFAULT, FPS_HIGH = 4, 8, 24
FRAMES_LIMIT: Final = 240
"""The most frames of a script."""
FRAMES_LOW, FRAMES_HIGH = 2, SECONDS_LIMIT * FPS_HIGH
KEYS_LIMIT: Final = 24
VIDEO_SCHEDULERS: Final = tuple(name for name in SCHEDULERS if name != "euler_a")
"""Those that draw no noise on the way: it would make every frame flicker."""
FOR_PEOPLE: Final = ("original", "declaration", "song")
"""Left out of the plain form where there are none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """At `frame`, counted from 0, the video shows the picture of `prompt` and `seed`."""

    frame: int
    prompt: str
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoParams:
    """A video of `frames`, `fps` a second, that passes through the pictures of its `keys`; the first stands at frame 0.

    After the last key it goes on to a neighbouring seed of the same prompt (`with_end`). `song`: an upload or
    `<job>/<index>` of a posted piece, whose beat sets the pace; prepared, the absolute path of a WAV file. `motion`: a
    walk between pictures, or the travel of a motion model. `original` and `declaration` as in MusicParams; `scheduler`
    None means the model's own.
    """

    keys: tuple[Key, ...]
    frames: int
    fps: int = FPS_DEFAULT
    width: int
    height: int
    steps: int = 25
    guidance: float = 6.5
    scheduler: str | None = None
    negative: str = ""
    song: str | None = None
    declaration: Declaration | None = None
    motion: Motion = "walk"
    original: str = ""

    def __post_init__(self) -> None:
        _demand_whole(self.frames, FRAMES_LOW, FRAMES_HIGH, "frames_invalid")
        _demand_whole(self.fps, FPS_LOW, FPS_HIGH, "fps_invalid")
        object.__setattr__(self, "keys", _checked_keys(self.keys, self.frames))
        object.__setattr__(self, "negative", clean_prompt(self.negative, required=False))
        object.__setattr__(self, "original", clean_prompt(self.original, required=False))
        _demand_whole(self.steps, 1, STEPS_LIMIT, "steps_invalid")
        # also catches NaN: every comparison with it is false
        if not GUIDANCE_LOW <= self.guidance <= GUIDANCE_HIGH:
            raise InvalidInput("guidance_invalid", low=GUIDANCE_LOW, high=GUIDANCE_HIGH)
        check_size(self.width, self.height)
        if self.scheduler is not None and self.scheduler not in VIDEO_SCHEDULERS:
            raise InvalidInput("scheduler_unknown", known=", ".join(VIDEO_SCHEDULERS))
        if self.motion not in MOTIONS:
            raise InvalidInput("motion_unknown")
        if self.declaration is not None and self.declaration not in DECLARATIONS:
            raise InvalidInput("declaration_unknown")

    @property
    def seconds(self) -> float:
        return self.frames / self.fps

    @property
    def texts(self) -> tuple[str, ...]:
        """All that a person wrote, or read in translation, each once: what has to be checked."""
        written = (*(key.prompt for key in self.keys), self.negative, self.original)
        return tuple(dict.fromkeys(text for text in written if text))

    def to_plain(self) -> dict[str, Any]:
        plain = {name: value for name, value in asdict(self).items() if value or name not in FOR_PEOPLE}
        return {**plain, "keys": list(plain["keys"])}

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Self:
        """Raises InvalidInput; KeyError or TypeError for what is no plain form at all."""
        keys = tuple(Key(frame=one["frame"], prompt=one["prompt"], seed=one["seed"]) for one in plain["keys"])
        return cls(**{**plain, "keys": keys})


def with_end(keys: Sequence[Key], frames: int) -> tuple[Key, ...]:
    """The keys and one more at the last of `frames`, unless one is there: the last prompt with the next seed."""
    last = keys[-1]
    if last.frame == frames - 1:
        return tuple(keys)
    return (*keys, Key(frame=frames - 1, prompt=last.prompt, seed=(last.seed + 1) % SEED_LIMIT))


def _checked_keys(keys: Sequence[Key], frames: int) -> tuple[Key, ...]:
    _demand_whole(len(keys), 1, KEYS_LIMIT, "keys_invalid")
    places = [key.frame for key in keys]
    whole = all(type(place) is int for place in places)
    rising = whole and all(before < after for before, after in itertools.pairwise(places))
    if not rising or places[0] != 0 or places[-1] >= frames:
        raise InvalidInput("keys_order", last=frames - 1)
    return tuple(Key(frame=key.frame, prompt=clean_prompt(key.prompt), seed=_seed(key.seed)) for key in keys)


def _seed(seed: int) -> int:
    """Drawn before: by now every key has one."""
    number = parse_seed(seed) if type(seed) is int else None
    if number is None:
        raise InvalidInput("seed_invalid", high=SEED_LIMIT - 1)
    return number


def _demand_whole(value: object, low: int, high: int, code: str) -> None:
    """True and 2.5 are no numbers of anything, whoever sends them."""
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise InvalidInput(code, low=low, high=high)
