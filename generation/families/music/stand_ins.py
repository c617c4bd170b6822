"""Packages that audiocraft imports and that making music never uses: nobody has to download them.

Text normalising (spacy, num2words), faster attention kernels (xformers), training (flashy, dora, torchmetrics and
audiocraft's own solvers), reading and writing other audio formats (av, lameenc).
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

_ABSENT = frozenset({"av", "dora", "flashy", "lameenc", "num2words", "spacy", "torchmetrics"})
_TRAINING = "audiocraft.solvers"


class _NotHere(type):
    """A class whose every attribute is such a class again: enough to be imported, inherited from and annotated with."""

    def __getattr__(cls, name: str) -> Any:
        return _class(name)

    def __call__(cls, *_: Any, **__: Any) -> Any:
        raise NotImplementedError(f"{cls.__name__} is left out, see stand_ins.py")


def _class(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    return _NotHere(name, (), {})


class _CausalMask:
    """Says that there is a mask; torch's attention makes its own."""


class _Module(ModuleType):
    __path__: list[str]

    def __getattr__(self, name: str) -> Any:
        return _class(name)


class _Finder(MetaPathFinder, Loader):
    def find_spec(self, fullname: str, _: Sequence[str] | None, __: ModuleType | None = None) -> Any:
        if _is_absent(fullname):
            return ModuleSpec(fullname, self, is_package=True)
        return None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _Module(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        pass


@contextlib.contextmanager
def importing() -> Iterator[None]:
    """Inside, the packages above can be imported; afterwards they are gone again."""
    _put_torchaudio_extension()
    _put_xformers()
    finder = _Finder()
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        for name in [name for name in sys.modules if _is_absent(name)]:
            del sys.modules[name]


def _is_absent(name: str) -> bool:
    return name.partition(".")[0] in _ABSENT or name == _TRAINING or name.startswith(f"{_TRAINING}.")


def _put_torchaudio_extension() -> None:
    """Its compiled part needs CUDA's libraries; only parts written in Python are used here."""
    extension: Any = ModuleType("torchaudio._extension")
    extension._IS_TORCHAUDIO_EXT_AVAILABLE = False
    extension._IS_ALIGN_AVAILABLE = False
    extension._check_cuda_version = lambda: None
    extension.fail_if_no_align = _unchanged
    sys.modules["torchaudio._extension"] = extension


def _put_xformers() -> None:
    """Attention runs through torch; of xformers, `unbind` alone is called. It stays: models look for it later."""
    import torch

    package, ops = ModuleType("xformers"), ModuleType("xformers.ops")
    attributes: dict[str, Any] = {
        "unbind": torch.unbind,
        "memory_efficient_attention": _class("memory_efficient_attention"),
        "LowerTriangularMask": _CausalMask,
    }
    for name, value in attributes.items():
        setattr(ops, name, value)
    package.ops = ops  # type: ignore[attr-defined]
    package.__path__ = []
    sys.modules |= {"xformers": package, "xformers.ops": ops}


def _unchanged(function: Callable[..., Any]) -> Callable[..., Any]:
    return function
