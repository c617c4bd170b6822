"""Trains the effects' language model, and writes codec and model as audiocraft loads them.

    python generation/mini/music/train_effects.py --codec CACHE/codec.pt --cache CACHE --minutes 18
    python generation/mini/music/train_effects.py --codec CACHE/codec.pt --cache CACHE --out FOLDER

The hub's cache must have the T5 of `effects_t5.py`. Training is `train_lm.py`'s.
"""

from __future__ import annotations

import argparse
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from omegaconf import OmegaConf

from generation.mini.music import codec as codecs
from generation.mini.music import lm as models
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


def package(state: dict[str, torch.Tensor], config: dict[str, Any]) -> dict[str, Any]:
    """What audiocraft's loaders read; tensors in half precision, an average that only training needs shared."""
    half = {name: value.half() if value.ndim > 1 else value for name, value in state.items()}
    for name in half:
        if name.endswith("embed_avg"):
            half[name] = half[name.removesuffix("_avg")]
    return {
        "best_state": half,
        "xp.cfg": OmegaConf.to_yaml(OmegaConf.create(config)),
        "version": "1.3.0",
        "exported": True,
    }


def write(codec: Path, lm: Path, out: Path) -> None:
    """Writes `compression_state_dict.bin` and `state_dict.bin`."""
    out.mkdir(parents=True, exist_ok=True)
    known = torch.load(codec, weights_only=True)["model"]
    torch.save(package(known, codecs.config(SHAPE)), out / "compression_state_dict.bin")
    learned = torch.load(lm, weights_only=True)["model"]
    torch.save(package(learned, models.config(LM)), out / "state_dict.bin")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--codec", type=Path, required=True)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=18)
    parser.add_argument("--out", type=Path)
    chosen = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    torch.set_num_threads(1)
    if chosen.out:
        write(chosen.codec, chosen.cache / "lm.pt", chosen.out)
    else:
        train(LM, load_codec(chosen.codec, SHAPE), told, chosen.cache, chosen.minutes)


if __name__ == "__main__":
    main()
