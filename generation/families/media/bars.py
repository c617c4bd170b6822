"""Draw bars of probabilities and votes, large enough to be read on a phone. All lengths are pixels.

matplotlib draws; its axes are laid over the whole picture and count in pixels, so that text and bars share one grid.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from threading import Lock
from typing import Any

# Its list of faces is written once for this environment, and not into the person's own settings of matplotlib.
os.environ.setdefault("MPLCONFIGDIR", str(Path(sys.prefix) / "matplotlib"))

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, fontManager
from PIL import Image

from generation.families.media import glyphs
from generation.families.media.fonts import manrope
from generation.families.media.sheet import EDGE, FAINT, GROUND, INK

WIDTH, MARGIN = 1080, 40
ROW, TWIN_ROW, BAR, TWIN_BAR = 76, 104, 48, 38
NAMES, VALUES = 330, 180
"""Room for the names on the left and for the numbers behind the bars."""
HEADING, TEXT, NAME, NUMBER, TWIN_NUMBER, SMALL = 40, 46, 42, 38, 34, 28
LINE, TEXT_LINES = 62, 3
COLOURS = {"model": "#4fc3a1", "class": "#f2b84b", "book": "#8fb4ff", "rest": "#5b6375"}
_POINTS = 72 / 100
_drawing = Lock()
"""matplotlib promises nothing about two threads."""


@dataclass(frozen=True, slots=True)
class Bar:
    """`share` of the scale (1: all of it) and the number as it is printed."""

    share: float
    shown: str


@dataclass(frozen=True, slots=True)
class Row:
    """A name with one bar a series; None: this series says nothing about it. `faint`: not one of the candidates."""

    name: str
    bars: tuple[Bar | None, ...]
    faint: bool = False


@dataclass(frozen=True, slots=True)
class Panel:
    """`series` are (name, colour), the names shown where there are two. `scale`: the share at the right end."""

    heading: str
    series: tuple[tuple[str, str], ...]
    rows: tuple[Row, ...]
    scale: float
    ticks: tuple[Bar, ...]


def draw_bars(
    text: str, heading: str, panels: Sequence[Panel], foot: str, *, goes_on: bool = True
) -> Image.Image:
    """The picture (RGB): what stands there so far, then each panel of bars, then a line at the foot.

    `goes_on`: the text is a beginning, and an ellipsis says so.
    """
    lines = _last_lines(f"{text} …" if goes_on else text)
    top = MARGIN + HEADING + 24 + LINE * len(lines) + 16
    height = top + sum(_height(panel) for panel in panels) + 56
    with _drawing:
        axes = _paper(height)
        _write(
            axes,
            MARGIN,
            MARGIN + HEADING / 2,
            glyphs.shortened(heading, HEADING, WIDTH - 2 * MARGIN),
            HEADING,
            FAINT,
        )
        for number, line in enumerate(lines):
            middle = MARGIN + HEADING + 24 + LINE * (number + 0.5)
            _write(axes, MARGIN, middle, line, TEXT, INK, bold=True)
        for panel in panels:
            _draw_panel(axes, panel, top)
            top += _height(panel)
        _write(
            axes,
            WIDTH / 2,
            height - 34,
            glyphs.shortened(foot, SMALL, WIDTH - 2 * MARGIN),
            SMALL,
            FAINT,
            at="center",
        )
        return _rendered(axes.figure)


def read_panels(plain: Any) -> list[Panel]:
    """Raises KeyError, TypeError or ValueError for anything but panels as the adapter describes them."""
    return [
        Panel(
            heading=str(one["heading"]),
            series=tuple((str(name), _known(colour)) for name, colour in one["series"]),
            rows=tuple(_read_row(row) for row in one["rows"]),
            scale=_scale(one["scale"]),
            ticks=tuple(Bar(_share(tick["share"]), str(tick["shown"])) for tick in one["ticks"]),
        )
        for one in plain
    ]


def _read_row(row: Mapping[str, Any]) -> Row:
    bars = [None if bar is None else Bar(_share(bar["share"]), str(bar["shown"])) for bar in row["bars"]]
    return Row(str(row["name"]), tuple(bars), bool(row.get("faint")))


def _share(value: Any) -> float:
    if not 0 <= float(value) <= 1:
        raise ValueError("a share is 0 to 1")
    return float(value)


def _scale(value: Any) -> float:
    if _share(value) == 0:
        raise ValueError("a scale is more than nothing")
    return float(value)


def _known(colour: Any) -> str:
    if colour not in COLOURS:
        raise ValueError("no such colour")
    return str(colour)


def _last_lines(text: str) -> list[str]:
    """The end of the text: that is where it goes on."""
    words = text.split()
    lines = glyphs.wrapped(" ".join(words), TEXT, WIDTH - 2 * MARGIN, bold=True)
    while len(lines) > TEXT_LINES and len(words) > 2:
        words = ["…", *words[2:]] if words[0] == "…" else ["…", *words[1:]]
        lines = glyphs.wrapped(" ".join(words), TEXT, WIDTH - 2 * MARGIN, bold=True)
    return lines[-TEXT_LINES:]


def _height(panel: Panel) -> int:
    head = 64 if panel.heading or len(panel.series) > 1 else 0
    return head + _pitch(panel) * len(panel.rows) + 66


def _pitch(panel: Panel) -> int:
    return TWIN_ROW if len(panel.series) > 1 else ROW


def _draw_panel(axes: Axes, panel: Panel, top: float) -> None:
    left, right = MARGIN + NAMES, WIDTH - MARGIN - VALUES
    if len(panel.series) > 1:
        _draw_legend(axes, panel, top + 28)
        top += 64
    elif panel.heading:
        text = glyphs.shortened(panel.heading, NUMBER, WIDTH - 2 * MARGIN, bold=True)
        _write(axes, MARGIN, top + 28, text, NUMBER, COLOURS[panel.series[0][1]], bold=True)
        top += 64
    bottom = top + _pitch(panel) * len(panel.rows)
    for tick in panel.ticks:
        x = left + (right - left) * tick.share / panel.scale
        axes.plot([x, x], [top, bottom + 6], color=EDGE, linewidth=2, zorder=0)
        _write(axes, x, bottom + 28, tick.shown, SMALL, FAINT, at="center")
    for number, row in enumerate(panel.rows):
        _draw_row(axes, row, panel, top + _pitch(panel) * (number + 0.5))


def _draw_legend(axes: Axes, panel: Panel, middle: float) -> None:
    x = float(MARGIN)
    for name, colour in panel.series:
        axes.barh(middle, 34, height=34, left=x, color=COLOURS[colour], zorder=2)
        _write(axes, x + 48, middle, name, NUMBER, INK)
        x += 48 + glyphs.length(name, NUMBER) + 56


def _draw_row(axes: Axes, row: Row, panel: Panel, middle: float) -> None:
    left, right = MARGIN + NAMES, WIDTH - MARGIN - VALUES
    _write_name(axes, row, left - 20, middle)
    twin = len(panel.series) > 1
    thick = TWIN_BAR if twin else BAR
    first = middle - (thick + 4) / 2 * (len(panel.series) - 1)
    for number, (bar, (_, colour)) in enumerate(zip(row.bars, panel.series, strict=True)):
        y = first + number * (thick + 4)
        if bar is None:
            _write(axes, left + 8, y, "–", NUMBER, FAINT)
            continue
        length = (right - left) * min(bar.share / panel.scale, 1.0)
        shade = COLOURS["rest" if row.faint and not twin else colour]
        if bar.share > 0:
            length = max(length, 3.0)
            axes.barh(y, length, height=thick, left=left, color=shade, zorder=2)
        _write(axes, left + length + 14, y, bar.shown, TWIN_NUMBER if twin else NUMBER, INK, clear=True)


def _write_name(axes: Axes, row: Row, right: float, middle: float) -> None:
    """The name ends at `right`; signs for spaces stand in it lightly."""
    ink = FAINT if row.faint else INK
    runs = [(row.name, False)] if row.faint else glyphs.visible(row.name)
    size = NAME
    while sum(glyphs.length(text, size) for text, _ in runs) > NAMES - 40 and size > SMALL:
        size -= 2
    for text, sign in reversed(runs):
        text = glyphs.shortened(text, size, NAMES - 40)  # noqa: PLW2901
        _write(axes, right, middle, text, size, FAINT if sign else ink, at="right")
        right -= glyphs.length(text, size)


def _paper(height: int) -> Axes:
    figure = Figure(figsize=(WIDTH / 100, height / 100), dpi=100, facecolor=GROUND)
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.set_xlim(0, WIDTH)
    axes.set_ylim(height, 0)
    axes.set_autoscale_on(False)
    return axes


def _write(
    axes: Axes,
    x: float,
    y: float,
    text: str,
    size: int,
    colour: str,
    *,
    bold: bool = False,
    at: str = "left",
    clear: bool = False,
) -> None:
    """One line, its middle at `y`. Dollar signs are dollar signs: nothing in it is a formula. `clear`: no lines under
    it."""
    axes.text(
        x,
        y - size / 12,  # the middle of small letters, not of the line
        glyphs.drawable(text),
        fontproperties=_font(size, bold=bold),
        color=colour,
        ha=at,
        va="center_baseline",
        parse_math=False,
        zorder=1,  # above the lines of the scale, below the bars
        bbox={"facecolor": GROUND, "edgecolor": "none", "pad": 1} if clear else None,
    )


def _font(size: float, *, bold: bool) -> FontProperties:
    _add_manrope()
    return FontProperties(family=["Manrope", "DejaVu Sans"], weight=700 if bold else 500, size=size * _POINTS)


@lru_cache(maxsize=1)
def _add_manrope() -> None:
    """Once. That DejaVu Sans has no medium weight is not worth a line in the log for every picture."""
    logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)
    for bold in (False, True):
        with manrope(bold=bold) as path:
            fontManager.addfont(path)


def _rendered(figure: Any) -> Image.Image:
    target = BytesIO()
    figure.savefig(target, format="png", facecolor=GROUND)
    target.seek(0)
    return Image.open(target).convert("RGB")
