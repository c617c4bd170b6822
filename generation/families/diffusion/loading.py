"""Load one Stable Diffusion folder, completely or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import diffusers
import torch
import transformers
from diffusers import AutoencoderKL, StableDiffusionPipeline, UNet2DConditionModel
from transformers import CLIPTextModel

from generation.worker import seeding
from generation.worker.api import TaskFailed


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

    Only safetensors are read. `options["variant"]` picks files such as `*.fp16.safetensors`.
    Raises TaskFailed model_missing for a missing, damaged or incomplete folder, torch.OutOfMemoryError.
    """
    if not (path / "model_index.json").is_file():
        raise TaskFailed("model_missing", "no model_index.json")
    try:
        return _read(path, options.get("variant"), device)
    except TaskFailed:
        raise
    except Exception as error:  # a damaged folder makes the libraries raise anything
        if seeding.is_out_of_memory(error):
            raise
        raise TaskFailed("model_missing", type(error).__name__) from error


def _read(path: Path, variant: str | None, device: torch.device) -> Any:
    common: dict[str, Any] = {
        "local_files_only": True,
        "use_safetensors": True,
        "variant": variant,
    }
    dtype = torch.float16 if device.type == "cuda" else torch.float32
    parts = {
        "text_encoder": _part(CLIPTextModel, path, "text_encoder", common, dtype=dtype),
        "unet": _part(UNet2DConditionModel, path, "unet", common, torch_dtype=dtype),
        "vae": _part(AutoencoderKL, path, "vae", common, torch_dtype=dtype),
    }
    pipeline = StableDiffusionPipeline.from_pretrained(
        path,
        **common,
        **parts,
        torch_dtype=dtype,
        # checked by the safety family in a process of its own, never here
        safety_checker=None,
        feature_extractor=None,
        image_encoder=None,
        requires_safety_checker=False,
    )
    pipeline.set_progress_bar_config(disable=True)
    return pipeline.to(device)


def _part(kind: Any, path: Path, name: str, common: Mapping[str, Any], **dtype: torch.dtype) -> Any:
    # weights under a name the library does not know are replaced by random ones with only a warning
    part, report = kind.from_pretrained(path, subfolder=name, output_loading_info=True, **common, **dtype)
    if report["missing_keys"]:
        raise TaskFailed("model_missing", f"{name}: {len(report['missing_keys'])} weights missing")
    return part.eval()
