"""Second stage: teaches the decoder to draw sharp pictures from four numbers a cell.

It may run at any time beside the UNet's training, because the encoder is fixed (see encoder.py).
"""

from __future__ import annotations

import argparse
import logging
from pathlib import Path
from random import Random

import torch
from diffusers import AutoencoderKL
from torch import nn

from generation.mini.diffusion import encoder, models
from generation.mini.diffusion.cache import Checkpoint
from generation.mini.diffusion.pictures import draw_samples, drawn_cells, drawn_whitening, to_tensor

log = logging.getLogger("train_decoder")


def new_autoencoder() -> AutoencoderKL:
    torch.manual_seed(2)
    autoencoder = models.new_autoencoder()
    encoder.write(autoencoder, *drawn_whitening())
    encoder.start_decoder(autoencoder.decoder)
    return autoencoder


def picture_loss(made: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """Absolute error of the pixels and of their differences to the right and below."""
    error = made - wanted
    across = (error[..., 1:] - error[..., :-1]).abs().mean()
    down = (error[..., 1:, :] - error[..., :-1, :]).abs().mean()
    return error.abs().mean() + across + down


def crops(pictures: torch.Tensor, rng: Random, side: int = 64) -> torch.Tensor:
    """One square of each picture, along cells; the livelier of three, as flat ground teaches nothing."""
    chosen = []
    for picture in pictures:
        places = [(rng.randrange(0, 72, 8), rng.randrange(0, 72, 8)) for _ in range(3)]
        parts = [picture[:, y : y + side, x : x + side] for y, x in places]
        chosen.append(max(parts, key=lambda part: float(part[:, ::4, ::4].std())))
    return torch.stack(chosen)


def batch_of(step: int, steps: int, batch: int) -> torch.Tensor:
    """Crops of `batch` pictures; in the last fifth of the steps a quarter as many whole pictures."""
    rng = Random(step)
    if step > 0.8 * steps:
        return to_tensor(draw_samples(rng, batch // 4)[1])
    return crops(to_tensor(draw_samples(rng, batch)[1]), rng)


def train(cache: Path, steps: int, batch: int, out: Path) -> None:
    autoencoder = new_autoencoder()
    decoder = autoencoder.decoder
    optimizer = torch.optim.AdamW(decoder.parameters(), lr=2e-3, weight_decay=0.0, betas=(0.9, 0.99))
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, total_steps=steps, pct_start=0.05)
    checkpoint = Checkpoint(cache / "decoder.pt", decoder=decoder, optimizer=optimizer, schedule=schedule)
    deviation = drawn_cells().std(dim=(0, 2, 3))
    for step in range(checkpoint.load(), steps):
        wanted = batch_of(step, steps, batch)
        values = encoder.cells(wanted)
        # The UNet's latents are a little wrong everywhere; up to a tenth of a deviation must not show.
        wrong = torch.randn_like(values) * deviation.view(1, 4, 1, 1) * torch.rand(len(wanted), 1, 1, 1) * 0.1
        loss = picture_loss(decoder(values + wrong), wanted)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(decoder.parameters(), 0.5)
        optimizer.step()
        schedule.step()
        if step % 50 == 49:
            log.info("step %d loss %.4f", step + 1, loss.item())
            checkpoint.save(step + 1)
        if step % 250 == 249:
            models.store(autoencoder, out / "vae")
    models.store(autoencoder, out / "vae")


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--cache", type=Path, required=True, help="folder for checkpoints")
    options.add_argument("--steps", type=int, default=3000)
    options.add_argument("--batch", type=int, default=16)
    options.add_argument("--threads", type=int, default=1)
    options.add_argument("--out", type=Path, default=models.WEIGHTS)
    chosen = options.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(chosen.threads)
    train(chosen.cache, chosen.steps, chosen.batch, chosen.out)
