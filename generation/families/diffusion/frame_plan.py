"""Where each frame of a walk lies between two keys, and which frames share a model call. Numbers only."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from generation.video_params import Key

Pace = Callable[[int, int], Sequence[float] | None]
"""(first frame, frames until the next key) -> the way covered after 0, 1, … so many frames, from 0 to 1, rising; None:
at an even pace."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Frames `start` … `stop`-1, counted from 0, between two neighbouring keys: they share a model call."""

    before: Key
    after: Key
    start: int
    stop: int


def even_pace(_first: int, _frames: int) -> None:
    return None


def positions(keys: Sequence[Key], pace: Pace = even_pace) -> list[float]:
    """For each frame how far it is from the key before it to the key after it, 0 … 1; the last key ends the video."""
    found: list[float] = []
    for before, after in itertools.pairwise(keys):
        frames = after.frame - before.frame
        way = pace(before.frame, frames) or [number / frames for number in range(frames + 1)]
        found += way[:frames]
    return [*found, 1.0]


def batches(keys: Sequence[Key], at_once: int) -> list[Batch]:
    """All frames, each once: the first alone and the last alone, so that they can be looked at while the rest is made,
    then the others in their order, at most `at_once` together.

    The same keys give the same batches: a card computes a frame a little differently beside others.
    """
    pairs = list(itertools.pairwise(keys))
    last = keys[-1].frame
    planned = [Batch(*pairs[0], 0, 1), Batch(*pairs[-1], last, last + 1)]
    for before, after in pairs:
        for start in range(max(1, before.frame), after.frame, at_once):
            planned.append(Batch(before, after, start, min(after.frame, start + at_once)))
    return planned
