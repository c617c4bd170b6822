"""Drawn scenes in which a thing moves: clips of FRAMES pictures and the prompt that asks for them.

The text encoder is frozen and knows no verbs, so that the place asked for is where the thing travels to from the
middle ("ein roter Kreis rechts"); a thing without a place grows where it is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random

from PIL import Image

from generation.mini.diffusion.scenes import GROUNDS, SIDE, Spec, draw_scene, realise
from generation.mini.diffusion.wording import ASKED, PLACES, held_out, sample_wish, word

FRAMES = 8
SHIFT = 30.0
# Pixels right and down over the whole clip.
WAYS = {"left": (-SHIFT, 0.0), "right": (SHIFT, 0.0), "top": (0.0, -SHIFT), "bottom": (0.0, SHIFT)}
GROWTH = (0.65, 1.25)


@dataclass(frozen=True)
class Clip:
    prompt: str
    spec: Spec
    images: tuple[Image.Image, ...]


def sample_moving(rng: Random) -> tuple[str, Spec]:
    """A prompt with one thing, and what it asks for."""
    relation = rng.choice([*WAYS, None])
    grounds = [name for name in GROUNDS if name != "paper"]
    ground = rng.choice(grounds) if rng.random() < 0.65 else None
    wish = sample_wish(PLACES[relation or "middle"], rng, ground, ASKED, open_share=0.0)
    spec = Spec("scene", (wish,), ground, "flat", relation)
    return word(spec, rng), spec


def draw_clip(prompt: str, spec: Spec, rng: Random) -> Clip:
    still = realise(spec, rng)
    thing, images = still.things[0], []
    for frame in range(FRAMES):
        share = frame / (FRAMES - 1)
        if spec.relation in WAYS:
            # drawn at its place by `realise`; earlier frames lie behind
            right, down = WAYS[spec.relation]
            moved = replace(thing, x=thing.x - right * (1 - share), y=thing.y - down * (1 - share))
        else:
            grown = GROWTH[0] + (GROWTH[1] - GROWTH[0]) * share
            moved = replace(thing, size=min(SIDE * 0.75, thing.size * grown))
        images.append(draw_scene(replace(still, things=(moved,))))
    return Clip(prompt, spec, tuple(images))


def training_clips(rng: Random, count: int) -> list[Clip]:
    clips: list[Clip] = []
    while len(clips) < count:
        prompt, spec = sample_moving(rng)
        if not held_out(prompt):
            clips.append(draw_clip(prompt, spec, rng))
    return clips


def held_out_clips(count: int, seed: int) -> list[Clip]:
    rng = Random(seed)
    clips: list[Clip] = []
    while len(clips) < count:
        prompt, spec = sample_moving(rng)
        if held_out(prompt):
            clips.append(draw_clip(prompt, spec, rng))
    return clips
