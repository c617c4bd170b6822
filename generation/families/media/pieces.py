"""What a task about pieces of music is given: the pieces in their order, the words, the recipe."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from generation.worker.api import TaskFailed


@dataclass(frozen=True, slots=True)
class Piece:
    """`file` None: refused by a check. `seam`: seconds at which the new part of a continuation begins."""

    index: int
    file: Path | None
    seed: int | None
    seam: float | None = None
    given: int = 0
    """Of a piece in notes: how many of the first ones were given."""


@dataclass(frozen=True, slots=True)
class Order:
    """All of a task's params that are the same for pieces of sound and of notes; words come as they are to be read."""

    pieces: tuple[Piece, ...]
    label: str
    title: str
    flagged: str
    recipe: Mapping[str, Any]


def read_order(params: Mapping[str, Any], most: int) -> Order:
    """Raises TaskFailed invalid unless there are 1 … `most` pieces with numbers of their own."""
    try:
        pieces = tuple(_read(entry) for entry in params["pieces"])
        recipe = dict(params.get("recipe") or {})
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise TaskFailed("invalid", f"pieces: {type(error).__name__}") from None
    numbers = {piece.index for piece in pieces}
    if not 1 <= len(pieces) <= most or len(numbers) != len(pieces):
        raise TaskFailed("invalid", f"pieces: 1 to {most} needed")
    return Order(
        pieces=pieces,
        label=str(params.get("label") or "AI"),
        title=str(params.get("title") or ""),
        flagged=str(params.get("flagged_text") or ""),
        recipe=recipe,
    )


def numbers_of(values: Any, *names: str) -> list[list[float]]:
    """The named values of each mapping. Raises TaskFailed invalid unless all are finite and not negative."""
    try:
        found = [[float(one[name]) for name in names] for one in values]
    except (KeyError, TypeError, ValueError) as error:
        raise TaskFailed("invalid", f"{names[0]}: {type(error).__name__}") from None
    if not all(math.isfinite(value) and value >= 0 for row in found for value in row):
        raise TaskFailed("invalid", f"{names[0]}: not finite or negative")
    return found


def _read(entry: Mapping[str, Any]) -> Piece:
    index, file, seed, seam, given = (entry.get(key) for key in ("index", "file", "seed", "seam", "given"))
    if not isinstance(index, int) or not isinstance(seed, int | None) or not isinstance(file, str | None):
        raise TypeError
    if seam is not None and not (math.isfinite(seam) and seam >= 0):
        raise ValueError
    if not isinstance(given, int | None):
        raise TypeError
    return Piece(index, None if file is None else Path(file), seed, seam, given or 0)
