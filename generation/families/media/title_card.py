"""The card at the beginning of a clip: what it is, which models made it, with which seeds."""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image, ImageDraw

from generation.families.media.glyphs import draw_text, drawable, shortened, wrapped

GROUND = "#3b414e"
"""Of the card and around pictures of another shape: neutral, and not black."""
_INK, _FAINT, _ACCENT = "#f7f8fa", "#c9ced8", "#f2b84b"
_WIDTH, _HEIGHT = 0.86, 0.84
_STEP = 1.35
_LEAST = 9
Row = tuple[str, int, bool]
"""A line, its size in pixels, whether it belongs to the heading."""


def draw(size: tuple[int, int], lines: Sequence[str], label: str) -> Image.Image:
    """The first line as a heading, the others below it, all of them as large as fits; the label at the foot."""
    rows = _rows(size, [drawable(" ".join(line.split())) for line in lines])
    height = sum(round(text * _STEP) for _, text, _ in rows)
    card = Image.new("RGB", size, GROUND)
    draw = ImageDraw.Draw(card)
    left, y = size[0] * (1 - _WIDTH) / 2, (size[1] - height) / 2
    draw.rectangle((left - size[0] * 0.03, y, left - size[0] * 0.02, y + height), fill=_ACCENT)
    for line, text, heading in rows:
        y += round(text * _STEP)
        fill = _INK if heading else _FAINT
        draw_text(draw, (left, y - round(text * 0.35)), line, size=text, fill=fill, bold=heading)
    foot = max(_LEAST, min(size) // 24)
    below = shortened(drawable(label), foot, size[0] * _WIDTH)
    draw_text(draw, (left, size[1] - foot), below, size=foot, fill=_FAINT)
    return card


def _rows(size: tuple[int, int], lines: Sequence[str]) -> list[Row]:
    """Smaller until all fit; what does not fit even then is left out at the end."""
    heading = max(_LEAST, min(size) // 10)
    while True:
        rows = _wrapped(size, lines, heading)
        if heading <= _LEAST or sum(round(text * _STEP) for _, text, _ in rows) <= size[1] * _HEIGHT:
            break
        heading -= 1
    while len(rows) > 1 and sum(round(text * _STEP) for _, text, _ in rows) > size[1] * _HEIGHT:
        rows.pop()
    return rows


def _wrapped(size: tuple[int, int], lines: Sequence[str], heading: int) -> list[Row]:
    rows: list[Row] = []
    for number, line in enumerate(lines):
        bold = number == 0
        text = heading if bold else max(_LEAST, round(heading * 0.6))
        rows += [(part, text, bold) for part in wrapped(line, text, size[0] * _WIDTH, bold=bold) if part]
    return rows
