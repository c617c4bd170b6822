"""Any text drawn with the faces that are there: Manrope, DejaVu Sans for what it lacks, a box for what both lack.

DejaVu Sans comes inside matplotlib. What cannot be seen in a piece of text (spaces, ends of lines) gets a sign; a
piece that is one character without a letter form, e.g. an emoji, its number.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from pathlib import Path

import matplotlib
from fontTools.ttLib import TTFont
from PIL import ImageDraw, ImageFont

from generation.families.media.fonts import face, manrope

SPACE, LINE_END, TAB, UNKNOWN = "␣", "↵", "⇥", "□"
_SIGNS = {" ": SPACE, "\u00a0": SPACE, "\n": LINE_END, "\r": LINE_END, "\t": TAB}

Run = tuple[str, bool]
"""Some text, and whether it is a sign for something unseen, which is drawn lightly."""


def fallback() -> Path:
    return Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"


def visible(piece: str) -> list[Run]:
    """`piece` with its unseen characters as signs; spaces between two words stay spaces.

    A piece that is one character which no face can draw, e.g. an emoji, has its number instead of a box.
    """
    char = piece.strip(" ")
    if len(char) == 1 and not _can_be_drawn(char):
        return [(piece.replace(" ", SPACE).replace(char, f"U+{ord(char):04X}"), True)]
    inner = range(len(piece) - len(piece.lstrip(" ")), len(piece.rstrip(" ")))
    runs: list[Run] = []
    for place, char in enumerate(piece):
        marked = char in _SIGNS and not (char == " " and place in inner)
        shown = _SIGNS[char] if marked else char
        if runs and runs[-1][1] == marked:
            runs[-1] = (runs[-1][0] + shown, marked)
        else:
            runs.append((shown, marked))
    return runs


def drawable(text: str) -> str:
    """`text` with a box for every character that no face has."""
    return "".join(char if _face_of(char) is not None else UNKNOWN for char in text)


def length(text: str, size: int, *, bold: bool = False) -> float:
    """Pixels from the first to behind the last letter."""
    return sum(font.getlength(part) for part, font in _parts(text, size, bold=bold))


def draw_text(
    draw: ImageDraw.ImageDraw,
    at: tuple[float, float],
    text: str,
    *,
    size: int,
    fill: str,
    bold: bool = False,
) -> float:
    """Draw one line from the left end `at` of its base line; returns where it ends."""
    x, base = at
    for part, font in _parts(text, size, bold=bold):
        draw.text((x, base), part, font=font, fill=fill, anchor="ls")
        x += font.getlength(part)
    return x


def wrapped(text: str, size: int, width: float, *, bold: bool = False) -> list[str]:
    """`text` in lines of at most `width` pixels; a word longer than a line is broken."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if length(longer, size, bold=bold) <= width:
            lines[-1] = longer
            continue
        lines = [line for line in lines if line] + _broken(word, size, width, bold=bold)
    return lines


def shortened(text: str, size: int, width: float, *, bold: bool = False) -> str:
    """`text` on one line of at most `width` pixels, cut with an ellipsis."""
    if length(text, size, bold=bold) <= width:
        return text
    while text and length(text + "…", size, bold=bold) > width:
        text = text[:-1]
    return text.rstrip() + "…"


def _broken(word: str, size: int, width: float, *, bold: bool) -> list[str]:
    pieces = [""]
    for char in word:
        if pieces[-1] and length(pieces[-1] + char, size, bold=bold) > width:
            pieces.append("")
        pieces[-1] += char
    return pieces


def _parts(text: str, size: int, *, bold: bool) -> list[tuple[str, ImageFont.FreeTypeFont]]:
    parts: list[tuple[str, ImageFont.FreeTypeFont]] = []
    for char in drawable(text):
        font = face(size, bold=bold) if _face_of(char) == "manrope" else _fallback_face(size)
        if parts and parts[-1][1] is font:
            parts[-1] = (parts[-1][0] + char, font)
        else:
            parts.append((char, font))
    return parts


def _can_be_drawn(char: str) -> bool:
    if char in _SIGNS:
        return True
    # joiners and selectors of variants have an empty glyph, or a circle
    unseen = unicodedata.category(char) == "Cf" or "\ufe00" <= char <= "\ufe0f"
    return not unseen and _face_of(char) is not None


@lru_cache(maxsize=16)
def _fallback_face(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(fallback()), size)


def _face_of(char: str) -> str | None:
    if ord(char) in _known("manrope"):
        return "manrope"
    return "fallback" if ord(char) in _known("fallback") else None


@lru_cache(maxsize=2)
def _known(name: str) -> frozenset[int]:
    if name == "manrope":
        with manrope() as path, TTFont(path, lazy=True) as font:
            return frozenset(font.getBestCmap())
    with TTFont(fallback(), lazy=True) as font:
        return frozenset(font.getBestCmap())
