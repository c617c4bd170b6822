"""Clean WAV files: read, brought to another rate, written."""

from __future__ import annotations

import wave
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import soxr

from generation.worker.api import TaskFailed

Samples: TypeAlias = np.ndarray[Any, np.dtype[np.float32]]
SECONDS_LIMIT = 60
_RATES = (8_000, 48_000)
_FULL = 32_768
_PEAK = 32_767


@dataclass(frozen=True, slots=True)
class Recording:
    """float32 [channels, samples], full scale 1; `rate` in Hz."""

    samples: Samples
    rate: int

    def mono(self, rate: int) -> Samples:
        """One channel at another rate."""
        one = self.samples.mean(axis=0)
        return one if rate == self.rate else soxr.resample(one, self.rate, rate).astype(np.float32)


def read(path: Path) -> Recording:
    """PCM16, one or two channels, at most 60 s. Raises TaskFailed invalid: audio_missing, audio_kind, audio_long,
    audio_empty."""
    try:
        with wave.open(str(path), "rb") as file:
            channels, width, rate, frames = file.getparams()[:4]
            if width != 2 or channels not in {1, 2} or not _RATES[0] <= rate <= _RATES[1]:
                raise TaskFailed("invalid", "audio_kind")
            if frames > SECONDS_LIMIT * rate:
                raise TaskFailed("invalid", "audio_long")
            content = file.readframes(frames)
    except FileNotFoundError:
        raise TaskFailed("invalid", "audio_missing") from None
    except (OSError, EOFError, wave.Error):
        raise TaskFailed("invalid", "audio_kind") from None
    whole = len(content) // (2 * channels) * channels
    if not whole:
        raise TaskFailed("invalid", "audio_empty")
    values = np.frombuffer(content, "<i2", whole).reshape(-1, channels).T
    return Recording(np.ascontiguousarray(values, dtype=np.float32) / _FULL, rate)


def write(path: Path, recording: Recording) -> None:
    """PCM16. Raises TaskFailed worker_failed for what is no number."""
    if not np.isfinite(recording.samples).all():
        raise TaskFailed("worker_failed", "sound is not finite")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(recording.samples.shape[0])
        file.setsampwidth(2)
        file.setframerate(recording.rate)
        file.writeframes(as_pcm(recording.samples.T))


def as_pcm(samples: Samples) -> bytes:
    return np.round(np.clip(samples, -1, 1) * _PEAK).astype("<i2").tobytes()
