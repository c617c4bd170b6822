"""Load one MusicGen or AudioGen folder, completely or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from generation.families.music import checkpoints, packages
from generation.families.music.hub import PrivateHub
from generation.worker import seeding
from generation.worker.api import TaskFailed

_CLASSES: Mapping[str, Any] = {"music": packages.MusicGen, "sound": packages.AudioGen}
TOP_K, TEMPERATURE, GUIDANCE = 250, 1.0, 3.0
"""audiocraft's own choice, for models that say nothing else."""


def load(task: str, path: Path, options: Mapping[str, Any], hub: PrivateHub, device: torch.device) -> Any:
    """The model of folder `path` for `task` "music" or "sound", half precision on CUDA, float32 on a CPU.

    `options`: top_k, temperature, cfg. Raises TaskFailed model_missing, model_broken; torch.OutOfMemoryError.
    """
    settings = checkpoints.read_settings(path)
    with checkpoints.plain_data_only(), hub.showing(path, checkpoints.text_reader(settings)):
        try:
            model = _CLASSES[task].get_pretrained(str(path), device=device.type)
        except Exception as error:
            if seeding.is_out_of_memory(error):
                raise
            missing = isinstance(error, OSError)  # the text reader or the separator is not there
            raise TaskFailed("model_missing" if missing else "model_broken", type(error).__name__) from error
    limit = min(model.lm.card, model.compression_model.cardinality)
    model.set_generation_params(
        duration=model.max_duration,
        top_k=min(int(options.get("top_k", TOP_K)), limit),
        temperature=float(options.get("temperature", TEMPERATURE)),
        cfg_coef=float(options.get("cfg", GUIDANCE)),
        extend_stride=model.max_duration / 2,  # unused: windows.py plans
    )
    return model
