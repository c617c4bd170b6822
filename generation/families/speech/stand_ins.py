"""Packages that tortoise imports and that speaking never uses: nobody has to download them."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

_ABSENT = {
    "progressbar": (),  # imported, never called
    "rotary_embedding_torch": (
        "RotaryEmbedding",
        "broadcat",
    ),  # for a transformer that no model here is made of
}


@contextlib.contextmanager
def importing() -> Iterator[None]:
    """Inside, the packages above can be imported; afterwards they are gone again."""
    _put_torchaudio_extension()
    for name, attributes in _ABSENT.items():
        module: Any = ModuleType(name)
        for attribute in attributes:
            setattr(module, attribute, _absent)
        sys.modules[name] = module
    try:
        yield
    finally:
        for name in _ABSENT:
            del sys.modules[name]


def _absent(*_: Any, **__: Any) -> Any:
    raise NotImplementedError("left out, see stand_ins.py")


def _put_torchaudio_extension() -> None:
    """Its compiled part needs CUDA's libraries; only parts written in Python are used here."""
    extension: Any = ModuleType("torchaudio._extension")
    extension._IS_TORCHAUDIO_EXT_AVAILABLE = False
    extension._IS_ALIGN_AVAILABLE = False
    extension._check_cuda_version = lambda: None
    extension.fail_if_no_align = _unchanged
    sys.modules["torchaudio._extension"] = extension


def _unchanged(function: Callable[..., Any]) -> Callable[..., Any]:
    return function
