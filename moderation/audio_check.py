"""What a sound must measure before a class hears it: a pure rule about numbers that the media family measured.

It knows nothing of music. It refuses what is broken: not a number, silent, clipped, too short or too long.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from moderation.verdict import CHECK_FAILED, Verdict

AUDIO: Final = "audio"
BROKEN, SILENT, CLIPPED, LENGTH = "audio_broken", "audio_silent", "audio_clipped", "audio_length"
LOWEST_PEAK: Final = 0.003
"""Of full scale (-50 dB): below it nothing is heard from a phone."""
LOWEST_RMS_DB: Final = -60.0
MOST_SILENCE: Final = 0.98
"""Share of a sound that may be silent; a knock in two seconds is a sound."""
MOST_CLIPPED: Final = 0.001
"""Share of samples at full scale; what a codec adds to a limited sound stays far below."""
_NUMBERS: Final = ("seconds", "peak", "rms_db", "clipped", "silent_share")
_SHARES: Final = ("clipped", "silent_share")


@dataclass(frozen=True, slots=True)
class Bounds:
    """How long a sound may be, in seconds."""

    shortest: float
    longest: float

    def __post_init__(self) -> None:
        if not 0 < self.shortest <= self.longest < math.inf:
            raise ValueError("bounds are seconds, the shorter first")


def check_audio(measured: object, bounds: Bounds) -> Verdict:
    """Judge one finished sound by what was measured on it: seconds, finite, peak (1.0: full scale), rms_db, clipped
    and silent_share (both shares of 0 … 1). What is missing or no number refuses as a check that failed."""
    if not isinstance(measured, Mapping) or not isinstance(measured.get("finite"), bool):
        return Verdict.refuse(AUDIO, CHECK_FAILED)
    if measured["finite"] is False:
        return Verdict.refuse(AUDIO, BROKEN)
    numbers = {name: number_of(measured.get(name)) for name in _NUMBERS}
    if any(number is None for number in numbers.values()):
        return Verdict.refuse(AUDIO, CHECK_FAILED)
    code = _fault({name: number for name, number in numbers.items() if number is not None}, bounds)
    return Verdict.refuse(AUDIO, code) if code else Verdict.allow(AUDIO)


def _fault(numbers: Mapping[str, float], bounds: Bounds) -> str:
    """Every comparison says what is allowed, so that a number that compares with nothing refuses."""
    if not all(0.0 <= numbers[name] <= 1.0 for name in _SHARES) or not numbers["peak"] >= 0.0:
        return CHECK_FAILED
    if not bounds.shortest <= numbers["seconds"] <= bounds.longest:
        return LENGTH
    loud = numbers["peak"] >= LOWEST_PEAK and numbers["rms_db"] >= LOWEST_RMS_DB
    if not loud or not numbers["silent_share"] <= MOST_SILENCE:
        return SILENT
    return "" if numbers["clipped"] <= MOST_CLIPPED else CLIPPED


def number_of(value: object) -> float | None:
    """A finite number; None for everything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:  # a whole number with hundreds of digits
        return None
    return number if math.isfinite(number) else None
