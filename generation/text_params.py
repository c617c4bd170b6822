"""What can be asked of a text model, validated once at the edge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, Self

from generation.errors import InvalidInput
from generation.params import is_control, is_seen

Role = Literal["system", "user", "assistant"]
TEXT_LIMIT = 4000
"""Characters of one text that a person types or uploads for a model to read."""
LENGTH_LIMIT = 1024
DEFAULT_LENGTH = 300
TEMPERATURE_LOW, TEMPERATURE_HIGH = 0.0, 2.0
DEFAULT_TEMPERATURE = 0.7


def clean_text(text: str, *, limit: int = TEXT_LIMIT) -> str:
    """Lines of text without invisible control characters; at most one empty line in a row.

    Raises InvalidInput prompt_empty, prompt_long or prompt_control.
    """
    lines: list[str] = []
    for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        words = " ".join(line.split())
        if words or (lines and lines[-1]):
            lines.append(words)
    cleaned = "\n".join(lines).strip()
    if any(is_control(char) for char in cleaned if char != "\n"):
        raise InvalidInput("prompt_control")
    if not any(is_seen(char) for char in cleaned):
        raise InvalidInput("prompt_empty")
    if len(cleaned) > limit:
        raise InvalidInput("prompt_long", length=len(cleaned), limit=limit)
    return cleaned


def check_temperature(value: float) -> float:
    """Raises InvalidInput temperature_invalid; NaN is none either."""
    if isinstance(value, bool) or not TEMPERATURE_LOW <= value <= TEMPERATURE_HIGH:
        raise InvalidInput("temperature_invalid", low=TEMPERATURE_LOW, high=TEMPERATURE_HIGH)
    return float(value)


@dataclass(frozen=True, slots=True)
class Message:
    """One turn as the model reads it. `text` is text and never control tokens, see `families/text`."""

    role: Role
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TextParams:
    """A text to be written. `prompt` is what the person typed, `messages` all that the model reads, oldest first.

    `length` in tokens. `preset` names the sort of text (a poem, an answer in a conversation); `conversation` is the
    conversation it belongs to. `private`: only the person who asked may see the text.
    """

    prompt: str
    messages: tuple[Message, ...]
    temperature: float = DEFAULT_TEMPERATURE
    length: int = DEFAULT_LENGTH
    preset: str | None = None
    conversation: str | None = None
    private: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "prompt", clean_text(self.prompt))
        object.__setattr__(self, "temperature", check_temperature(self.temperature))
        whole = isinstance(self.length, int) and not isinstance(self.length, bool)
        if not whole or not 1 <= self.length <= LENGTH_LIMIT:
            raise InvalidInput("length_invalid", high=LENGTH_LIMIT)
        if not self.messages:
            raise InvalidInput("prompt_empty")

    def to_plain(self) -> dict[str, Any]:
        return {**asdict(self), "messages": [asdict(message) for message in self.messages]}

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Self:
        messages = tuple(Message(one["role"], one["text"]) for one in plain["messages"])
        return cls(**{**plain, "messages": messages})
