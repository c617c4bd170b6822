"""Tells which thing a patch of a picture shows: by the nearest of many drawn examples, sharp and soft.

An autoencoder rounds corners and swallows thin lines, yet a person still sees a star. So the examples hold every
thing in every style as it looks sharp and softened; and, so that softness is no excuse for anything, as many
things that are none: halves, bars, blobs, squashed discs. What lies nearest to one of those, or near to nothing, is
`UNKNOWN`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from itertools import chain
from random import Random
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from generation.mini.diffusion.scenes import GROUNDS, SIDE, SUPERSAMPLE, Colour, Thing, draw_part
from generation.mini.diffusion.things import KINDS, Part, box, parts

Mask: TypeAlias = NDArray[np.bool_]
Pixels: TypeAlias = NDArray[np.float64]
Patch: TypeAlias = NDArray[np.float32]
UNKNOWN = "unknown"
# A patch has this many pixels a side; the thing's pixels lie SPREAD from its centre in the square mean.
PATCH, SPREAD = 24, 6.0
# Mean squared difference a pixel beyond which a thing resembles nothing.
FARTHEST = 0.075
# A shape that is none must be farther by this factor.
LEAD = 0.9
# Of half the thing's size; how many unsteady examples of each thing in each style.
WOBBLE, UNSTEADY = 0.09, 8
NOTHING_LOOKS = (("flat", 44.0, 0.0), ("flat", 44.0, 2.4), ("outline", 40.0, 1.0), ("outline", 80.0, 1.0))
STYLES = ("flat", "outline", "chalk")
# The part of the contrast close by (NEAR pixels) at which a thing's edge lies.
EDGE, NEAR, FAINT, USUAL = 0.4, 9, 14.0, 45.0
SIZES = (34.0, 48.0, 80.0)
BLURS = (0.0, 2.0, 3.2)


@dataclass(frozen=True)
class Cut:
    """A thing in its picture: how far pixels stand out (0 to 1, 0.5 at the edge), its colours, and its mask."""

    standing_out: Pixels
    pixels: Pixels
    mask: Mask


@dataclass(frozen=True)
class Examples:
    """Names [count], patches [count, numbers] and their squared lengths."""

    names: NDArray[np.str_]
    patches: Patch
    squares: Patch


def distance(pixels: Pixels, colour: Colour | Pixels) -> Pixels:
    between = pixels - np.asarray(colour, dtype=np.float64)
    return np.sqrt(np.einsum("...c,...c->...", between, between))


def edges(far: Pixels, usual: float) -> Pixels:
    """How far a pixel must be from the ground to belong to a thing: `usual`, and less where nothing close by is
    far, so that a dark stem below bright petals counts and a bright thing's soft rim does not."""
    rounded = Image.fromarray(np.minimum(far, 255).astype(np.uint8))
    close_by = rounded.filter(ImageFilter.MaxFilter(NEAR)).filter(ImageFilter.BoxBlur(NEAR // 2))
    return np.clip(EDGE * np.asarray(close_by, dtype=np.float64), FAINT, usual)


def runs_reached(reached: Mask, allowed: Mask) -> Mask:
    """Every horizontal run of `allowed` that holds a reached pixel, whole."""
    starts = allowed & ~np.pad(allowed, ((0, 0), (1, 0)))[:, :-1]
    number = np.cumsum(starts.ravel()).reshape(allowed.shape)
    chosen = np.bincount(number[reached & allowed], minlength=int(number[-1, -1]) + 1) > 0
    return np.asarray(chosen[number] & allowed)


def grow(seed: Mask, allowed: Mask) -> Mask:
    """All of `allowed` that is connected (4 neighbours) to `seed`."""
    reached, count = seed & allowed, -1
    while count != (count := int(reached.sum())):
        reached = runs_reached(reached, allowed)
        reached = runs_reached(reached.T, allowed.T).T
    return reached


def fill(mask: Mask) -> Mask:
    """The mask without its holes."""
    open_parts = np.pad(~mask, 1, constant_values=True)
    corner = np.zeros_like(open_parts)
    corner[0, 0] = True
    return ~grow(corner, open_parts)[1:-1, 1:-1]


def details(cut: Cut) -> Pixels:
    """How far colours within the thing are from its main colour, 0 to 1."""
    main = np.median(cut.pixels[cut.mask], axis=0)
    far = distance(cut.pixels, main) / 80
    return np.minimum(far, 1.0) * cut.standing_out * cut.mask


def patch_of(cut: Cut) -> Patch:
    """The thing as [3 * PATCH * PATCH] numbers, the same for any place and size: what stands out, its filled
    outline, its inner details. Proportions stay."""
    filled = fill(cut.mask)
    rows, columns = np.nonzero(filled)
    y, x = rows.mean(), columns.mean()
    reach = PATCH / 2 / SPREAD * math.sqrt(float(((rows - y) ** 2 + (columns - x) ** 2).mean()))
    margin = math.ceil(reach) + 1
    corner = (x + 0.5 - reach + margin, y + 0.5 - reach + margin)
    window = (*corner, corner[0] + 2 * reach, corner[1] + 2 * reach)
    layers = (cut.standing_out, filled.astype(np.float64), details(cut))
    small = [
        Image.fromarray(np.pad(layer, margin).astype(np.float32)).resize(
            (PATCH, PATCH), Image.Resampling.BILINEAR, box=window
        )
        for layer in layers
    ]
    return np.concatenate([np.asarray(layer).ravel() for layer in small])


def wobbly(drawn: tuple[Part, ...], rng: Random) -> tuple[Part, ...]:
    """The thing as drawn by an unsteady hand: all lines bent by the same slow waves."""
    waves = [
        (rng.uniform(0.0, WOBBLE), rng.uniform(0, 2 * math.pi), rng.uniform(1.5, 4.5), rng.uniform(1.5, 4.5))
        for _ in range(4)
    ]

    def bent(x: float, y: float) -> tuple[float, float]:
        shifts = [height * math.sin(across * x + down * y + phase) for height, phase, across, down in waves]
        return x + shifts[0] + shifts[1], y + shifts[2] + shifts[3]

    result = []
    for part in drawn:
        ends = zip(part.points, [*part.points[1:], part.points[0]], strict=True)
        fine = [(x + (u - x) * k / 5, y + (v - y) * k / 5) for (x, y), (u, v) in ends for k in range(5)]
        result.append(Part(tuple(bent(x, y) for x, y in fine), part.shade))
    return tuple(result)


def oval(
    width: float, turn: float, power: float = 2.0, ripples: tuple[tuple[float, float], ...] = ()
) -> Part:
    """A closed curve: an ellipse, boxier with higher `power`, with waves (height, phase) of 2, 3, 4 … a round."""
    points = []
    for k in range(60):
        angle = 2 * math.pi * k / 60
        c, s = math.cos(angle), math.sin(angle)
        radius = (abs(c) ** power + abs(s) ** power) ** (-1 / power)
        radius *= 1 + sum(h * math.cos((n + 2) * angle + p) for n, (h, p) in enumerate(ripples))
        px, py = width * radius * c, radius * s
        points.append((px * math.cos(turn) - py * math.sin(turn), px * math.sin(turn) + py * math.cos(turn)))
    longest = max(max(abs(x), abs(y)) for x, y in points)
    return Part(tuple((x / longest, y / longest) for x, y in points))


def blob(rng: Random) -> Part:
    """A lump with random dents."""
    ripples = tuple((rng.uniform(0.04, 0.2), rng.uniform(0, 2 * math.pi)) for _ in range(5))
    return oval(rng.uniform(0.7, 1), rng.uniform(0, math.pi), 2.0, ripples)


def half(part: Part, side: str) -> Part | None:
    """What of a part lies left, right, above or below of the thing's middle; None if nothing does."""
    axis, sign = (0 if side in ("left", "right") else 1), (-1 if side in ("left", "top") else 1)
    inside: list[tuple[float, float]] = []
    for first, second in zip(part.points, [*part.points[1:], part.points[0]], strict=True):
        a, b = sign * first[axis], sign * second[axis]
        if a >= 0:
            inside.append(first)
        if a * b < 0:
            share = a / (a - b)
            inside.append(
                (first[0] + (second[0] - first[0]) * share, first[1] + (second[1] - first[1]) * share)
            )
    return Part(tuple(inside), part.shade) if len(inside) > 2 else None


def halves(kind: str) -> list[tuple[Part, ...]]:
    cut = [[half(part, side) for part in parts(kind)] for side in ("left", "right", "top", "bottom")]
    return [tuple(part for part in one if part is not None) for one in cut]


def nothings(seed: int) -> dict[str, list[tuple[Part, ...]]]:
    """Shapes that are none of the things: squashed discs and bars, blobs, and halves of things."""
    rng = Random(seed)
    ovals = [oval(width, turn) for width in (0.45, 0.6, 0.75, 0.84) for turn in (0.0, 0.8, 1.57, 2.4)]
    ovals += [oval(width, turn, 2.8) for width in (0.7, 1.0) for turn in (0.0, 0.8)]
    bars = [box(-1, -width, 1, width) for width in (0.3, 0.5, 0.66)]
    bars += [box(-width, -1, width, 1) for width in (0.3, 0.5, 0.66)]
    return {
        "pebbles": [(part,) for part in (*ovals, *bars)],
        "blobs": [(blob(rng),) for _ in range(120)],
        "halves": [one for kind in KINDS[:-1] for one in halves(kind)],
    }


def draw_parts(drawn: tuple[Part, ...], colour: str, size: float, style: str, ground: str) -> Image.Image:
    """Parts in the middle of a picture, as `scenes.draw_scene` draws them."""
    return paint(drawn, Thing("", colour, size, SIDE / 2, SIDE / 2), style, GROUNDS[ground][0], SIDE)


def paint(drawn: tuple[Part, ...], thing: Thing, style: str, ground: Colour, side: int) -> Image.Image:
    image = Image.new("RGB", (side * SUPERSAMPLE,) * 2, ground)
    draw = ImageDraw.Draw(image)
    for part in drawn:
        draw_part(draw, part, thing, style, ground)
    return image.resize((side, side), Image.Resampling.BOX)


def example(drawn: tuple[Part, ...], style: str, size: float, blur: float, colour: str) -> Patch:
    """The patch of a thing drawn alone, blurred by `blur` pixels and sharpened again as a decoder does."""
    side = round(size) + 24
    ground: Colour = (40, 40, 44) if colour == "white" else (255, 255, 255)
    image = paint(drawn, Thing("", colour, size, side / 2, side / 2), style, ground, side)
    pixels = np.asarray(image.filter(ImageFilter.GaussianBlur(blur)), dtype=np.float64)
    far = distance(pixels, ground)
    edge = edges(far, USUAL)
    return patch_of(Cut(np.minimum(far / (2 * edge), 1.0), pixels, far > edge))


@cache
def examples() -> Examples:
    """Everything that a patch is compared with."""
    rng = Random(2)
    named: list[tuple[str, Patch]] = []
    for kind in KINDS:
        for colour in ("red", "white") if kind in ("sun", "boat") else ("red",):
            for style in STYLES:
                looks = [(parts(kind), size, blur) for size in SIZES for blur in BLURS]
                looks += [(wobbly(parts(kind), rng), 60.0, rng.uniform(0, 3)) for _ in range(UNSTEADY)]
                named += [(kind, example(drawn, style, size, blur, colour)) for drawn, size, blur in looks]
    for drawn in chain.from_iterable(nothings(1).values()):
        named += [(UNKNOWN, example(drawn, style, size, blur, "red")) for style, size, blur in NOTHING_LOOKS]
    patches = np.stack([patch for _, patch in named])
    names = np.array([name for name, _ in named])
    return Examples(names, patches, (patches**2).sum(axis=1))


def kind_of(patch: Patch) -> str:
    """The nearest thing, unless a shape that is none is nearly as near."""
    known = examples()
    far = (known.squares - 2 * known.patches @ patch + (patch**2).sum()) / len(patch)
    nothing = known.names == UNKNOWN
    nearest = int(np.where(nothing, np.inf, far).argmin())
    accepted = far[nearest] < min(FARTHEST, LEAD * far[nothing].min())
    return str(known.names[nearest]) if accepted else UNKNOWN
