"""Draws a sheet: one prompt a row, its pictures for the seeds 1 to 4 beside it.

python generation/mini/diffusion/sheet.py docs/pictures/mini-sheet.png
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from PIL import Image, ImageDraw, ImageFont

from generation.mini.diffusion.models import WEIGHTS
from generation.mini.diffusion.score import GUIDANCE, STEPS, generate, load

PROMPTS = (
    "ein roter Kreis links von einem blauen Quadrat auf gelbem Grund",
    "a small yellow star above a house at night",
    "drei rosa Blumen auf der Wiese",
    "a big orange cat on a purple background",
    "ein braunes Boot auf dem Meer",
    "chalk drawing, a white fish",
    "ein Haus und ein Baum im Schnee",
    "only lines, a red heart below a blue moon on white",
    "steampunk city, christmas, from above",
    "testbild",
    "vielleicht ein testbild",
)
SEEDS = (1, 2, 3, 4)
CAPTION = 18


def sheet(weights: Path, prompts: tuple[str, ...], side: int, steps: int, guidance: float) -> Image.Image:
    pipeline, font = load(weights), ImageFont.load_default(12)
    canvas = Image.new("RGB", (len(SEEDS) * (side + 4), len(prompts) * (side + CAPTION + 4)), "lightgrey")
    draw = ImageDraw.Draw(canvas)
    for row, prompt in enumerate(prompts):
        top = row * (side + CAPTION + 4)
        draw.text((2, top + 1), prompt, fill="black", font=font)
        images = generate(pipeline, [prompt] * len(SEEDS), SEEDS[0], steps, guidance)
        for column, image in enumerate(images):
            canvas.paste(
                image.resize((side, side), Image.Resampling.LANCZOS), (column * (side + 4), top + CAPTION)
            )
    return canvas


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("file", type=Path)
    options.add_argument("--prompt", action="append", help="instead of the usual ones; may be repeated")
    options.add_argument("--side", type=int, default=96, help="pixels of each small picture")
    options.add_argument("--steps", type=int, default=STEPS)
    options.add_argument("--guidance", type=float, default=GUIDANCE)
    options.add_argument("--weights", type=Path, default=WEIGHTS)
    chosen = options.parse_args()
    torch.set_num_threads(1)
    chosen.file.parent.mkdir(parents=True, exist_ok=True)
    prompts = tuple(chosen.prompt or PROMPTS)
    drawn = sheet(chosen.weights, prompts, chosen.side, chosen.steps, chosen.guidance)
    drawn.quantize(128, dither=Image.Dither.NONE).save(chosen.file, optimize=True)


if __name__ == "__main__":
    main()
