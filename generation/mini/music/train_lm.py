"""Trains a language model in MusicGen's format on the codes of a source's examples, written on the fly.

    python generation/mini/music/train_lm.py --codec CACHE/codec/codec.pt --cache CACHE --minutes 50

Two steps of three run without the melody's positions in front (the others keep their numbers), which is cheaper; the
third is as in MusicGen. Time is the processor's own; a stopped run goes on where it was. Another kind of sound:
`train(shape, codec, source, folder, minutes)`.
"""

from __future__ import annotations

import argparse
import logging
import math
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn import functional

from generation.mini.diffusion.cache import Checkpoint
from generation.mini.diffusion.muon import Muon
from generation.mini.music.atoms import LinearCoder
from generation.mini.music.codec import CodecShape
from generation.mini.music.codec import build as build_codec
from generation.mini.music.data import Example, Examples, music
from generation.mini.music.lm import LMShape, build_with_start
from generation.mini.music.make_t5 import readers
from generation.mini.music.train_codec import Clock

if TYPE_CHECKING:
    from audiocraft.models.lm import LMModel

log = logging.getLogger("train_lm")
RATE, NOTHING, EARLY, LATE, BLUR = 2e-3, 0.1, 64, 0.9, 0.012


@dataclass(frozen=True)
class Part:
    """A kind of step: crops of how many frames, how many of them, whether melodies stand in front."""

    frames: int
    crops: int
    melody: bool


def part_of(step: int, share: float, window: int, *, melody: bool) -> Part:
    """Mostly beginnings, where the text counts, without a melody's positions, which is cheaper; whole windows late."""
    if step % 4:
        return Part(window // 4, 18, melody=False) if step % 4 == 1 else Part(window // 2, 9, melody=False)
    return Part(window, 4, melody=melody) if share > LATE else Part(window // 2, 6, melody=melody)


def conditions(
    model: LMModel, batch: list[Example], *, melody: bool, rng: Random
) -> dict[str, tuple[torch.Tensor, torch.Tensor]]:
    """What the model is told: texts through its T5, melodies as chroma; sometimes nothing, for guidance."""
    told = [(None, None) if rng.random() < NOTHING else (e.prompt, e.melody) for e in batch]
    text = model.condition_provider.conditioners["description"]
    known = {"description": text(text.tokenize([prompt for prompt, _ in told]))}
    if melody:
        ear = model.condition_provider.conditioners["self_wav"]
        chroma = torch.stack([_chroma(ear, wave) for _, wave in told])
        heard = ear.output_proj(chroma)
        known["self_wav"] = (heard, torch.ones_like(heard[..., 0]))
    return known


def _chroma(ear: torch.nn.Module, wave: np.ndarray | None) -> torch.Tensor:
    """Chroma of a clean melody in the window's length (shorter ones repeat, as when generating); nothing is zeros."""
    if wave is None:
        return torch.zeros(ear.chroma_len, ear.chroma.n_chroma)
    made = ear.chroma(torch.from_numpy(wave)[None, None])[0]
    return made.repeat(math.ceil(ear.chroma_len / len(made)), 1)[: ear.chroma_len]


def blurred(codes: torch.Tensor) -> torch.Tensor:
    """Codes (batch, codebooks, frames) with some exchanged for others of the batch, single ones and whole frames.

    When the model makes music it reads its own small mistakes. One that never saw any loses count of the beat.
    """
    order = torch.randperm(codes.shape[0] * codes.shape[2])
    other = (
        codes.transpose(1, 2).flatten(0, 1)[order].view(codes.shape[0], codes.shape[2], -1).transpose(1, 2)
    )
    single = torch.rand(codes.shape) < BLUR
    whole = torch.rand(codes.shape[0], 1, codes.shape[2]) < BLUR / 3
    return torch.where(single | whole, other, codes)


def loss_of(
    model: LMModel, codes: torch.Tensor, told: dict[str, tuple[torch.Tensor, torch.Tensor]], *, ahead: int
) -> torch.Tensor:
    """Mean surprise per codebook, shape (codebooks,); `ahead` positions are counted though they are not there."""
    state = model.transformer._streaming_state
    state.clear()
    if ahead:
        state["offsets"] = torch.full((len(codes),), ahead)
    out = model.compute_predictions(blurred(codes), [], told)
    state.clear()
    losses = []
    for book in range(codes.shape[1]):
        seen = out.mask[:, book]
        # What was said is needed at the beginning; later the music itself tells how it goes on.
        weight = torch.where(torch.arange(codes.shape[2]) < EARLY, 3.0, 1.0).expand(len(codes), -1)[seen]
        each = functional.cross_entropy(out.logits[:, book][seen], codes[:, book][seen], reduction="none")
        losses.append((each * weight).sum() / weight.sum())
    return torch.stack(losses)


def optimisers(model: LMModel) -> list[torch.optim.Optimizer]:
    """Muon inside the transformer, Adam for tables, heads and what conditions."""
    inner = {id(p) for p in model.transformer.parameters()}
    others = [p for p in model.parameters() if p.requires_grad and id(p) not in inner]
    return [
        Muon(model.transformer, lr=RATE),
        torch.optim.AdamW(others, lr=RATE, betas=(0.9, 0.98), weight_decay=0.01),
    ]


def train(
    shape: LMShape,
    codec: torch.nn.Module,
    source: Examples,
    folder: Path,
    minutes: float,
    *,
    seed: int = 7,
    groups: torch.Tensor | None = None,
    before: Path | None = None,
) -> None:
    """Trains until the minutes are over; `folder/lm.pt` holds model, optimisers and time.

    `groups` as in `lm.listen_to_words`; `before` is a training whose knowledge is taken over.
    """
    torch.manual_seed(seed)
    model = build_with_start(shape, groups)
    if before is not None:
        carry_on(model, before)
    hop = shape.sample_rate // codec.frame_rate
    coder, steps, clock = LinearCoder(codec, hop), optimisers(model), Clock()
    kept = Checkpoint(folder / "lm.pt", model=model, muon=steps[0], adam=steps[1], clock=clock)
    step = kept.load()
    window = int(shape.window_s * codec.frame_rate)
    ahead = model.condition_provider.conditioners["self_wav"].chroma_len if shape.melody else 0
    seen: list[np.ndarray] = []
    model.train()
    while (share := clock.seconds / (60 * minutes)) < 1:
        part = part_of(step, share, window, melody=shape.melody)
        for optimiser in steps:
            optimiser.param_groups[0]["lr"] = (
                RATE * min(1, (step + 1) / 100) * min(1, 0.02 + 1.6 * (1 - share))
            )
        rng = Random(f"{seed} {step}")
        batch = [source(rng, part.frames, melody=part.melody) for _ in range(part.crops)]
        codes = coder(torch.from_numpy(np.stack([example.wave for example in batch]))[:, None])
        told = conditions(model, batch, melody=part.melody, rng=rng)
        losses = loss_of(model, codes, told, ahead=0 if part.melody else ahead)
        for optimiser in steps:
            optimiser.zero_grad()
        losses.mean().backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for optimiser in steps:
            optimiser.step()
        seen.append(losses.detach().numpy())
        step += 1
        if step % 25 == 0:
            mean = np.mean(seen[-25:], axis=0)
            log.info("%d steps, %.0f s, %.0f %%, %s", step, clock.seconds, 100 * share, mean.round(3))
        if step % 100 == 0:
            kept.save(step)
    kept.save(step)


def carry_on(model: LMModel, before: Path) -> None:
    """Takes over everything of an earlier training but how it reads texts, which begins anew."""
    state = torch.load(before, weights_only=True)["model"]
    fresh = ("cross_attention", "norm_cross", "description")
    model.load_state_dict(
        {k: v for k, v in state.items() if not any(name in k for name in fresh)}, strict=False
    )


def load_codec(file: Path, shape: CodecShape) -> torch.nn.Module:
    """A codec from the checkpoint of its training."""
    codec = build_codec(shape)
    codec.load_state_dict(torch.load(file, weights_only=True)["model"])
    return codec.eval()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--codec", type=Path, required=True)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--before", type=Path, help="an earlier training whose knowledge is taken over")
    parser.add_argument("--minutes", type=float, default=50)
    chosen = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    torch.set_num_threads(1)
    train(
        LMShape(),
        load_codec(chosen.codec, CodecShape()),
        music,
        chosen.cache,
        chosen.minutes,
        groups=readers(),
        before=chosen.before,
    )


if __name__ == "__main__":
    main()
