"""Makes tortoise's models small: copied into an environment of the tests only, and imported there at every start.

All of tortoise's own code stays as it is, and so does every line of the family; only the sizes that
`TextToSpeech.__init__` has written down are others. Nothing in the product puts this file anywhere.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

SIZES: dict[str, dict[str, Any]] = {
    "UnifiedVoice": {"layers": 1, "model_dim": 64, "heads": 2},
    "DiffusionTts": {"model_channels": 64, "num_layers": 1, "in_latent_channels": 64, "num_heads": 2},
    "CLVP": {
        "dim_text": 32,
        "dim_speech": 32,
        "dim_latent": 32,
        "text_enc_depth": 1,
        "speech_enc_depth": 1,
        "text_heads": 2,
        "speech_heads": 2,
    },
    "UnivNetGenerator": {"channel_size": 4},
}


def reduce(api: ModuleType) -> None:
    for name, sizes in SIZES.items():
        setattr(api, name, _smaller(getattr(api, name), sizes))


def _smaller(kind: Any, sizes: dict[str, Any]) -> Any:
    return lambda *args, **kwargs: kind(*args, **{**kwargs, **sizes})


class _Finder:
    @staticmethod
    def find_spec(name: str, path: Sequence[str] | None, _: ModuleType | None = None) -> ModuleSpec | None:
        if name != "tortoise.api":
            return None
        spec = PathFinder.find_spec(name, path)
        assert spec is not None
        assert spec.loader is not None
        run: Any = spec.loader.exec_module

        def run_and_reduce(module: ModuleType) -> None:
            run(module)
            reduce(module)

        spec.loader.exec_module = run_and_reduce  # type: ignore[method-assign]
        return spec


sys.meta_path.insert(0, _Finder)  # type: ignore[arg-type]
