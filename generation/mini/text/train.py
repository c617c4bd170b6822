"""Trains the mini text model: tokeniser first, then the llama, on documents that are written on the fly.

    python generation/mini/text/train.py --cache CACHE --minutes 28

The step decides the documents and the rate, so that a stopped run goes on where it was. `--minutes` is time of the
processor; it is measured, and the schedule follows it.
"""

from __future__ import annotations

import argparse
import logging
import time
from dataclasses import asdict
from pathlib import Path
from random import Random

import numpy as np
import torch
from sentencepiece import SentencePieceProcessor
from torch import nn

from generation.mini.diffusion.cache import Checkpoint
from generation.mini.diffusion.muon import Muon
from generation.mini.text import tokens
from generation.mini.text.documents import document
from generation.mini.text.llama import Llama, Shape

log = logging.getLogger("train")
RATE, LENGTH, LONG = 5e-3, 256, 512


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


class Embedded(Muon):
    """Muon, with the table of tokens left to Adam: its rows are no map between spaces."""

    def __init__(self, model: nn.Module, lr: float) -> None:
        outer = {"conv_in.weight": model.token_embd.weight}
        super().__init__(_Renamed(model, outer), lr=lr, decay=0.05)


class _Renamed(nn.Module):
    """Presents the table under the name that Muon knows as a first layer."""

    def __init__(self, model: nn.Module, outer: dict[str, nn.Parameter]) -> None:
        super().__init__()
        self._listed = [
            *outer.items(),
            *((n, p) for n, p in model.named_parameters() if not n.startswith("token_embd")),
        ]

    def named_parameters(self, *_: object, **__: object):  # type: ignore[no-untyped-def]
        return iter(self._listed)


def batch(
    tokenizer: SentencePieceProcessor, step: int, size: int, length: int
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Rows of whole documents, the last one cut.

    Tokens and which are learned, both [size, length + 1]; who sees whom, [size, 1, length, length].
    """
    rng = Random(step)
    ids = np.zeros((size, length + 1), np.int64)
    learned = np.zeros((size, length + 1), bool)
    owner = np.zeros((size, length + 1), np.int64)
    for row in range(size):
        filled, number = 0, 0
        while filled < length + 1:
            made, counts = tokens.encode(tokenizer, document(rng))
            space = slice(filled, min(filled + len(made), length + 1))
            fits = space.stop - space.start
            ids[row, space], learned[row, space], owner[row, space] = made[:fits], counts[:fits], number
            filled, number = space.stop, number + 1
    owners = torch.from_numpy(owner[:, :-1])
    mask = (owners[:, :, None] == owners[:, None, :]).tril()
    return torch.from_numpy(ids), torch.from_numpy(learned), mask[:, None]


def loss_of(model: Llama, ids: torch.Tensor, learned: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    wanted = learned[:, 1:]
    with torch.autocast("cpu", torch.bfloat16):
        logits = model(ids[:, :-1], mask, wanted)
    return nn.functional.cross_entropy(logits.float(), ids[:, 1:][wanted])


def rate(done: float) -> float:
    """The learning rate by the share of the training that is done: up at once, then straight down."""
    return RATE * min(done / 0.02 + 0.02, 1.0, max((1.0 - done) / 0.75, 0.002))


def train(cache: Path, minutes: float, size: int, shape: Shape) -> None:
    torch.manual_seed(1)
    pieces = cache / "pieces.model"
    if not pieces.exists():
        tokens.train(pieces)
    tokenizer = tokens.load(pieces)
    model, clock = Llama(shape), Clock()
    log.info("%d parameters", sum(p.numel() for p in model.parameters()))
    optimizer = Embedded(model, RATE)
    checkpoint = Checkpoint(cache / "model.pt", model=model, optimizer=optimizer, clock=clock)
    step, saved, seen = checkpoint.load(), clock.seconds, 0
    while clock.seconds < minutes * 60:
        done = clock.seconds / (minutes * 60)
        length, rows = (LONG, size // 2) if done > 0.85 else (LENGTH, size)
        for group in optimizer.param_groups:
            group["lr"] = rate(done)
        loss = loss_of(model, *batch(tokenizer, step, rows, length))
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        with torch.autocast("cpu", torch.bfloat16):
            optimizer.step()
        step, seen = step + 1, seen + rows * length
        if step % 50 == 0:
            log.info(
                "step %d %.1f min loss %.3f, %d tokens in this run",
                step,
                clock.seconds / 60,
                loss.item(),
                seen,
            )
        if clock.seconds - saved > 60:
            checkpoint.save(step)
            saved = clock.seconds
    checkpoint.save(step)


if __name__ == "__main__":
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--cache", type=Path, required=True, help="folder for tokeniser and checkpoint")
    options.add_argument("--minutes", type=float, default=28)
    options.add_argument("--batch", type=int, default=8)
    options.add_argument("--threads", type=int, default=1)
    for name, value in asdict(Shape()).items():
        options.add_argument(f"--{name}", type=type(value), default=value)
    chosen = options.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(chosen.threads)
    train(
        chosen.cache,
        chosen.minutes,
        chosen.batch,
        Shape(**{name: getattr(chosen, name) for name in asdict(Shape())}),
    )
