"""Draw wave forms: one panel a piece, numbered where there are several, with an axis in seconds. Lengths are pixels.

A bar is as high as the highest sample in it; its bright part is the mean power. All panels share one scale.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy
from PIL import Image, ImageDraw

from generation.families.media.fonts import face, shorten, wrap
from generation.families.media.loudness import Samples
from generation.families.media.sheet import EDGE, EMPTY, FAINT, GROUND, INK

WIDTH, MARGIN, GUTTER = 1080, 36, 92
GAP, RADIUS = 18, 20
AXIS, FOOT, HEAD = 64, 72, 56
AXIS_SIZE, FOOT_SIZE, MARK_SIZE, NUMBER_SIZE = 32, 32, 32, 44
HEIGHTS = {1: 300, 2: 220, 3: 180, 4: 160}
PITCH, BAR = 10, 7
PAD = 16
"""Between a panel's edge and the first bar."""
NEW, NEW_PEAK = "#4fc3a1", "#2c6656"
OLD, OLD_PEAK = "#8fb4ff", "#46597f"
SEAM = "#f2b84b"
QUIETEST = 0.1
"""A piece whose highest sample is lower is drawn as quiet as it is."""
_FINE = 2
_STEPS = (0.5, 1, 2, 5, 10, 15, 30, 60, 120)


@dataclass(frozen=True, slots=True)
class Wave:
    """`samples` None: refused by a check. `seam`: seconds from which on it is new."""

    number: int
    samples: Samples | None
    seam: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """As they are to be read. `sections`: (seconds, word). `decimal`: what stands before tenths of a second."""

    foot: str
    flagged: str = ""
    seam: str = ""
    sections: tuple[tuple[float, str], ...] = ()
    decimal: str = ","


@dataclass(frozen=True, slots=True)
class _Field:
    """Where the seconds of one panel stand: `left` … `right` for 0 … `seconds`."""

    left: float
    right: float
    top: float
    bottom: float
    seconds: float

    def x(self, second: float) -> float:
        return self.left + (self.right - self.left) * min(second, self.seconds) / self.seconds


def draw(waves: Sequence[Wave], words: Words, rate: int) -> Image.Image:
    """The picture (RGB) of 1 … 4 pieces whose samples have `rate` Hz."""
    marked = bool(words.sections) or (bool(words.seam) and any(one.seam for one in waves))
    head, height = HEAD if marked else 0, HEIGHTS[len(waves)]
    total = MARGIN + head + len(waves) * (height + GAP) - GAP + AXIS + FOOT
    picture = Image.new("RGB", (WIDTH, total), GROUND)
    heard = [one.samples for one in waves if one.samples is not None and len(one.samples)]
    seconds = max([len(samples) / rate for samples in heard], default=1.0)
    loudest = max([QUIETEST, *(float(numpy.abs(samples).max()) for samples in heard)])
    left, right = GUTTER if len(waves) > 1 else MARGIN, WIDTH - MARGIN
    tops = [MARGIN + head + place * (height + GAP) for place in range(len(waves))]
    fields = [_Field(left + PAD, right - PAD, top, top + height, seconds) for top in tops]
    for field, wave in zip(fields, waves, strict=True):
        draw_panel(picture, (left, field.top, right, field.bottom))
        if len(waves) > 1:
            draw_number(picture, wave.number, left, (field.top + field.bottom) / 2)
        _draw_wave(picture, field, wave, words, rate, loudest)
    _draw_heads(picture, fields[0], waves, words)
    _draw_axis(picture, fields[-1], words.decimal)
    draw_foot(picture, words.foot)
    return picture


def draw_panel(picture: Image.Image, box: tuple[float, float, float, float]) -> None:
    ImageDraw.Draw(picture).rounded_rectangle(box, RADIUS, fill=EMPTY, outline=EDGE)


def draw_number(picture: Image.Image, number: int, right: float, middle: float) -> None:
    """In the gutter that ends at `right`."""
    where = (right + 8) / 2, middle
    ImageDraw.Draw(picture).text(where, str(number), font=face(NUMBER_SIZE, bold=True), fill=INK, anchor="mm")


def draw_refused(picture: Image.Image, box: tuple[float, float, float, float], text: str) -> None:
    """The sentence in the middle of a panel."""
    left, top, right, bottom = box
    lines = "\n".join(wrap(text, AXIS_SIZE, int(right - left) * 9 // 10)[:3])
    middle = (left + right) / 2, (top + bottom) / 2
    ImageDraw.Draw(picture).multiline_text(
        middle, lines, font=face(AXIS_SIZE), fill=FAINT, anchor="mm", align="center", spacing=10
    )


def draw_foot(picture: Image.Image, text: str) -> None:
    shown = shorten(text, FOOT_SIZE, WIDTH - 2 * MARGIN)
    where = WIDTH / 2, picture.height - FOOT / 2
    ImageDraw.Draw(picture).text(where, shown, font=face(FOOT_SIZE), fill=FAINT, anchor="mm")


def _draw_wave(
    picture: Image.Image, field: _Field, wave: Wave, words: Words, rate: int, loudest: float
) -> None:
    if wave.samples is None:
        draw_refused(picture, (field.left, field.top, field.right, field.bottom), words.flagged)
        return
    bars = _bars(wave.samples, rate, field)
    seam = -1.0 if wave.seam is None else wave.seam
    size = int(field.right - field.left) * _FINE, int(field.bottom - field.top) * _FINE
    layer = Image.new("RGBA", size)
    draw = ImageDraw.Draw(layer)
    middle, reach = size[1] / 2, (size[1] / 2 - 12 * _FINE) / loudest
    for place, (peak, power) in enumerate(bars):
        old = (place + 0.5) * PITCH / (field.right - field.left) * field.seconds < seam
        colours = (OLD_PEAK, OLD) if old else (NEW_PEAK, NEW)
        for value, colour in zip((peak, power), colours, strict=True):
            half = max(value * reach, BAR * _FINE / 2)
            x = place * PITCH * _FINE
            box = (x, middle - half, x + BAR * _FINE - 1, middle + half)
            draw.rounded_rectangle(box, BAR * _FINE / 2, fill=colour)
    layer = layer.resize((size[0] // _FINE, size[1] // _FINE), Image.Resampling.LANCZOS)
    picture.paste(layer, (int(field.left), int(field.top)), layer)
    _draw_lines(picture, field, wave, words)


def _bars(samples: Samples, rate: int, field: _Field) -> list[tuple[float, float]]:
    """(highest sample, root of the mean power) of each bar that the piece reaches."""
    across = field.seconds * rate * PITCH / (field.right - field.left)
    count = max(1, min(int((field.right - field.left) // PITCH), round(len(samples) / across)))
    edges = numpy.linspace(0, len(samples), count + 1).astype(int)
    parts = [samples[start:end] for start, end in pairwise(edges) if end > start]
    return [(float(numpy.abs(part).max()), float(numpy.sqrt((part**2).mean()))) for part in parts]


def _draw_heads(picture: Image.Image, field: _Field, waves: Sequence[Wave], words: Words) -> None:
    """The words above the first panel, each where its line stands, as far as there is room to the next."""
    draw = ImageDraw.Draw(picture)
    seams = sorted(wave.seam for wave in waves if wave.seam and wave.samples is not None)
    marks = [(start, word, FAINT) for start, word in words.sections if start < field.seconds]
    marks = sorted(marks + [(seam, words.seam, SEAM) for seam in seams[:1]])
    for place, (start, word, colour) in enumerate(marks):
        x = field.x(start)
        end = field.x(marks[place + 1][0]) if place + 1 < len(marks) else picture.width - 8
        shown = shorten(word, MARK_SIZE, int(end - x) - 14)
        if len(shown) > 1:
            draw.text((x, field.top - 24), shown, font=face(MARK_SIZE), fill=colour, anchor="lm")


def _draw_lines(picture: Image.Image, field: _Field, wave: Wave, words: Words) -> None:
    """Thin lines where a section begins; the seam in its own colour."""
    draw = ImageDraw.Draw(picture)
    for start in [start for start, _ in words.sections if 0 < start < field.seconds]:
        draw.line((field.x(start), field.top, field.x(start), field.bottom), fill=FAINT, width=2)
    if wave.seam:
        x = field.x(wave.seam)
        draw.line((x, field.top - 4, x, field.bottom + 4), fill=SEAM, width=4)


def _draw_axis(picture: Image.Image, field: _Field, decimal: str) -> None:
    draw = ImageDraw.Draw(picture)
    step = next((one for one in _STEPS if field.seconds / one <= 8), math.ceil(field.seconds / 8))
    top = field.bottom + 8
    for number in range(int(field.seconds / step + 1e-6) + 1):
        x = field.x(number * step)
        draw.line((x, top, x, top + 10), fill=FAINT, width=2)
        text = f"{number * step:g}".replace(".", decimal) + (" s" if number == 0 else "")
        draw.text((x, top + 14), text, font=face(AXIS_SIZE), fill=FAINT, anchor="la" if number == 0 else "ma")
