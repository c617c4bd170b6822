"""How loud sound is, and making it as loud as it should be. Samples are float64 (frames, channels), full scale 1.

Loudness is the integrated one of ITU-R BS.1770-4 in LUFS; levels are dB of full scale.
"""

from __future__ import annotations

import math
from typing import Any, TypeAlias

import numpy
import pyloudnorm
from scipy.ndimage import minimum_filter1d, uniform_filter1d
from scipy.signal import resample_poly

Samples: TypeAlias = Any
"""An array of numpy: float64, (frames, channels)."""
SILENCE_DB = -60.0
FLOOR_DB = -120.0
_BLOCK = 0.4
_OVERSAMPLING = 4
_PART, _MARGIN = 1 << 20, 64
"""Samples that are looked at between, and more than reach into them from beside."""
_LOOK = 0.005
"""Seconds that the limiter looks ahead, and takes to let go."""
_WINDOW = 0.05


def factor_of(decibels: float) -> float:
    return float(10 ** (decibels / 20))


def decibels_of(factor: float) -> float:
    return max(FLOOR_DB, 20 * math.log10(factor)) if factor > 0 else FLOOR_DB


def loudness(samples: Samples, rate: int) -> float | None:
    """LUFS; None where there is nothing to be heard. Sound shorter than one block is repeated to fill it."""
    block = math.ceil(_BLOCK * rate) + 1
    if len(samples) < block:
        samples = numpy.tile(samples, (math.ceil(block / max(1, len(samples))), 1))
    found = float(pyloudnorm.Meter(rate).integrated_loudness(samples))
    return found if math.isfinite(found) else None


def true_peak(samples: Samples) -> float:
    """The highest value between the samples too, as far as fourfold oversampling shows it."""
    highest = 0.0
    for start in range(0, len(samples), _PART):  # all at once, minutes of sound would take gigabytes
        before = min(start, _MARGIN)
        part = samples[start - before : start + _PART + _MARGIN]
        fine = resample_poly(part, _OVERSAMPLING, 1, axis=0)[before * _OVERSAMPLING :][
            : _PART * _OVERSAMPLING
        ]
        highest = max(highest, float(numpy.abs(fine).max()))
    return highest


def resampled(samples: Samples, rate: int, target: int) -> Samples:
    if rate == target:
        return samples
    common = math.gcd(rate, target)
    result: Samples = resample_poly(samples, target // common, rate // common, axis=0)
    return result


def levelled(
    samples: Samples, rate: int, *, target: float, ceiling: float, raised: float, limiting: float
) -> Samples:
    """As loud as `target` LUFS, never louder, peaks below `ceiling` dB.

    Quiet sound is raised by `raised` dB at most. Peaks that would stand above the ceiling are limited by up to
    `limiting` dB; where that is not enough all of it stays quieter. Silence stays as it is.
    """
    found, peak = loudness(samples, rate), true_peak(samples)
    if found is None or peak <= 0:
        return samples
    gain = min(target - found, raised, ceiling - decibels_of(peak) + limiting)
    louder = samples * factor_of(gain)
    if decibels_of(peak) + gain <= ceiling:
        return louder
    louder = limited(louder, rate, factor_of(ceiling))
    # what still stands between the samples
    return louder * min(1.0, factor_of(ceiling) / max(true_peak(louder), 1e-9))


def limited(samples: Samples, rate: int, ceiling: float) -> Samples:
    """Peaks softly lowered to `ceiling` (full scale 1); the loudness before and after them is not touched."""
    peaks = numpy.abs(samples).max(axis=1)
    if peaks.max(initial=0.0) <= ceiling:
        return samples
    wanted = numpy.minimum(1.0, ceiling / numpy.maximum(peaks, 1e-9))
    look = max(1, round(_LOOK * rate))
    # the mean of the lowest values around is never above the value that is wanted here
    lowest = minimum_filter1d(wanted, 2 * look + 1, mode="nearest")
    curve = uniform_filter1d(lowest, 2 * look + 1, mode="nearest")
    result: Samples = samples * curve[:, None]
    return result


def measured(samples: Samples, rate: int) -> dict[str, Any]:
    """What a check wants to know, plain.

    seconds; finite; peak (highest sample, full scale 1); rms_db; loudness_lufs (null: nothing to be heard); clipped
    (share of samples in a run of three or more at full scale); silent_share (of windows of 50 ms, below -60 dB).
    Figures of samples that are not finite are null.
    """
    facts: dict[str, Any] = {
        "seconds": round(len(samples) / rate, 3),
        "finite": bool(numpy.isfinite(samples).all()),
    }
    if not facts["finite"] or not len(samples):
        return facts | dict.fromkeys(("peak", "rms_db", "loudness_lufs", "clipped", "silent_share"))
    found = loudness(samples, rate)
    return facts | {
        "peak": round(float(numpy.abs(samples).max()), 5),
        "rms_db": round(decibels_of(float(numpy.sqrt(numpy.mean(samples**2)))), 2),
        "loudness_lufs": None if found is None else round(found, 2),
        "clipped": round(clipped_share(samples), 6),
        "silent_share": round(silent_share(samples, rate), 4),
    }


def clipped_share(samples: Samples) -> float:
    full = numpy.abs(samples) >= 1 - 2 / 32768
    if len(samples) < 3 or not full.any():
        return 0.0
    runs = full[:-2] & full[1:-1] & full[2:]
    return float((runs.sum() + 2 * (runs[1:] & ~runs[:-1]).sum() + 2 * runs[0].sum()) / full.size)


def silent_share(samples: Samples, rate: int) -> float:
    window = max(1, min(len(samples), round(_WINDOW * rate)))
    whole = samples[: len(samples) // window * window].reshape(-1, window * samples.shape[1])
    return float((numpy.sqrt((whole**2).mean(axis=1)) < factor_of(SILENCE_DB)).mean())
