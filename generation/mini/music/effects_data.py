"""What the effects model learns from: waves for its codec, prompts with waves for its language model."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import numpy as np

from generation.mini.music.effects import HOP, RATE, play
from generation.mini.music.effects_words import LANGUAGES, draw, prompt

if TYPE_CHECKING:
    from numpy.typing import NDArray


def random_effect(rng: Random, frames: int) -> NDArray[np.float32]:
    """A piece of `frames` whole frames out of one sound: what the codec hears in training."""
    generator = np.random.default_rng(rng.getrandbits(32))
    first = rng.choice((0, 0, rng.randrange(60)))
    wave = play(draw(rng), (first + frames) * HOP / RATE, generator)
    return wave[first * HOP :]


def told_effect(rng: Random, frames: int, *, held_out: bool = False) -> tuple[str, NDArray[np.float32]]:
    """A prompt and what it asks for, from the start of the sound."""
    sound = draw(rng)
    words = prompt(sound, rng.choice(LANGUAGES), rng, held_out=held_out)
    return words, play(sound, frames * HOP / RATE, np.random.default_rng(rng.getrandbits(32)))
