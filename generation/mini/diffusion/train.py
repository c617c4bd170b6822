"""Third stage: trains the UNet on drawn scenes and stores the pipeline. Run train_text.py before.

Targets are velocities. The text encoder is frozen: it has learned to take prompts apart (see train_text.py).
Latents are computed directly from the cells (encoder.cells), which is the same as encoding and far cheaper.
"""

from __future__ import annotations

import argparse
import logging
import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from random import Random

import torch
from diffusers import UNet2DConditionModel
from diffusers.training_utils import EMAModel
from torch import nn
from transformers import CLIPTextModel, CLIPTokenizer

from generation.mini.diffusion import models
from generation.mini.diffusion.cache import Checkpoint
from generation.mini.diffusion.encoder import cells, whiten
from generation.mini.diffusion.muon import Muon
from generation.mini.diffusion.pictures import draw_samples, drawn_whitening, to_tensor

log = logging.getLogger("train")
# Share of pictures trained without their prompt, which guidance needs.
DROPPED = 0.1
# The guidance at which the model reproduces its data. Drawn scenes leave little open, so that a model trained the
# usual way (1.0) is best at 2.5 and oversaturated at 6.5, where pupils expect the balance. Training the guided
# output instead of the plain one moves the whole scale up, and "very low" becomes "too creative" here too.
BALANCE = 2.6


class Feed:
    """Batches of prompts and latents, drawn one ahead in a thread. The step's number seeds its batch."""

    def __init__(self, batch: int) -> None:
        self._batch = batch
        self._mean, self._matrix = drawn_whitening()
        self._pool = ThreadPoolExecutor(1)
        self._ahead: dict[int, Future[tuple[list[str], torch.Tensor]]] = {}

    def make(self, step: int) -> tuple[list[str], torch.Tensor]:
        rng = Random(step)
        prompts, images = draw_samples(rng, self._batch)
        prompts = ["" if rng.random() < DROPPED else prompt for prompt in prompts]
        return prompts, whiten(cells(to_tensor(images)), self._mean, self._matrix)

    def get(self, step: int) -> tuple[list[str], torch.Tensor]:
        now = self._ahead.pop(step, None) or self._pool.submit(self.make, step)
        self._ahead[step + 1] = self._pool.submit(self.make, step + 1)
        return now.result()


def sample_times(count: int) -> torch.Tensor:
    """Time steps, half of them from the middle, where things take place and shape."""
    uniform = torch.rand(count)
    middle = torch.sigmoid(torch.randn(count) * 0.9 - 0.2)
    chosen = torch.where(torch.rand(count) < 0.5, uniform, middle)
    return (chosen * 1000).long().clamp(0, 999)


def guided(
    unet: UNet2DConditionModel,
    noisy: torch.Tensor,
    times: torch.Tensor,
    contexts: list[torch.Tensor],
    balance: float,
) -> torch.Tensor:
    """The velocity at guidance `balance`. contexts: those of the prompts, and that of the empty prompt [n, ...]."""
    context, empty = contexts
    made = unet(noisy, times, context).sample
    if balance == 1.0:
        return made
    with torch.no_grad():
        plain = unet(noisy, times, empty).sample
    # Rows without a prompt train the plain output itself.
    dropped = (context == empty).flatten(1).all(dim=1).view(-1, 1, 1, 1)
    return torch.where(dropped, made, plain + balance * (made - plain))


def velocity_loss(
    unet: UNet2DConditionModel,
    latents: torch.Tensor,
    contexts: list[torch.Tensor],
    alphas: torch.Tensor,
    balance: float,
) -> torch.Tensor:
    """Mean squared error of the predicted velocity. latents: [n, 4, 16, 16]; contexts: see `guided`."""
    times = sample_times(len(latents))
    noise = torch.randn_like(latents)
    signal = alphas[times].sqrt().view(-1, 1, 1, 1)
    spread = (1 - alphas[times]).sqrt().view(-1, 1, 1, 1)
    wanted = signal * noise - spread * latents
    made = guided(unet, signal * latents + spread * noise, times, contexts, balance)
    return (made - wanted).pow(2).mean()


def load_text(folder: Path) -> tuple[CLIPTokenizer, CLIPTextModel]:
    encoder = CLIPTextModel.from_pretrained(folder / "text_encoder").float().eval().requires_grad_(False)
    return CLIPTokenizer.from_pretrained(folder / "tokenizer"), encoder


def rate(step: int, steps: int, highest: float) -> float:
    """Learning rate: a short rise, then level, then down to nothing over the last 40 per cent."""
    return highest * min(1.0, (step + 1) / 100, max(0.0, (steps - step) / (0.4 * steps)))


class Training:
    """One UNet with its average, optimiser and checkpoint."""

    def __init__(self, cache: Path, out: Path, balance: float) -> None:
        torch.manual_seed(3)
        self.balance = balance
        self.out = out
        self.tokenizer, self.text = load_text(out)
        self.unet = models.new_unet()
        self.average = EMAModel(self.unet.parameters(), decay=0.998, use_ema_warmup=False)
        self.optimizer = Muon(self.unet)
        parts = {"unet": self.unet, "average": self.average, "optimizer": self.optimizer}
        self.checkpoint = Checkpoint(cache / "unet.pt", **parts)
        self.alphas = models.new_scheduler().alphas_cumprod

    def step(self, prompts: list[str], latents: torch.Tensor, lr: float) -> float:
        with torch.no_grad():
            # The empty prompt comes first; encoded in the same call it is bit-equal to dropped prompts.
            hidden = self.text(models.tokenize(self.tokenizer, ["", *prompts])).last_hidden_state
        contexts = [hidden[1:], hidden[:1].expand(len(prompts), -1, -1)]
        loss = velocity_loss(self.unet, latents, contexts, self.alphas, self.balance)
        self.optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.unet.parameters(), 1.0)
        for group in self.optimizer.param_groups:
            group["lr"] = lr
        self.optimizer.step()
        self.average.step(self.unet.parameters())
        return loss.item()

    def store(self) -> None:
        self.average.store(self.unet.parameters())
        self.average.copy_to(self.unet.parameters())
        models.store(self.unet, self.out / "unet")
        self.average.restore(self.unet.parameters())
        models.store_index(self.out)


def train(training: Training, steps: int, batch: int, highest: float) -> None:
    feed = Feed(batch)
    done, total, began = training.checkpoint.load(), 0.0, time.monotonic()
    torch.manual_seed(done + 3)
    for step in range(done, steps):
        prompts, latents = feed.get(step)
        total += training.step(prompts, latents, rate(step, steps, highest))
        if step % 50 == 49:
            log.info("step %d loss %.4f %.1f min", step + 1, total / 50, (time.monotonic() - began) / 60)
            total = 0.0
        if step % 250 == 249 or step == steps - 1:
            training.checkpoint.save(step + 1)
            training.store()
    training.store()


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--cache", type=Path, required=True, help="folder for checkpoints")
    options.add_argument("--steps", type=int, default=6000)
    options.add_argument("--batch", type=int, default=32)
    options.add_argument("--rate", type=float, default=2e-3)
    options.add_argument("--balance", type=float, default=BALANCE)
    options.add_argument("--threads", type=int, default=1)
    options.add_argument("--out", type=Path, default=models.WEIGHTS)
    chosen = options.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(chosen.threads)
    train(Training(chosen.cache, chosen.out, chosen.balance), chosen.steps, chosen.batch, chosen.rate)
