"""The files of a tortoise, looked through as plain data before anything is made of them.

They are pickles inside archives. Only numbers, texts and collections of them are ever rebuilt (torch's
`weights_only`); anything else is refused, wherever the file came from.
"""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import torch

from generation.families.speech import hub
from generation.families.speech.hub import PrivateHub
from generation.worker.api import TaskFailed

_VOCODER = "vocoder.pth"
_VOCODER_STATE = "model_g"


def look_through(shown: PrivateHub) -> frozenset[str]:
    """The names of the weights in autoregressive.pth. Raises TaskFailed model_missing, model_broken."""
    names: dict[str, frozenset[str]] = {}
    for name in hub.WEIGHTS:
        file = shown.find(hub.TORTOISE, name)
        if file is None:
            raise TaskFailed("model_missing", f"no {name}")
        names[name] = _names(file, name)
    weights = shown.find(hub.ALIGNER, "pytorch_model.bin")
    if weights is not None:
        _names(weights, weights.name)
    return names["autoregressive.pth"]


def demand_all(model: Any, names: frozenset[str]) -> None:
    """That every weight of the autoregressive model was in its file: tortoise itself leaves missing ones random."""
    own = {
        name for name, _ in model.named_parameters() if not name.startswith(("inference_model.", "gpt.wte."))
    }
    if own - names:
        raise TaskFailed("model_broken", f"autoregressive.pth: {len(own - names)} weights are missing")


def _names(file: Path, name: str) -> frozenset[str]:
    try:
        # mapped, where it can be: the numbers themselves stay on the disk
        contents = torch.load(file, map_location="cpu", weights_only=True, mmap=zipfile.is_zipfile(file))
        if name == _VOCODER:
            contents = contents[_VOCODER_STATE]
        found = frozenset(contents)
        numbers = all(isinstance(one, torch.Tensor) for one in contents.values())
    except Exception as error:  # a damaged file makes torch raise anything
        raise TaskFailed("model_broken", f"{name}: {type(error).__name__}") from error
    if not found or not numbers:
        raise TaskFailed("model_broken", f"{name}: no weights in it")
    return found
