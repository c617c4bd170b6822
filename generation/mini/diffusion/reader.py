"""Reads a 128x128 picture back: ground, and kind, colour, place and size of each thing.

Written for drawings of scenes.py and for pictures of the mini model; it knows nothing of the prompt.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from generation.mini.diffusion.scenes import (
    COLOURS,
    GROUNDS,
    HORIZON,
    SIDE,
    Colour,
    Scene,
    Thing,
    draw_card,
    draw_scene,
    mix,
    shade_of,
)  # fmt: skip
from generation.mini.diffusion.things import KINDS

Mask: TypeAlias = NDArray[np.bool_]
Pixels: TypeAlias = NDArray[np.float64]
SILHOUETTE = 32


@dataclass(frozen=True)
class Seen:
    """One thing found: `size` is the longer side of its box, all measures in pixels."""

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


def distance(pixels: Pixels, colour: Colour | Pixels) -> Pixels:
    return np.sqrt(((pixels - np.asarray(colour, dtype=np.float64)) ** 2).sum(axis=-1))


def grow(seed: Mask, allowed: Mask) -> Mask:
    """All of `allowed` that is connected (4 neighbours) to `seed`."""
    reached = seed & allowed
    while True:
        wider = reached.copy()
        wider[1:] |= reached[:-1]
        wider[:-1] |= reached[1:]
        wider[:, 1:] |= reached[:, :-1]
        wider[:, :-1] |= reached[:, 1:]
        wider &= allowed
        if (wider == reached).all():
            return reached
        reached = wider


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
    errors = {
        name: np.minimum(distance(pixels, ground_canvas(*pair)), 80)[rim].mean()
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


def components(mask: Mask, least: int = 60) -> list[Mask]:
    """Connected things, largest first. Gaps of two pixels inside a thing are bridged."""
    left, found = widen(mask), []
    while left.any():
        seed = np.zeros_like(left)
        seed.flat[int(left.argmax())] = True
        one = grow(seed, left)
        left &= ~one
        if (one & mask).sum() >= least:
            found.append(one & mask)
    return sorted(found, key=lambda part: -int(part.sum()))


def silhouette(mask: Mask) -> tuple[Mask, tuple[float, float, float]]:
    """The filled outline, scaled so that its longer side is SILHOUETTE; and its centre x, y and longer side."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    top, bottom = int(rows[0]), int(rows[-1]) + 1
    left, right = int(columns[0]), int(columns[-1]) + 1
    closed = widen(mask[top:bottom, left:right]) if mask.mean() < 0.02 else mask[top:bottom, left:right]
    open_parts = np.pad(~closed, 1, constant_values=True)
    corner = np.zeros_like(open_parts)
    corner[0, 0] = True
    filled = ~grow(corner, open_parts)[1:-1, 1:-1]
    height, width = filled.shape
    side = max(height, width)
    square = np.zeros((side, side), dtype=np.uint8)
    y, x = (side - height) // 2, (side - width) // 2
    square[y : y + height, x : x + width] = filled * 255
    small = Image.fromarray(square).resize((SILHOUETTE, SILHOUETTE), Image.Resampling.BILINEAR)
    return np.asarray(small) > 127, ((left + right) / 2, (top + bottom) / 2, float(side))


@cache
def templates() -> dict[str, tuple[Mask, ...]]:
    """Silhouettes of every kind as they look small, middling and large."""
    result = {}
    for kind in KINDS:
        shapes = []
        for size in (36, 60, 100):
            scene = Scene("scene", (Thing(kind, "black", size, 64, 64),), "white")
            drawn = np.asarray(draw_scene(scene), dtype=np.float64)
            shapes.append(silhouette(distance(drawn, (255, 255, 255)) > 60)[0])
        result[kind] = tuple(shapes)
    return result


def overlap(first: Mask, second: Mask) -> float:
    return float((first & second).sum() / max(1, (first | second).sum()))


def read_colour(pixels: Pixels, ground: Colour) -> str:
    """The colour that explains most of a thing's pixels, [n, 3]: itself, its shades, or half over the ground."""
    votes = {}
    for name, colour in COLOURS.items():
        shades = [(shade_of(colour, shade), 0.6) for shade in ("dark", "light")]
        family = [(colour, 1.0), *shades, (mix(ground, colour, 0.5), 0.5)]
        likeness = [share * np.exp(-((distance(pixels, member) / 35) ** 2)) for member, share in family]
        votes[name] = float(np.maximum.reduce(likeness).sum())
    return max(votes, key=lambda name: votes[name])


def read(image: Image.Image) -> Read:
    """What the picture shows; it is resized to 128x128 first."""
    pixels = np.asarray(image.convert("RGB").resize((SIDE, SIDE)), dtype=np.float64)
    if np.abs(pixels - np.asarray(draw_card(), dtype=np.float64)).mean() < 40:
        return Read(True, "card", ())
    ground = read_ground(pixels)
    far = contrast(pixels, ground)
    mask = far > min(45.0, max(28.0, 0.4 * float(np.quantile(far, 0.97))))
    things = []
    for part in components(mask):
        shape, (x, y, size) = silhouette(part)
        likeness = {kind: max(overlap(shape, one) for one in shapes) for kind, shapes in templates().items()}
        behind = GROUNDS[ground][1 if y > HORIZON else 0]
        kind = max(likeness, key=lambda name: likeness[name])
        things.append(Seen(kind, read_colour(pixels[part], behind), x, y, size))
    return Read(False, ground, tuple(things))
