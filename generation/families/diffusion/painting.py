"""Denoise and decode: one order in, pictures out, with a look at the context on every step."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch

from generation.families.diffusion import schedulers
from generation.params import ImageParams
from generation.video_params import VideoParams
from generation.worker.api import Context, TaskFailed


class Progress:
    """Counts denoising steps over several model calls; every step is a chance to cancel."""

    def __init__(self, context: Context, total: int) -> None:
        self._context = context
        self._total = total
        self._done = 0

    def step(self, _pipeline: Any, _index: int, _timestep: Any, _tensors: dict[str, Any]) -> dict[str, Any]:
        """diffusers' `callback_on_step_end`. Raises Cancelled, which ends the model call."""
        self._context.check()
        self._done += 1
        self._context.progress(self._done, self._total, "denoising")
        return {}

    def decoding(self) -> None:
        self._context.check()
        self._context.progress(self._done, self._total, "decoding")


def check_size(pipeline: Any, params: ImageParams | VideoParams, sides: tuple[int, int]) -> None:
    """Raises TaskFailed invalid unless the sides fit the VAE and lie in `sides` (lowest, highest pixels)."""
    factor = pipeline.vae_scale_factor
    for side in (params.width, params.height):
        if side % factor or not sides[0] <= side <= sides[1]:
            raise TaskFailed("invalid", f"side {side} is not {sides[0]} to {sides[1]} in steps of {factor}")


def check_steps(params: ImageParams | VideoParams, steps: tuple[int, int]) -> None:
    """Raises TaskFailed invalid unless there are `steps` (fewest, most): few-step models know no more."""
    if not steps[0] <= params.steps <= steps[1]:
        raise TaskFailed("invalid", f"{params.steps} steps are not {steps[0]} to {steps[1]}")


def is_cut(pipeline: Any, text: str) -> bool:
    """Whether the text encoder will see only the beginning of `text` (77 tokens with both ends for CLIP)."""
    room = min(pipeline.tokenizer.model_max_length, pipeline.text_encoder.config.max_position_embeddings)
    return len(pipeline.tokenizer(text, truncation=False).input_ids) > room


def paint(
    pipeline: Any, params: ImageParams, seeds: list[int], *, at_once: int, context: Context
) -> Iterator[Any]:
    """One Pillow picture (RGB, width x height) per seed, in order.

    Each picture has a generator of its own, so it comes out the same alone and beside others;
    at most `at_once` share a model call. Raises Cancelled; TaskFailed worker_failed for NaN or infinity.
    """
    groups = [seeds[start : start + at_once] for start in range(0, len(seeds), at_once)]
    own = pipeline.scheduler
    trial = schedulers.fresh(own, params.scheduler)
    trial.set_timesteps(params.steps)
    progress = Progress(context, len(trial.timesteps) * len(groups))
    try:
        for group in groups:
            pipeline.scheduler = schedulers.fresh(own, params.scheduler)
            latents = _denoise(pipeline, params, group, progress)
            for latent in latents.split(1):
                progress.decoding()
                yield decode(pipeline, latent)
    finally:
        pipeline.scheduler = own


def _denoise(pipeline: Any, params: ImageParams, seeds: list[int], progress: Progress) -> torch.Tensor:
    """Latents, shape (len(seeds), channels, height/8, width/8), all finite."""
    latents: torch.Tensor = pipeline(
        prompt=[params.prompt] * len(seeds),
        # none at all is what Stable Diffusion XL has learned to take for "nothing in particular"
        negative_prompt=[params.negative] * len(seeds) if params.negative else None,
        width=params.width,
        height=params.height,
        num_inference_steps=params.steps,
        guidance_scale=params.guidance,
        generator=[torch.Generator("cpu").manual_seed(seed) for seed in seeds],
        output_type="latent",
        callback_on_step_end=progress.step,
        callback_on_step_end_tensor_inputs=[],
    ).images
    return finite(latents, "latents")


@torch.no_grad()
def decode(pipeline: Any, latent: torch.Tensor) -> Any:
    """The Pillow picture (RGB) of one latent, shape (1, channels, height/8, width/8)."""
    # one at a time: the decoder needs the most memory of all, and so batches cannot change a pixel here
    scaled = (latent / pipeline.vae.config.scaling_factor).to(pipeline.vae.dtype)
    pixels = pipeline.vae.decode(scaled, return_dict=False)[0]
    return pipeline.image_processor.postprocess(finite(pixels, "pixels"), output_type="pil")[0]


def finite(values: torch.Tensor, what: str) -> torch.Tensor:
    """The same values. Raises TaskFailed worker_failed for NaN or infinity."""
    if not bool(torch.isfinite(values).all()):
        raise TaskFailed("worker_failed", f"{what} not finite")
    return values
