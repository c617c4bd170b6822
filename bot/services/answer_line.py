"""The one line that is wanted out of what a text model answered: models wrap it in greetings, quotes and labels."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from generation.errors import WorkerGarbage
from generation.params import is_control

_QUOTES: Final = "\"'`´“”„‚‘’«»‹›*_ "
_BULLET = re.compile(r"\s*(?:[-*•>#]+|\d{1,2}[.)])\s+")
_LABEL = re.compile(
    r"\W*(?:here(?:'s| is)|hier ist|sure|gern|okay|translation|translated|übersetzung|english|englisch|german|deutsch"
    r"|prompt|improved|suggestion|vorschlag|verbesserter?|answer|antwort|output)\b[^:]{0,40}:\W*",
    re.IGNORECASE,
)
_THOUGHTS = re.compile(r"<think>.*?(?:</think>|\Z)", re.DOTALL)
"""What some models write before they answer."""
_ENDS: Final = ".,;!?"


def line_of(answer: str, limit: int) -> str:
    """The first line that says something, without labels, bullets and quotes; fit for a prompt of `limit` characters.

    A longer one is cut after a clause or a word. Raises WorkerGarbage when nothing is left.
    """
    for raw in _THOUGHTS.sub("", answer).splitlines():
        line = _bare("".join(char for char in raw if _stays(char)))
        # "Sure, here it is:" stands alone above the answer
        if line and not line.endswith(":"):
            return _shortened(line, limit)
    raise WorkerGarbage


def _stays(char: str) -> bool:
    return not is_control(char) and unicodedata.category(char) != "Cf"


def _bare(line: str) -> str:
    line = _BULLET.sub("", " ".join(line.split()), count=1)
    label = _LABEL.match(line)
    line = line[label.end() :] if label is not None else line
    line = line.strip(_QUOTES).replace("`", "'")
    return line if any(char.isalnum() for char in line) else ""


def _shortened(line: str, limit: int) -> str:
    if len(line) <= limit:
        return line
    window = line[:limit]
    clause = max(window.rfind(f"{end} ") for end in _ENDS)
    cut = clause if clause > limit // 2 else window.rfind(" ")
    return window[: cut if cut > 0 else limit].rstrip(f"{_ENDS} ")
