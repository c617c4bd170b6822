"""The Stable Diffusion safety checker, with its numbers counted again by us and nothing let through on doubt.

The class itself compares `score > 0`, which is false for NaN as well: it would pass a picture it cannot judge.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy
import torch
from diffusers.pipelines.stable_diffusion.safety_checker import StableDiffusionSafetyChecker
from PIL import Image
from transformers import CLIPImageProcessor

from generation.worker import seeding
from generation.worker.api import TaskFailed

# the picture model takes the card's fastest part of a second; smaller cards are left to the family that paints
CUDA_FROM_BYTES = 7_500_000_000
SPECIAL_CARE = 0.01
"""How much nearer every concept counts once a special-care concept has been found (the class's own value)."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Verdict on one picture. `scores` are cosine minus threshold: the concepts, then special care; all finite."""

    flagged: bool
    scores: tuple[float, ...]


class Checker:
    """One loaded folder: `config.json`, safetensors and `preprocessor_config.json`.

    `options` "model" and "processor" name the folders inside it where these lie.
    """

    def __init__(self, folder: Path, options: Mapping[str, Any]) -> None:
        """Raises TaskFailed model_missing for a missing, damaged or incomplete folder."""
        self._device = _device()
        self._processor, self._model = _load(
            folder / options.get("model", ""), folder / options.get("processor", "")
        )
        self._model.to(self._device)
        self._embeddings: list[torch.Tensor] = []
        self._model.visual_projection.register_forward_hook(self._keep)

    def check(self, pictures: Sequence[Image.Image]) -> list[Finding]:
        """One finding per picture, in order.

        Raises TaskFailed worker_failed if a number is not finite or a verdict is missing.
        """
        pixels = self._processor(images=list(pictures), return_tensors="pt").pixel_values
        verdicts, embeddings = self._judge(pixels, len(pictures))
        scores, nearer = self._scores(embeddings)
        if len(verdicts) != len(pictures) or scores.shape[0] != len(pictures):
            raise TaskFailed("worker_failed", "verdicts missing")
        if not bool(torch.isfinite(scores).all()):
            raise TaskFailed("worker_failed", "scores not finite")
        found = (nearer > 0).any(dim=1).tolist()
        return [
            Finding(bool(theirs) or bool(ours), tuple(row))
            for theirs, ours, row in zip(verdicts, found, scores.tolist(), strict=True)
        ]

    def _judge(self, pixels: torch.Tensor, count: int) -> tuple[list[bool], torch.Tensor]:
        """The class's own verdicts and the embeddings they rest on, shape (count, width)."""
        self._embeddings.clear()
        try:
            verdicts = self._forward(pixels, count)
        except Exception as error:
            if self._device.type == "cpu" or not seeding.is_out_of_memory(error):
                raise
            verdicts = None
        if verdicts is None:  # the card is full of somebody's picture; the check goes on without it
            self._device = torch.device("cpu")
            self._model.to(self._device)
            seeding.free_memory()
            self._embeddings.clear()
            verdicts = self._forward(pixels, count)
        if len(self._embeddings) != 1:
            raise TaskFailed("worker_failed", "no embeddings")
        return verdicts, self._embeddings.pop()

    def _forward(self, pixels: torch.Tensor, count: int) -> list[bool]:
        # the class blackens what it flags: it gets dummies, the files stay as they are
        dummies = [numpy.zeros((1, 1, 3)) for _ in range(count)]
        return list(self._model(clip_input=pixels.to(self._device), images=dummies)[1])

    @torch.no_grad()
    def _scores(self, embeddings: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """(concepts and special care, concepts as they count), shapes (count, 20) and (count, 17), float32, CPU."""
        concepts = self._minus_threshold(embeddings, "concept_embeds")
        special = self._minus_threshold(embeddings, "special_care_embeds")
        nearer = concepts + SPECIAL_CARE * (special > 0).any(dim=1, keepdim=True)
        return torch.cat([concepts, special], dim=1), nearer

    def _minus_threshold(self, embeddings: torch.Tensor, name: str) -> torch.Tensor:
        known = getattr(self._model, name).float().cpu()
        threshold = getattr(self._model, f"{name}_weights").float().cpu()
        own = embeddings.detach().float().cpu()
        # no epsilon: a vector of zeros has no direction and becomes NaN, which refuses, instead of "far from all"
        return (own / own.norm(dim=1, keepdim=True)) @ (known / known.norm(dim=1, keepdim=True)).T - threshold

    def _keep(self, _module: Any, _inputs: Any, output: torch.Tensor) -> None:
        self._embeddings.append(output)


def _device() -> torch.device:
    if torch.cuda.is_available() and torch.cuda.get_device_properties(0).total_memory >= CUDA_FROM_BYTES:
        return torch.device("cuda")
    return torch.device("cpu")


def _load(folder: Path, processor_folder: Path) -> tuple[Any, Any]:
    if not (folder / "config.json").is_file():
        raise TaskFailed("model_missing", "no config.json")
    try:
        processor = CLIPImageProcessor.from_pretrained(processor_folder, local_files_only=True)
        model, report = StableDiffusionSafetyChecker.from_pretrained(
            folder, local_files_only=True, use_safetensors=True, output_loading_info=True, dtype=torch.float32
        )
    except Exception as error:
        if seeding.is_out_of_memory(error):
            raise
        raise TaskFailed("model_missing", type(error).__name__) from error
    if report["missing_keys"]:
        # random numbers would stand in for them, and judge
        raise TaskFailed("model_missing", f"{len(report['missing_keys'])} weights missing")
    return processor, model.eval()
