"""tortoise and what belongs to it, imported once with stand-ins for what is not used; prepared for our use.

Import this only after `hub.PrivateHub.prepare`.
"""

from __future__ import annotations

import functools
import sys
import warnings
from pathlib import Path
from typing import Any

import torch

from generation.families.speech import stand_ins

with warnings.catch_warnings(), stand_ins.importing():
    warnings.simplefilter("ignore")  # about our own choice of versions, to nobody who could change them
    import torchaudio
    import transformers
    from inflect import NumOutOfRangeError
    from tortoise import api
    from tortoise.utils import audio as tortoise_audio
    from tortoise.utils.wav2vec_alignment import Wav2VecAlignment

__all__ = ["NumOutOfRangeError", "Wav2VecAlignment", "api", "prepare", "torchaudio", "transformers"]

_RECURSION = 5000
"""The alignment calls itself once for each letter of the text and of what was heard."""


def prepare(voices: Path) -> torch.device:
    """Repeatable kernels, no chatter, no voice but those that are handed over; the device everything runs on.

    `voices`: an empty folder instead of the recordings of real people that come with tortoise.
    """
    transformers.utils.logging.set_verbosity_error()
    warnings.simplefilter("ignore")
    torch.backends.cudnn.benchmark = False
    torch.backends.cudnn.deterministic = True
    sys.setrecursionlimit(_RECURSION)
    tortoise_audio.BUILTIN_VOICES_DIR = str(voices)
    # a sample without an end is no news, and a job draws hundreds of them
    api.fix_autoregressive_output = functools.partial(api.fix_autoregressive_output, complain=False)
    api.TextToSpeech.get_random_conditioning_latents = _no_voice
    tortoise_audio.load_voice = tortoise_audio.load_voices = _no_voice
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def _no_voice(*_: Any, **__: Any) -> Any:
    """No voice by a name, none mixed of two, none from a file of numbers, none by chance."""
    raise PermissionError("a voice is what its owner has spoken, nothing else")
