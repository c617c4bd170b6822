"""What is to be said, and how: the part of a task's parameters that is not about the voice."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Any

from generation.families.speech.clips import EMOTIONS, NEUTRAL
from generation.worker.api import Task, TaskFailed

LONGEST = 300
QUALITIES = ("ultra_fast", "fast", "standard", "high_quality")
"""tortoise's own presets."""
_KNOWN = {"text", "voice", "emotion", "quality", "seed"}
_BRACKETS = str.maketrans("[]", "  ")
"""What stands between these would be spoken and cut out again: a way of ours to set a mood, no pupil's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Text without brackets, 1 … LONGEST characters of the Latin script."""

    text: str
    emotion: str
    quality: str

    @property
    def prompt(self) -> str:
        """Words that set the mood, to be cut out again; "" for none."""
        return "" if self.emotion == NEUTRAL else f"[I am really {self.emotion},] "


def order_of(task: Task) -> Order:
    """Raises TaskFailed invalid."""
    params = task.params
    if not set(params) <= _KNOWN or params.get("seed", task.seed) != task.seed:
        raise TaskFailed("invalid", "unknown_parameter")
    emotion, quality = params.get("emotion", NEUTRAL), params.get("quality", "fast")
    if emotion not in EMOTIONS or quality not in QUALITIES:
        raise TaskFailed("invalid", "unknown_choice")
    return Order(text=_text(params.get("text")), emotion=emotion, quality=quality)


def _text(text: Any) -> str:
    if not isinstance(text, str):
        raise TaskFailed("invalid", "text_empty")
    if len(text) > LONGEST:
        raise TaskFailed("invalid", "text_long")
    plain = " ".join(text.translate(_BRACKETS).split())
    if not any(letter.isalnum() for letter in plain):
        raise TaskFailed("invalid", "text_empty")
    if not all(_is_latin(letter) for letter in plain):
        raise TaskFailed("invalid", "only_english")
    return plain


def _is_latin(letter: str) -> bool:
    """tortoise would spell other scripts in letters that mean nothing in English."""
    return not letter.isalpha() or unicodedata.name(letter, "").startswith(("LATIN", "FEMININE", "MASCULINE"))
