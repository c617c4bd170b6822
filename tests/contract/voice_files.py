"""Sounds like speech, calculated: a row of pulses through two resonances, in syllables. Nobody's voice."""

from __future__ import annotations

import math
import random
import wave
from collections.abc import Sequence
from pathlib import Path

RATE = 16_000
_VOWELS = ((730, 1090), (270, 2290), (300, 870), (530, 1840))
"""The first two formants in Hz of a, i, u and e (Peterson and Barney 1952, men)."""


def murmur(
    seconds: float = 4.0, pitch: float = 120.0, loud: float = 0.3, noise: float = 0.001
) -> list[float]:
    """Samples at 16 kHz, full scale 1: syllables of a quarter of a second with short pauses between them."""
    rng, samples = random.Random(3), [0.0] * int(seconds * RATE)
    memory = [0.0] * 4
    next_pulse = 0.0
    for place in range(len(samples)):
        syllable, inside = divmod(place / RATE, 0.25)
        level = 1.0 if inside < 0.19 else 0.0
        pulse = 0.0
        if place >= next_pulse:
            pulse = level
            next_pulse = place + RATE / (pitch * (1 + 0.1 * math.sin(place / RATE * 3)))
        value = pulse
        for filter_, formant in enumerate(_VOWELS[int(syllable) % 4]):
            radius = math.exp(-math.pi * 90 / RATE)
            first, second = memory[2 * filter_ : 2 * filter_ + 2]
            value += 2 * radius * math.cos(2 * math.pi * formant / RATE) * first - radius * radius * second
            memory[2 * filter_ : 2 * filter_ + 2] = [value, first]
        samples[place] = value
    most = max(map(abs, samples))
    return [loud * one / most + rng.gauss(0, noise) for one in samples]


def write(file: Path, samples: Sequence[float], rate: int = RATE, channels: int = 1) -> str:
    """A WAV file as the media family hands it over; its path as the tasks want it."""
    whole = b"".join(
        max(-32_767, min(32_767, round(one * 32_767))).to_bytes(2, "little", signed=True) * channels
        for one in samples
    )
    with wave.open(str(file), "wb") as opened:
        opened.setnchannels(channels)
        opened.setsampwidth(2)
        opened.setframerate(rate)
        opened.writeframes(whole)
    return str(file)


def read(file: Path | str) -> tuple[list[float], int]:
    """Samples of a mono file and its rate."""
    with wave.open(str(file), "rb") as opened:
        assert (opened.getnchannels(), opened.getsampwidth()) == (1, 2)
        content = opened.readframes(opened.getnframes())
        rate = opened.getframerate()
    pairs = zip(content[::2], content[1::2], strict=True)
    return [int.from_bytes(bytes(pair), "little", signed=True) / 32_768 for pair in pairs], rate


def rms(samples: Sequence[float]) -> float:
    return math.sqrt(sum(one * one for one in samples) / len(samples))


def pitches(samples: Sequence[float], rate: int, low: int = 60, high: int = 420) -> list[float]:
    """The pitch in Hz of each voiced 40 ms, by autocorrelation at a quarter of the rate."""
    rate //= 4
    fewer = [sum(samples[place : place + 4]) / 4 for place in range(0, len(samples) - 4, 4)]
    frame, found = rate * 40 // 1000, []
    threshold = rms(fewer)
    for start in range(0, len(fewer) - 2 * frame, frame // 2):
        part = fewer[start : start + 2 * frame]
        if min(rms(part), rms(part[:frame])) < threshold:
            continue
        own = sum(one * one for one in part[:frame])
        alike = {
            lag: sum(part[place] * part[place + lag] for place in range(frame)) / own
            for lag in range(rate // high, min(frame, rate // low))
        }
        best = max(alike.values())
        if best > 0.6:
            # the first that is nearly as good: twice the period is as alike
            found.append(rate / next(lag for lag, value in alike.items() if value > 0.75 * best))
    return found
