"""A lyric with marks such as [verse] becomes a plan: sections, one after another, whose seconds add up."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Sequence
from typing import Final

from generation.errors import InvalidInput
from generation.music_params import LYRIC_LIMIT, SECTION_SECONDS, Mark, Section
from generation.text_params import clean_text

SECTIONS_LIMIT: Final = 12
NAMES: Final[Mapping[str, Mark]] = {
    "intro": "intro",
    "einleitung": "intro",
    "anfang": "intro",
    "verse": "verse",
    "strophe": "verse",
    "vers": "verse",
    "chorus": "chorus",
    "refrain": "chorus",
    "solo": "solo",
    "instrumental": "instrumental",
    "zwischenspiel": "instrumental",
    "outro": "outro",
    "schluss": "outro",
    "ende": "outro",
}
FOREIGN: Final = ("bridge", "brücke", "hook", "break", "pre-chorus", "prechorus", "interlude")
"""Marks that songs have and this plan has not: inside a line, too, they are said to be unknown, not taken for words."""
_INSIDE: Final = re.compile(
    rf"(?<=\S)\s*(?=\[\s*(?:{'|'.join((*NAMES, *FOREIGN))})[\s.:\d]*\])", re.IGNORECASE
)
"""Before a mark inside a line: an option of a slash command has one line only."""
_MARK: Final = re.compile(r"\s*\[([^\]]*)\]?\s*(.*)\Z")
_NUMBER: Final = re.compile(r"[\s.:\d]+\Z")
_WEIGHTS: Final[Mapping[Mark, int]] = {
    "intro": 1,
    "verse": 2,
    "chorus": 2,
    "solo": 2,
    "instrumental": 2,
    "outro": 1,
}
"""How long a section without words is beside the others; with words it is as long as its lines."""


def plan(lyric: str, seconds: int) -> tuple[Section, ...]:
    """The sections of a lyric; without any text none, without any mark one verse. "[Verse 2]" is a verse.

    A mark stands at the beginning of a line, or inside one if it is known; words before the first are a verse.
    Each section gets at least SECTION_SECONDS and more the more lines it has. Raises InvalidInput lyric_mark (with
    the line's number), lyric_long, sections_limit, sections_short, prompt_control.
    """
    if not lyric.strip():
        return ()
    if len(lyric) > LYRIC_LIMIT:
        raise InvalidInput("lyric_long", limit=LYRIC_LIMIT)
    clean_text(lyric, limit=LYRIC_LIMIT)
    return stretch([Section(mark, "\n".join(lines), 0) for mark, lines in _parts(lyric)], seconds)


def stretch(sections: Sequence[Section], seconds: int) -> tuple[Section, ...]:
    """The same sections in another time; their seconds add up to `seconds`. Raises InvalidInput as `plan` does."""
    if len(sections) > SECTIONS_LIMIT:
        raise InvalidInput("sections_limit", limit=SECTIONS_LIMIT)
    needed = SECTION_SECONDS * len(sections)
    if needed > seconds:
        raise InvalidInput("sections_short", sections=len(sections), needed=needed)
    shares = _shares([_weight(section) for section in sections], seconds - needed)
    return tuple(
        dataclasses.replace(section, seconds=SECTION_SECONDS + share)
        for section, share in zip(sections, shares, strict=True)
    )


def _parts(lyric: str) -> list[tuple[Mark, list[str]]]:
    parts: list[tuple[Mark, list[str]]] = []
    lines = lyric.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    pieces = ((number, piece) for number, line in enumerate(lines, 1) for piece in _INSIDE.split(line))
    for number, line in pieces:
        match = _MARK.match(line) if line.lstrip().startswith("[") else None
        if match is not None:
            parts.append((_mark(match[1], number), []))
        words = line if match is None else match[2]
        if not words.strip():
            continue
        if not parts:
            parts.append(("verse", []))
        parts[-1][1].append(" ".join(words.split()))
    return parts


def _mark(name: str, line: int) -> Mark:
    found = NAMES.get(_NUMBER.sub("", name).strip().casefold())
    if found is None:
        raise InvalidInput("lyric_mark", line=line)
    return found


def _weight(section: Section) -> int:
    return max(_WEIGHTS[section.mark], len(section.text.splitlines()))


def _shares(weights: Sequence[int], total: int) -> list[int]:
    """`total` divided by weight into whole numbers, by largest remainder."""
    whole = sum(weights)
    shares = [total * weight // whole for weight in weights]
    by_rest = sorted(range(len(weights)), key=lambda place: -(total * weights[place] % whole))
    for place in by_rest[: total - sum(shares)]:
        shares[place] += 1
    return shares
