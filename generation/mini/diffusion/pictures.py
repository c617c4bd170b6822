"""Drawn pictures as tensors, and the statistics of their cells."""

from __future__ import annotations

from random import Random

import numpy as np
import torch
from PIL import Image

from generation.mini.diffusion.encoder import cells, whitening
from generation.mini.diffusion.scenes import draw_scene, realise
from generation.mini.diffusion.wording import sample_for_training


def to_tensor(images: list[Image.Image]) -> torch.Tensor:
    """RGB pictures of one size -> [n, 3, h, w] in [-1, 1]."""
    stacked = np.stack([np.asarray(image, dtype=np.float32) for image in images])
    return torch.from_numpy(stacked).permute(0, 3, 1, 2).contiguous() / 127.5 - 1


def to_images(pictures: torch.Tensor) -> list[Image.Image]:
    values = ((pictures.clamp(-1, 1) + 1) * 127.5).round().byte().permute(0, 2, 3, 1).numpy()
    return [Image.fromarray(value) for value in values]


def draw_samples(rng: Random, count: int, hard: float = 0.5) -> tuple[list[str], list[Image.Image]]:
    """`count` training prompts, each with one picture that fulfils it. hard: see `wording.sample`."""
    pairs = [sample_for_training(rng, hard) for _ in range(count)]
    return [prompt for prompt, _ in pairs], [draw_scene(realise(spec, rng)) for _, spec in pairs]


def drawn_cells(seed: int = 11, count: int = 1500) -> torch.Tensor:
    """The cells of drawn pictures, from which whitening is computed: [count, 4, 16, 16].

    Taken from the plain mix: the latent space must not move when the training's mix does.
    """
    return cells(to_tensor(draw_samples(Random(seed), count, hard=0.0)[1]))


def drawn_whitening() -> tuple[torch.Tensor, torch.Tensor]:
    return whitening(drawn_cells())
