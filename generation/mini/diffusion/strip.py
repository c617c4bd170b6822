"""Draws a film strip: a walk from one prompt to another, picture by picture.

python generation/mini/diffusion/strip.py docs/pictures/mini-walk.png
"""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import Any

import torch
from PIL import Image, ImageDraw

from generation.mini.diffusion.models import WEIGHTS
from generation.mini.diffusion.score import GUIDANCE, STEPS, load

FIRST, LAST = "eine große gelbe Sonne auf blauem Grund", "ein großer weißer Mond auf schwarzem Grund"
FRAMES, EASE = 8, 1.6
SIDE, EDGE, HOLE = 112, 14, 6


def between(first: torch.Tensor, last: torch.Tensor, share: float) -> torch.Tensor:
    """Spherical interpolation of two tensors of the same shape; keeps the noise as strong as noise is."""
    cosine = (first * last).sum() / (first.norm() * last.norm())
    angle = torch.arccos(cosine.clamp(-0.9995, 0.9995))
    return (((1 - share) * angle).sin() * first + (share * angle).sin() * last) / angle.sin()


def eased(frames: int) -> list[float]:
    """Shares from 0 to 1 that lie closer in the middle, where a thing turns into another."""
    places = (2 * frame / (frames - 1) - 1 for frame in range(frames))
    return [0.5 + 0.5 * math.copysign(abs(place) ** EASE, place) for place in places]


def encoded(pipeline: Any, prompt: str) -> torch.Tensor:
    """The prompt as the picture model reads it: [1, tokens, width]."""
    embeds, _ = pipeline.encode_prompt(prompt, "cpu", 1, False)
    return torch.as_tensor(embeds)


def walk(pipeline: Any, prompts: tuple[str, str], seeds: tuple[int, int], steps: int) -> list[Image.Image]:
    """FRAMES pictures from the first prompt and seed to the second."""
    first, last = (encoded(pipeline, prompt) for prompt in prompts)
    noises = [torch.randn((1, 4, 16, 16), generator=torch.Generator().manual_seed(seed)) for seed in seeds]
    shares = eased(FRAMES)
    return list(
        pipeline(
            prompt_embeds=torch.cat([torch.lerp(first, last, share) for share in shares]),
            negative_prompt_embeds=encoded(pipeline, "").expand(FRAMES, -1, -1),
            latents=torch.cat([between(noises[0], noises[1], share) for share in shares]),
            num_inference_steps=steps,
            guidance_scale=GUIDANCE,
        ).images
    )


def strip(images: list[Image.Image]) -> Image.Image:
    """The pictures side by side on a strip of film."""
    canvas = Image.new("RGB", (len(images) * (SIDE + 4) + 4, SIDE + 2 * EDGE), "#16161a")
    draw = ImageDraw.Draw(canvas)
    for column, image in enumerate(images):
        left = 4 + column * (SIDE + 4)
        canvas.paste(image.resize((SIDE, SIDE), Image.Resampling.LANCZOS), (left, EDGE))
        for hole in range(left + 4, left + SIDE - HOLE, 16):
            for top in (4, SIDE + EDGE + 4):
                draw.rectangle((hole, top, hole + HOLE, top + HOLE), fill="#d8d8d8")
    return canvas


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("file", type=Path)
    options.add_argument("--steps", type=int, default=STEPS)
    options.add_argument("--weights", type=Path, default=WEIGHTS)
    chosen = options.parse_args()
    torch.set_num_threads(1)
    chosen.file.parent.mkdir(parents=True, exist_ok=True)
    strip(walk(load(chosen.weights), (FIRST, LAST), (1, 2), chosen.steps)).save(chosen.file, optimize=True)


if __name__ == "__main__":
    main()
