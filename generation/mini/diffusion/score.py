"""Scores the mini picture model: draws held-out wordings and reads the pictures back. Prints JSON.

    python generation/mini/diffusion/score.py            200 wordings
    python generation/mini/diffusion/score.py --quick    a small sample for tests, below 20 seconds of one core

Shares are of what was asked for: `colour`, `shape` of things, `ground` of pictures, `relation` of pairs ("left of")
and places ("top right"), `card` of test cards for their wordings, `strays` of test cards for other wordings.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from itertools import permutations
from pathlib import Path
from random import Random
from typing import Any

import torch
from diffusers import StableDiffusionPipeline
from PIL import Image

from generation.mini.diffusion import words
from generation.mini.diffusion.models import WEIGHTS
from generation.mini.diffusion.reader import Read, Seen, read
from generation.mini.diffusion.scenes import Spec, Wish, draw_scene, realise
from generation.mini.diffusion.wording import PLACES, held_out, sample_spec, word

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


def judge(spec: Spec, seen: Read, asked: Counter[str], right: Counter[str]) -> None:
    """Counts what the prompt asked for and what of it the picture shows."""
    matched = match(spec.wishes, seen.things)
    for wish, thing in zip(spec.wishes, matched, strict=True):
        for name, wanted, got in (
            ("colour", wish.colour, thing and thing.colour), ("shape", wish.kind, thing and thing.kind),
        ):  # fmt: skip
            if wanted is not None and wanted != "pebble":
                asked[name] += 1
                right[name] += wanted == got
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


def score_reader(count: int, seed: int) -> dict[str, Any]:
    """The same shares for true drawings instead of the model's: how well the reader reads."""
    asked: Counter[str] = Counter()
    right: Counter[str] = Counter()
    rng = Random(seed)
    for _, spec in held_out_wordings(count, seed):
        judge(spec, read(draw_scene(realise(spec, rng))), asked, right)
    return summary(asked, right)


def summary(asked: Counter[str], right: Counter[str]) -> dict[str, Any]:
    shares = {name: round(right[name] / asked[name], 4) for name in sorted(asked) if asked[name]}
    return {"shares": shares, "asked": {name: asked[name] for name in sorted(asked)}}


def main() -> None:
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
        result = score(load(chosen.weights), count, cards, chosen.seed, steps, chosen.guidance)
    sys.stdout.write(json.dumps(result) + "\n")


if __name__ == "__main__":
    main()
