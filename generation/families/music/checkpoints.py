"""What a folder with a MusicGen or AudioGen model says of itself, read as plain data before anything is made of it.

Its two files are pickles inside an archive. Only numbers, texts and the settings' own node classes are ever rebuilt
from them (torch's `weights_only`); anything else is refused, wherever the file came from.
"""

from __future__ import annotations

import collections
import contextlib
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from omegaconf import DictConfig, ListConfig, OmegaConf, nodes
from omegaconf.base import ContainerMetadata, Metadata

from generation.worker.api import TaskFailed

MODEL, CODEC = "state_dict.bin", "compression_state_dict.bin"
# AudioGen's settings were saved as such objects, MusicGen's as text
_SETTINGS = [
    DictConfig,
    ListConfig,
    ContainerMetadata,
    Metadata,
    nodes.AnyNode,
    nodes.BooleanNode,
    nodes.BytesNode,
    nodes.FloatNode,
    nodes.IntegerNode,
    nodes.StringNode,
    collections.defaultdict,
    dict,
    list,
    int,
    float,
    bool,
    str,
    typing.Any,
]
_CONDITIONERS: Mapping[str, str] = {"description": "t5", "self_wav": "chroma_stem"}


def plain_data_only() -> contextlib.AbstractContextManager[Any]:
    """Inside, torch rebuilds the settings' classes as well; never anything that runs."""
    return torch.serialization.safe_globals(_SETTINGS)


def read_settings(folder: Path) -> Any:
    """The settings of the model in `folder`, an OmegaConf tree. Raises TaskFailed model_missing, model_broken."""
    for name in (MODEL, CODEC):
        if not (folder / name).is_file():
            raise TaskFailed("model_missing", f"no {name}")
    _contents(folder / CODEC)
    settings = _contents(folder / MODEL)
    problem = _problem(settings)
    if problem:
        raise TaskFailed("model_broken", problem)
    return settings


def text_reader(settings: Any) -> str:
    """The name of the model that reads the prompts, such as "t5-base"."""
    return str(settings.conditioners.description.t5.name)


def _contents(file: Path) -> Any:
    try:
        with plain_data_only():
            # mapped: the numbers themselves stay on the disk
            contents = torch.load(file, map_location="cpu", weights_only=True, mmap=True)
    except Exception as error:  # a damaged file makes torch raise anything
        raise TaskFailed("model_broken", f"{file.name}: {type(error).__name__}") from error
    if not isinstance(contents, dict) or "best_state" not in contents or "xp.cfg" not in contents:
        raise TaskFailed("model_broken", f"{file.name}: no weights or no settings in it")
    try:
        return OmegaConf.create(contents["xp.cfg"])
    except Exception as error:
        raise TaskFailed("model_broken", f"{file.name}: settings cannot be read") from error


def _problem(settings: Any) -> str:
    """What of the settings this family cannot run, "" for nothing. Merely loading a MAGNeT breaks the others."""
    try:
        kind, conditioners = settings.lm_model, dict(settings.conditioners)
        conditioners.pop("args", None)
        models = {str(name): str(one.model) for name, one in conditioners.items()}
        known = "description" in models and all(
            _CONDITIONERS.get(name) == one for name, one in models.items()
        )
    except Exception:  # noqa: BLE001 - whatever stands there is not what it should be
        return "settings are incomplete"
    if kind != "transformer_lm":
        return "not a MusicGen or AudioGen language model"
    return "" if known else "takes other inputs than a text and a melody"
