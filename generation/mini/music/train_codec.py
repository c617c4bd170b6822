"""Trains a codec in audiocraft's EnCodec format on the waves of a source.

    python generation/mini/music/train_codec.py --cache CACHE --minutes 15

Encoder and codebooks are calculated (`atoms.py`); the decoder begins as calculated and is trained on quantised frames.
Time is the processor's own; the rate follows it, and a stopped run goes on where it was. Another kind of sound is
another source: `train(shape, source, folder, minutes)`.
"""

from __future__ import annotations

import argparse
import logging
import math
import time
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from generation.mini.diffusion.cache import Checkpoint
from generation.mini.music.atoms import directions, write_codebooks, write_decoder, write_encoder
from generation.mini.music.codec import CodecShape, build
from generation.mini.music.data import Sounds, crops, sounds

if TYPE_CHECKING:
    from audiocraft.models.encodec import EncodecModel

log = logging.getLogger("train_codec")
CROPS, FRAMES, RATE = 8, 32, 2e-5
WINDOWS = (256, 1024, 4096)


class Clock:
    """Processor seconds spent on a training, over all its runs."""

    def __init__(self) -> None:
        self._before, self._start = 0.0, time.process_time()

    @property
    def seconds(self) -> float:
        return self._before + time.process_time() - self._start

    def state_dict(self) -> dict[str, float]:
        return {"seconds": self.seconds}

    def load_state_dict(self, state: dict[str, float]) -> None:
        self._before, self._start = state["seconds"], time.process_time()


def spectral(made: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """Mean distance of magnitudes over several windows, linear and in decibel-like steps."""
    total = made.new_zeros(())
    for window in WINDOWS:
        shape = torch.hann_window(window)
        parts = [
            torch.stft(x.squeeze(1), window, window // 4, window=shape, return_complex=True).abs()
            / window**0.5
            for x in (made, wanted)
        ]
        total = total + functional.l1_loss(parts[0], parts[1])
        total = total + 0.15 * functional.l1_loss(*[(part + 3e-3).log() for part in parts])
    return total / len(WINDOWS)


def loss_of(made: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """Wave form first, as the phases can be known; spectra for what is soft."""
    wave = functional.mse_loss(made, wanted) / wanted.pow(2).mean().clamp_min(1e-4)
    return wave + 3 * functional.l1_loss(made, wanted) + spectral(made, wanted)


def begin(shape: CodecShape, source: Sounds, seed: int, crops_: int = 2000) -> EncodecModel:
    """A codec by calculation, from so many crops of a source."""
    waves = crops(source, Random(f"begin {seed}"), crops_, FRAMES)
    frames = waves.reshape(-1, shape.hop)
    model = build(shape).eval()
    basis = directions(frames, shape.width)
    write_encoder(model, basis)
    write_decoder(model, basis)
    left = write_codebooks(model, frames @ basis)
    log.info("codebooks leave over %s of what the encoder says", [f"{share:.4f}" for share in left])
    return model


def train(shape: CodecShape, source: Sounds, folder: Path, minutes: float, seed: int = 1) -> None:
    """Trains the decoder until the minutes are over; `folder/codec.pt` holds model, optimiser and time."""
    torch.manual_seed(seed)
    kept_file = folder / "codec.pt"
    model = build(shape) if kept_file.exists() else begin(shape, source, seed)
    optimiser = torch.optim.AdamW(model.decoder.parameters(), lr=RATE, betas=(0.9, 0.98), weight_decay=0)
    clock = Clock()
    kept = Checkpoint(kept_file, model=model, optimiser=optimiser, clock=clock)
    step = kept.load()
    kept.save(step)
    errors: list[float] = []
    while (share := clock.seconds / (60 * minutes)) < 1:
        for group in optimiser.param_groups:
            group["lr"] = (
                RATE * min(1, (step + 1) / 50) * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * share)))
            )
        waves = crops(source, Random(f"{seed} {step}"), CROPS, FRAMES)
        with torch.no_grad():
            heard = model.decode_latent(model.encode(waves)[0])
        made = model.decoder(heard)
        loss = loss_of(made, waves)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.decoder.parameters(), 1.0)
        optimiser.step()
        errors.append(((made.detach() - waves).pow(2).mean() / waves.pow(2).mean()).item())
        step += 1
        if step % 25 == 0:
            mean = sum(errors[-25:]) / 25
            log.info(
                "%d steps, %.0f s, %.0f %%, %.2f dB", step, clock.seconds, 100 * share, 10 * math.log10(mean)
            )
        if step % 100 == 0:
            kept.save(step)
    kept.save(step)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=15)
    chosen = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    torch.set_num_threads(1)
    train(CodecShape(), sounds, chosen.cache, chosen.minutes)


if __name__ == "__main__":
    main()
