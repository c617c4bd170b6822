"""Load one Stable Diffusion folder, completely or not at all."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import diffusers
import torch
import transformers
from diffusers import (
    AutoencoderKL,
    StableDiffusionPipeline,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
)
from transformers import CLIPTextModel, CLIPTextModelWithProjection

from generation.worker import seeding
from generation.worker.api import TaskFailed

# checked by the safety family in a process of its own, never here
_NO_CHECKER: Mapping[str, Any] = {
    "safety_checker": None,
    "feature_extractor": None,
    "image_encoder": None,
    "requires_safety_checker": False,
}


def quiet() -> None:
    """Nothing about a prompt reaches stderr: diffusers would print the words it cuts off."""
    diffusers.utils.logging.set_verbosity_error()
    transformers.utils.logging.set_verbosity_error()
    diffusers.utils.logging.disable_progress_bar()
    transformers.utils.logging.disable_progress_bar()


def prepare_torch() -> torch.device:
    """Ask for repeatable kernels; the device everything runs on."""
    torch.backends.cudnn.benchmark = False
    torch.backends.cudnn.deterministic = True
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def load(path: Path, options: Mapping[str, Any], device: torch.device) -> Any:
    """The pipeline of folder `path` on `device`, half precision on CUDA, float32 on a CPU.

    Only safetensors are read. `options["variant"]` picks files such as `*.fp16.safetensors`; `options["weights"]`
    names one file with all weights, which the folder's configuration then explains.
    Raises TaskFailed model_missing for a missing, damaged or incomplete folder, torch.OutOfMemoryError.
    """
    if not (path / "model_index.json").is_file():
        raise TaskFailed("model_missing", "no model_index.json")
    dtype = torch.float16 if device.type == "cuda" else torch.float32
    try:
        pipeline = _pipeline(path, options, dtype)
        pipeline.set_progress_bar_config(disable=True)
        return pipeline.to(device)
    except TaskFailed:
        raise
    except Exception as error:  # a damaged folder makes the libraries raise anything
        if seeding.is_out_of_memory(error):
            raise
        raise TaskFailed("model_missing", type(error).__name__) from error


def _pipeline(path: Path, options: Mapping[str, Any], dtype: torch.dtype) -> Any:
    if weights := options.get("weights"):
        return _from_one_file(path, path / weights, dtype)
    common = {"local_files_only": True, "use_safetensors": True, "variant": options.get("variant")}
    index = json.loads((path / "model_index.json").read_text("utf-8"))
    # the name decides; no other class of the folder's choosing is looked up
    if index["_class_name"] == "StableDiffusionXLPipeline":
        return _large(path, common, dtype)
    parts = {
        "text_encoder": _part(CLIPTextModel, path, "text_encoder", common, dtype=dtype),
        "unet": _part(UNet2DConditionModel, path, "unet", common, torch_dtype=dtype),
        "vae": _part(AutoencoderKL, path, "vae", common, torch_dtype=dtype),
    }
    return StableDiffusionPipeline.from_pretrained(path, **common, **parts, torch_dtype=dtype, **_NO_CHECKER)


def _large(path: Path, common: Mapping[str, Any], dtype: torch.dtype) -> Any:
    """Stable Diffusion XL: a second text encoder, and a decoder that overflows in half precision."""
    config = AutoencoderKL.load_config(path, subfolder="vae", local_files_only=True)
    vae_dtype = torch.float32 if config.get("force_upcast", True) else dtype
    parts = {
        "text_encoder": _part(CLIPTextModel, path, "text_encoder", common, dtype=dtype),
        "text_encoder_2": _part(CLIPTextModelWithProjection, path, "text_encoder_2", common, dtype=dtype),
        "unet": _part(UNet2DConditionModel, path, "unet", common, torch_dtype=dtype),
        "vae": _part(AutoencoderKL, path, "vae", common, torch_dtype=vae_dtype),
    }
    return StableDiffusionXLPipeline.from_pretrained(
        path,
        **common,
        **parts,
        torch_dtype=dtype,
        add_watermarker=False,  # the media family marks what is shown
        feature_extractor=None,
        image_encoder=None,
    )


def _from_one_file(path: Path, weights: Path, dtype: torch.dtype) -> Any:
    """A checkpoint as people share them. Its parts are made without memory, so one that lacks weights cannot run."""
    if weights.suffix != ".safetensors" or not weights.is_file():
        raise TaskFailed("model_missing", "no file with weights")
    pipeline = StableDiffusionPipeline.from_single_file(
        str(weights), config=str(path), local_files_only=True, torch_dtype=dtype, **_NO_CHECKER
    )
    for name in ("text_encoder", "unet", "vae"):
        part = getattr(pipeline, name)
        if any(weight.is_meta for weight in part.parameters()):
            raise TaskFailed("model_missing", f"{name}: weights missing")
        part.eval()
    return pipeline


def _part(kind: Any, path: Path, name: str, common: Mapping[str, Any], **dtype: torch.dtype) -> Any:
    # weights under a name the library does not know are replaced by random ones with only a warning
    part, report = kind.from_pretrained(path, subfolder=name, output_loading_info=True, **common, **dtype)
    if report["missing_keys"]:
        raise TaskFailed("model_missing", f"{name}: {len(report['missing_keys'])} weights missing")
    return part.eval()
