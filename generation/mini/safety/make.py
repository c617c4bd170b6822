"""Pictures of the mini picture model for the checker: folders `card` and `other` of PNG files.

Whether a picture is a test card is read from the picture, not from its prompt: "vielleicht ein testbild" gives both.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from random import Random

import torch

from generation.mini.diffusion import words
from generation.mini.diffusion.models import WEIGHTS
from generation.mini.diffusion.reader import read
from generation.mini.diffusion.score import generate, load
from generation.mini.diffusion.wording import sample


def prompts(count: int, seed: int, cards: int) -> list[str]:
    """`count` ordinary prompts and `cards` for test cards, half of those only maybe."""
    rng = Random(seed)
    found: list[str] = []
    while len(found) < count:
        prompt, spec = sample(rng)
        if spec.mode in ("scene", "calm"):
            found.append(prompt)
    for k in range(cards):
        found.append(("" if k % 2 else f"{rng.choice(words.MAYBE)} ") + rng.choice(words.CARD))
    return found


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("folder", type=Path)
    options.add_argument("--count", type=int, default=400)
    options.add_argument("--cards", type=int, default=80)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--steps", type=int, default=10)
    options.add_argument("--guidance", type=float, default=4.0)
    options.add_argument("--weights", type=Path, default=WEIGHTS, help="of the mini picture model")
    chosen = options.parse_args()
    torch.set_num_threads(1)
    for name in ("card", "other"):
        (chosen.folder / name).mkdir(parents=True, exist_ok=True)
    asked = prompts(chosen.count, chosen.seed, chosen.cards)
    for k, image in enumerate(
        generate(load(chosen.weights), asked, chosen.seed, chosen.steps, chosen.guidance)
    ):
        image.save(chosen.folder / ("card" if read(image).card else "other") / f"{chosen.seed}-{k}.png")


if __name__ == "__main__":
    main()
