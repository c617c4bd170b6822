"""Tells the six effects apart by ear: hand-made features and a small network, with a seventh answer, "none".

    python generation/mini/music/effects_listener.py

trains it on clean, disturbed and spoilt sounds of the synthesiser (never on sounds of the model that it judges) and
stores `effects_listener.npz` beside this file. The features do not depend on loudness.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from random import Random
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from generation.mini.music.effects import HOP, RATE, play
from generation.mini.music.effects_words import KINDS, draw

Array: TypeAlias = NDArray[Any]
ANSWERS = (*KINDS, "none")
FILE = Path(__file__).with_name("effects_listener.npz")
WINDOW, STEP, BANDS, HIDDEN = 512, 160, 32, 32


@cache
def _mel() -> Array:
    """Triangles of equal width in mel over 257 bins."""
    mel = np.linspace(0, 2595 * np.log10(1 + RATE / 2 / 700), BANDS + 2)
    edges = 700 * (10 ** (mel / 2595) - 1)
    hertz = np.linspace(0, RATE / 2, WINDOW // 2 + 1)[:, None]
    rise = (hertz - edges[:-2]) / (edges[1:-1] - edges[:-2])
    fall = (edges[2:] - hertz) / (edges[2:] - edges[1:-1])
    return np.maximum(0, np.minimum(rise, fall))


def spectrum(wave: Array) -> Array:
    """Power, frames x 257, a hundred frames a second."""
    padded = np.pad(np.asarray(wave, dtype=np.float64), WINDOW // 2)
    cut = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::STEP] * np.hanning(WINDOW)
    return np.abs(np.fft.rfft(cut)) ** 2


def features(wave: Array) -> Array:
    """What the network sees of a sound of a second or more."""
    power = spectrum(wave)
    power = power / max(float(power.sum(1).max()), 1e-12) + 1e-9
    mel = 10 * np.log10(power @ _mel() + 1e-7)
    loudness = 10 * np.log10(power.sum(1) + 1e-6)
    active = loudness >= np.quantile(loudness, 0.7)
    flat = np.exp(np.log(power).mean(1)) / power.mean(1)
    crest = np.log10(power[active].max(1) / np.median(power[active], axis=1))
    quantiles = np.quantile(loudness, (0.1, 0.3, 0.5, 0.7, 0.9))
    return np.concatenate(
        (
            mel[active].mean(0) / 20,
            mel.std(0) / 10,
            np.abs(np.diff(mel, axis=0)).mean(0) / 5,
            np.diff(quantiles) / 10,
            _rhythm(loudness),
            [np.log10(flat[active]).mean(), np.log10(flat[active]).std(), crest.mean(), crest.std()],
        )
    )


def _rhythm(loudness: Array) -> Array:
    """How strongly the loudness moves at 0.5 to 32 hertz, by octaves."""
    moves = np.abs(np.fft.rfft((loudness - loudness.mean()) * np.hanning(len(loudness)))) / len(loudness)
    hertz = np.fft.rfftfreq(len(loudness), STEP / RATE)
    edges = 0.5 * 2.0 ** np.arange(7)
    parts = [moves[(hertz >= low) & (hertz < 2 * low)] for low in edges[:-1]]
    return np.array([float(np.sqrt((part**2).sum())) if len(part) else 0.0 for part in parts]) / 5


class Listener:
    """The trained network; `hear` answers with one of `ANSWERS`."""

    def __init__(self, state: dict[str, Array]) -> None:
        self._state = state

    @staticmethod
    def load() -> Listener:
        """The stored one."""
        with np.load(FILE) as stored:
            return Listener({name: stored[name].astype(np.float64) for name in stored.files})

    def hear(self, wave: Array) -> str:
        """The kind of a wave at 16 kHz."""
        return ANSWERS[int(np.argmax(self.scores(wave)))]

    def scores(self, wave: Array) -> Array:
        """One number for each answer, the highest wins."""
        state = self._state
        hidden = np.tanh(((features(wave) - state["mean"]) / state["scale"]) @ state["in"] + state["in_bias"])
        result: Array = hidden @ state["out"] + state["out_bias"]
        return result


def example(rng: Random, kind: str, *, clean: bool = False) -> Array:
    """A sound of this kind, one to ten seconds, unless `clean` with noise, other colour and cut heights."""
    generator = np.random.default_rng(rng.getrandbits(32))
    seconds = rng.choice((1, 2, 3, 4, 5, 5, 6, 8, 10))
    wave: Array = (
        _spoilt(rng, seconds, generator) if kind == "none" else play(draw(rng, kind), seconds, generator)
    )
    return wave if clean or rng.random() < 0.3 else _disturbed(wave, rng, generator)


def _disturbed(wave: Array, rng: Random, generator: np.random.Generator) -> Array:
    bins = np.fft.rfft(wave)
    hertz = np.fft.rfftfreq(len(wave), 1 / RATE)
    colour = ((hertz + 100) / 1000) ** rng.uniform(-0.4, 0.4) / (1 + (hertz / rng.uniform(2500, 9000)) ** 4)
    wave = np.fft.irfft(bins * colour, n=len(wave))
    even = float(np.abs(wave).max()) * 10 ** rng.uniform(-4, -1.8)
    # Coding leaves a hiss that goes up and down with the sound, frame by frame.
    parts = np.resize(wave, (-(-len(wave) // HOP), HOP))
    along = np.repeat(parts.std(1), HOP)[: len(wave)] * 10 ** rng.uniform(-2, -0.4)
    hiss = generator.standard_normal(len(wave))
    if rng.random() < 0.6:
        # A codec errs towards other sounds that it knows: their frames, evened out and in any order.
        others = np.concatenate([play(draw(rng), 1, generator).reshape(-1, HOP) for _ in range(4)])
        others = others[others.std(1) > 1e-3]
        order = generator.integers(len(others), size=len(parts))
        hiss = (others / others.std(1, keepdims=True))[order].reshape(-1)[: len(wave)]
    result: Array = wave + hiss * (even + along)
    return result


def _spoilt(rng: Random, seconds: int, generator: np.random.Generator) -> Array:
    """What a model that failed might give: a hum, silence, a frame again and again, shreds, two sounds at once."""
    count = seconds * RATE
    at = np.arange(count) / RATE
    case = rng.randrange(6)
    if case == 0:
        return generator.standard_normal(count) * 10 ** rng.uniform(-6, -4)
    if case == 1:
        return sum(
            (rng.random() * np.sin(2 * np.pi * rng.uniform(40, 3000) * at) for _ in range(rng.randint(1, 4))),
            np.zeros(count),
        )
    if case == 2:
        return np.resize(generator.standard_normal(rng.choice((320, 640, 1280))), count)
    if case == 3:
        return _shreds(rng, count, generator)
    if case == 4:
        return _melody(rng, at)
    first, second = rng.sample(KINDS, 2)
    return _level(play(draw(rng, first), seconds, generator)) + _level(
        play(draw(rng, second), seconds, generator)
    )


def _level(wave: Array) -> Array:
    result: Array = wave / max(float(np.sqrt(np.mean(wave**2))), 1e-6)
    return result


def _shreds(rng: Random, count: int, generator: np.random.Generator) -> Array:
    """Pieces of 40 to 300 milliseconds out of all kinds."""
    stores = [_level(play(draw(rng, kind), 3, generator)) for kind in KINDS]
    parts: list[Array] = []
    while sum(map(len, parts)) < count:
        length, start = int(RATE * rng.uniform(0.04, 0.3)), rng.randrange(2 * RATE)
        parts.append(rng.choice(stores)[start : start + length])
    return np.concatenate(parts)[:count]


def _melody(rng: Random, at: Array) -> Array:
    pitch = np.array([220 * 2 ** (rng.randrange(24) / 12) for _ in range(64)])
    index = (at * rng.uniform(2, 5)).astype(int) % 64
    phase = 2 * np.pi * np.cumsum(pitch[index]) / RATE
    result: Array = sum((np.sin(k * phase) / k for k in range(1, rng.randint(2, 6))), np.zeros(len(at)))
    return result


def examples(seed: int, count: int, *, clean: bool = False) -> tuple[Array, Array]:
    """Features and answers of `count` sounds of each kind (clean: the six kinds only)."""
    rng = Random(seed)
    kinds = KINDS if clean else ANSWERS
    rows = [
        (features(example(rng, kind, clean=clean)), ANSWERS.index(kind))
        for kind in kinds
        for _ in range(count)
    ]
    return np.stack([row for row, _ in rows]), np.array([answer for _, answer in rows])


def train(inputs: Array, answers: Array, seed: int = 1, steps: int = 1500) -> Listener:
    """Plain gradient descent with momentum on the cross entropy."""
    rng = np.random.default_rng(seed)
    mean, scale = inputs.mean(0), inputs.std(0) + 1e-3
    seen, wanted = (inputs - mean) / scale, np.eye(len(ANSWERS))[answers]
    state = {
        "in": rng.standard_normal((seen.shape[1], HIDDEN)) / np.sqrt(seen.shape[1]),
        "in_bias": np.zeros(HIDDEN),
        "out": rng.standard_normal((HIDDEN, len(ANSWERS))) / np.sqrt(HIDDEN),
        "out_bias": np.zeros(len(ANSWERS)),
    }
    speed = {name: np.zeros_like(value) for name, value in state.items()}
    for step in range(steps):
        for name, slope in _slopes(state, seen, wanted).items():
            speed[name] = 0.9 * speed[name] - 0.2 * (1 - step / steps) * (slope + 1e-3 * state[name])
            state[name] = state[name] + speed[name]
    return Listener({**state, "mean": mean, "scale": scale})


def _slopes(state: dict[str, Array], seen: Array, wanted: Array) -> dict[str, Array]:
    hidden = np.tanh(seen @ state["in"] + state["in_bias"])
    scores = hidden @ state["out"] + state["out_bias"]
    share = np.exp(scores - scores.max(1, keepdims=True))
    error = (share / share.sum(1, keepdims=True) - wanted) / len(seen)
    back = (error @ state["out"].T) * (1 - hidden**2)
    return {"in": seen.T @ back, "in_bias": back.sum(0), "out": hidden.T @ error, "out_bias": error.sum(0)}


def main() -> None:
    listener = train(*examples(1, 250))
    np.savez_compressed(FILE, **{name: value.astype(np.float32) for name, value in listener._state.items()})


if __name__ == "__main__":
    main()
