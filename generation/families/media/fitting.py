"""A video within a limit of bytes: coarser first, then smaller, and what was done is said."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from generation.families.media.video_files import Quality, Reel, even, write
from generation.worker.api import Context, TaskFailed

FINEST, COARSEST = 19, 36
"""x264's rate factor: hardly told from the original, and just still worth looking at."""
HALVES = 6
"""So much more of the factor halves the bytes, roughly."""
SCALES = (1.0, 0.75, 0.5, 0.375, 0.25)
SOUND_RATES = (128_000, 96_000, 64_000, 48_000, 32_000, 24_000)
_SOUND_SHARE = 0.3
"""Of the limit, which sound may take before it gets coarser."""
_HOPE = 4
"""How far the estimate may be off."""
_ATTEMPTS = 12


def fit(path: Path, reel: Reel, limit: int, context: Context) -> dict[str, Any] | None:
    """Write the file. None if nothing had to be reduced, else {width, height, bit_rate} of what it became.

    Raises TaskFailed invalid ("video_limit") where even the smallest and coarsest is larger than `limit` bytes.
    """
    finest = Quality(factor=FINEST, size=even(reel.size), sound_rate=_sound_rate(reel, limit))
    steps = _steps(reel.count, context)
    quality, found = finest, write(path, reel, finest, next(steps))
    for scale in SCALES:
        size = even((reel.size[0] * scale, reel.size[1] * scale))
        while found > limit:
            wanted = _factor(quality, size, found / limit)
            if wanted > COARSEST + _HOPE and scale != SCALES[-1]:
                break  # not worth an attempt: smaller
            smaller = replace(quality, factor=min(COARSEST, max(FINEST, wanted)), size=size)
            if smaller == quality:
                break  # as coarse as it may be: smaller
            quality, found = smaller, write(path, reel, smaller, next(steps))
        if found <= limit:
            break
    else:
        path.unlink(missing_ok=True)
        raise TaskFailed("invalid", "video_limit")
    if quality == finest and quality.sound_rate == SOUND_RATES[0]:
        return None
    return {"width": quality.size[0], "height": quality.size[1], "bit_rate": round(found * 8 / reel.seconds)}


def _factor(quality: Quality, size: tuple[int, int], excess: float) -> int:
    """As coarse as the bytes of the last attempt suggest, and a little more."""
    area = size[0] * size[1] / (quality.size[0] * quality.size[1])
    coarser = quality.factor + math.ceil(HALVES * math.log2(excess * area)) + 1
    return max(coarser, quality.factor + 1) if area == 1 else coarser


def _sound_rate(reel: Reel, limit: int) -> int:
    for rate in SOUND_RATES:
        if reel.sound is None or rate / 8 * reel.seconds <= limit * _SOUND_SHARE:
            return rate
    return SOUND_RATES[-1]


def _steps(frames: int, context: Context) -> Iterator[Callable[[int], None]]:
    """For each attempt half of what is left: nobody knows beforehand how many there are."""
    for attempt in range(_ATTEMPTS * len(SCALES)):
        begun, left = 1 - 0.5**attempt, 0.5 ** (attempt + 1)

        def step(number: int, begun: float = begun, left: float = left) -> None:
            context.check()
            context.progress(round(900 * (begun + left * number / frames)), 1000, "encoding")

        yield step
