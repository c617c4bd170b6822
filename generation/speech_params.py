"""What can be asked of the families that speak, validated once at the edge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, Self, get_args

from generation.errors import InvalidInput
from generation.params import is_control

SPEECH: Final = "speech"
CLONES_FAMILY: Final = "speech"
"""Copies a voice, and therefore needs a consent for everything that it says."""
NOBODYS_FAMILY: Final = "voices"
"""Speaks with voices that are nobody's copy."""
TEXT_LIMIT: Final = 300
"""Characters: one or two sentences."""
Emotion = Literal["neutral", "happy", "sad", "angry", "excited"]
EMOTIONS: Final[tuple[Emotion, ...]] = get_args(Emotion)
Quality = Literal["ultra_fast", "fast", "standard", "high_quality"]
QUALITIES: Final[tuple[Quality, ...]] = get_args(Quality)
DEFAULT_QUALITY: Final[Quality] = "fast"
Language = Literal["de", "en"]
LANGUAGES: Final[tuple[Language, ...]] = get_args(Language)


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechParams:
    """A sentence or two. `voice`: the id of somebody's kept voice, None for one that is nobody's.

    `quality` is that of a copied voice; `language` and `speaker` ("" for the usual one) are those of nobody's.
    """

    text: str
    emotion: Emotion = "neutral"
    voice: str | None = None
    quality: Quality = DEFAULT_QUALITY
    language: Language = "en"
    speaker: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", clean_speech(self.text))
        if self.emotion not in EMOTIONS:
            raise InvalidInput("emotion_unknown", known=", ".join(EMOTIONS))
        if self.quality not in QUALITIES:
            raise InvalidInput("quality_unknown", known=", ".join(QUALITIES))
        if self.language not in LANGUAGES:
            raise InvalidInput("invalid_input")

    @property
    def texts(self) -> tuple[str, ...]:
        """All that a person wrote: what has to be checked."""
        return (self.text,)

    def to_plain(self) -> dict[str, Any]:
        """What the family that speaks so understands, and no more."""
        said = {"text": self.text, "emotion": self.emotion}
        if self.voice is not None:
            return {**said, "voice": self.voice, "quality": self.quality}
        return {**said, "language": self.language, "speaker": self.speaker}

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Self:
        return cls(**plain)


def clean_speech(text: str) -> str:
    """One line that can be spoken. Raises InvalidInput prompt_control, speech_empty or speech_long."""
    line = " ".join(text.split())
    if any(is_control(char) for char in line):
        raise InvalidInput("prompt_control")
    if not any(char.isalnum() for char in line):
        raise InvalidInput("speech_empty")
    if len(line) > TEXT_LIMIT:
        raise InvalidInput("speech_long", length=len(line), limit=TEXT_LIMIT)
    return line


def quality_key(model: str, quality: str) -> str:
    """Under which name it is remembered how long this quality takes; "@" is in no model's id."""
    return f"{model}@{quality}"
