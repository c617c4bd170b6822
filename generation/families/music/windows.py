"""Which stretches of a piece a model makes one after another, when it can only overlook so much at once. Plain sums."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

CONTEXT_SHARE = 0.4
"""How much of a window is what came before, where a piece goes on: 12 of MusicGen's 30 seconds."""


@dataclass(frozen=True, slots=True)
class Window:
    """One call of the model, in frames: `context` frames before `start` are given, `frames` are new.

    `section` is the index of the section that it belongs to.
    """

    section: int
    start: int
    context: int
    frames: int


def plan(sections: Sequence[int], *, limit: int, before: int = 0) -> list[Window]:
    """Windows that fill `sections` (their lengths in frames), `before` frames being there already.

    No window overlooks more than `limit` frames. The first may have the whole of `before` as its context, later ones
    a share of the limit, so that there is room for new ones.
    """
    windows: list[Window] = []
    usual = int(limit * CONTEXT_SHARE)
    here = before
    for section, length in enumerate(sections):
        left = length
        while left:
            context = min(here, before if not windows else usual)
            frames = min(left, limit - context)
            windows.append(Window(section, here, context, frames))
            here += frames
            left -= frames
    return windows
