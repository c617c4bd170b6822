"""A script of lines "frame: prompt" becomes the frames at which something else is to be seen."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, NoReturn

from generation.errors import InvalidInput
from generation.params import PROMPT_LIMIT, clean_prompt
from generation.video_params import KEYS_LIMIT

_BREAK: Final = re.compile(r"\r\n|[\r\n\v\f\x85\u2028\u2029]")
"""Also what word processors put in where somebody goes to the next line without a new paragraph."""
_NOTHING: Final = re.compile(r"[\s\ufeff\u200b\u2060]*")
"""What copied text has in front of it, seen or not."""
_LINE: Final = re.compile(r"([0-9]+)\s*[:：]\s*(.*)\Z")
_SECOND: Final = re.compile(r"[,;]\s*[0-9]+\s*[:：]\s*[^\W\d]")
"""The beginning of another line inside a line, unlike the time in "a clock, 12:30"."""
_QUOTES: Final = "\"'„“”‚‘’»«"
_DIGITS: Final = 9
"""More make no number of a frame, and very many make no number at all."""


@dataclass(frozen=True, slots=True)
class Line:
    """From `frame` (0: the first) on `prompt` is to be seen."""

    frame: int
    prompt: str


def read_script(text: str, *, frames: int, common: str = "") -> tuple[Line, ...]:
    """The lines of a script for a video of `frames`; empty ones are passed over, quotes and a last comma are no part.

    Raises InvalidInput with the number of the line (from 1, empty ones counted): script_line (not "frame: prompt"),
    script_inside (two on one line), script_prompt (nothing behind the colon), script_control, script_long (with
    `common`), script_first (must be 0), script_order (not after the frame before), script_frame (behind the end),
    script_lines (too many); and script_empty.
    """
    lines: list[Line] = []
    for number, typed in enumerate(_BREAK.split(text), 1):
        seen = _NOTHING.sub("", typed, count=1)
        if not seen:
            continue
        line = _read(seen, number, common)
        _demand_place(line, lines, number, frames)
        lines.append(line)
        if len(lines) > KEYS_LIMIT:
            raise InvalidInput("script_lines", line=number, limit=KEYS_LIMIT)
    if not lines:
        raise InvalidInput("script_empty")
    return tuple(lines)


def joined(prompt: str, common: str) -> str:
    """What the model reads for one line: its own prompt first, because models read the end of long texts less."""
    return f"{prompt}, {common}" if common else prompt


def _read(typed: str, number: int, common: str) -> Line:
    match = _LINE.match(typed)
    if match is None:
        raise InvalidInput("script_line", line=number)
    if _SECOND.search(match[2]):
        raise InvalidInput("script_inside", line=number)
    prompt = match[2].strip().rstrip(",;").strip().strip(_QUOTES)
    try:
        clean_prompt(joined(clean_prompt(prompt), common))
    except InvalidInput as error:
        _told(error, number)
    digits = match[1].lstrip("0")
    frame = int(digits or "0") if len(digits) <= _DIGITS else 10**_DIGITS
    return Line(frame, clean_prompt(prompt))


def _told(error: InvalidInput, number: int) -> NoReturn:
    """The same with the line's number."""
    if error.code == "prompt_empty":
        raise InvalidInput("script_prompt", line=number) from None
    if error.code == "prompt_long":
        raise InvalidInput("script_long", line=number, limit=PROMPT_LIMIT) from None
    raise InvalidInput("script_control", line=number) from None


def _demand_place(line: Line, before: list[Line], number: int, frames: int) -> None:
    if not before and line.frame != 0:
        raise InvalidInput("script_first", line=number)
    if before and line.frame <= before[-1].frame:
        raise InvalidInput("script_order", line=number, before=before[-1].frame)
    if line.frame >= frames:
        raise InvalidInput("script_frame", line=number, last=frames - 1)
