"""Six everyday sounds, written as sums of sines and filtered noise: the data of the effects model.

`play(sound, seconds, rng)` gives float32 samples at 16 kHz in -1..1. What is not asked for varies a little from one
call to the next; nothing is recorded, everything follows from the random generator. Events begin on the raster of
25 frames a second and lasting tones have whole periods in a frame: a small codec can then say the same thing with the
same code, wherever it stands.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from generation.mini.music.effects_words import Sound

RATE = 16_000
HOP = 640  # samples in a frame of the codec
RASTER = RATE / HOP


# Events a second for slow, middling and fast.
PACE = {"dog": (0.8, 1.4, 2.6), "steps": (1.0, 1.8, 3.2), "bell": (0.4, 0.8, 1.8), "siren": (0.9, 1.6, 3.4)}
# What low, middling and high mean in hertz.
PITCH = {"dog": (170.0, 300.0, 560.0), "bell": (250.0, 450.0, 800.0), "siren": (300.0, 450.0, 600.0)}
LOUDNESS = (0.10, 0.24, 0.5)
# Partials of a church bell: ratio to the note, strength, seconds until it has faded to a third.
BELL = (
    (0.5, 0.5, 1.6),
    (1.0, 1.0, 1.1),
    (1.19, 0.6, 0.9),
    (1.5, 0.35, 0.6),
    (2.0, 0.9, 0.7),
    (2.67, 0.35, 0.35),
    (3.01, 0.3, 0.25),
    (4.17, 0.25, 0.15),
)


def play(sound: Sound, seconds: float, rng: np.random.Generator) -> NDArray[np.float32]:
    """This sound, `seconds` long: float32, mono, 16 kHz, peak below 0.95."""
    count = round(seconds * RATE)
    maker = {"dog": _dog, "steps": _steps, "rain": _rain, "wind": _wind, "bell": _bell, "siren": _siren}[
        sound.kind
    ]
    wave = maker(sound, count, rng)
    if sound.level < 0 and sound.kind not in ("rain", "wind"):
        wave = _far(wave)
    loudness = LOUDNESS[sound.level + 1] * rng.uniform(0.92, 1.08)
    peak = float(np.quantile(np.abs(wave), 0.999)) or 1.0
    return np.clip(wave * (loudness / peak), -0.95, 0.95).astype(np.float32)


def shaped_noise(gain: NDArray[np.float64], count: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """White noise with `gain` (frames, 257 bands up to 8 kHz), frames spread evenly over `count` samples."""
    hop, size = 128, 512
    frames = count // hop + size // hop + 1
    window = np.hanning(size + 1)[:size]
    noise = rng.standard_normal(frames * hop + size)
    cut = np.lib.stride_tricks.sliding_window_view(noise, size)[::hop][:frames] * window
    rows = np.linspace(0, len(gain) - 1, frames).round().astype(int)
    parts = np.fft.irfft(np.fft.rfft(cut) * gain[rows], n=size) * window
    out = np.zeros(frames * hop + size)
    for index, part in enumerate(parts):
        out[index * hop : index * hop + size] += part
    return out[size : size + count]


def _bands() -> NDArray[np.float64]:
    return np.linspace(0, RATE / 2, 257)


def _bump(centre: float | NDArray[np.float64], octaves: float) -> NDArray[np.float64]:
    """A hill over the bands (in octaves) around `centre` hertz."""
    distance = np.log2((_bands() + 20.0) / (np.asarray(centre)[..., None] + 20.0))
    return np.exp(-0.5 * (distance / octaves) ** 2)


def _far(wave: NDArray[np.float64]) -> NDArray[np.float64]:
    """What is far away has lost its high tones."""
    spectrum = np.fft.rfft(wave)
    hertz = np.fft.rfftfreq(len(wave), 1 / RATE)
    return np.fft.irfft(spectrum / (1 + (hertz / 1500.0) ** 2), n=len(wave))


def _times(sound: Sound, count: int, rng: np.random.Generator, wobble: float) -> list[int]:
    """Starts of the events in samples; the first comes within a third of a second."""
    gap = 1 / (PACE[sound.kind][sound.pace + 1] * rng.uniform(0.93, 1.07))
    at, starts = rng.uniform(0.0, 0.3), []
    while round(at * RASTER) * HOP < count:
        starts.append(round(at * RASTER) * HOP)
        at += gap * (1 + wobble * rng.uniform(-1, 1))
    return starts


def _add(wave: NDArray[np.float64], part: NDArray[np.float64], start: int) -> None:
    end = min(len(wave), start + len(part))
    wave[start:end] += part[: end - start]


def _dog(sound: Sound, count: int, rng: np.random.Generator) -> NDArray[np.float64]:
    wave = np.zeros(count)
    pitch = PITCH["dog"][sound.pitch + 1] * rng.choice((0.94, 1.0, 1.06))
    for start in _times(sound, count, rng, 0.12):
        _add(wave, _bark(pitch * rng.choice((0.96, 1.0, 1.04)), rng), start)
    return wave


def _bark(pitch: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """A short cry: the voice jumps up and falls, the mouth opens and closes, with breath around it."""
    length = HOP * int(rng.integers(4, 6))
    at = np.linspace(0, 1, length)
    voice = pitch * (0.75 + 0.75 * np.sin(np.pi * np.minimum(at * 1.25, 1)) ** 0.8)
    phase = 2 * np.pi * np.cumsum(voice) / RATE
    mouth = (pitch * 1.6 + 500) * (0.7 + 0.6 * np.sin(np.pi * at))
    cry = np.zeros(length)
    for harmonic in range(1, 16):
        hertz = voice * harmonic
        strength = np.exp(-0.5 * (np.log2(hertz / mouth) / 0.9) ** 2) * (hertz < 7000)
        cry += strength * np.sin(harmonic * phase)
    breath = shaped_noise(_bump(mouth.mean() * 1.7, 0.8)[None], length, rng) * 0.3
    hull = np.minimum(at * 12, 1) * np.exp(-2.2 * at) * np.minimum((1 - at) * 8, 1)
    return (cry + breath) * hull


def _steps(sound: Sound, count: int, rng: np.random.Generator) -> NDArray[np.float64]:
    wave = np.zeros(count)
    size = (0.62, 1.0, 1.55)[sound.pitch + 1] * rng.choice((0.96, 1.04))
    for index, start in enumerate(_times(sound, count, rng, 0.05)):
        side = 1.0 if index % 2 else 0.88
        strength = rng.uniform(0.8, 1.0)
        _add(wave, strength * _knock(160 * size * side, rng), start)
        toe = start + 2 * HOP
        _add(wave, 0.35 * strength * _knock(230 * size * side, rng), toe)
    return wave


def _knock(pitch: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """A shoe on a board: a click and a few tones of the wood that die at once."""
    at = np.arange(int(0.16 * RATE)) / RATE
    knock = np.zeros(len(at))
    for ratio, strength, fade in ((1.0, 1.0, 0.035), (2.3, 0.7, 0.022), (4.1, 0.5, 0.013), (7.3, 0.3, 0.007)):
        knock += strength * np.exp(-at / fade) * np.sin(2 * np.pi * pitch * ratio * at)
    click = rng.standard_normal(len(at)) * np.exp(-at / 0.003) * 0.5
    return (knock + click) * np.minimum(at * 2000, 1)


def _rain(sound: Sound, count: int, rng: np.random.Generator) -> NDArray[np.float64]:
    density = (60, 220, 700)[sound.level + 1]
    bands = _bands()
    hiss = 1 / (1 + (900.0 / (bands + 1)) ** 2) * (0.5 + 0.5 * _bump(4200.0, 1.0))
    if sound.level > 0:
        hiss = hiss + 0.5 * _bump(700.0, 0.9)
    wave = shaped_noise(hiss[None], count, rng) * (0.35, 0.6, 1.0)[sound.level + 1]
    drop = np.arange(int(0.012 * RATE)) / RATE
    for start in rng.integers(0, count, int(density * count / RATE)):
        pitch, strength = rng.uniform(1800, 6000), rng.exponential(0.8)
        _add(wave, strength * np.exp(-drop / 0.0025) * np.sin(2 * np.pi * pitch * drop), int(start))
    return wave


def _wind(sound: Sound, count: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Dark noise whose hill wanders, with a whistle on top; a storm has gusts."""
    frames = max(2, count // 1600)
    drift = _wander(frames, rng)
    centre = (210.0, 380.0, 700.0)[sound.pitch + 1] * 2 ** (0.55 * drift)
    whistle = _bump(centre * 1.7, 0.07) * (0.8 + 0.6 * drift[:, None])
    gain = _bump(centre, 0.65) + 0.12 * _bump(centre * 2.5, 1.0) + np.maximum(whistle, 0)
    swell = np.exp((0.35, 0.45, 0.7)[sound.level + 1] * _wander(frames, rng))
    return shaped_noise(gain * swell[:, None], count, rng)


def _wander(frames: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """A slow curve of about unit size, ten values a second."""
    at = np.arange(frames) / 10
    curve = np.zeros(frames)
    for hertz in (0.17, 0.31, 0.53, 0.9):
        curve += math.sqrt(0.5) * np.sin(2 * np.pi * (hertz * rng.uniform(0.8, 1.2) * at + rng.uniform()))
    return curve


def _bell(sound: Sound, count: int, rng: np.random.Generator) -> NDArray[np.float64]:
    wave = np.zeros(count)
    pitch = PITCH["bell"][sound.pitch + 1]
    fade = (1.5, 1.0, 0.7)[sound.pitch + 1]
    for start in _times(sound, count, rng, 0.02):
        at = np.arange(count - start) / RATE
        strength = rng.uniform(0.85, 1.0)
        for ratio, share, decay in BELL:
            if pitch * ratio < 7500:
                tone = np.sin(2 * np.pi * round(pitch * ratio / RASTER) * RASTER * at)
                wave[start:] += (
                    strength * share * np.exp(-at / (decay * fade)) * tone * np.minimum(at * 800, 1)
                )
    return wave


def _siren(sound: Sound, count: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Two horns that take turns, a fourth apart, as fire engines have them."""
    low = PITCH["siren"][sound.pitch + 1]
    at = np.arange(count) / RATE
    turn = round(RASTER / PACE["siren"][sound.pace + 1] * rng.uniform(0.95, 1.05))
    frame = np.arange(count) // HOP + rng.integers(0, 2 * turn)
    phase = 2 * np.pi * low * (1 + (frame // turn % 2) / 3) * at
    wave = np.zeros(count)
    for harmonic, strength in enumerate((1.0, 0.7, 0.55, 0.4, 0.25, 0.15), start=1):
        wave += strength * np.sin(harmonic * phase)
    return wave * np.minimum(at * 30, 1)
