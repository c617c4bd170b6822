"""What a person asked to have said, checked; and what both engines answer."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from generation.families.voices.manners import MANNERS
from generation.worker.api import TaskFailed

TEXT_LIMIT = 300
LANGUAGES = frozenset({"de", "en"})
SLOWEST, FASTEST = 0.5, 2.0
_KEYS = frozenset({"text", "language", "speaker", "emotion", "speed"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """`speaker`: one that the model's entry names, "" for its first. `speed` 1.0 is the voice's own."""

    text: str
    language: str
    speaker: str
    emotion: str
    speed: float

    @classmethod
    def of(cls, params: Mapping[str, Any]) -> Wish:
        """Raises TaskFailed invalid with the name of what is wrong, speech_empty, speech_long or unknown_parameter."""
        if params.keys() - _KEYS:
            raise TaskFailed("invalid", "unknown_parameter")
        language, emotion = params.get("language"), params.get("emotion", "neutral")
        speaker = params.get("speaker") or ""
        if language not in LANGUAGES:
            raise TaskFailed("invalid", "language")
        if not isinstance(speaker, str):
            raise TaskFailed("invalid", "speaker")
        if not isinstance(emotion, str) or emotion not in MANNERS:
            raise TaskFailed("invalid", "emotion")
        return cls(
            text=_text(params.get("text")),
            language=str(language),
            speaker=speaker,
            emotion=emotion,
            speed=_speed(params.get("speed", 1.0)),
        )


@dataclass(frozen=True, slots=True)
class Spoken:
    """PCM16 samples, mono, their rate in Hz, and the sounds (IPA) that were made of the letters."""

    samples: bytes
    rate: int
    phonemes: str


def plain(text: str) -> str:
    """The text with nothing in it that an engine takes for a command.

    Control characters steer espeak-ng from inside a text (Ctrl-A), and two brackets begin phonemes for Piper. What
    looks like a tag is read aloud: neither engine is asked to understand tags.
    """
    visible = "".join(" " if unicodedata.category(one)[0] in "CZ" else one for one in text)
    while "[[" in visible or "]]" in visible:
        visible = visible.replace("[[", "[ [").replace("]]", "] ]")
    return " ".join(unicodedata.normalize("NFC", visible).split())


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TaskFailed("invalid", "speech_empty")
    if len(value) > TEXT_LIMIT:
        raise TaskFailed("invalid", "speech_long")
    text = plain(value)
    if not any(one.isalnum() for one in text):
        raise TaskFailed("invalid", "speech_empty")
    return text


def _speed(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not SLOWEST <= value <= FASTEST:
        raise TaskFailed("invalid", "speed")
    return float(value)
