"""Draw a text in coloured pieces: cut into tokens, or its words by how surprising they are. All lengths are pixels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from PIL import Image, ImageDraw

from generation.families.media import glyphs
from generation.families.media.sheet import FAINT, GROUND, INK

WIDTH, MARGIN, GAP = 1080, 40, 6
LONGEST = 3200
"""Of a picture; what does not fit is left out, and `more` says so."""
HEADING, TEXT, NUMBER, SMALL = 40, 44, 24, 30
PAD = 12
PIECE_INK, SIGN_INK = "#14161c", "#4d5566"
"""On every ground below the ink has a contrast of at least 4.5 to 1; a sign for a space, which is paler, at least 3."""
TURNS = ("#f6d08a", "#9edcc5", "#b9cdfb", "#f3bccb")
LEVELS = ("#d9dde6", "#d3efe2", "#f4efbb", "#fbd38a", "#f9a875", "#f48b8b")
"""Level 0: nothing to say (the first word); 1: just what the model expected; 5: a great surprise."""


@dataclass(frozen=True, slots=True)
class Piece:
    """`below` stands under it in small figures."""

    text: str
    ground: str
    below: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """A heading, the pieces, and a sentence with {n} for what did not fit."""

    heading: str
    pieces: tuple[Piece, ...]
    more: str


@dataclass(frozen=True, slots=True)
class Note:
    """A line below the text, with the ground of `level` before it if there is one."""

    text: str
    level: int | None = None


def draw_columns(columns: Sequence[Column], foot: str) -> Image.Image:
    """One column, or two side by side."""
    room = (WIDTH - MARGIN * (len(columns) + 1)) / len(columns)
    text = TEXT if len(columns) == 1 else TEXT - 6
    laid = [_lay(column, room, text) for column in columns]
    height = MARGIN + max(block.height for block in laid) + 70
    picture, draw = _paper(int(height))
    for number, block in enumerate(laid):
        block.draw(draw, MARGIN + number * (room + MARGIN), MARGIN, text)
    _foot(draw, foot, int(height))
    return picture


def draw_words(column: Column, notes: Sequence[Note], foot: str) -> Image.Image:
    """The text with its words on coloured grounds, then the notes: what the colours mean, what was expected."""
    room = WIDTH - 2 * MARGIN
    block = _lay(column, room, TEXT)
    lines = [(note, line) for note in notes for line in _note_lines(note, room)]
    height = int(MARGIN + block.height + 20 + 46 * len(lines) + 70)
    picture, draw = _paper(height)
    block.draw(draw, MARGIN, MARGIN, TEXT)
    y = MARGIN + block.height + 20
    for note, (line, first) in lines:
        x = float(MARGIN)
        if note.level is not None:
            if first:
                draw.rounded_rectangle((x, y + 6, x + 44, y + 38), 8, fill=LEVELS[note.level])
            x += 60
        glyphs.draw_text(draw, (x, y + 34), line, size=SMALL, fill=INK)
        y += 46
    _foot(draw, foot, height)
    return picture


def read_column(plain: Mapping[str, Any], grounds: Sequence[str]) -> Column:
    """Pieces {text, below} take the grounds in turn, {text, level} that one. Raises KeyError, TypeError, ValueError."""
    pieces = []
    for number, one in enumerate(plain["pieces"]):
        place = one.get("level", number % len(grounds))
        if place not in range(len(grounds)):
            raise ValueError("no such ground")
        pieces.append(Piece(str(one["text"]), grounds[place], str(one.get("below", ""))))
    return Column(str(plain["heading"]), tuple(pieces), str(plain["more"]))


def read_notes(plain: Sequence[Mapping[str, Any]]) -> list[Note]:
    notes = [Note(str(one["text"]), one.get("level")) for one in plain]
    if any(note.level is not None and note.level not in range(len(LEVELS)) for note in notes):
        raise ValueError("no such ground")
    return notes


@dataclass(frozen=True, slots=True)
class _Block:
    """A column whose pieces have their places."""

    heading: tuple[str, ...]
    placed: tuple[tuple[float, float, float, Piece], ...]
    more: str
    height: float
    row: int

    def draw(self, draw: ImageDraw.ImageDraw, left: float, top: float, size: int) -> None:
        for number, line in enumerate(self.heading):
            base = top + HEADING + number * (HEADING + 14)
            glyphs.draw_text(draw, (left, base), line, size=HEADING, fill=INK, bold=True)
        for x, y, width, piece in self.placed:
            _draw_piece(draw, left + x, top + y, width, piece, size)
        if self.more:
            glyphs.draw_text(draw, (left, top + self.height - 12), self.more, size=SMALL, fill=FAINT)


def _lay(column: Column, room: float, size: int) -> _Block:
    heading = tuple(glyphs.wrapped(column.heading, HEADING, room, bold=True))
    below = any(piece.below for piece in column.pieces)
    row = size + 26 + (NUMBER + 10 if below else 0) + 14
    x, y = 0.0, (HEADING + 14) * len(heading) + 24.0
    placed: list[tuple[float, float, float, Piece]] = []
    left_out = 0
    for number, piece in enumerate(column.pieces):
        width = min(_width(piece, size), room)
        if x > 0 and x + width > room:
            x, y = 0.0, y + row
        if y + row > LONGEST - 400:
            left_out = len(column.pieces) - number
            break
        placed.append((x, y, width, piece))
        x += width + GAP
        if piece.text.endswith("\n"):
            x, y = 0.0, y + row
    bottom = placed[-1][1] + row if placed else y
    more = column.more.replace("{n}", str(left_out)) if left_out else ""
    return _Block(heading, tuple(placed), more, bottom + (56 if more else 0), row)


def _width(piece: Piece, size: int) -> float:
    text = sum(glyphs.length(run, size) for run, _ in glyphs.visible(piece.text))
    return max(text, glyphs.length(piece.below, NUMBER)) + 2 * PAD


def _draw_piece(
    draw: ImageDraw.ImageDraw, left: float, top: float, width: float, piece: Piece, size: int
) -> None:
    draw.rounded_rectangle((left, top, left + width, top + size + 26), 8, fill=piece.ground)
    text_width = sum(glyphs.length(run, size) for run, _ in glyphs.visible(piece.text))
    x = left + max((width - text_width) / 2, PAD)
    for run, sign in glyphs.visible(piece.text):
        text = glyphs.shortened(run, size, max(left + width - PAD - x, 0))
        x = glyphs.draw_text(draw, (x, top + size + 4), text, size=size, fill=SIGN_INK if sign else PIECE_INK)
    if piece.below:
        middle = left + (width - glyphs.length(piece.below, NUMBER)) / 2
        glyphs.draw_text(draw, (middle, top + size + 26 + NUMBER + 2), piece.below, size=NUMBER, fill=FAINT)


def _note_lines(note: Note, room: float) -> list[tuple[str, bool]]:
    lines = glyphs.wrapped(note.text, SMALL, room - (60 if note.level is not None else 0))
    return [(line, number == 0) for number, line in enumerate(lines)]


def _paper(height: int) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    picture = Image.new("RGB", (WIDTH, height), GROUND)
    return picture, ImageDraw.Draw(picture)


def _foot(draw: ImageDraw.ImageDraw, text: str, height: int) -> None:
    text = glyphs.shortened(text, SMALL - 2, WIDTH - 2 * MARGIN)
    middle = (WIDTH - glyphs.length(text, SMALL - 2)) / 2
    glyphs.draw_text(draw, (middle, height - 26), text, size=SMALL - 2, fill=FAINT)
