"""Where somebody speaks in a recording (WebRTC's voice activity detector), and how far above the rest that is."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import webrtcvad

from generation.families.listening.sound import Recording, Samples, as_pcm

RATE = 16_000
_FRAME = RATE * 30 // 1000
"""Samples; the detector takes 10, 20 or 30 ms at a time."""
_STRICT = 3
"""Of its modes 0 to 3: rather silence than speech where it is not sure."""
_AROUND = RATE * 3 // 10
"""Kept before the first and behind the last speech: words begin and end quietly."""
_LEAST_DB = -100.0


@dataclass(frozen=True, slots=True)
class Activity:
    """`samples`: mono, 16 kHz, from shortly before the first speech to shortly behind the last; empty without any."""

    samples: Samples
    speech_seconds: float
    level_db: float
    """Of the speech, against full scale."""
    noise_db: float
    """How far its quietest tenth lies below the speech. The detector takes loud noise for speech: not so this."""


def find(recording: Recording) -> Activity:
    sound = recording.mono(RATE)
    frames = len(sound) // _FRAME
    detector = webrtcvad.Vad(_STRICT)
    cut = sound[: frames * _FRAME].reshape(frames, _FRAME)
    spoken = np.array([detector.is_speech(as_pcm(frame), RATE) for frame in cut], dtype=bool)
    if not spoken.any():
        return Activity(sound[:0], 0.0, _LEAST_DB, 0.0)
    first, last = np.flatnonzero(spoken)[[0, -1]]
    level = _db(cut[spoken])
    quiet = cut[np.argsort(np.square(cut).mean(axis=1))[: max(1, frames // 10)]]
    return Activity(
        sound[max(0, first * _FRAME - _AROUND) : (last + 1) * _FRAME + _AROUND],
        round(float(spoken.sum()) * _FRAME / RATE, 2),
        round(level, 1),
        round(level - _db(quiet), 1),
    )


def _db(samples: Samples) -> float:
    power = float(np.mean(samples.astype(np.float64) ** 2))
    return max(10 * math.log10(power), _LEAST_DB) if power > 0 else _LEAST_DB
