"""Draw the sheet: numbered tiles on a dark ground, refused ones black, a line at the foot that says what this is.

All lengths are pixels. A picture much smaller than a tile is enlarged by a whole factor; the single files are not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from PIL import Image, ImageDraw, ImageOps

from generation.families.media.fonts import face, shorten, wrap

GROUND, EMPTY, EDGE = "#12141a", "#191c24", "#2b303c"
INK, FAINT = "#f4f5f8", "#a2a9b8"
GAP, FOOT, HEAD = 8, 36, 40
LABEL_SIZE, FOOT_SIZE = 18, 15
GRID_TILE, SINGLE_TILE = 384, 512
LARGEST = 2048
"""The longest side of a sheet; larger ones are made smaller (the single files keep every pixel)."""


@dataclass(frozen=True, slots=True)
class Tile:
    """One place of the sheet; `picture` None: refused by a check."""

    number: int
    picture: Image.Image | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    foot: str
    flagged: str
    old: str = ""
    new: str = ""


def foot_line(label: str, recipe: Mapping[str, Any], seeds: Sequence[Any]) -> str:
    """ "<label> · <model> · Seed 7–10"; each file's own seed is its place in that row."""
    model = recipe.get("model_title") or recipe.get("model")
    known = [seed for seed in seeds if isinstance(seed, int)]
    row = f"Seed {known[0]}" if len(known) == 1 else f"Seed {known[0]}–{known[-1]}" if known else ""
    return " · ".join(filter(None, [label, str(model or ""), row]))


def compose(
    tiles: Sequence[Tile], words: Words, *, size: tuple[int, int], beside: Image.Image | None
) -> Image.Image:
    """The sheet (RGB) for 1 … 4 tiles of pictures of `size`; `beside` is the old picture of an adaption."""
    alone = len(tiles) == 1
    size = enlarged(size, SINGLE_TILE if alone else GRID_TILE)
    body = _tile(tiles[0], words.flagged, size) if alone else _grid(tiles, words.flagged, size)
    if beside is not None:
        body = _pair(fitted(beside, size), body, words)
    if beside is not None or not alone:
        body = ImageOps.expand(body, (GAP, GAP, GAP, 0), GROUND)
    return _bounded(_with_foot(body, words.foot))


def enlarged(size: tuple[int, int], goal: int) -> tuple[int, int]:
    """`size` times the whole factor that brings its longer side nearest to `goal`."""
    factor = max(1, round(goal / max(size)))
    return size[0] * factor, size[1] * factor


def fitted(picture: Image.Image, size: tuple[int, int], ground: str = EMPTY) -> Image.Image:
    """`picture` within `size`, its proportions kept, centred on `ground`."""
    picture = picture.convert("RGB")
    if picture.size == size:
        return picture
    scale = min(size[0] / picture.width, size[1] / picture.height)
    target = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
    # what Lanczos does better shows only in what is made smaller
    way = Image.Resampling.BICUBIC if scale > 1 else Image.Resampling.LANCZOS
    picture = picture.resize(target, way)
    if target == size:
        return picture
    whole = Image.new("RGB", size, ground)
    whole.paste(picture, ((size[0] - target[0]) // 2, (size[1] - target[1]) // 2))
    return whole


def _grid(tiles: Sequence[Tile], flagged: str, size: tuple[int, int]) -> Image.Image:
    rows = 1 if len(tiles) == 2 else 2
    grid = Image.new("RGB", (2 * size[0] + GAP, rows * size[1] + (rows - 1) * GAP), GROUND)
    for place in range(2 * rows):
        corner = place % 2 * (size[0] + GAP), place // 2 * (size[1] + GAP)
        if place < len(tiles):
            tile = _tile(tiles[place], flagged, size)
            _badge(tile, tiles[place].number)
        else:
            tile = Image.new("RGB", size, EMPTY)
        grid.paste(tile, corner)
    return grid


def _tile(tile: Tile, flagged: str, size: tuple[int, int]) -> Image.Image:
    if tile.picture is not None:
        return fitted(tile.picture, size)
    black = Image.new("RGB", size, "black")
    text_size = max(13, min(26, size[0] // 18))
    lines = wrap(flagged, text_size, size[0] * 4 // 5)
    draw = ImageDraw.Draw(black)
    draw.rectangle((0, 0, size[0] - 1, size[1] - 1), outline=EDGE)
    draw.multiline_text(
        (size[0] / 2, size[1] / 2),
        "\n".join(lines),
        font=face(text_size),
        fill=FAINT,
        anchor="mm",
        align="center",
        spacing=text_size // 2,
    )
    return black


def _badge(tile: Image.Image, number: int) -> None:
    """A dark disc with a thin light rim and the number, in the upper left corner."""
    side = max(28, min(tile.size) // 11)
    disc = _disc(side)
    corner = side // 3, side // 3
    tile.paste(disc, corner, disc)
    middle = corner[0] + side / 2, corner[1] + side / 2
    ImageDraw.Draw(tile).text(
        middle, str(number), font=face(side * 6 // 10, bold=True), fill=INK, anchor="mm"
    )


@lru_cache(maxsize=16)
def _disc(side: int) -> Image.Image:
    """Shared by all tiles of that size, so never drawn on."""
    fine = 4  # drawn larger and reduced, for smooth edges
    disc = Image.new("RGBA", (side * fine, side * fine))
    box = (fine, fine, (side - 1) * fine, (side - 1) * fine)
    ImageDraw.Draw(disc).ellipse(box, fill=(18, 20, 26, 215), outline=(255, 255, 255, 120), width=fine)
    return disc.resize((side, side), Image.Resampling.LANCZOS)


def _pair(old: Image.Image, new: Image.Image, words: Words) -> Image.Image:
    """Old | new, their middles at one height, a label above each."""
    height = max(old.height, new.height)
    pair = Image.new("RGB", (old.width + GAP + new.width, HEAD + height), GROUND)
    draw = ImageDraw.Draw(pair)
    left = 0
    for picture, label in ((old, words.old), (new, words.new)):
        top = (height - picture.height) // 2
        pair.paste(picture, (left, HEAD + top))
        text = shorten(label, LABEL_SIZE, picture.width, bold=True)
        middle = left + picture.width / 2, top + (HEAD - GAP) / 2
        draw.text(middle, text, font=face(LABEL_SIZE, bold=True), fill=INK, anchor="mm")
        left += picture.width + GAP
    return pair


def _with_foot(body: Image.Image, text: str) -> Image.Image:
    whole = Image.new("RGB", (body.width, body.height + FOOT), GROUND)
    whole.paste(body, (0, 0))
    text = shorten(text, FOOT_SIZE, body.width - 4 * GAP)
    where = body.width / 2, body.height + FOOT / 2
    ImageDraw.Draw(whole).text(where, text, font=face(FOOT_SIZE), fill=FAINT, anchor="mm")
    return whole


def _bounded(sheet: Image.Image) -> Image.Image:
    sheet.thumbnail((LARGEST, LARGEST), Image.Resampling.LANCZOS)
    return sheet
