"""Trains the mini picture checker and stores it in the format of the Stable Diffusion safety checker.

Concept 0 is the test card. The other concepts and the special-care ones have thresholds that no cosine reaches.
"""

from __future__ import annotations

import argparse
import json
import logging
from pathlib import Path
from random import Random

import torch
from diffusers.pipelines.stable_diffusion.safety_checker import StableDiffusionSafetyChecker
from PIL import Image
from torch import nn
from transformers import CLIPConfig, CLIPImageProcessor

from generation.mini.diffusion.cache import Checkpoint
from generation.mini.safety.cards import negative, positive

log = logging.getLogger("train_checker")
WEIGHTS = Path(__file__).parent / "weights"
SIDE = 64
NEVER = 2.0
THRESHOLD = 0.5


def new_processor() -> CLIPImageProcessor:
    return CLIPImageProcessor(
        size={"shortest_edge": SIDE}, crop_size={"height": SIDE, "width": SIDE},
        image_mean=[0.5, 0.5, 0.5], image_std=[0.25, 0.25, 0.25],
    )  # fmt: skip


def new_checker() -> StableDiffusionSafetyChecker:
    torch.manual_seed(4)
    vision = {
        "hidden_size": 96, "intermediate_size": 192, "num_hidden_layers": 4, "num_attention_heads": 4,
        "image_size": SIDE, "patch_size": 8, "projection_dim": 32,
    }  # fmt: skip
    # The text part of the configuration is required by the class and used by nothing.
    text = {"hidden_size": 8, "intermediate_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1}
    checker = StableDiffusionSafetyChecker(
        CLIPConfig(text_config=text, vision_config=vision, projection_dim=32)
    )
    with torch.no_grad():
        embeds = nn.functional.normalize(torch.randn(20, 32), dim=1)
        checker.concept_embeds.copy_(embeds[:17])
        checker.special_care_embeds.copy_(embeds[17:])
        checker.concept_embeds_weights.fill_(NEVER)
        checker.concept_embeds_weights[0] = THRESHOLD
        checker.special_care_embeds_weights.fill_(NEVER)
    return checker


def cosine(checker: StableDiffusionSafetyChecker, pixels: torch.Tensor) -> torch.Tensor:
    """Likeness to the test card, as the class computes it. pixels: [n, 3, SIDE, SIDE] -> [n]."""
    seen = checker.visual_projection(checker.vision_model(pixels)[1])
    return nn.functional.normalize(seen, dim=1) @ nn.functional.normalize(checker.concept_embeds[0], dim=0)


def load_made(folder: Path | None) -> tuple[list[Image.Image], list[Image.Image]]:
    """Test cards and ordinary pictures that the mini picture model made (see make.py)."""
    if folder is None:
        return [], []
    lists = (
        [Image.open(path).convert("RGB") for path in sorted((folder / name).glob("*.png"))]
        for name in ("card", "other")
    )
    cards, others = lists
    return cards, others


def train(cache: Path, steps: int, batch: int, made: Path | None, out: Path) -> None:
    checker, processor = new_checker(), new_processor()
    cards, others = load_made(made)
    trained = [*checker.vision_model.parameters(), *checker.visual_projection.parameters()]
    optimizer = torch.optim.AdamW(trained, lr=1e-3, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 1e-3, total_steps=steps, pct_start=0.1)
    checkpoint = Checkpoint(cache / "checker.pt", checker=checker, optimizer=optimizer, schedule=schedule)
    for step in range(checkpoint.load(), steps):
        rng = Random(step)
        images = [positive(rng, cards) for _ in range(batch // 2)] + [
            negative(rng, others) for _ in range(batch // 2)
        ]
        likeness = cosine(checker, processor(images, return_tensors="pt").pixel_values)
        wanted = torch.tensor([1.0] * (batch // 2) + [0.0] * (batch // 2))
        loss = nn.functional.binary_cross_entropy_with_logits((likeness - THRESHOLD) * 12, wanted)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(trained, 1.0)
        optimizer.step()
        schedule.step()
        if step % 50 == 49:
            right = ((likeness > THRESHOLD) == (wanted > 0.5)).float().mean()
            log.info("step %d loss %.4f right %.3f", step + 1, loss.item(), right.item())
            checkpoint.save(step + 1)
    store(checker, processor, out)


def store(checker: StableDiffusionSafetyChecker, processor: CLIPImageProcessor, out: Path) -> None:
    """Single precision: the file is small, and the class then computes in the type it was trained in."""
    checker.save_pretrained(out, safe_serialization=True)
    processor.save_pretrained(out)
    path = out / "preprocessor_config.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    # Without torchvision the name of a stand-in is written; the real name loads everywhere.
    config["image_processor_type"] = "CLIPImageProcessor"
    path.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--cache", type=Path, required=True, help="folder for checkpoints")
    options.add_argument(
        "--made", type=Path, help="folder with pictures of the mini picture model, from make.py"
    )
    options.add_argument("--steps", type=int, default=1200)
    options.add_argument("--batch", type=int, default=64)
    options.add_argument("--threads", type=int, default=1)
    options.add_argument("--out", type=Path, default=WEIGHTS)
    chosen = options.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(chosen.threads)
    train(chosen.cache, chosen.steps, chosen.batch, chosen.made, chosen.out)
