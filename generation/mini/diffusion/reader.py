"""Reads a 128x128 picture back: ground, and kind, colour, place and size of each thing.

Written for drawings of scenes.py and for pictures of the mini model; it knows nothing of the prompt.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from PIL import Image

from generation.mini.diffusion.scenes import (
    COLOURS,
    GROUNDS,
    HORIZON,
    SIDE,
    Colour,
    draw_card,
    mix,
    shade_of,
)  # fmt: skip
from generation.mini.diffusion.shapes import Cut, Mask, Pixels, distance, edges, grow, kind_of, patch_of


@dataclass(frozen=True)
class Seen:
    """One thing found: `size` is the longer side of its box, all measures in pixels. A thing like none that can
    be asked for has the kind `shapes.UNKNOWN`."""

    kind: str
    colour: str
    x: float
    y: float
    size: float


@dataclass(frozen=True)
class Read:
    """`card`: it is a test card; then `things` is empty. Things are ordered by area, largest first."""

    card: bool
    ground: str
    things: tuple[Seen, ...]


def widen(mask: Mask) -> Mask:
    padded = np.pad(mask, 1)
    height, width = mask.shape
    parts = [padded[r : r + height, c : c + width] for r in range(3) for c in range(3)]
    return np.logical_or.reduce(parts)


def ground_canvas(upper: Colour | Pixels, lower: Colour | Pixels) -> Pixels:
    canvas = np.empty((SIDE, SIDE, 3))
    canvas[:HORIZON], canvas[HORIZON:] = upper, lower
    return canvas


def read_ground(pixels: Pixels) -> str:
    """The ground whose colours fit the picture's rim best."""
    rim: Mask = np.ones((SIDE, SIDE), dtype=bool)
    rim[5:-5, 5:-5] = False
    shown = pixels[rim]
    errors = {
        name: np.minimum(distance(shown, ground_canvas(*pair)[rim]), 80).mean()
        for name, pair in GROUNDS.items()
    }
    return min(errors, key=lambda name: errors[name])


def contrast(pixels: Pixels, ground: str) -> Pixels:
    """How far each pixel is from the ground, measured from the ground as it is in this very picture."""
    upper, lower = GROUNDS[ground]
    canvas = ground_canvas(upper, lower)
    near = distance(pixels, canvas) < 60
    rows = np.arange(SIDE)[:, None] * np.ones((1, SIDE), dtype=int)
    shown = []
    for colour, part in ((upper, rows < HORIZON), (lower, rows >= HORIZON)):
        chosen = pixels[near & part]
        shown.append(np.median(chosen, axis=0) if len(chosen) > 50 else np.asarray(colour, dtype=np.float64))
    far = distance(pixels, ground_canvas(shown[0], shown[1]))
    band = slice(HORIZON - 4, HORIZON + 4)
    far[band] = np.minimum(distance(pixels[band], shown[0]), distance(pixels[band], shown[1]))
    if upper != lower:
        far[band] = np.minimum(far[band], distance(pixels[band], (shown[0] + shown[1]) / 2))
    return far


def components(mask: Mask, clear: Mask, least: int = 60) -> list[Mask]:
    """Connected things with `least` clear pixels, largest first. Gaps of two pixels inside a thing are bridged."""
    left, found = widen(mask), []
    while left.any():
        seed = np.zeros_like(left)
        seed.flat[int(left.argmax())] = True
        one = grow(seed, left)
        left &= ~one
        if (one & clear).sum() >= least:
            found.append(one & mask)
    return sorted(found, key=lambda part: -int(part.sum()))


def box_of(mask: Mask) -> tuple[float, float, float]:
    """Centre x, y and longer side of the mask's box."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    top, bottom = int(rows[0]), int(rows[-1]) + 1
    left, right = int(columns[0]), int(columns[-1]) + 1
    return (left + right) / 2, (top + bottom) / 2, float(max(bottom - top, right - left))


def cut_of(part: Mask, pixels: Pixels, standing_out: Pixels) -> Cut:
    """The part alone: pixels that stand out belong to it if they touch it."""
    touched = widen(widen(part))
    rows, columns = np.flatnonzero(touched.any(axis=1)), np.flatnonzero(touched.any(axis=0))
    window = (slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1))
    return Cut((standing_out * touched)[window], pixels[window], part[window])


def read_colour(pixels: Pixels, ground: Colour) -> str:
    """The colour that explains most of a thing's pixels, [n, 3]: itself, its shades, or half over the ground."""
    votes = {}
    for name, colour in COLOURS.items():
        shades = [(shade_of(colour, shade), 0.6) for shade in ("dark", "light")]
        family = [(colour, 1.0), *shades, (mix(ground, colour, 0.5), 0.5)]
        likeness = [share * np.exp(-((distance(pixels, member) / 35) ** 2)) for member, share in family]
        votes[name] = float(np.maximum.reduce(likeness).sum())
    return max(votes, key=lambda name: votes[name])


@cache
def card() -> Pixels:
    return np.asarray(draw_card(), dtype=np.float64)


def read(image: Image.Image) -> Read:
    """What the picture shows; it is resized to 128x128 first."""
    pixels = np.asarray(image.convert("RGB").resize((SIDE, SIDE)), dtype=np.float64)
    if np.abs(pixels - card()).mean() < 40:
        return Read(True, "card", ())
    ground = read_ground(pixels)
    far = contrast(pixels, ground)
    usual = min(45.0, max(28.0, 0.4 * float(np.quantile(far, 0.97))))
    edge = edges(far, usual)
    standing_out = np.minimum(far / (2 * edge), 1.0)
    things = []
    for part in components(far > edge, far > usual):
        x, y, size = box_of(part)
        behind = GROUNDS[ground][1 if y > HORIZON else 0]
        kind = kind_of(patch_of(cut_of(part, pixels, standing_out)))
        things.append(Seen(kind, read_colour(pixels[part], behind), x, y, size))
    return Read(False, ground, tuple(things))
