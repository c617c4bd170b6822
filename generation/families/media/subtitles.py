"""Spoken text as subtitles: at most two lines at a time, as .srt, and drawn on a dark box."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw

from generation.families.media.glyphs import draw_text, drawable, length, wrapped

LINES = 2
_INK, _BOX = "#ffffff", (12, 13, 17, 205)
_WIDTH = 0.9
"""Share of the picture's width that a line may fill."""
_SENTENCE = re.compile(r"(?<=[.!?…:;])\s+")


@dataclass(frozen=True, slots=True)
class Cue:
    """One or two lines, shown from `start` to `end` seconds."""

    start: float
    end: float
    lines: tuple[str, ...]


def text_size(size: tuple[int, int]) -> int:
    """Pixels: on a phone that shows a picture 360 points wide its letters are as large as those of a message."""
    return max(12, min(round(size[0] / 20), round(size[1] / 12)))


def cues_of(text: str, start: float, end: float, size: tuple[int, int]) -> list[Cue]:
    """The text in pieces of at most two lines, each as long as its share of the letters."""
    pieces = _pieces(drawable(" ".join(text.split())), text_size(size), size[0] * _WIDTH)
    letters = sum(len("".join(piece)) for piece in pieces)
    cues, at = [], start
    for number, piece in enumerate(pieces, 1):
        share = (end - start) * len("".join(piece)) / letters
        until = end if number == len(pieces) else at + share
        cues.append(Cue(round(at, 3), round(until, 3), tuple(piece)))
        at = until
    return cues


def _pieces(text: str, size: int, width: float) -> list[list[str]]:
    """Sentences share a piece where they fit, and never share a line's end with half of the next."""
    pieces: list[list[str]] = []
    waiting = ""
    for sentence in filter(None, _SENTENCE.split(text)):
        together = f"{waiting} {sentence}".strip()
        if waiting and len(wrapped(together, size, width)) > LINES:
            pieces += _in_twos(wrapped(waiting, size, width))
            together = sentence
        waiting = together
    return pieces + (_in_twos(wrapped(waiting, size, width)) if waiting else [])


def _in_twos(lines: Sequence[str]) -> list[list[str]]:
    return [list(lines[start : start + LINES]) for start in range(0, len(lines), LINES)]


def srt(cues: Sequence[Cue]) -> str:
    return "\n".join(
        f"{number}\n{_clock(cue.start)} --> {_clock(cue.end)}\n{_plain(cue.lines)}\n"
        for number, cue in enumerate(cues, 1)
    )


def _plain(lines: Sequence[str]) -> str:
    """The arrow belongs to the format."""
    return "\n".join(lines).replace("-->", "→")


def _clock(seconds: float) -> str:
    whole = round(seconds * 1000)
    return f"{whole // 3_600_000:02}:{whole // 60_000 % 60:02}:{whole // 1000 % 60:02},{whole % 1000:03}"


def draw(picture: Image.Image, lines: Sequence[str]) -> Image.Image:
    """A copy of the picture with the lines at its foot, white on a dark box."""
    size = text_size(picture.size)
    step, edge = round(size * 1.3), round(size * 0.45)
    layer = Image.new("RGBA", picture.size)
    draw = ImageDraw.Draw(layer)
    width = max(length(line, size) for line in lines)
    bottom = picture.height - round(picture.height * 0.04)
    top = bottom - step * len(lines) - 2 * edge
    left = (picture.width - width) / 2
    box = (max(0, left - 2 * edge), max(0, top), min(picture.width, left + width + 2 * edge), bottom)
    draw.rounded_rectangle(box, radius=edge, fill=_BOX)
    for number, line in enumerate(lines, 1):
        start = (picture.width - length(line, size)) / 2
        draw_text(draw, (start, top + edge + number * step - round(size * 0.3)), line, size=size, fill=_INK)
    return Image.alpha_composite(picture.convert("RGBA"), layer).convert("RGB")
