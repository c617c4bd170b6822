"""Trains a motion adapter for AnimateDiff on the mini picture model; everything but the motion modules is frozen.

python generation/mini/motion/train.py --cache CACHE --steps 700 --out CACHE/adapter
"""

from __future__ import annotations

import argparse
import json
import logging
import time
from pathlib import Path
from random import Random

import torch
from diffusers import MotionAdapter, UNet2DConditionModel, UNetMotionModel
from diffusers.models.attention import BasicTransformerBlock
from torch import nn

from generation.mini.diffusion import models
from generation.mini.diffusion.cache import Checkpoint
from generation.mini.diffusion.encoder import cells, whiten
from generation.mini.diffusion.muon import Muon
from generation.mini.diffusion.pictures import drawn_whitening, to_tensor
from generation.mini.diffusion.train import BALANCE, DROPPED, load_text, rate, sample_times
from generation.mini.motion.scenes import FRAMES, training_clips

log = logging.getLogger("train_motion")


def new_adapter() -> MotionAdapter:
    """Motion modules for the mini UNet, which at first change nothing."""
    torch.manual_seed(5)
    adapter = MotionAdapter(
        block_out_channels=(48, 96, 96), motion_layers_per_block=1, motion_mid_block_layers_per_block=1,
        motion_num_attention_heads=4, motion_norm_num_groups=16, motion_max_seq_length=FRAMES,
    )  # fmt: skip
    with torch.no_grad():
        for name, parameter in adapter.named_parameters():
            if ".proj_out." in name:
                parameter.zero_()
    return adapter


def with_motion(unet: UNet2DConditionModel, adapter: MotionAdapter) -> UNetMotionModel:
    """The UNet with the adapter's modules. diffusers drops `only_cross_attention` on the way; it is set again."""
    moving = UNetMotionModel.from_unet2d(unet, adapter)
    for name, block in moving.named_modules():
        if isinstance(block, BasicTransformerBlock) and ".attentions." in name and "mid_block" not in name:
            block.only_cross_attention = unet.config.only_cross_attention
    return moving


def modules_of(moving: UNetMotionModel) -> nn.ModuleDict:
    """The motion modules alone, by names that a checkpoint and an optimiser can use."""
    named = {name: part for name, part in moving.named_modules() if name.endswith("motion_modules")}
    return nn.ModuleDict({name.replace(".", "-"): part for name, part in named.items()})


class Training:
    def __init__(self, cache: Path, weights: Path, clips: int) -> None:
        unet = UNet2DConditionModel.from_pretrained(weights / "unet").float()
        self.tokenizer, self.text = load_text(weights)
        self.moving = with_motion(unet, new_adapter()).requires_grad_(False)
        self.trained = modules_of(self.moving).requires_grad_(True)
        self.optimizer = Muon(self.trained)
        self.checkpoint = Checkpoint(cache / "motion.pt", trained=self.trained, optimizer=self.optimizer)
        self.alphas = models.new_scheduler().alphas_cumprod
        self.clips = clips
        self.whitening = drawn_whitening()

    def batch(self, step: int) -> tuple[list[str], torch.Tensor]:
        """Prompts, and latents [clips, 4, FRAMES, 16, 16]."""
        rng = Random(step)
        clips = training_clips(rng, self.clips)
        prompts = ["" if rng.random() < DROPPED else clip.prompt for clip in clips]
        frames = to_tensor([image for clip in clips for image in clip.images])
        latents = whiten(cells(frames), *self.whitening)
        return prompts, latents.unflatten(0, (self.clips, FRAMES)).transpose(1, 2)

    def step(self, step: int, lr: float) -> float:
        prompts, latents = self.batch(step)
        with torch.no_grad():
            hidden = self.text(models.tokenize(self.tokenizer, ["", *prompts])).last_hidden_state
        loss = self.loss(latents, hidden[1:], hidden[:1].expand(len(prompts), -1, -1))
        self.optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.trained.parameters(), 1.0)
        for group in self.optimizer.param_groups:
            group["lr"] = lr
        self.optimizer.step()
        return loss.item()

    def loss(self, latents: torch.Tensor, context: torch.Tensor, empty: torch.Tensor) -> torch.Tensor:
        times, noise = sample_times(len(latents)), torch.randn_like(latents)
        signal = self.alphas[times].sqrt().view(-1, 1, 1, 1, 1)
        spread = (1 - self.alphas[times]).sqrt().view(-1, 1, 1, 1, 1)
        noisy, wanted = signal * latents + spread * noise, signal * noise - spread * latents
        made = self.moving(noisy, times, context.repeat_interleave(FRAMES, 0)).sample
        with torch.no_grad():
            plain = self.moving(noisy, times, empty.repeat_interleave(FRAMES, 0)).sample
        # As the UNet itself was trained: right at guidance BALANCE; rows without a prompt train the plain output.
        dropped = (context == empty).flatten(1).all(dim=1).view(-1, 1, 1, 1, 1)
        return (torch.where(dropped, made, plain + BALANCE * (made - plain)) - wanted).pow(2).mean()

    def store(self, out: Path) -> None:
        """A MotionAdapter folder in half precision."""
        self.moving.save_motion_modules(str(out))
        models.store(MotionAdapter.from_pretrained(out), out)
        path = out / "config.json"
        config = json.loads(path.read_text(encoding="utf-8"))
        # names a folder of the machine that trained
        config.pop("_name_or_path", None)
        path.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def train(training: Training, steps: int, highest: float, out: Path) -> None:
    done, total, began = training.checkpoint.load(), 0.0, time.monotonic()
    torch.manual_seed(done + 5)
    for step in range(done, steps):
        total += training.step(step, rate(step, steps, highest))
        if step % 25 == 24:
            log.info("step %d loss %.4f %.1f min", step + 1, total / 25, (time.monotonic() - began) / 60)
            total = 0.0
        if step % 100 == 99 or step == steps - 1:
            training.checkpoint.save(step + 1)
            training.store(out)


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--cache", type=Path, required=True, help="folder for checkpoints")
    options.add_argument("--weights", type=Path, default=models.WEIGHTS)
    options.add_argument("--out", type=Path, required=True)
    options.add_argument("--steps", type=int, default=700)
    options.add_argument("--clips", type=int, default=4)
    options.add_argument("--rate", type=float, default=2e-3)
    chosen = options.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(1)
    train(Training(chosen.cache, chosen.weights, chosen.clips), chosen.steps, chosen.rate, chosen.out)
