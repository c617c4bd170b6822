"""What can be asked of each medium, validated once at the edge."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from generation.errors import InvalidInput
from generation.job import SEED_LIMIT

PROMPT_LIMIT = 1000
COUNT_LIMIT = 4
STEPS_LIMIT = 150
GUIDANCE_LOW, GUIDANCE_HIGH = 1.0, 20.0
SIZE_STEP, SIZE_LOW, SIZE_HIGH = 64, 64, 1024
SCHEDULERS = ("ddim", "dpm++", "euler", "euler_a", "heun", "pndm", "unipc")
_PICTOGRAPHS = range(0x1F000, 0x1FC00)
_BLANKS = frozenset("\u115f\u1160\u3164\uffa0\u2800")
"""Letters and signs that show nothing: Hangul fillers, the blank of Braille."""
_SIZE = re.compile(r"\s*(\d{1,5})\s*(?:[x×*]\s*(\d{1,5}))?\s*\Z", re.IGNORECASE)


def clean_prompt(text: str, *, required: bool = True) -> str:
    """One line of text without invisible control characters.

    Raises InvalidInput prompt_empty, prompt_long or prompt_control.
    """
    text = " ".join(text.split())
    if any(is_control(char) for char in text):
        raise InvalidInput("prompt_control")
    if required and not any(is_seen(char) for char in text):
        raise InvalidInput("prompt_empty")
    if len(text) > PROMPT_LIMIT:
        raise InvalidInput("prompt_long", length=len(text), limit=PROMPT_LIMIT)
    return text


def is_control(char: str) -> bool:
    """Whether it is no character of any text. An emoji that is newer than Python's tables is one."""
    category = unicodedata.category(char)
    return category in {"Cc", "Cs", "Co"} or (category == "Cn" and ord(char) not in _PICTOGRAPHS)


def is_seen(char: str) -> bool:
    """Whether it leaves a mark on paper."""
    return (
        unicodedata.category(char)[0] not in "MZ"
        and unicodedata.category(char) != "Cf"
        and char not in _BLANKS
    )


def parse_size(text: str, sides: tuple[int, int] = (SIZE_LOW, SIZE_HIGH)) -> tuple[int, int]:
    """ "512", "512x768" -> (width, height) in pixels, within a model's `sides`. Raises InvalidInput size_invalid."""
    match = _SIZE.match(text)
    if match is None:
        raise InvalidInput("size_invalid", low=sides[0], high=sides[1], step=SIZE_STEP)
    width = int(match[1])
    height = int(match[2] or match[1])
    check_size(width, height, sides)
    return width, height


def check_size(width: int, height: int, sides: tuple[int, int] = (SIZE_LOW, SIZE_HIGH)) -> None:
    """Raises InvalidInput size_invalid unless both sides are multiples of 64 from lowest to highest pixels."""
    for side in (width, height):
        if side % SIZE_STEP or not sides[0] <= side <= sides[1]:
            raise InvalidInput("size_invalid", low=sides[0], high=sides[1], step=SIZE_STEP)


def parse_seed(text: str | int | None) -> int | None:
    """A whole number 0 … 2^32-1, or None for "draw one". Raises InvalidInput seed_invalid."""
    if text is None or (isinstance(text, str) and not text.strip()):
        return None
    try:
        seed = int(text)
    except ValueError:
        raise InvalidInput("seed_invalid", high=SEED_LIMIT - 1) from None
    if not 0 <= seed < SEED_LIMIT:
        raise InvalidInput("seed_invalid", high=SEED_LIMIT - 1)
    return seed


_UNITS = ("steps", "count", "width", "height", "frames", "length", "seconds", "tokens")
_ORIGINALS = ("original", "original_negative")
SPEECH_START = 40
"""Characters: speaking five of them takes nearly as long as speaking twenty."""
_QUALITY_COSTS = {"ultra_fast": 1.0, "fast": 5.0, "standard": 14.0, "high_quality": 20.0}
"""Batches drawn (1, 6, 16, 16) and calls of the diffusion model (30, 160, 400, 800), against ultra_fast."""


def _is_whole(value: object, high: int) -> bool:
    """True and 2.5 are no numbers of pictures, whoever sends them."""
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= high


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageParams:
    """Text to image. `width` and `height` in pixels; `scheduler` None means the model's own.

    `original` and `original_negative`: what the person typed, where `prompt` or `negative` is its translation; models
    never read them.
    """

    prompt: str
    negative: str = ""
    count: int = 4
    guidance: float = 6.5
    steps: int = 50
    width: int
    height: int
    scheduler: str | None = None
    original: str = ""
    original_negative: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "prompt", clean_prompt(self.prompt))
        object.__setattr__(self, "negative", clean_prompt(self.negative, required=False))
        for original in _ORIGINALS:
            object.__setattr__(self, original, clean_prompt(getattr(self, original), required=False))
        if not _is_whole(self.count, COUNT_LIMIT):
            raise InvalidInput("count_invalid", high=COUNT_LIMIT)
        if not _is_whole(self.steps, STEPS_LIMIT):
            raise InvalidInput("steps_invalid", high=STEPS_LIMIT)
        # also catches NaN: every comparison with it is false
        if not GUIDANCE_LOW <= self.guidance <= GUIDANCE_HIGH:
            raise InvalidInput("guidance_invalid", low=GUIDANCE_LOW, high=GUIDANCE_HIGH)
        check_size(self.width, self.height)
        if self.scheduler is not None and self.scheduler not in SCHEDULERS:
            raise InvalidInput("scheduler_unknown", known=", ".join(SCHEDULERS))

    def to_plain(self) -> dict[str, Any]:
        """Without the originals that there are not: most requests are what was typed."""
        return {key: value for key, value in asdict(self).items() if value or key not in _ORIGINALS}

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Self:
        return cls(**plain)


def work_units(params: Mapping[str, Any]) -> float:
    """How much there is to do: steps x count or frames x pixels, tokens, seconds or characters to speak; 1 for each
    that a medium does not have."""
    return math.prod(float(params.get(name) or 1) for name in _UNITS) * _speech_units(params)


def _speech_units(params: Mapping[str, Any]) -> float:
    """Characters, and as many as starting takes; by quality the calls that tortoise's presets make of its models."""
    text = params.get("text")
    if "emotion" not in params or not isinstance(text, str):
        return 1.0
    return (SPEECH_START + len(text)) * _QUALITY_COSTS.get(str(params.get("quality")), 1.0)
