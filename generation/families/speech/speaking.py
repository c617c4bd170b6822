"""Say a text in a mood: clips of that mood, and words before the text that are cut out again where that can be done."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch

from generation.families.speech import clips
from generation.families.speech.clips import Clip
from generation.families.speech.consent import Permit
from generation.families.speech.latents import Latents
from generation.families.speech.parameters import Order
from generation.families.speech.steps import Steps
from generation.families.speech.tortoise import CLIP_RATE, RATE, Tortoise
from generation.worker import seeding

_SHORTEST = RATE // 10
"""Samples; where less is left after the cut, it cut in the wrong place."""


class Speaker:
    """One loaded tortoise and what it remembers of voices."""

    def __init__(self, tortoise: Tortoise, aligner: Any) -> None:
        self._tortoise = tortoise
        self._aligner = aligner
        self.latents = Latents()
        self.conditioning_calls = 0
        """How often clips were listened to since this model was loaded."""

    def passes(self, order: Order) -> int:
        """How often it may have to be spoken: again without the words of the mood where they cannot be cut out."""
        return 2 if order.prompt and self._aligner is not None else 1

    def speak(self, order: Order, permit: Permit, seed: int, steps: Steps) -> tuple[torch.Tensor, bool]:
        """Speech [1, samples] at RATE, and whether it was set in its mood by words.

        Raises TaskFailed invalid; what `steps` raises ends it at once and leaves the model fit for the next piece.
        """
        self._tortoise.steps = steps
        self._tortoise.demand_fit(order.prompt + order.text)
        chosen = clips.choose(permit.clips, order.emotion)
        latents = self.latents.get(permit, chosen, lambda own: self._listen(chosen, own))
        if self.passes(order) == 2:
            prompted = order.prompt + order.text
            cut = self._cut(self._tortoise.speak(prompted, order.quality, latents, seed), prompted)
            if cut is not None:
                return cut, True
        return self._tortoise.speak(order.text, order.quality, latents, seed), False

    def _listen(self, chosen: Sequence[Clip], seed: int) -> Any:
        sounds = clips.waves(chosen, CLIP_RATE)
        seeding.seed_all(seed)  # of a long clip it hears a stretch by chance
        self.conditioning_calls += 1
        return self._tortoise.listen(sounds)

    def _cut(self, spoken: torch.Tensor, prompted: str) -> torch.Tensor | None:
        """`spoken` without what stands in brackets; None where the words cannot be found in the sound."""
        with _private_folder():
            try:
                cut = self._aligner.redact(spoken, prompted)
            except (AssertionError, IndexError, RuntimeError, UnboundLocalError) as error:
                # whatever it stumbles over, it has not found the words
                if seeding.is_out_of_memory(error):
                    raise
                return None
        return cut if _SHORTEST <= cut.shape[-1] < spoken.shape[-1] else None


@contextlib.contextmanager
def _private_folder() -> Iterator[None]:
    """The current folder, for as long as it lasts: where it fails, the alignment leaves voice and text in it."""
    before = Path.cwd()
    with tempfile.TemporaryDirectory(prefix="atelier-speech-") as folder:
        os.chdir(folder)
        try:
            yield
        finally:
            os.chdir(before)
