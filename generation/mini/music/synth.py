"""Sound from notes, made so that a small codec can carry it: additive tones whose phase hangs on absolute time.

Every frequency is a multiple of the frame rate over two (from middle C up; over four below), and a partial's phase
depends on the time since the piece's start only. A held note therefore sounds the same, but for its sign, in every
frame, and what a codec has to say about a frame is pitch, timbre and age. The price is a tuning that is off by at most
18 cents. Notes begin and end on frames.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Iterable

Wave: TypeAlias = NDArray[np.float32]

SAMPLE_RATE = 16_000
FRAME_RATE = 16
HOP = SAMPLE_RATE // FRAME_RATE
PERIOD = 4 * HOP
MIDDLE_C = 60
_CEILING_HZ = 7_000.0
_CLOSE_S = 0.012


@dataclass(frozen=True)
class Timbre:
    """How an instrument sounds: its partials' strengths, seconds to full loudness, seconds to a third of it."""

    partials: tuple[float, ...]
    attack: float
    decay: float | None
    level: float = 0.22


TIMBRES: dict[str, Timbre] = {
    "flute": Timbre((1.0, 0.22, 0.06), 0.050, None),
    "organ": Timbre((1.0, 0.75, 0.0, 0.5, 0.0, 0.0, 0.0, 0.25), 0.010, None),
    "guitar": Timbre((1.0, 0.55, 0.36, 0.22, 0.14, 0.09), 0.004, 0.45, 0.32),
    "bell": Timbre((0.8, 0.0, 0.0, 0.7, 0.0, 0.35), 0.002, 0.90, 0.32),
    "chip": Timbre((1.0, 0.0, 0.34, 0.0, 0.2, 0.0, 0.14, 0.0, 0.11), 0.004, None, 0.20),
    "bass": Timbre((1.0, 0.45, 0.15), 0.015, 1.6, 0.13),
}


@dataclass(frozen=True)
class Tone:
    """One note on the frame grid: MIDI pitch, first frame, number of frames, name of a timbre."""

    pitch: int
    start: int
    frames: int
    timbre: str


def frequency(pitch: int) -> float:
    """The frequency in hertz that stands for a MIDI pitch here: the nearest one on the grid."""
    step = FRAME_RATE / 2 if pitch >= MIDDLE_C else FRAME_RATE / 4
    exact = 440.0 * 2.0 ** ((pitch - 69) / 12)
    return float(step * round(exact / step))


@functools.cache
def _carrier(pitch: int, timbre: str) -> Wave:
    """One period of the grid (`PERIOD` samples) of a held note, with root mean square 1."""
    time = np.arange(PERIOD) / SAMPLE_RATE
    base = frequency(pitch)
    wave = np.zeros(PERIOD)
    for number, strength in enumerate(TIMBRES[timbre].partials, start=1):
        if number * base < _CEILING_HZ:
            # The second of the two terms spreads the partials' peaks, so that they do not add up in one place.
            wave += strength * np.sin(2 * np.pi * number * base * time + 0.9 * (number - 1) ** 2)
    return (wave / np.sqrt(np.mean(wave**2))).astype(np.float32)


@functools.cache
def _envelope(timbre: str, frames: int) -> Wave:
    """Loudness of a note over its whole length, closed softly at its end."""
    kind = TIMBRES[timbre]
    age = np.arange(frames * HOP) / SAMPLE_RATE
    shape = np.minimum(1.0, age / kind.attack)
    if kind.decay is not None:
        shape *= np.exp(-age / kind.decay)
    close = np.clip((frames / FRAME_RATE - age) / _CLOSE_S, 0.0, 1.0)
    return (kind.level * shape * close).astype(np.float32)


def render(tones: Iterable[Tone], frames: int, first: int = 0) -> Wave:
    """Tones as a mono wave of `frames` frames; `first` is the frame of the piece that the wave begins with."""
    wave = np.zeros(frames * HOP, dtype=np.float32)
    for tone in tones:
        begin = tone.start - first
        low, high = max(0, begin), min(frames, begin + tone.frames)
        if low < high:
            places = np.arange((first + low) * HOP, (first + high) * HOP) % PERIOD
            shape = _envelope(tone.timbre, tone.frames)[(low - begin) * HOP : (high - begin) * HOP]
            wave[low * HOP : high * HOP] += _carrier(tone.pitch, tone.timbre)[places] * shape
    return wave
