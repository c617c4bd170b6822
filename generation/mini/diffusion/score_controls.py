"""Measures what the options of the mini picture model do, through diffusers' own pipelines. Prints JSON.

    python generation/mini/diffusion/score_controls.py

Image-to-image, inpainting, a walk, negative prompts, guidance, steps and unknown words; about a minute of one core.
`score.py` prints the same figures as `controls`.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import sys
from collections import Counter
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import torch
from diffusers import StableDiffusionImg2ImgPipeline, StableDiffusionInpaintPipeline
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from generation.mini.diffusion.models import WEIGHTS
from generation.mini.diffusion.reader import Seen, read
from generation.mini.diffusion.scenes import SIDE
from generation.mini.diffusion.score import GUIDANCE, generate, held_out_wordings, judge, load
from generation.mini.diffusion.strip import FIRST, LAST, walk

Pixels: TypeAlias = NDArray[np.float64]
STEPS, SEED = 16, 50
# Image-to-image: what the first picture shows and where, and what it is to become. Without a place: in the middle.
BEFORE = (
    ("ein roter Kreis links oben auf weißem Hintergrund", "white", "circle", "red"),
    ("a blue square at the bottom right on a yellow background", "yellow", "square", "blue"),
    ("ein grünes Herz rechts oben auf rosa Hintergrund", "pink", "heart", "green"),
)
AFTER = (
    ("ein blauer Stern auf gelbem Hintergrund", "yellow", "star", "blue"),
    ("a pink heart on a black background", "black", "heart", "pink"),
    ("eine schwarze Katze auf weißem Hintergrund", "white", "cat", "black"),
)
# Noise hides the layout sooner in 16x16 latents than in the 64x64 of full-size models.
WEAK, STRONG, LONG = 0.1, 0.8, 30
PAIR = "a red circle left of a blue square on a white background"
PAINTED = (
    ("a red circle left of a yellow heart on a white background", "heart", "yellow"),
    ("a red circle left of a green house on a white background", "house", "green"),
    ("a red circle left of a black cat on a white background", "cat", "black"),
)
EDGE = 72
# Prompts whose colour is open; of hearts and houses half are red in the data.
OPEN = ("ein Herz", "a heart", "ein Haus", "a house") * 3
RED = "rot"
UNKNOWN = (
    "steampunk city from above",
    "mystical vibrant forest",
    "Ritter Drache Schloss",
    "zug nach bagdad",
    "lorem ipsum",
    "high detail photorealism",
    "Freiheit",
    "anime portrait",
)


def values(image: Image.Image) -> Pixels:
    return np.asarray(image.convert("RGB"), dtype=np.float64)


def apart(first: Image.Image, second: Image.Image) -> float:
    """Mean difference of the pixels, 0 to 255."""
    return float(np.abs(values(first) - values(second)).mean())


def generators(count: int) -> list[torch.Generator]:
    return [torch.Generator("cpu").manual_seed(SEED + k) for k in range(count)]


def sibling(kind: Any, pipeline: Any) -> Any:
    """Another pipeline class over the same parts."""
    other = kind(**pipeline.components, requires_safety_checker=False)
    other.set_progress_bar_config(disable=True)
    return other


def shows(image: Image.Image, ground: str, kind: str, colour: str) -> int:
    """How many of ground, kind and colour the picture's largest thing has, 0 to 3."""
    seen = read(image)
    largest = seen.things[0] if seen.things else Seen("", "", 0, 0, 0)
    return (seen.ground == ground) + (largest.kind == kind) + (largest.colour == colour)


def stays(first: Image.Image, second: Image.Image) -> bool:
    """Whether the second picture has a thing where the first has its largest, within 12 pixels."""
    before, after = read(first).things, read(second).things
    return bool(before) and any(
        math.dist((before[0].x, before[0].y), (thing.x, thing.y)) < 12 for thing in after
    )


def image_to_image(pipeline: Any) -> dict[str, Any]:
    """At WEAK strength things stay in their places, at STRONG pictures show the second prompt. Shares of three
    pictures, and of their nine grounds, kinds and colours."""
    first = generate(pipeline, [prompt for prompt, *_ in BEFORE], SEED, STEPS)
    other = sibling(StableDiffusionImg2ImgPipeline, pipeline)
    found: dict[str, Any] = {}
    for name, strength in (("weak", WEAK), ("strong", STRONG)):
        made = other(
            [prompt for prompt, *_ in AFTER], image=first, strength=strength, num_inference_steps=LONG,
            guidance_scale=GUIDANCE, generator=generators(len(AFTER)),
        ).images  # fmt: skip
        pairs = list(zip(first, made, strict=True))
        second = [shows(image, *wanted[1:]) for image, wanted in zip(made, AFTER, strict=True)]
        found[name] = {
            "apart": round(float(np.mean([apart(*pair) for pair in pairs])), 1),
            "stays": sum(stays(*pair) for pair in pairs),
            "of": len(pairs),
            "second": round(sum(second) / (3 * len(pairs)), 3),
        }
    return found


def inpainting(pipeline: Any) -> dict[str, Any]:
    """The right half is painted anew. `outside`: largest mean difference from the picture as the autoencoder
    returns it, left of the masked half by one cell; `inside`: how many right halves show the asked thing."""
    first = generate(pipeline, [PAIR], SEED, STEPS)[0]
    mask = Image.new("L", (SIDE, SIDE))
    ImageDraw.Draw(mask).rectangle((EDGE, 0, SIDE, SIDE), fill=255)
    made = sibling(StableDiffusionInpaintPipeline, pipeline)(
        [prompt for prompt, *_ in PAINTED], image=[first] * len(PAINTED), mask_image=[mask] * len(PAINTED),
        strength=1.0, height=SIDE, width=SIDE, num_inference_steps=STEPS, guidance_scale=GUIDANCE,
        generator=generators(len(PAINTED)),
    ).images  # fmt: skip
    kept = values(returned(pipeline, first))[:, : EDGE - 8]
    inside = 0
    for image, (_, kind, colour) in zip(made, PAINTED, strict=True):
        inside += any((one.kind, one.colour) == (kind, colour) and one.x > EDGE for one in read(image).things)
    outside = max(float(np.abs(values(image)[:, : EDGE - 8] - kept).mean()) for image in made)
    return {"outside": round(outside, 2), "inside": inside, "of": len(PAINTED)}


def returned(pipeline: Any, image: Image.Image) -> Image.Image:
    """The picture encoded and decoded."""
    with torch.no_grad():
        latents = pipeline.vae.encode(pipeline.image_processor.preprocess(image)).latent_dist.mean
        decoded = pipeline.vae.decode(latents).sample
    result: Image.Image = pipeline.image_processor.postprocess(decoded, output_type="pil")[0]
    return result


def walking(pipeline: Any) -> dict[str, Any]:
    """`ends`: largest mean difference of first and last picture from what their prompts alone give;
    `rising`: correlation of the picture's number with its distance from the first; `jump`: the largest step as a
    share of the way from first to last."""
    frames = walk(pipeline, (FIRST, LAST), (SEED, SEED + 1), STEPS)
    ends = generate(pipeline, [FIRST, LAST], SEED, STEPS)
    far = [apart(frames[0], frame) for frame in frames]
    steps = [apart(*pair) for pair in itertools.pairwise(frames)]
    return {
        "ends": round(max(apart(frames[0], ends[0]), apart(frames[-1], ends[1])), 2),
        "rising": round(float(np.corrcoef(range(len(far)), far)[0, 1]), 3),
        "jump": round(max(steps) / apart(frames[0], frames[-1]), 3),
    }


def reds(images: list[Image.Image]) -> int:
    return sum(any(thing.colour == "red" for thing in read(image).things) for image in images)


def negative(pipeline: Any) -> dict[str, int]:
    """How many pictures of OPEN show a red thing without and with the negative prompt RED."""
    usual = generate(pipeline, list(OPEN), SEED, STEPS)
    without: list[Image.Image] = []
    for first in range(0, len(OPEN), 8):
        part = list(OPEN[first : first + 8])
        without += pipeline(
            part, negative_prompt=[RED] * len(part), num_inference_steps=STEPS, guidance_scale=GUIDANCE,
            generator=generators(first + len(part))[first:],
        ).images  # fmt: skip
    return {"red": reds(usual), "red_negative": reds(without), "of": len(OPEN)}


def shares(pipeline: Any, count: int, steps: int, guidance: float) -> dict[str, float]:
    """Colour and shape over `count` held-out wordings."""
    asked: Counter[str] = Counter()
    right: Counter[str] = Counter()
    pairs = held_out_wordings(count, SEED)
    images = generate(pipeline, [prompt for prompt, _ in pairs], SEED, steps, guidance)
    for (_, spec), image in zip(pairs, images, strict=True):
        judge(spec, read(image), asked, right)
    return {name: round(right[name] / asked[name], 3) for name in ("colour", "shape")}


def unrest(image: Image.Image) -> float:
    """Mean difference of neighbouring pixels, 0 to 255."""
    grey = values(image).mean(axis=2)
    return float((np.abs(np.diff(grey, axis=0)).mean() + np.abs(np.diff(grey, axis=1)).mean()) / 2)


def unknown(pipeline: Any) -> dict[str, float]:
    """Unrest of pictures for words that the model does not know, beside that of scenes."""
    calm = generate(pipeline, list(UNKNOWN), SEED, STEPS)
    scenes = generate(pipeline, [prompt for prompt, _ in held_out_wordings(8, SEED)], SEED, STEPS)
    return {
        "unrest": round(float(np.mean([unrest(image) for image in calm])), 2),
        "worst": round(max(unrest(image) for image in calm), 2),
        "scenes": round(float(np.mean([unrest(image) for image in scenes])), 2),
        "cards": sum(read(image).card for image in calm),
    }


def controls(pipeline: Any, count: int = 16) -> dict[str, Any]:
    """All figures; `count` wordings for guidance and steps."""
    return {
        "image_to_image": image_to_image(pipeline),
        "inpainting": inpainting(pipeline),
        "walk": walking(pipeline),
        "negative": negative(pipeline),
        "usual": shares(pipeline, count, STEPS, GUIDANCE),
        "guidance_1": shares(pipeline, count, STEPS, 1.0),
        "steps_2": shares(pipeline, count, 2, GUIDANCE),
        "unknown": unknown(pipeline),
    }


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--weights", type=Path, default=WEIGHTS)
    chosen = options.parse_args()
    torch.set_num_threads(1)
    sys.stdout.write(json.dumps(controls(load(chosen.weights))) + "\n")


if __name__ == "__main__":
    main()
