"""Six everyday sounds, written as sums of sines and filtered noise: the data of the effects model.

`play(sound, seconds, rng)` gives float32 samples at 16 kHz in -1..1. What is not asked for varies a little from one
call to the next; nothing is recorded, everything follows from the random generator. Events begin on the raster of
25 frames a second, lasting tones have whole periods in a frame, and noise is laid out of a store of grains, each a
frame long: a small codec can then say the same thing with the same code, wherever it stands.
"""

from __future__ import annotations

import math
from functools import cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from generation.mini.music.effects_words import Sound

RATE = 16_000
HOP = 640  # samples in a frame of the codec
RASTER = RATE / HOP
GRAINS = 16
FADE = 128


# Events a second for slow, middling and fast.
PACE = {"dog": (0.8, 1.4, 2.6), "steps": (1.0, 1.8, 3.2), "bell": (0.4, 0.8, 1.8), "siren": (0.9, 1.6, 3.4)}
# What low, middling and high mean in hertz.
PITCH = {"dog": (170.0, 300.0, 560.0), "bell": (250.0, 450.0, 800.0), "siren": (300.0, 450.0, 600.0)}
LOUDNESS = (0.22, 0.32, 0.55)
# About the highest sample of each maker.
HEIGHT = {"dog": 0.8, "steps": 2.2, "rain": 5.0, "wind": 2.2, "bell": 5.0, "siren": 3.0}
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
    return np.clip(wave * LOUDNESS[sound.level + 1] / HEIGHT[sound.kind], -0.95, 0.95).astype(np.float32)


@cache
def grain(index: int) -> NDArray[np.complex128]:
    """The spectrum of one frame of white noise; its wave can be repeated without a seam."""
    rng = np.random.default_rng([7, index])
    return rng.standard_normal(HOP // 2 + 1) + 1j * rng.standard_normal(HOP // 2 + 1)


def noise(gain: NDArray[np.float64], index: int) -> NDArray[np.float64]:
    """One frame of noise with this strength at 0, 25, 50 … 8,000 Hz, about unit size where the strength is 1."""
    return np.fft.irfft(grain(index) * gain, n=HOP) * math.sqrt(HOP / 2)


def _laid(frames: list[NDArray[np.float64]], count: int) -> NDArray[np.float64]:
    """Grains one after another; each fades in while the one before goes on."""
    rise = np.sqrt(np.linspace(0, 1, FADE))
    fall = np.sqrt(np.linspace(1, 0, FADE))
    out = [frames[0]]
    for before, part in pairwise(frames):
        out.append(np.concatenate((rise * part[:FADE] + fall * before[:FADE], part[FADE:])))
    return np.concatenate(out)[:count]


def _indices(count: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Which grain each frame takes, never the same twice running."""
    return np.cumsum(rng.integers(1, GRAINS, -(-count // HOP))) % GRAINS


def _bands() -> NDArray[np.float64]:
    return np.linspace(0, RATE / 2, HOP // 2 + 1)


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
    wave[start:end] += part[: max(0, end - start)]


def _dog(sound: Sound, count: int, rng: np.random.Generator) -> NDArray[np.float64]:
    wave = np.zeros(count)
    pitch = PITCH["dog"][sound.pitch + 1]
    for start in _times(sound, count, rng, 0.12):
        _add(wave, _bark(pitch * rng.choice((0.95, 1.0, 1.05)), int(rng.choice((4, 5)))), start)
    return wave


@cache
def _bark(pitch: float, frames: int) -> NDArray[np.float64]:
    """A short cry: the voice jumps up and falls, the mouth opens and closes, with breath around it."""
    length = frames * HOP
    at = np.linspace(0, 1, length)
    voice = pitch * (0.75 + 0.75 * np.sin(np.pi * np.minimum(at * 1.25, 1)) ** 0.8)
    phase = 2 * np.pi * np.cumsum(voice) / RATE
    mouth = (pitch * 1.6 + 500) * (0.7 + 0.6 * np.sin(np.pi * at))
    cry = np.zeros(length)
    for harmonic in range(1, 16):
        hertz = voice * harmonic
        strength = np.exp(-0.5 * (np.log2(hertz / mouth) / 0.9) ** 2) * (hertz < 7000)
        cry += strength * np.sin(harmonic * phase)
    breath = _laid([noise(_bump(mouth.mean() * 1.7, 0.8), index) for index in range(frames)], length) * 0.3
    hull = np.minimum(at * 12, 1) * np.exp(-2.2 * at) * np.minimum((1 - at) * 8, 1)
    bark = (cry + breath) * hull
    return bark / np.abs(bark).max()


def _steps(sound: Sound, count: int, rng: np.random.Generator) -> NDArray[np.float64]:
    wave = np.zeros(count)
    size = (0.62, 1.0, 1.55)[sound.pitch + 1]
    for index, start in enumerate(_times(sound, count, rng, 0.05)):
        side = 1.0 if index % 2 else 0.9
        strength = rng.choice((0.8, 1.0))
        _add(wave, strength * _knock(160 * size * side), start)
        _add(wave, 0.35 * strength * _knock(230 * size * side), start + 2 * HOP)
    return wave


@cache
def _knock(pitch: float) -> NDArray[np.float64]:
    """A shoe on a board: a click and a few tones of the wood that die at once."""
    at = np.arange(4 * HOP) / RATE
    knock = np.zeros(len(at))
    for ratio, strength, fade in ((1.0, 1.0, 0.035), (2.3, 0.7, 0.022), (4.1, 0.5, 0.013), (7.3, 0.3, 0.007)):
        knock += strength * np.exp(-at / fade) * np.sin(2 * np.pi * pitch * ratio * at)
    click = np.random.default_rng(3).standard_normal(len(at)) * np.exp(-at / 0.003) * 0.5
    return (knock + click) * np.minimum(at * 2000, 1)


def _rain(sound: Sound, count: int, rng: np.random.Generator) -> NDArray[np.float64]:
    return _laid([_drops(sound.level, int(index)) for index in _indices(count, rng)], count)


@cache
def _drops(level: int, index: int) -> NDArray[np.float64]:
    """A frame of rain: a hiss of far drops and the ticks of near ones; a downpour rumbles, too."""
    bands = _bands()
    hiss = 1 / (1 + (900.0 / (bands + 1)) ** 2) * (0.5 + 0.5 * _bump(4200.0, 1.0))
    if level > 0:
        hiss = hiss + 0.5 * _bump(700.0, 0.9)
    wave = noise(hiss, index) * (0.7, 0.8, 1.0)[level + 1]
    rng = np.random.default_rng([8, index])
    drop = np.arange(192) / RATE
    for _ in range((2, 8, 28)[level + 1]):
        pitch, strength = rng.uniform(1800, 6000), rng.exponential(0.8)
        tick = strength * np.exp(-drop / 0.0025) * np.sin(2 * np.pi * pitch * drop)
        wave[(int(rng.integers(HOP)) + np.arange(192)) % HOP] += tick
    return wave


def _wind(sound: Sound, count: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Dark noise whose hill wanders; gusts, stronger in a storm."""
    indices = _indices(count, rng)
    drift = _wander(len(indices), rng)
    swell = (0.7, 0.9, 1.2)[sound.level + 1] * (0.6 * drift + 0.5 * _wander(len(indices), rng))
    frames = [
        2 ** (round(size) / 2) * _breeze(4 * sound.pitch + round(at), int(index))
        for at, size, index in zip(np.clip(2 * drift, -3, 3), np.clip(swell, -2, 2), indices, strict=True)
    ]
    return _laid(frames, count)


@cache
def _breeze(step: int, index: int) -> NDArray[np.float64]:
    """A frame of wind: a hill of noise, `step` quarters of an octave above its middle, with a whistle on top."""
    hertz = 380.0 * 2 ** (step / 4)
    return noise(_bump(hertz, 0.65) + 0.12 * _bump(hertz * 2.5, 1.0) + 0.8 * _bump(hertz * 1.7, 0.07), index)


def _wander(frames: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """A slow curve of about unit size, a value for each frame."""
    at = np.arange(frames) / RASTER
    curve = np.zeros(frames)
    for hertz in (0.17, 0.31, 0.53, 0.9):
        curve += 0.6 * np.sin(2 * np.pi * (hertz * rng.uniform(0.8, 1.2) * at + rng.uniform()))
    return curve


def _bell(sound: Sound, count: int, rng: np.random.Generator) -> NDArray[np.float64]:
    wave = np.zeros(count)
    pitch = PITCH["bell"][sound.pitch + 1]
    fade = (1.5, 1.0, 0.7)[sound.pitch + 1]
    for start in _times(sound, count, rng, 0.02):
        at = np.arange(count - start) / RATE
        for ratio, share, decay in BELL:
            if pitch * ratio < 7500:
                tone = np.sin(2 * np.pi * round(pitch * ratio / RASTER) * RASTER * at)
                wave[start:] += share * np.exp(-at / (decay * fade)) * tone * np.minimum(at * 800, 1)
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
