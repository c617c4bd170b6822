"""Manrope from the package `font-manrope`: Pillow's own face has no umlauts."""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import lru_cache
from importlib import resources
from pathlib import Path

from PIL import ImageFont


@lru_cache(maxsize=32)
def face(size: int, *, bold: bool = False) -> ImageFont.FreeTypeFont:
    """The face at `size` pixels."""
    with manrope(bold=bold) as path:
        return ImageFont.truetype(str(path), size)


def manrope(*, bold: bool = False) -> AbstractContextManager[Path]:
    """The file of the face, while the context is open."""
    name = "Manrope-Bold.ttf" if bold else "Manrope-Medium.ttf"
    return resources.as_file(resources.files("font_manrope") / "files" / name)


def wrap(text: str, size: int, width: int) -> list[str]:
    """`text` in lines of at most `width` pixels; a word longer than a line is broken."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if face(size).getlength(longer) <= width:
            lines[-1] = longer
            continue
        pieces = _broken(word, size, width)
        lines = [line for line in lines if line] + pieces
    return lines


def shorten(text: str, size: int, width: int, *, bold: bool = False) -> str:
    """`text` on one line of at most `width` pixels, cut with an ellipsis."""
    measure = face(size, bold=bold).getlength
    if measure(text) <= width:
        return text
    while text and measure(text + "…") > width:
        text = text[:-1]
    return text.rstrip(" ·") + "…"


def _broken(word: str, size: int, width: int) -> list[str]:
    pieces = [""]
    for letter in word:
        if pieces[-1] and face(size).getlength(pieces[-1] + letter) > width:
            pieces.append("")
        pieces[-1] += letter
    return pieces
