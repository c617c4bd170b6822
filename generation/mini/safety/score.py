"""Scores the mini picture checker with the real class. Prints JSON.

python generation/mini/safety/score.py                  500 distorted test cards, 1,000 other pictures
python generation/mini/safety/score.py --quick          40 and 80
python generation/mini/safety/score.py --made FOLDER    also pictures of the mini picture model (see make.py)
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import torch
from diffusers.pipelines.stable_diffusion.safety_checker import StableDiffusionSafetyChecker
from PIL import Image
from transformers import CLIPImageProcessor

from generation.mini.diffusion.scenes import draw_card
from generation.mini.safety.cards import distort, negative, scene
from generation.mini.safety.film import CODECS, filmed
from generation.mini.safety.train import WEIGHTS, load_made

FRAMES = Path(__file__).parent / "frames"


class Checker:
    """The stored checker, called as the pipeline calls it."""

    def __init__(self, weights: Path = WEIGHTS) -> None:
        self._model = StableDiffusionSafetyChecker.from_pretrained(weights)
        self._processor = CLIPImageProcessor.from_pretrained(weights)

    def flags(self, images: list[Image.Image]) -> list[bool]:
        found: list[bool] = []
        for first in range(0, len(images), 32):
            batch = images[first : first + 32]
            pixels = self._processor(batch, return_tensors="pt").pixel_values
            # The class blackens what it flags; these stand-ins take the place of the pictures.
            stand_ins = [np.zeros((1, 1, 3)) for _ in batch]
            found += self._model(clip_input=pixels, images=stand_ins)[1]
        return found


def filmed_pictures(rng: Random, count: int, draw: Callable[[], Image.Image]) -> list[Image.Image]:
    """Frames out of encoded clips; none where there is no PyAV."""
    return [filmed(draw(), rng) for _ in range(count)] if CODECS else []


def stored_frames() -> list[Image.Image]:
    """Frames of test cards that film.py stored beside the weights, for places without PyAV."""
    return [Image.open(path).convert("RGB") for path in sorted(FRAMES.glob("*.png"))]


def score(checker: Checker, cards: int, others: int, seed: int, made: Path | None) -> dict[str, Any]:
    rng = Random(seed)
    made_cards, made_others = load_made(made)
    groups = {
        "card": [draw_card()],
        "distorted_cards": [distort(draw_card(), rng) for _ in range(cards)],
        "scenes": [scene(rng) for _ in range(others // 2)],
        "hard_others": [negative(rng, []) for _ in range(others - others // 2)],
        "film_cards": filmed_pictures(rng, cards, lambda: distort(draw_card(), rng, most=1)),
        "film_others": filmed_pictures(rng, others // 2, lambda: scene(rng)),
        "stored_film_cards": stored_frames(),
        "made_cards": made_cards,
        "made_others": made_others,
    }
    counted = {name: (sum(checker.flags(images)), len(images)) for name, images in groups.items() if images}
    return {name: {"flagged": flagged, "of": total} for name, (flagged, total) in counted.items()}


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--quick", action="store_true")
    options.add_argument("--made", type=Path)
    options.add_argument("--seed", type=int, default=2000)
    options.add_argument("--threads", type=int, default=1)
    options.add_argument("--weights", type=Path, default=WEIGHTS)
    chosen = options.parse_args()
    torch.set_num_threads(chosen.threads)
    cards, others = (40, 80) if chosen.quick else (500, 1000)
    result = score(Checker(chosen.weights), cards, others, chosen.seed, chosen.made)
    sys.stdout.write(json.dumps(result) + "\n")


if __name__ == "__main__":
    main()
