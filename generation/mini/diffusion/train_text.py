"""First stage: teaches the text encoder to take a prompt apart.

The last four token positions are almost always padding and, the encoder being causal, have seen the whole prompt.
They learn to hold the answer: one position a thing (kind, colour, size, place) and one for ground, style and mode.
The UNet then finds colour and form bound together in one token, which saves it most of its training.
"""

from __future__ import annotations

import argparse
import logging
from pathlib import Path
from random import Random

import torch
from torch import nn
from transformers import CLIPTextModel

from generation.mini.diffusion import models
from generation.mini.diffusion.cache import Checkpoint
from generation.mini.diffusion.scenes import COLOURS, GROUNDS, SIZES, STYLES, Spec
from generation.mini.diffusion.things import KINDS
from generation.mini.diffusion.wording import sample_for_training

log = logging.getLogger("train_text")
MODES = ("scene", "card", "maybe", "calm")
# Per thing: kind or open or none; colour or open; size. Once: ground or open; style; mode.
THING_PARTS = (len(KINDS) + 2, len(COLOURS) + 1, len(SIZES))
WHOLE_PARTS = (len(GROUNDS) + 1, len(STYLES), len(MODES))


class Reading(nn.Module):
    """Linear read-outs of the four positions; used in this stage only and not stored with the weights."""

    def __init__(self) -> None:
        super().__init__()
        self.things = nn.ModuleList(nn.Linear(models.TEXT_WIDTH, sum(THING_PARTS) + 2) for _ in range(3))
        self.whole = nn.Linear(models.TEXT_WIDTH, sum(WHOLE_PARTS))


def labels(spec: Spec) -> list[list[int]]:
    """Class numbers: three rows of kind, colour, size, x, y for the things, one of ground, style, mode."""
    rows = []
    for wish in spec.wishes:
        kind = KINDS.index(wish.kind) if wish.kind else len(KINDS)
        colour = list(COLOURS).index(wish.colour) if wish.colour else len(COLOURS)
        rows.append([kind, colour, SIZES.index(wish.size), round(wish.x), round(wish.y)])
    rows += [[len(KINDS) + 1, len(COLOURS), 1, 64, 64]] * (3 - len(rows))
    ground = list(GROUNDS).index(spec.ground) if spec.ground else len(GROUNDS)
    return [*rows, [ground, STYLES.index(spec.style), MODES.index(spec.mode), 0, 0]]


def losses(reading: Reading, hidden: torch.Tensor, target: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Loss and the share of prompts read completely right. hidden: [n, tokens, width]; target: [n, 4, 5]."""
    loss = hidden.new_zeros(())
    right = torch.ones(len(hidden), dtype=torch.bool)
    for slot in range(3):
        *parts, place = reading.things[slot](hidden[:, -1 - slot]).split([*THING_PARTS, 2], dim=1)
        loss = loss + nn.functional.mse_loss(place, (target[:, slot, 3:].float() - 64) / 30)
        right &= ((place.detach() - (target[:, slot, 3:].float() - 64) / 30).abs() < 0.3).all(dim=1)
        for k, scores in enumerate(parts):
            loss = loss + nn.functional.cross_entropy(scores, target[:, slot, k])
            right &= scores.argmax(dim=1) == target[:, slot, k]
    for k, scores in enumerate(reading.whole(hidden[:, -4]).split(list(WHOLE_PARTS), dim=1)):
        loss = loss + nn.functional.cross_entropy(scores, target[:, 3, k])
        right &= scores.argmax(dim=1) == target[:, 3, k]
    return loss, right.float().mean()


def train(cache: Path, steps: int, batch: int, out: Path) -> None:
    torch.manual_seed(1)
    tokenizer = models.new_tokenizer(out / "tokenizer")
    encoder, reading = models.new_text_encoder(tokenizer), Reading()
    parameters = [*encoder.parameters(), *reading.parameters()]
    optimizer = torch.optim.AdamW(parameters, lr=2e-3, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, total_steps=steps, pct_start=0.05)
    checkpoint = Checkpoint(
        cache / "text.pt", encoder=encoder, reading=reading, optimizer=optimizer, schedule=schedule
    )
    for step in range(checkpoint.load(), steps):
        rng = Random(step)
        samples = [("", Spec()) if rng.random() < 0.02 else sample_for_training(rng) for _ in range(batch)]
        ids = models.tokenize(tokenizer, [prompt for prompt, _ in samples])
        hidden = encoder(ids).last_hidden_state
        loss, right = losses(reading, hidden, torch.tensor([labels(spec) for _, spec in samples]))
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        schedule.step()
        if step % 100 == 99:
            log.info("step %d loss %.3f right %.3f", step + 1, loss.item(), right.item())
            checkpoint.save(step + 1)
    store_encoder(encoder, out)


def store_encoder(encoder: CLIPTextModel, out: Path) -> None:
    models.store(encoder, out / "text_encoder")


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--cache", type=Path, required=True, help="folder for checkpoints")
    options.add_argument("--steps", type=int, default=4000)
    options.add_argument("--batch", type=int, default=64)
    options.add_argument("--threads", type=int, default=1)
    options.add_argument("--out", type=Path, default=models.WEIGHTS)
    chosen = options.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(chosen.threads)
    train(chosen.cache, chosen.steps, chosen.batch, chosen.out)
