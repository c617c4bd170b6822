"""Trains the effects' language model, and writes codec and model as audiocraft loads them.

    python generation/mini/music/train_effects.py --codec CACHE/codec.pt --cache CACHE --minutes 18
    python generation/mini/music/train_effects.py --codec CACHE/codec.pt --cache CACHE --hub HUB --out FOLDER

The hub's cache must have the T5 of `effects_t5.py`. Training is `train_lm.py`'s, writing `export.py`'s.
"""

from __future__ import annotations

import argparse
import logging
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from generation.mini.music import export
from generation.mini.music.data import Example
from generation.mini.music.effects_codec import SHAPE
from generation.mini.music.effects_data import told_effect
from generation.mini.music.lm import LMShape
from generation.mini.music.train_lm import load_codec, train

if TYPE_CHECKING:
    from random import Random

LM = LMShape(
    dim=112,
    layers=3,
    heads=4,
    codebooks=SHAPE.codebooks,
    bins=SHAPE.bins,
    melody=False,
    window_s=10.0,
    cfg_coef=3.0,
)


def told(rng: Random, frames: int, *, melody: bool) -> Example:
    """A prompt and its sound; `melody` says nothing here."""
    del melody
    words, wave = told_effect(rng, frames)
    return Example(words, wave)


def write(codec: Path, lm: Path, hub: Path, out: Path) -> None:
    """Writes what audiocraft loads; the averages of the codebooks, which only training needs, take no room."""
    export.write(out, codec, lm, hub, SHAPE, LM)
    file = out / "compression_state_dict.bin"
    packed = torch.load(file, weights_only=True)
    state = packed["best_state"]
    for name in state:
        if name.endswith("embed_avg"):
            state[name] = state[name.removesuffix("_avg")]
    lifted = next(
        name for name in state if name.startswith("decoder") and name.endswith("convtr.convtr.weight")
    )
    state[lifted] = balanced(state[lifted])
    torch.save(packed, file)


def balanced(kernel: torch.Tensor) -> torch.Tensor:
    """A kernel in half precision whose channels sum up to nothing again at every sample.

    What lifts the decoder's channels (see `atoms.py`) would be heard as a hum of 25 hertz otherwise. What rounding left
    over goes to the channel that is nearest to zero there: small numbers are finer.
    """
    exact = kernel.float()
    smallest = exact.abs().argmin(0, keepdim=True)
    change = exact.gather(0, smallest) - exact.sum(0, keepdim=True)
    return exact.scatter(0, smallest, change).half()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--codec", type=Path, required=True)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=18)
    parser.add_argument("--hub", type=Path, help="the hub's cache, for --out")
    parser.add_argument("--out", type=Path, help="write the model there instead of training")
    chosen = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    torch.set_num_threads(1)
    if chosen.out:
        write(chosen.codec, chosen.cache / "lm.pt", chosen.hub, chosen.out)
    else:
        train(LM, load_codec(chosen.codec, SHAPE), told, chosen.cache, chosen.minutes)


if __name__ == "__main__":
    main()
