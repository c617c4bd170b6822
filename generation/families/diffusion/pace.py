"""The beat of a song as the pace of a walk, read by stable-diffusion-videos."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from pathlib import Path

import soundfile

from generation.families.diffusion.frame_plan import Pace
from generation.families.diffusion.packages import get_timesteps_arr

SHORTEST = 0.5
"""Seconds of sound in which a beat can be told from the rest."""


def pace_of(song: Path, fps: int) -> Pace:
    """Much way on the beats, hardly any between them; even where there is no sound (any more).

    Raises RuntimeError for a file that is no sound.
    """
    length = float(soundfile.info(str(song)).duration)

    def pace(first: int, frames: int) -> Sequence[float] | None:
        heard = min(frames, math.floor((length - first / fps) * fps))
        if heard < SHORTEST * fps:
            return None
        way = _way(song, first / fps, heard, fps)
        if way is None:
            return None
        rest = [number / frames for number in range(heard + 1, frames + 1)]
        return [one * heard / frames for one in way] + rest

    return pace


def _way(song: Path, offset: float, frames: int, fps: int) -> list[float] | None:
    """From 0 to 1 in frames + 1 numbers; None where nothing is to be heard."""
    seconds = frames / fps
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # silence divides by nothing, which is seen below
        # the package rounds the number of its answers down; one for each edge of the frames is wanted
        curve = get_timesteps_arr(
            str(song), offset=offset, duration=seconds, fps=(frames + 1.5) / seconds
        ).tolist()
    first, last = curve[0], curve[-1]
    if not all(math.isfinite(one) for one in curve) or last <= first:
        return None
    return [(one - first) / (last - first) for one in curve]
