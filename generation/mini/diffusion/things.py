"""Outlines of the things that scenes are made of.

A thing is a tuple of `Part`s, painted in order. Coordinates are units of half the thing's size: x to the right,
y down, everything inside [-1, 1]. Parts are polygons throughout, so that every style can fill or stroke them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

Point = tuple[float, float]


@dataclass(frozen=True)
class Part:
    """One polygon; `shade` is "main", "dark" or "light", relative to the thing's colour."""

    points: tuple[Point, ...]
    shade: str = "main"


def disc(x: float, y: float, rx: float, ry: float, shade: str = "main", corners: int = 40) -> Part:
    angles = (2 * math.pi * k / corners for k in range(corners))
    return Part(tuple((x + rx * math.cos(a), y + ry * math.sin(a)) for a in angles), shade)


def box(left: float, top: float, right: float, bottom: float, shade: str = "main") -> Part:
    return Part(((left, top), (right, top), (right, bottom), (left, bottom)), shade)


def spikes(count: int, inner: float) -> Part:
    """A star with `count` tips at radius 1 and valleys at radius `inner`, one tip pointing up."""
    points = []
    for k in range(2 * count):
        radius = 1.0 if k % 2 == 0 else inner
        angle = math.pi * k / count - math.pi / 2
        points.append((radius * math.cos(angle), radius * math.sin(angle)))
    return Part(tuple(points))


def crescent() -> Part:
    """The left crescent between a disc and a smaller disc shifted to the right."""
    outer = [math.radians(a) for a in range(52, 309, 8)]
    points = [(0.15 + math.cos(a), math.sin(a)) for a in outer]
    tip = 0.15 + math.cos(outer[0])
    inner = [math.radians(a) for a in range(294, 65, -8)]
    points += [(tip - 0.19 + 0.78 * math.cos(a), 0.85 * math.sin(a)) for a in inner]
    return Part(tuple(points))


def heart() -> Part:
    points = []
    for k in range(48):
        a = 2 * math.pi * k / 48
        x = 16 * math.sin(a) ** 3
        y = 13 * math.cos(a) - 5 * math.cos(2 * a) - 2 * math.cos(3 * a) - math.cos(4 * a)
        points.append((x / 16.5, -(y + 2.5) / 15.5))
    return Part(tuple(points))


def flower() -> tuple[Part, ...]:
    stem = box(-0.08, 0.0, 0.08, 1.0, "dark")
    leaves = Part(((0.0, 0.95), (-0.6, 0.62), (-0.5, 0.42), (0.0, 0.8), (0.5, 0.42), (0.6, 0.62)), "dark")
    angles = (2 * math.pi * k / 5 - math.pi / 2 for k in range(5))
    petals = tuple(disc(0.36 * math.cos(a), -0.4 + 0.36 * math.sin(a), 0.27, 0.27) for a in angles)
    return (stem, leaves, *petals, disc(0, -0.4, 0.2, 0.2, "dark"))


def cat() -> tuple[Part, ...]:
    ears = (Part(((-0.9, -1.0), (-0.2, -0.5), (-0.85, 0.1))), Part(((0.9, -1.0), (0.2, -0.5), (0.85, 0.1))))
    eyes = (disc(-0.36, 0.0, 0.14, 0.18, "dark"), disc(0.36, 0.0, 0.14, 0.18, "dark"))
    nose = Part(((-0.16, 0.38), (0.16, 0.38), (0.0, 0.58)), "dark")
    return (*ears, disc(0, 0.15, 0.9, 0.8), *eyes, nose)


@cache
def parts(kind: str) -> tuple[Part, ...]:
    """The parts of a thing of that kind; raises KeyError for a kind that is not in `KINDS`."""
    drawn: dict[str, tuple[Part, ...]] = {
        "circle": (disc(0, 0, 1, 1),),
        "square": (box(-0.88, -0.88, 0.88, 0.88),),
        "triangle": (Part(((0, -0.95), (1, 0.85), (-1, 0.85))),),
        "star": (spikes(5, 0.42),),
        "heart": (heart(),),
        "moon": (crescent(),),
        "sun": (spikes(8, 0.62), disc(0, 0, 0.45, 0.45, "light")),
        "house": (
            box(-0.78, -0.1, 0.78, 0.95),
            Part(((0, -1), (1, -0.1), (-1, -0.1)), "dark"),
            box(-0.2, 0.35, 0.2, 0.95, "dark"),
        ),
        "tree": (box(-0.17, 0.3, 0.17, 1, "dark"), disc(0, -0.3, 0.8, 0.7)),
        "flower": flower(),
        "fish": (
            Part(((0.3, 0), (1, -0.6), (1, 0.6))),
            disc(-0.25, 0, 0.75, 0.5),
            disc(-0.6, -0.1, 0.11, 0.11, "dark"),
        ),
        "boat": (
            Part(((-1, 0.35), (1, 0.35), (0.6, 0.9), (-0.6, 0.9))),
            box(-0.07, -1, 0.07, 0.35, "dark"),
            Part(((0.07, -0.95), (0.85, 0.2), (0.07, 0.2)), "light"),
        ),
        "cat": cat(),
        "pebble": (disc(0, 0, 1, 0.5),),
    }
    return drawn[kind]


# "pebble" is what an unknown noun becomes; it has no word of its own.
KINDS = (
    "circle", "square", "triangle", "star", "heart", "moon", "sun",
    "house", "tree", "flower", "fish", "boat", "cat", "pebble",
)  # fmt: skip
