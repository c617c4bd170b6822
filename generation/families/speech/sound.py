"""What was spoken, as a file: finite, heard, limited."""

from __future__ import annotations

import wave
from pathlib import Path
from typing import Any

import numpy as np
import torch

from generation.worker.api import TaskFailed

PEAK = 0.98
"""Of full scale; louder speech is turned down as a whole."""
QUIETEST = 0.003
"""Of full scale (-50 dB): speech that nowhere gets louder is none."""
_FULL = 32767


def finish(speech: torch.Tensor) -> np.ndarray[Any, Any]:
    """Speech [1, samples] as 16 bit samples. Raises TaskFailed worker_failed where it is not finite or silent."""
    samples = speech.detach().float().cpu().numpy().reshape(-1)
    if not samples.size or not np.isfinite(samples).all():
        raise TaskFailed("worker_failed", "speech is empty or not finite")
    peak = float(np.abs(samples).max())
    if peak < QUIETEST:
        raise TaskFailed("worker_failed", "speech is silent")
    return np.round(samples * min(1.0, PEAK / peak) * _FULL).astype("<i2")


def write(file: Path, samples: np.ndarray[Any, Any], rate: int) -> None:
    """16 bit PCM with one channel in a WAV file."""
    with wave.open(str(file), "wb") as opened:
        opened.setnchannels(1)
        opened.setsampwidth(2)
        opened.setframerate(rate)
        opened.writeframes(samples.tobytes())
