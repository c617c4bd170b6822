"""audiocraft and what belongs to it, imported once with stand-ins for what is not used; prepared for our use.

Import this only after `hub.PrivateHub.prepare`.
"""

from __future__ import annotations

import logging
import warnings
from typing import Any

import torch
import transformers

from generation.families.music import stand_ins

with warnings.catch_warnings(), stand_ins.importing():
    warnings.simplefilter("ignore")  # about our own choice of versions, to nobody who could change them
    import demucs.apply
    import demucs.audio
    import demucs.hf
    import demucs.htdemucs
    import demucs.pretrained
    import perth
    from audiocraft.data.audio_utils import convert_audio
    from audiocraft.models import AudioGen, MusicGen
    from audiocraft.modules.conditioners import ConditioningAttributes, WavCondition
from safetensors import safe_open

from generation.families.music import hub

__all__ = [
    "AudioGen",
    "ConditioningAttributes",
    "MusicGen",
    "WavCondition",
    "convert_audio",
    "perth",
    "prepare",
]


def prepare() -> torch.device:
    """Repeatable kernels, no chatter, no download; the device everything runs on.

    Raises RuntimeError where the package that marks sounds cannot be used: it says so by a silent None only.
    """
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    logging.getLogger("audiocraft").setLevel(logging.ERROR)
    torch.backends.cudnn.benchmark = False
    torch.backends.cudnn.deterministic = True
    demucs.pretrained.get_model = _separator
    if perth.PerthImplicitWatermarker is None:
        raise RuntimeError("resemble-perth cannot be imported: no inaudible mark")
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def _separator(name: str) -> Any:
    """demucs' own function fetches a pickle from the network when the files here cannot be read: this one never.

    The class to make stands in the file, and demucs would call whatever is named there.
    """
    weights = hub.weights_shown(hub.SEPARATOR)
    if not weights:
        raise FileNotFoundError("no separator")
    for file in weights:
        with safe_open(file, framework="pt") as opened:
            facts = opened.metadata() or {}
        if facts.get("klass") != "demucs.htdemucs.HTDemucs" or "structure" in facts:
            raise ValueError("not a separator of the known kind")
    return demucs.hf.get_hf_model(name).eval()
