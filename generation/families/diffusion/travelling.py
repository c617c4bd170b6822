"""Motion from a motion model: AnimateDiff over a loaded Stable Diffusion, FreeNoise for more frames than it learned.

The prompts of the keys are mixed in between them ("prompt travel"). All frames are denoised together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

import torch
from diffusers import (
    AnimateDiffPipeline,
    DDIMScheduler,
    MotionAdapter,
    StableDiffusionPipeline,
    UNetMotionModel,
)
from diffusers.models.attention import BasicTransformerBlock

from generation.families.diffusion import painting, schedulers
from generation.video_params import VideoParams
from generation.worker.api import Model, TaskFailed

STRIDE = 4
"""Frames from one window of the motion model to the next."""
FRAMES_TOGETHER = 8
"""Frames that go through a part of the network at once, which bounds what is in memory beside the frames themselves."""


class Look(Protocol):
    def __call__(self, share: float | None = None) -> None: ...


def adapter_of(model: Model, pipeline: Any) -> Path | None:
    """The folder of the motion adapter that `model` names, None where it is not on this machine or does not fit."""
    named = model.options.get("motion", {}).get("adapter")
    if named is None or not isinstance(pipeline, StableDiffusionPipeline):
        return None
    folder = model.path.parent / named
    return folder if (folder / "config.json").is_file() else None


def travel(pipeline: Any, params: VideoParams, model: Model, adapter: Path, *, look: Look) -> Iterator[Any]:
    """A Pillow picture (RGB) for each frame, in their order.

    `look` is called many times a step and may raise; after each with the share of the denoising that is done, 0 … 1.
    Raises TaskFailed model_missing, worker_failed; torch.OutOfMemoryError.
    """
    moving = _pipeline(pipeline, params, model.options["motion"], adapter)
    _look_often(moving.unet, look)
    seen = min(params.frames, moving.motion_adapter.config.motion_max_seq_length)
    moving.enable_free_noise(context_length=seen, context_stride=STRIDE)
    moving.enable_free_noise_split_inference(temporal_split_size=FRAMES_TOGETHER)

    def on_step(pipe: Any, index: int, _time: Any, _tensors: dict[str, Any]) -> dict[str, Any]:
        look((index + 1) / pipe.num_timesteps)
        return {}

    latents = moving(
        prompt={key.frame: key.prompt for key in params.keys},
        negative_prompt=params.negative or None,
        num_frames=params.frames,
        width=params.width,
        height=params.height,
        num_inference_steps=params.steps,
        guidance_scale=params.guidance,
        generator=torch.Generator("cpu").manual_seed(params.keys[0].seed),
        output_type="latent",
        callback_on_step_end=on_step,
        callback_on_step_end_tensor_inputs=[],
    ).frames
    del moving
    for latent in painting.finite(latents, "latents").unbind(dim=2):
        look()
        yield painting.decode(pipeline, latent)


def _pipeline(pipeline: Any, params: VideoParams, settings: Mapping[str, Any], folder: Path) -> Any:
    """A new one for every job: FreeNoise changes it for good."""
    unet = pipeline.unet
    adapter = _adapter(folder, unet.dtype)
    changed = {name: value for name, value in settings.items() if name != "adapter"}
    usual = schedulers.fresh(pipeline.scheduler, params.scheduler or "ddim")
    kind = DDIMScheduler if params.scheduler is None else type(usual)
    moving = AnimateDiffPipeline(
        vae=pipeline.vae,
        text_encoder=pipeline.text_encoder,
        tokenizer=pipeline.tokenizer,
        unet=_with_motion(unet, adapter),
        motion_adapter=adapter,
        scheduler=kind.from_config(usual.config, **changed),
    )
    moving.set_progress_bar_config(disable=True)
    return moving.to(device=pipeline.device, dtype=unet.dtype)


def _adapter(folder: Path, dtype: torch.dtype) -> MotionAdapter:
    try:
        adapter, report = MotionAdapter.from_pretrained(
            folder, torch_dtype=dtype, local_files_only=True, use_safetensors=True, output_loading_info=True
        )
    except (OSError, ValueError) as error:
        raise TaskFailed("model_missing", f"motion adapter: {type(error).__name__}") from error
    if report["missing_keys"]:
        raise TaskFailed("model_missing", f"motion adapter: {len(report['missing_keys'])} weights missing")
    return adapter.eval()


def _with_motion(unet: Any, adapter: MotionAdapter) -> UNetMotionModel:
    """diffusers drops `only_cross_attention` on the way; it is set again."""
    moving = UNetMotionModel.from_unet2d(unet, adapter)
    for name, block in moving.named_modules():
        if isinstance(block, BasicTransformerBlock) and ".attentions." in name and "mid_block" not in name:
            block.only_cross_attention = unet.config.only_cross_attention
    return moving.eval()


def _look_often(unet: UNetMotionModel, look: Look) -> None:
    """A step over many frames takes long: look before every block of the network."""
    for block in (*unet.down_blocks, unet.mid_block, *unet.up_blocks):
        block.register_forward_pre_hook(lambda *_: look())
