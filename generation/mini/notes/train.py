"""Trains the mini notes model on pieces that the composer writes on the fly, and stores it in half precision.

    python generation/mini/notes/train.py --cache CACHE --minutes 12

The step decides the pieces. `--minutes` is time of the processor, over all runs; a stopped run goes on where it was.
"""

from __future__ import annotations

import argparse
import logging
import time
from pathlib import Path
from random import Random

import torch
from miditok import REMI
from torch import nn
from transformers import LlamaConfig, LlamaForCausalLM

from generation.mini.diffusion.cache import Checkpoint
from generation.mini.notes import tokens

log = logging.getLogger("train")
STORED = Path(__file__).parent / "weights"
RATE, TABLE_RATE, ROWS, CONTEXT = 2e-2, 5e-3, 12, 512
BARS = (4, 8, 8, 8, 12, 16, 16, 24, 32)


class Clock:
    """Processor seconds spent on this training, over all its runs."""

    def __init__(self) -> None:
        self._before, self._start = 0.0, time.process_time()

    @property
    def seconds(self) -> float:
        return self._before + time.process_time() - self._start

    def state_dict(self) -> dict[str, float]:
        return {"seconds": self.seconds}

    def load_state_dict(self, state: dict[str, float]) -> None:
        self._before, self._start = state["seconds"], time.process_time()


class Optimizer:
    """Muon for the maps between spaces, Adam for the table and the norms."""

    def __init__(self, model: nn.Module) -> None:
        maps = [p for name, p in model.named_parameters() if p.ndim == 2 and "embed" not in name]
        others = [p for name, p in model.named_parameters() if p.ndim != 2 or "embed" in name]
        self._parts = (
            torch.optim.Muon(maps, lr=RATE, weight_decay=0.02, adjust_lr_fn="original"),
            torch.optim.AdamW(others, lr=TABLE_RATE, weight_decay=0.0, betas=(0.9, 0.95)),
        )

    def step(self, share: float) -> None:
        """One step with this share of the full learning rates."""
        for part, full in zip(self._parts, (RATE, TABLE_RATE), strict=True):
            for group in part.param_groups:
                group["lr"] = full * share
            part.step()
            part.zero_grad()

    def state_dict(self) -> dict[str, object]:
        return {str(number): part.state_dict() for number, part in enumerate(self._parts)}

    def load_state_dict(self, state: dict[str, dict[str, object]]) -> None:
        for number, part in enumerate(self._parts):
            part.load_state_dict(state[str(number)])


def new_model(tokenizer: REMI) -> LlamaForCausalLM:
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(tokenizer),
            hidden_size=128,
            intermediate_size=352,
            num_hidden_layers=4,
            num_attention_heads=4,
            max_position_embeddings=CONTEXT,
            tie_word_embeddings=True,
            bos_token_id=tokenizer["BOS_None"],
            eos_token_id=tokenizer["EOS_None"],
            pad_token_id=tokenizer["PAD_None"],
        )
    )


def batch(tokenizer: REMI, step: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Pieces of about the same length: tokens [rows, length] and what is to be learned, -100 elsewhere."""
    rng = Random(step)
    bars = rng.choice(BARS)
    made = []
    for _ in range(max(2, ROWS * 8 // bars)):
        ids, given = tokens.encode(tokenizer, *tokens.document(rng, bars))
        made.append((ids[:CONTEXT], given))
    longest = max(len(ids) for ids, _ in made)
    inputs = torch.full((len(made), longest), tokenizer["PAD_None"])
    labels = torch.full((len(made), longest), -100)
    for row, (ids, given) in enumerate(made):
        inputs[row, : len(ids)] = torch.tensor(ids)
        labels[row, given : len(ids)] = torch.tensor(ids[given:])
    return inputs, labels


def rate(done: float) -> float:
    """The share of the learning rate by the share of the training that is done: up at once, then straight down."""
    return min(done / 0.02 + 0.02, 1.0, max((1.0 - done) / 0.7, 0.002))


def train(cache: Path, minutes: float) -> LlamaForCausalLM:
    torch.manual_seed(1)
    tokenizer = tokens.make()
    model, clock = new_model(tokenizer), Clock()
    optimizer = Optimizer(model)
    checkpoint = Checkpoint(cache / "model.pt", model=model, optimizer=optimizer, clock=clock)
    step, saved = checkpoint.load(), clock.seconds
    log.info("%d parameters, %d tokens", sum(p.numel() for p in model.parameters()), len(tokenizer))
    while clock.seconds < minutes * 60:
        inputs, labels = batch(tokenizer, step)
        loss = model(input_ids=inputs, labels=labels).loss
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step(rate(clock.seconds / (minutes * 60)))
        step += 1
        if step % 50 == 0:
            log.info("step %d %.1f min loss %.3f", step, clock.seconds / 60, loss.item())
        if clock.seconds - saved > 60:
            checkpoint.save(step)
            saved = clock.seconds
    checkpoint.save(step)
    return model


def store(model: LlamaForCausalLM, folder: Path) -> None:
    """What the family loads: the model in half precision, the tokeniser, the words."""
    model.half().save_pretrained(folder)
    tokens.make().save(folder / "tokenizer.json")
    tokens.write_words(folder / "prompt_words.json")


if __name__ == "__main__":
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--cache", type=Path, required=True, help="folder for the checkpoint")
    options.add_argument("--minutes", type=float, default=12)
    options.add_argument("--out", type=Path, default=STORED)
    chosen = options.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(1)
    store(train(chosen.cache, chosen.minutes), chosen.out)
