"""Scores the mini picture model: draws held-out wordings and reads the pictures back. Prints JSON.

    python generation/mini/diffusion/score.py            200 wordings
    python generation/mini/diffusion/score.py --quick    a small sample for tests, below 20 seconds of one core

Shares are of what was asked for: `colour`, `shape` of things, `ground` of pictures, `relation` of pairs ("left of")
and places ("top right"), `card` of test cards for their wordings, `strays` of test cards for other wordings.
"""

from __future__ import annotations

import argparse
import io
import json
import sys
from collections import Counter
from itertools import permutations
from pathlib import Path
from random import Random
from typing import Any

import torch
from diffusers import StableDiffusionPipeline
from PIL import Image, ImageFilter

from generation.mini.diffusion import words
from generation.mini.diffusion.models import WEIGHTS
from generation.mini.diffusion.reader import Read, Seen, read
from generation.mini.diffusion.scenes import Spec, Wish, draw_scene, realise
from generation.mini.diffusion.shapes import draw_parts, nothings
from generation.mini.diffusion.wording import ASKABLE, PLACES, held_out, sample_spec, word

STEPS, GUIDANCE = 20, 6.5


def load(weights: Path = WEIGHTS) -> Any:
    """The pipeline, silent. The mini model has no checker of its own: that is a process beside it."""
    pipeline = StableDiffusionPipeline.from_pretrained(weights, torch_dtype=torch.float32)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def generate(
    pipeline: Any, prompts: list[str], seed: int = 0, steps: int = STEPS, guidance: float = GUIDANCE
) -> list[Image.Image]:
    """One picture a prompt; picture k has the seed `seed + k`."""
    images: list[Image.Image] = []
    for first in range(0, len(prompts), 8):
        batch = prompts[first : first + 8]
        generators = [torch.Generator("cpu").manual_seed(seed + first + k) for k in range(len(batch))]
        images += pipeline(
            batch, num_inference_steps=steps, guidance_scale=guidance, generator=generators
        ).images
    return images


def held_out_wordings(count: int, seed: int) -> list[tuple[str, Spec]]:
    rng = Random(seed)
    found: list[tuple[str, Spec]] = []
    while len(found) < count:
        spec = sample_spec(rng)
        prompt = word(spec, rng)
        if held_out(prompt):
            found.append((prompt, spec))
    return found


def fits(wish: Wish, seen: Seen | None) -> int:
    return 0 if seen is None else (wish.colour == seen.colour) + (wish.kind == seen.kind)


def match(wishes: tuple[Wish, ...], things: tuple[Seen, ...]) -> list[Seen | None]:
    """The thing read for each wish, such that colours and kinds agree most; None where there are too few."""
    padded: list[Seen | None] = [*things[:4], *([None] * len(wishes))]
    orders = permutations(padded, len(wishes))
    return list(max(orders, key=lambda order: sum(fits(w, s) for w, s in zip(wishes, order, strict=True))))


def relation_holds(spec: Spec, matched: list[Seen | None]) -> bool:
    if any(seen is None for seen in matched):
        return False
    if spec.relation in PLACES and matched[0] is not None:
        x, y = PLACES[spec.relation]
        return abs(matched[0].x - x) < 15 and abs(matched[0].y - y) < 15
    first, second = matched
    if first is None or second is None:
        return False
    gaps = {
        "left of": second.x - first.x, "right of": first.x - second.x,
        "above": second.y - first.y, "below": first.y - second.y,
    }  # fmt: skip
    return gaps[spec.relation or ""] > 12


def judge_thing(spec: Spec, wish: Wish, seen: Seen | None, asked: Counter[str], right: Counter[str]) -> None:
    """Counts colour and shape of one thing; shapes also by kind, size and style."""
    if wish.colour is not None:
        asked["colour"] += 1
        right["colour"] += seen is not None and wish.colour == seen.colour
    if wish.kind is not None and wish.kind != "pebble":
        for name in ("shape", f"shape of {wish.kind}", f"shape, {wish.size}", f"shape, {spec.style}"):
            asked[name] += 1
            right[name] += seen is not None and wish.kind == seen.kind


def judge(spec: Spec, seen: Read, asked: Counter[str], right: Counter[str]) -> None:
    """Counts what the prompt asked for and what of it the picture shows."""
    matched = match(spec.wishes, seen.things)
    for wish, thing in zip(spec.wishes, matched, strict=True):
        judge_thing(spec, wish, thing, asked, right)
    if spec.ground is not None:
        asked["ground"] += 1
        right["ground"] += spec.ground == seen.ground
    if spec.relation not in (None, "and", "three"):
        asked["relation"] += 1
        right["relation"] += relation_holds(spec, matched)
    asked["count"] += 1
    right["count"] += len(seen.things) == len(spec.wishes)
    asked["strays"] += 1
    right["strays"] += seen.card


def score(pipeline: Any, count: int, cards: int, seed: int, steps: int, guidance: float) -> dict[str, Any]:
    """Shares right, and how many were asked for, over `count` wordings and `cards` test cards."""
    asked: Counter[str] = Counter()
    right: Counter[str] = Counter()
    pairs = held_out_wordings(count, seed)
    images = generate(pipeline, [prompt for prompt, _ in pairs], seed, steps, guidance)
    for (_, spec), image in zip(pairs, images, strict=True):
        judge(spec, read(image), asked, right)
    prompts = [words.CARD[k % len(words.CARD)] for k in range(cards)]
    asked["card"] = cards
    right["card"] = sum(read(image).card for image in generate(pipeline, prompts, seed, steps, guidance))
    return summary(asked, right)


def worn(image: Image.Image, rng: Random) -> Image.Image:
    """A little blurred, resized there and back, or compressed: what must not confuse the reader."""
    change = rng.choice(("blur", "resize", "jpeg"))
    if change == "blur":
        return image.filter(ImageFilter.GaussianBlur(rng.uniform(0.5, 1.6)))
    if change == "resize":
        side = rng.choice((72, 96, 200, 256))
        return image.resize((side, side), Image.Resampling.BILINEAR)
    data = io.BytesIO()
    image.save(data, "JPEG", quality=rng.randint(40, 90))
    return Image.open(data).convert("RGB")


def score_reader(count: int, seed: int) -> dict[str, Any]:
    """The same shares for true drawings instead of the model's, sharp and worn: how well the reader reads; and
    how many shapes that are none it takes for a thing (`mistaken`)."""
    asked: dict[str, Counter[str]] = {"sharp": Counter(), "worn": Counter()}
    right: dict[str, Counter[str]] = {"sharp": Counter(), "worn": Counter()}
    rng = Random(seed)
    for _, spec in held_out_wordings(count, seed):
        image = draw_scene(realise(spec, rng))
        for name, shown in (("sharp", image), ("worn", worn(image, rng))):
            judge(spec, read(shown), asked[name], right[name])
    return {name: summary(asked[name], right[name]) for name in asked} | {"mistaken": mistaken(seed)}


def mistaken(seed: int) -> dict[str, dict[str, int]]:
    """Pebbles, blobs and halves of things that the reader takes for a thing that can be asked for."""
    rng, found = Random(seed), {}
    for name, shapes in nothings(seed).items():
        kinds = []
        for drawn in shapes:
            ground, size = rng.choice(("white", "paper", "day")), rng.choice((40.0, 60.0, 85.0))
            image = draw_parts(drawn, "blue", size, rng.choice(("flat", "outline")), ground)
            seen = read(image.filter(ImageFilter.GaussianBlur(rng.choice((0, 1, 2)))))
            kinds += [thing.kind for thing in seen.things[:1]]
        found[name] = {"taken": sum(kind in ASKABLE for kind in kinds), "of": len(shapes)}
    return found


def summary(asked: Counter[str], right: Counter[str]) -> dict[str, Any]:
    shares = {name: round(right[name] / asked[name], 4) for name in sorted(asked) if asked[name]}
    return {"shares": shares, "asked": {name: asked[name] for name in sorted(asked)}}


def main() -> None:
    # imported here, because that module is built upon this one
    from generation.mini.diffusion.score_controls import controls

    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--quick", action="store_true", help="24 wordings, 4 test cards, 12 steps")
    options.add_argument("--reader", action="store_true", help="score the reader on true drawings instead")
    options.add_argument("--count", type=int, default=200)
    options.add_argument("--seed", type=int, default=1000)
    options.add_argument("--steps", type=int, default=STEPS)
    options.add_argument("--guidance", type=float, default=GUIDANCE)
    options.add_argument("--threads", type=int, default=1)
    options.add_argument("--weights", type=Path, default=WEIGHTS)
    chosen = options.parse_args()
    torch.set_num_threads(chosen.threads)
    count, cards, steps = (24, 4, 12) if chosen.quick else (chosen.count, 20, chosen.steps)
    if chosen.reader:
        result = score_reader(count, chosen.seed)
    else:
        pipeline = load(chosen.weights)
        result = score(pipeline, count, cards, chosen.seed, steps, chosen.guidance)
        if not chosen.quick:
            result["controls"] = controls(pipeline)
    sys.stdout.write(json.dumps(result) + "\n")


if __name__ == "__main__":
    main()
