"""Sounds as numbers: read what somebody gave, and write what a model made: marked, limited, finite."""

from __future__ import annotations

import wave
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import torch

from generation.families.music import packages
from generation.worker.api import TaskFailed

PEAK = 0.98
"""Of full scale; louder pieces are turned down as a whole, which changes no sound in them."""
MARK = "perth"
_FULL = 32767


def read(path: str, rate: int, channels: int) -> torch.Tensor:
    """A WAV file as float32 [channels, samples] at `rate` Hz. Raises TaskFailed invalid."""
    try:
        samples, own_rate = soundfile.read(path, dtype="float32", always_2d=True)
    except (OSError, RuntimeError) as error:  # soundfile's own error is a RuntimeError
        raise TaskFailed("invalid", "sound file cannot be read") from error
    sound = torch.from_numpy(samples.T.copy())
    if not sound.shape[-1] or not torch.isfinite(sound).all():
        raise TaskFailed("invalid", "sound file is empty or not finite")
    return packages.convert_audio(sound, own_rate, rate, channels)


class Marker:
    """Puts an inaudible mark into sounds: that they were made by a model can be found out later, not by whom."""

    def __init__(self) -> None:
        self._marker: Any = packages.perth.PerthImplicitWatermarker()

    def mark(self, samples: np.ndarray[Any, Any], rate: int) -> np.ndarray[Any, Any]:
        """float32 [channels, samples] in and out, of the same length."""
        with torch.no_grad():
            marked = [self._marker.apply_watermark(one, sample_rate=rate) for one in samples]
        length = samples.shape[-1]
        return np.stack([np.pad(one[:length], (0, max(0, length - len(one)))) for one in marked])


def finish(sound: torch.Tensor, rate: int, marker: Marker) -> np.ndarray[Any, Any]:
    """What a model made, [channels, samples], as 16 bit samples.

    Raises TaskFailed worker_failed where it is not finite.
    """
    samples = sound.detach().float().cpu().numpy()
    if not np.isfinite(samples).all():
        raise TaskFailed("worker_failed", "sound is not finite")
    marked = marker.mark(samples, rate)
    if not np.isfinite(marked).all():
        raise TaskFailed("worker_failed", "marked sound is not finite")
    peak = float(np.abs(marked).max(initial=0.0))
    if peak > PEAK:
        marked = marked * (PEAK / peak)
    return np.round(marked * _FULL).astype("<i2")


def write(file: Path, samples: np.ndarray[Any, Any], rate: int) -> None:
    """16 bit PCM in a WAV file, samples [channels, samples]."""
    with wave.open(str(file), "wb") as opened:
        opened.setnchannels(samples.shape[0])
        opened.setsampwidth(2)
        opened.setframerate(rate)
        opened.writeframes(samples.T.tobytes())
