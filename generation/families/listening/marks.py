"""An inaudible mark in sounds that engines made, and whether a recording has it (resemble-perth).

It says that a sound was made by an engine that marks, not by whose and not by whom.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from generation.families.listening.packages import perth
from generation.families.listening.sound import Recording
from generation.worker.api import TaskFailed

THRESHOLD = 0.5
SHORTEST = 0.5
"""Seconds below which nothing is said."""
PEAK = 0.98


def assert_usable() -> None:
    """Raises RuntimeError where the package cannot be used: it says so by a silent None only."""
    if perth.PerthImplicitWatermarker is None:
        raise RuntimeError("resemble-perth cannot be imported: no marks")


class Marker:
    """Loads the network with the first sound."""

    def __init__(self) -> None:
        self._made: Any = None

    def mark(self, recording: Recording) -> Recording:
        """As long, at the same rate and with as many channels."""
        length = recording.samples.shape[-1]
        with torch.no_grad():
            marked = [
                self._network().apply_watermark(one, sample_rate=recording.rate) for one in recording.samples
            ]
        samples = np.stack([np.pad(one[:length], (0, max(0, length - len(one)))) for one in marked])
        peak = float(np.abs(samples).max(initial=0.0))
        if peak > PEAK:
            samples = samples * (PEAK / peak)
        return Recording(samples.astype(np.float32), recording.rate)

    def find(self, recording: Recording) -> dict[str, Any]:
        """Facts marked, confidence (0 to 1). Raises TaskFailed invalid audio_short, worker_failed."""
        if recording.samples.shape[-1] < SHORTEST * recording.rate:
            raise TaskFailed("invalid", "audio_short")
        sound = recording.samples.mean(axis=0)
        with torch.no_grad():
            found = self._network().get_watermark(sound, sample_rate=recording.rate, round=False)
        confidence = float(np.mean(found))
        if not 0 <= confidence <= 1:
            raise TaskFailed("worker_failed", "not a confidence")
        return {"marked": confidence >= THRESHOLD, "confidence": round(confidence, 4)}

    def _network(self) -> Any:
        if self._made is None:
            self._made = perth.PerthImplicitWatermarker()
        return self._made
