"""What of a text goes on to the next steps of a chain. Pure."""

from __future__ import annotations

import re
from typing import Final

from generation.params import PROMPT_LIMIT, is_control
from generation.speech_params import TEXT_LIMIT

PICTURE_LETTERS: Final = 160
_MARKS: Final = re.compile(r"[*_#`>|~\[\]{}]+")
_SENTENCE: Final = re.compile(r"(?<=[.!?…])\s+")


def for_voice(text: str) -> str:
    """The first sentences that can be spoken in one go, without the signs that only a page needs; "" of nothing."""
    return _beginning(text, TEXT_LIMIT)


def for_picture(theme: str, text: str) -> str:
    """The theme, and how its text begins."""
    first = _SENTENCE.split(_plain(text), maxsplit=1)[0]
    return f"{theme}. {first[:PICTURE_LETTERS]}".strip()[:PROMPT_LIMIT].strip()


def _beginning(text: str, limit: int) -> str:
    line = _plain(text)
    spoken = ""
    for sentence in _SENTENCE.split(line):
        longer = f"{spoken} {sentence}".strip()
        if len(longer) > limit:
            break
        spoken = longer
    if spoken:
        return spoken
    words = line[: limit + 1].rsplit(" ", 1)[0]
    return words[:limit]


def _plain(text: str) -> str:
    seen = "".join(" " if is_control(char) else char for char in text)
    return " ".join(_MARKS.sub(" ", seen).split())
