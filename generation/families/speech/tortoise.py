"""tortoise as this family uses it: resident on its device, counted step by step, one piece of speech at a time."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from transformers import StoppingCriteria, StoppingCriteriaList

from generation.families.speech import packages, weights
from generation.families.speech.hub import PrivateHub
from generation.families.speech.steps import Steps
from generation.worker import seeding
from generation.worker.api import TaskFailed

RATE, CLIP_RATE = 24_000, 22_050
"""Hz of what comes out and of what the clips are brought to."""
MEL_TOKENS, MOST_MEL_TOKENS = 500, 600
"""A token is 46 milliseconds."""
TEXT_TOKENS = 400
_CPU_BATCH = 4


class Counting(StoppingCriteria):
    """Stops nothing by what it says, but by what it raises."""

    def __init__(self, tortoise: Tortoise) -> None:
        self._tortoise = tortoise

    def __call__(self, input_ids: torch.Tensor, _: Any, **__: Any) -> bool:
        self._tortoise.steps.token(input_ids.shape[-1])
        return False


class Tortoise(packages.api.TextToSpeech):
    """One loaded tortoise. Calls must not overlap. `steps` is that of the piece being made.

    `options`: max_mel_tokens (longest piece), batch (how many samples are drawn at once).
    """

    steps: Steps

    def __init__(self, folder: Path, options: Mapping[str, Any], device: torch.device) -> None:
        largest = int(options.get("batch", 0)) or _batch(device)
        super().__init__(
            autoregressive_batch_size=largest, models_dir=str(folder), enable_redaction=False, kv_cache=True
        )
        self.device = device
        self._largest = largest
        self._mel_tokens = min(int(options.get("max_mel_tokens", MEL_TOKENS)), MOST_MEL_TOKENS)
        self._stopping = StoppingCriteriaList([Counting(self)])
        self.diffusion.register_forward_pre_hook(lambda *_: self.steps.forward())
        for part in (self.clvp, self.vocoder, self.autoregressive.conditioning_encoder):
            part.register_forward_pre_hook(lambda *_: self.steps.look())
        self.diffusion.contextual_embedder.register_forward_pre_hook(lambda *_: self.steps.look())

    @contextlib.contextmanager
    def temporary_cuda(self, model: Any) -> Iterator[Any]:
        """tortoise takes every part off the card again; with room for all of them that is most of the time."""
        yield model.to(self.device)

    def tts(self, text: str, **settings: Any) -> Any:
        """As tortoise's own, called by its `tts_with_preset`, with the settings of the preset."""
        samples, iterations = settings["num_autoregressive_samples"], settings["diffusion_iterations"]
        # a remainder would be left out
        self.autoregressive_batch_size = next(n for n in range(self._largest, 0, -1) if samples % n == 0)
        self.steps.begin(
            batches=samples // self.autoregressive_batch_size,
            tokens=self._mel_tokens,
            forwards=iterations * (2 if settings.get("cond_free", True) else 1),
        )
        return super().tts(text, max_mel_tokens=self._mel_tokens, **settings)

    def listen(self, clips: list[torch.Tensor]) -> Any:
        """What is heard in clips [1, samples] at CLIP_RATE: a pair of tensors."""
        return self.get_conditioning_latents(clips)

    def demand_fit(self, text: str) -> None:
        """Raises TaskFailed invalid for a text that becomes too long once numbers are written out."""
        try:
            tokens = len(self.tokenizer.encode(text)) + 1
        except packages.NumOutOfRangeError:  # there is no word for it
            tokens = TEXT_TOKENS
        if tokens >= TEXT_TOKENS:
            raise TaskFailed("invalid", "text_long")

    def speak(self, text: str, quality: str, latents: Any, seed: int) -> torch.Tensor:
        """Speech [1, samples] at RATE. Draws from torch's and Python's global state."""
        spoken = self.tts_with_preset(
            text,
            preset=quality,
            conditioning_latents=latents,
            use_deterministic_seed=seed,
            verbose=False,
            stopping_criteria=self._stopping,
            # no sound has this number, and the model that ranks the samples cannot read it
            suppress_tokens=[self.autoregressive.start_mel_token],
        )
        return spoken.squeeze(0)


def load(
    path: Path, options: Mapping[str, Any], hub: PrivateHub, device: torch.device
) -> tuple[Tortoise, Any]:
    """The tortoise of folder `path` and its alignment model, None where it is not there.

    Raises TaskFailed model_missing, model_broken; torch.OutOfMemoryError.
    """
    with hub.showing(path):
        names = weights.look_through(hub)
        try:
            tortoise = Tortoise(hub.folder, options, device)
            aligner = packages.Wav2VecAlignment(device=device) if hub.has_aligner() else None
        except Exception as error:
            if seeding.is_out_of_memory(error):
                raise
            raise TaskFailed("model_broken", type(error).__name__) from error
    weights.demand_all(tortoise.autoregressive, names)
    return tortoise, aligner


def _batch(device: torch.device) -> int:
    return int(packages.api.pick_best_batch_size_for_gpu()) if device.type == "cuda" else _CPU_BATCH
