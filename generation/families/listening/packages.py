"""resemblyzer and perth, imported once, quietly; both lie when something is missing."""

from __future__ import annotations

import contextlib
import sys
import warnings
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import numpy as np


@contextlib.contextmanager
def _stand_ins() -> Iterator[None]:
    """torchaudio's compiled part needs CUDA's libraries, while only parts written in Python are used here;
    resemblyzer imports a name that scipy has moved, which is there while that happens."""
    import scipy.ndimage

    extension: Any = ModuleType("torchaudio._extension")
    extension._IS_TORCHAUDIO_EXT_AVAILABLE = False
    extension._IS_ALIGN_AVAILABLE = False
    extension._check_cuda_version = lambda: None
    extension.fail_if_no_align = lambda function: function
    sys.modules["torchaudio._extension"] = extension

    old: Any = ModuleType("scipy.ndimage.morphology")
    old.binary_dilation = scipy.ndimage.binary_dilation
    before = sys.modules.get("scipy.ndimage.morphology")
    sys.modules["scipy.ndimage.morphology"] = old
    try:
        yield
    finally:
        del sys.modules["scipy.ndimage.morphology"]
        if before is not None:
            sys.modules["scipy.ndimage.morphology"] = before


with warnings.catch_warnings(), _stand_ins():
    warnings.simplefilter("ignore")
    import perth
    from resemblyzer import VoiceEncoder, preprocess_wav

__all__ = ["VoiceEncoder", "as_heard", "perth"]


def as_heard(samples: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """16 kHz samples as resemblyzer wants them: as loud as it is used to, without long silences."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made: np.ndarray[Any, Any] = preprocess_wav(samples)
    return made
