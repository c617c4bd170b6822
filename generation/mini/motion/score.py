"""Scores a motion adapter on the mini picture model through AnimateDiffPipeline. Prints JSON.

    python generation/mini/motion/score.py ADAPTER [--strip FILE]

Over held-out wordings of one moving thing: `shape`, `colour`: share of frames that show the asked thing;
`whole`: share of clips in which every frame does; `way`: share of clips with a place whose thing went the asked way
by at least 10 pixels; `step`: mean difference of neighbouring frames. The same for pictures of the same prompt made
independently of each other (`alone`), for the adapter at rest (`still`: the same noise in all frames), and for the
drawn clips (`drawn`).
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import AnimateDiffPipeline, MotionAdapter
from PIL import Image

from generation.mini.diffusion.models import WEIGHTS
from generation.mini.diffusion.reader import Seen, read
from generation.mini.diffusion.score import GUIDANCE, STEPS, generate, load
from generation.mini.diffusion.score_controls import apart
from generation.mini.diffusion.strip import strip
from generation.mini.motion.scenes import FRAMES, WAYS, Clip, held_out_clips
from generation.mini.motion.train import with_motion

LEAST_WAY = 10.0


def animated(weights: Path, adapter: Path) -> Any:
    """The pipeline with the adapter, silent."""
    parts = load(weights).components
    moving = with_motion(parts["unet"], MotionAdapter.from_pretrained(adapter).float())
    pipeline = AnimateDiffPipeline(
        vae=parts["vae"], text_encoder=parts["text_encoder"], tokenizer=parts["tokenizer"], unet=moving.eval(),
        motion_adapter=None, scheduler=parts["scheduler"],
    )  # fmt: skip
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def animate(pipeline: Any, prompt: str, seed: int) -> list[Image.Image]:
    made = pipeline(
        prompt, num_frames=FRAMES, num_inference_steps=STEPS, guidance_scale=GUIDANCE, height=128, width=128,
        generator=torch.Generator("cpu").manual_seed(seed),
    )  # fmt: skip
    return list(made.frames[0])


def still(pipeline: Any, prompt: str, seed: int) -> list[Image.Image]:
    """Plain pictures that share one noise: no motion at all, as smooth as can be."""
    return generate(pipeline, [prompt], seed) * FRAMES


def way(clip: Clip, things: list[Seen | None]) -> float:
    """How far the thing went the asked way, in pixels."""
    first, last = things[0], things[-1]
    if first is None or last is None:
        return 0.0
    right, down = WAYS[clip.spec.relation or ""]
    length = float(np.hypot(right, down))
    return ((last.x - first.x) * right + (last.y - first.y) * down) / length


def judge(clips: list[Clip], films: list[list[Image.Image]]) -> dict[str, float]:
    shapes, colours, whole, ways, steps = [], [], [], [], []
    for clip, film in zip(clips, films, strict=True):
        wish = clip.spec.wishes[0]
        found = [read(image).things for image in film]
        things = [one[0] if one else None for one in found]
        right = [thing is not None and thing.kind == wish.kind for thing in things]
        shapes.append(np.mean(right))
        colours.append(np.mean([thing is not None and thing.colour == wish.colour for thing in things]))
        whole.append(all(right))
        steps.append(np.mean([apart(*pair) for pair in itertools.pairwise(film)]))
        if clip.spec.relation in WAYS:
            ways.append(way(clip, things) >= LEAST_WAY)
    figures = {"shape": shapes, "colour": colours, "whole": whole, "way": ways, "step": steps}
    return {name: round(float(np.mean(values)), 3) for name, values in figures.items()}


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("adapter", type=Path)
    options.add_argument("--weights", type=Path, default=WEIGHTS)
    options.add_argument("--count", type=int, default=20)
    options.add_argument("--seed", type=int, default=4000)
    options.add_argument("--strip", type=Path, help="film strips of the first clips, one below the other")
    chosen = options.parse_args()
    torch.set_num_threads(1)
    clips = held_out_clips(chosen.count, chosen.seed)
    moving, plain = animated(chosen.weights, chosen.adapter), load(chosen.weights)
    films = [animate(moving, clip.prompt, chosen.seed + k) for k, clip in enumerate(clips)]
    alone = [generate(plain, [clip.prompt] * FRAMES, chosen.seed + k) for k, clip in enumerate(clips)]
    result = {
        "adapter": judge(clips, films),
        "alone": judge(clips, alone),
        "still": judge(clips, [still(plain, clip.prompt, chosen.seed + k) for k, clip in enumerate(clips)]),
        "drawn": judge(clips, [list(clip.images) for clip in clips]),
    }
    if chosen.strip:
        rows = [strip(film) for film in films[:5]]
        canvas = Image.new("RGB", (rows[0].width, sum(row.height for row in rows)))
        for k, row in enumerate(rows):
            canvas.paste(row, (0, k * row.height))
        canvas.save(chosen.strip, optimize=True)
    sys.stdout.write(json.dumps(result) + "\n")


if __name__ == "__main__":
    main()
