"""The codec's shape, as audiocraft's own builders read it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from audiocraft.models import builders
from omegaconf import OmegaConf

if TYPE_CHECKING:
    from audiocraft.models.encodec import EncodecModel


@dataclass(frozen=True)
class CodecShape:
    """What a codec is built from; `ratios` multiply to the hop, and sample_rate / hop must be a whole number."""

    sample_rate: int = 16_000
    ratios: tuple[int, ...] = (25, 8, 5)
    filters: int = 16
    codebooks: int = 4
    bins: int = 512

    @property
    def hop(self) -> int:
        """Samples of a frame."""
        return math.prod(self.ratios)

    @property
    def width(self) -> int:
        """Numbers that describe a frame between encoder and decoder."""
        return self.filters * 2 ** len(self.ratios)


def config(shape: CodecShape) -> dict[str, Any]:
    """The `xp.cfg` of a codec, with the keys that `audiocraft.models.builders.get_compression_model` reads."""
    return {
        "compression_model": "encodec",
        "device": "cpu",
        "sample_rate": shape.sample_rate,
        "channels": 1,
        "encodec": {
            "autoencoder": "seanet",
            "quantizer": "rvq",
            "sample_rate": shape.sample_rate,
            "channels": 1,
            "causal": True,
            "renormalize": False,
        },
        "seanet": {
            "channels": 1,
            "dimension": shape.width,
            "ratios": list(shape.ratios),
            "activation": "ELU",
            "activation_params": {"alpha": 1.0},
            "norm": "none",
            "kernel_size": 7,
            "last_kernel_size": 7,
            "residual_kernel_size": 3,
            "dilation_base": 2,
            "causal": True,
            "pad_mode": "constant",
            "true_skip": True,
            "compress": 2,
            "lstm": 0,
            "n_filters": shape.filters,
            "encoder": {"n_residual_layers": 0, "last_kernel_size": 1},
            "decoder": {"n_residual_layers": 1, "kernel_size": 2},
        },
        "rvq": {
            "n_q": shape.codebooks,
            "bins": shape.bins,
            "q_dropout": False,
            "kmeans_init": True,
        },
    }


def build(shape: CodecShape) -> EncodecModel:
    """A fresh codec through audiocraft's builder."""
    return builders.get_compression_model(OmegaConf.create(config(shape)))
