"""The effects' codec, by calculation alone: directions of frames, codebooks by k-means, decoder by least squares.

    python generation/mini/music/effects_codec.py --cache CACHE

What it writes is an EnCodec of audiocraft like any other. The encoder does not look at the first 128 samples of a
frame, in which the grain before fades out; the decoder knows them from the code before.
"""

from __future__ import annotations

import argparse
import logging
import math
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn

from generation.mini.music.atoms import directions, write_codebooks, write_decoder, write_encoder
from generation.mini.music.codec import CodecShape, build
from generation.mini.music.effects import FADE, HOP, RASTER, play
from generation.mini.music.effects_words import KINDS, draw

if TYPE_CHECKING:
    from audiocraft.models.encodec import EncodecModel

log = logging.getLogger("effects_codec")
SHAPE = CodecShape(ratios=(10, 4, 4, 4), filters=8, codebooks=4, bins=256)
FRAMES = 125
SOFT = 0.1  # what the decoder of `atoms` works with


def heard(seed: int, sounds: int) -> tuple[torch.Tensor, torch.Tensor]:
    """So many sounds of each kind, shape (sounds, frames, samples), and which kind each is."""
    rng = Random(seed)
    waves, kinds = [], []
    for number in range(sounds * len(KINDS)):
        kind = number % len(KINDS)
        generator = np.random.default_rng(rng.getrandbits(32))
        waves.append(play(draw(rng, KINDS[kind]), FRAMES / RASTER, generator).reshape(FRAMES, HOP))
        kinds.append(kind)
    return torch.from_numpy(np.stack(waves)), torch.tensor(kinds)


def importance(waves: torch.Tensor, kinds: torch.Tensor) -> torch.Tensor:
    """A weight for each frame: every kind counts the same, soft frames more than their energy says."""
    energy = waves.pow(2).sum(-1)
    mean = torch.stack([energy[kinds == kind].mean() for kind in range(len(KINDS))])
    weights = 1 / (0.7 * mean[kinds][:, None] + 0.3 * energy)
    # Silence is one point; it needs no more than one code.
    return torch.where(energy > 1e-5, weights, 1e-3 * weights).reshape(-1)


@torch.no_grad()
def fit(sounds: int = 160, seed: int = 3) -> EncodecModel:
    """A codec for the effects."""
    torch.manual_seed(seed)
    model = build(SHAPE).eval()
    waves, kinds = heard(seed, sounds)
    weights = importance(waves, kinds)
    frames = waves.reshape(-1, HOP)
    seen = frames.clone()
    seen[:, :FADE] = 0
    basis = directions(seen * weights.sqrt()[:, None], SHAPE.width)
    write_encoder(model, basis)
    latents = frames @ basis
    source = torch.Generator().manual_seed(seed)
    chosen = torch.multinomial(weights, len(latents), replacement=True, generator=source)
    left = write_codebooks(model, latents[chosen], rounds=25)
    log.info("left over by the codebooks: %s", [f"{10 * math.log10(share):.1f} dB" for share in left])
    write_decoder(model, basis)
    _write_way_back(model, latents.reshape(len(waves), FRAMES, -1), waves, weights)
    return model


def quantised(model: EncodecModel, latents: torch.Tensor) -> torch.Tensor:
    """Descriptions of frames as the codebooks give them back, the same shape."""
    flat = latents.reshape(1, -1, latents.shape[-1]).transpose(1, 2)
    return model.quantizer.decode(model.quantizer.encode(flat))[0].T.reshape(latents.shape)


def _write_way_back(
    model: EncodecModel, latents: torch.Tensor, waves: torch.Tensor, weights: torch.Tensor
) -> None:
    """Writes into the first step back what gives each frame best out of its own code and the one before."""
    known = quantised(model, latents)
    before = torch.cat((torch.zeros_like(known[:, :1]), known[:, :-1]), dim=1)
    both = torch.cat((known[..., :-1], before[..., :-1]), dim=-1).flatten(0, 1).double()
    weighted = both * weights[:, None]
    square = weighted.T @ both
    square += 1e-4 * square.diagonal().mean() * torch.eye(len(square))
    way = torch.linalg.solve(square, weighted.T @ waves.flatten(0, 1).double()).float()
    # (numbers, samples) -> (numbers, place, channel) -> kernel (numbers, channel, place); the later half is for the
    # frame that follows. The last channel takes off what lifts the others, in both.
    ratio = SHAPE.ratios[0]
    halves = [torch.cat((part, -part.sum(0, keepdim=True))) for part in way.chunk(2)]
    kernel = torch.cat([half.reshape(len(half), ratio, -1).transpose(1, 2) for half in halves], dim=2)
    step = next(module for module in model.decoder.modules() if isinstance(module, nn.ConvTranspose1d))
    step.weight[:, : kernel.shape[1]] = kernel


def errors(model: EncodecModel, seed: int, sounds: int) -> dict[str, float]:
    """The error of each kind in dB of its energy, on sounds that the codec was not fitted to."""
    waves, kinds = heard(seed, sounds)
    result = {}
    with torch.no_grad():
        for number, kind in enumerate(KINDS):
            part = waves[kinds == number].flatten(1)[:, None]
            made = model.decode(model.encode(part)[0])[..., : part.shape[-1]]
            result[kind] = 10 * math.log10(((made - part).pow(2).sum() / part.pow(2).sum()).item())
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, required=True)
    chosen = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    torch.set_num_threads(1)
    model = fit()
    chosen.cache.mkdir(parents=True, exist_ok=True)
    torch.save({"model": model.state_dict()}, chosen.cache / "codec.pt")
    log.info("error: %s", {kind: f"{value:.1f} dB" for kind, value in errors(model, 4, 15).items()})


if __name__ == "__main__":
    main()
