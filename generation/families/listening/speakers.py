"""How alike two voices are (resemblyzer: a network that makes 256 numbers of a voice).

These numbers say who speaks and are as personal as a finger print: they never leave this file, nor does anything write
them down.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from generation.families.listening import activity
from generation.families.listening.activity import Activity
from generation.families.listening.packages import VoiceEncoder, as_heard
from generation.families.listening.sound import Recording
from generation.worker.api import Context

LEAST_SPEECH = 2.0
"""Seconds; the network looks at 1.6 s at a time."""
LEAST_LEVEL_DB = -45.0
LEAST_NOISE_DB = 6.0
"""The speech must lie this far above the quietest tenth."""
_PARTS_A_SECOND = 2.5


class Speakers:
    """Loads the network, which comes inside its package, with the first comparison."""

    def __init__(self) -> None:
        self._encoder: Any = None

    def compare(self, phrase: Recording, clips: Sequence[Recording], context: Context) -> dict[str, Any]:
        """Facts usable, similarity {min, mean} (cosine; None where not usable), why (what is not usable; None)."""
        found = [activity.find(one) for one in (phrase, *clips)]
        why = next((reason for one in found if (reason := unusable(one)) is not None), None)
        if why is not None:
            return _facts(None, why)
        context.loading("resemblyzer")
        prints = []
        for one in found:
            context.check()
            prints.append(self._print(one))
        alike = [float(np.dot(prints[0], other)) for other in prints[1:]]
        if not all(math.isfinite(one) for one in alike):
            return _facts(None, "not_finite")
        return _facts(alike, None)

    def _print(self, found: Activity) -> np.ndarray[Any, Any]:
        if self._encoder is None:
            self._encoder = VoiceEncoder("cpu", verbose=False)
        with torch.no_grad():
            made: np.ndarray[Any, Any] = self._encoder.embed_utterance(
                as_heard(found.samples), rate=_PARTS_A_SECOND
            )
        return made


def unusable(found: Activity) -> str | None:
    """Why a recording cannot be compared: short, quiet or noisy; None where it can."""
    if found.speech_seconds < LEAST_SPEECH:
        return "short"
    if found.level_db < LEAST_LEVEL_DB:
        return "quiet"
    if found.noise_db < LEAST_NOISE_DB:
        return "noisy"
    return None


def _facts(alike: Sequence[float] | None, why: str | None) -> dict[str, Any]:
    similarity = None
    if alike is not None:
        similarity = {"min": round(min(alike), 4), "mean": round(sum(alike) / len(alike), 4)}
    return {"usable": why is None, "similarity": similarity, "why": why}
