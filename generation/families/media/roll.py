"""Draw piano rolls: one panel a piece, numbered where there are several, in lines where one piece is long.

Every row is a key, every column a beat; names of notes stand in the bars where they can be read, else at the left.
Lengths are pixels.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw

from generation.families.media.decode_midi import Note
from generation.families.media.fonts import face
from generation.families.media.sheet import EDGE, FAINT, GROUND
from generation.families.media.waves import (
    FOOT,
    GAP,
    GUTTER,
    HEAD,
    MARGIN,
    MARK_SIZE,
    NEW,
    OLD,
    SEAM,
    WIDTH,
    draw_foot,
    draw_number,
    draw_refused,
)

NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
KEYS = 64
"""Room for names of notes at the left."""
WHITE, BLACK, BEAT, BAR = "#1d212b", "#15181f", "#252a35", "#3b4252"
NAME_SIZE, BAR_SIZE, NOTE_SIZE = 26, 28, 26
STRIP = 46
"""Room for the numbers of bars under a line."""
LINES = {1: 3, 2: 2}
"""Of one piece at most; one where there are more pieces."""
ROW = {1: 32, 2: 22, 3: 20}
PANEL = {1: 340, 2: 260, 3: 260}
SMALL_ROW, SMALL_PANEL = 16, 200
THINNEST = 10
"""A note; where rows are lower it reaches into its neighbours."""
BARS = 4
"""At least, on a line."""
ROWS = 8
"""At least, so that a single note is no wall."""
_BLACK_KEYS = frozenset({1, 3, 6, 8, 10})


@dataclass(frozen=True, slots=True)
class Roll:
    """`notes` are sorted by their start; None: refused by a check. The first `given` were not made by the model."""

    number: int
    notes: Sequence[Note] | None
    given: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """As they are to be read; `names` are those of the twelve notes from C."""

    foot: str
    flagged: str = ""
    names: Sequence[str] = NAMES
    given: str = ""
    new: str = ""
    bar: str = ""


@dataclass(frozen=True, slots=True)
class _Line:
    """One line of a panel: beats `first` … `last`, keys `low` … `high`."""

    left: float
    top: float
    row: float
    first: float
    last: float
    low: int
    high: int

    @property
    def right(self) -> float:
        return WIDTH - MARGIN

    @property
    def bottom(self) -> float:
        return self.top + self.row * (self.high - self.low + 1)

    def x(self, beat: float) -> float:
        share = (min(max(beat, self.first), self.last) - self.first) / (self.last - self.first)
        return self.left + (self.right - self.left) * share

    def y(self, pitch: int) -> float:
        return self.top + self.row * (self.high - pitch)


def draw(rolls: Sequence[Roll], words: Words, beats_a_bar: float) -> Image.Image:
    """The picture (RGB) of 1 … 6 pieces."""
    count = len(rolls)
    low, high = _keys([note.pitch for roll in rolls for note in roll.notes or ()])
    row = max(4, int(min(ROW.get(count, SMALL_ROW), PANEL.get(count, SMALL_PANEL) / (high - low + 1))))
    length = _length(rolls, beats_a_bar, LINES.get(count, 1))
    places = [(roll, number) for roll in rolls for number in range(_lines_of(roll, length))]
    several_lines = len(places) > count
    head = HEAD if words.given and any(roll.given for roll in rolls) else 0
    block = row * (high - low + 1) + GAP + (STRIP if several_lines else 0)
    total = MARGIN + head + len(places) * block + FOOT + (0 if several_lines else STRIP)
    picture = Image.new("RGB", (WIDTH, total), GROUND)
    left = MARGIN + KEYS + (GUTTER - MARGIN if count > 1 else 0)
    for place, (roll, number) in enumerate(places):
        top = MARGIN + head + place * block
        line = _Line(left, top, row, number * length, (number + 1) * length, low, high)
        _draw_line(picture, line, roll, words, beats_a_bar)
        if count > 1 and number == 0:
            draw_number(picture, roll.number, GUTTER, (line.top + line.bottom) / 2)
        if several_lines or place == len(places) - 1:
            _draw_bar_numbers(picture, line, words.bar, beats_a_bar)
    if head:
        _draw_legend(picture, left, words)
    draw_foot(picture, words.foot)
    return picture


def _keys(pitches: Sequence[int]) -> tuple[int, int]:
    """The lowest and highest key that is drawn: one beyond the notes, ROWS at least."""
    low, high = (min(pitches) - 1, max(pitches) + 1) if pitches else (59, 73)
    more = max(0, ROWS - (high - low + 1))
    return low - more // 2, high + more - more // 2


def _length(rolls: Sequence[Roll], beats_a_bar: float, most: int) -> float:
    """Beats a line: whole bars, so that the longest piece has `most` lines at most."""
    bars = math.ceil(max(_end(roll) for roll in rolls) / beats_a_bar - 0.01)
    return max(BARS, math.ceil(bars / most)) * beats_a_bar


def _lines_of(roll: Roll, length: float) -> int:
    return max(1, math.ceil(_end(roll) / length - 0.01))


def _end(roll: Roll) -> float:
    return max([note.end for note in roll.notes or ()], default=0.0)


def _draw_line(picture: Image.Image, line: _Line, roll: Roll, words: Words, beats_a_bar: float) -> None:
    draw = ImageDraw.Draw(picture)
    if roll.notes is None:
        box = (line.left, line.top, line.right, line.bottom)
        draw.rectangle(box, fill=BLACK, outline=EDGE)
        draw_refused(picture, box, words.flagged)
        return
    for pitch in range(line.low, line.high + 1):
        y, colour = line.y(pitch), BLACK if pitch % 12 in _BLACK_KEYS else WHITE
        draw.rectangle((line.left, y, line.right, y + line.row - 1), fill=colour)
    beat = line.first
    while beat <= line.last:
        x, strong = line.x(beat), beat % beats_a_bar == 0
        if strong or line.right - line.left > 14 * (line.last - line.first):
            draw.line((x, line.top, x, line.bottom), fill=BAR if strong else BEAT, width=2)
        beat += 1 if beats_a_bar % 1 == 0 else beats_a_bar
    _draw_key_names(draw, line, roll.notes, words.names)
    for place, note in enumerate(roll.notes):
        if line.first <= note.start < line.last:
            _draw_note(draw, line, note, OLD if place < roll.given else NEW, words.names)
    if 0 < roll.given < len(roll.notes):
        seam = roll.notes[roll.given].start
        if line.first < seam < line.last:
            x = line.x(seam) - 2
            draw.line((x, line.top - 6, x, line.bottom + 6), fill=SEAM, width=4)


def _draw_note(draw: ImageDraw.ImageDraw, line: _Line, note: Note, colour: str, names: Sequence[str]) -> None:
    left, middle = line.x(note.start), line.y(note.pitch) + line.row / 2
    right, half = max(line.x(note.end) - 3, left + 4), max(line.row - 3, THINNEST) / 2
    radius = min(6.0, (right - left) / 2, half)
    draw.rounded_rectangle((left + 1, middle - half, right, middle + half), radius, fill=colour)
    size = min(NOTE_SIZE, int(line.row) - 4)
    name = names[note.pitch % 12]
    if size >= 20 and face(size, bold=True).getlength(name) <= right - left - 6:
        where = (left + right) / 2, middle - 1
        draw.text(where, name, font=face(size, bold=True), fill=GROUND, anchor="mm")


def _draw_key_names(
    draw: ImageDraw.ImageDraw, line: _Line, notes: Sequence[Note], names: Sequence[str]
) -> None:
    """At the left, from below, those keys that sound in the piece and have room."""
    free = line.bottom + NAME_SIZE
    for pitch in sorted({note.pitch for note in notes}):
        middle = line.y(pitch) + line.row / 2
        if free - middle >= NAME_SIZE:
            where = line.left - 12, middle
            draw.text(where, names[pitch % 12], font=face(NAME_SIZE), fill=FAINT, anchor="rm")
            free = middle


def _draw_bar_numbers(picture: Image.Image, line: _Line, word: str, beats_a_bar: float) -> None:
    draw = ImageDraw.Draw(picture)
    first, last = round(line.first / beats_a_bar), round(line.last / beats_a_bar)
    for bar in range(first, last, math.ceil((last - first) / 8)):
        text = f"{word} {bar + 1}".strip() if bar == first else str(bar + 1)
        where = line.x(bar * beats_a_bar), line.bottom + 8
        draw.text(where, text, font=face(BAR_SIZE), fill=FAINT, anchor="la")


def _draw_legend(picture: Image.Image, left: float, words: Words) -> None:
    draw, x, middle = ImageDraw.Draw(picture), left, MARGIN + HEAD / 2 - 12
    for colour, word in ((OLD, words.given), (NEW, words.new)):
        draw.rounded_rectangle((x, middle - 14, x + 44, middle + 14), 6, fill=colour)
        draw.text((x + 58, middle), word, font=face(MARK_SIZE), fill=FAINT, anchor="lm")
        x += 58 + face(MARK_SIZE).getlength(word) + 56
