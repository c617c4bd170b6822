"""The language model's shape as audiocraft's own builders read it, and a head start for following a melody."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from audiocraft.models import builders
from omegaconf import OmegaConf

if TYPE_CHECKING:
    from audiocraft.models.lm import LMModel

# audiocraft's constructor asserts that its default stride (18 s) is shorter than the window.
WINDOW_S = 18.75
CHROMA_HOP = 2000


@dataclass(frozen=True)
class LMShape:
    """What a language model is built from; `melody` adds the chroma of a melody in front, as MusicGen melody does."""

    dim: int = 128
    layers: int = 5
    heads: int = 4
    codebooks: int = 4
    bins: int = 512
    sample_rate: int = 16_000
    melody: bool = True
    window_s: float = WINDOW_S
    cfg_coef: float = 2.0
    # Every fifth frequency of the positions is half as fast: see `look_at_melody`.
    max_period: float = 2.0 ** (63 / 5)


def config(shape: LMShape) -> dict[str, Any]:
    """The `xp.cfg` of a language model, with the keys that audiocraft's loaders and builders read."""
    conditioners: dict[str, Any] = {
        "args": {"merge_text_conditions_p": 0.0, "drop_desc_p": 0.0},
        "description": {
            "model": "t5",
            "t5": {"name": "t5-small", "finetune": False, "word_dropout": 0.0, "normalize_text": False},
        },
    }
    if shape.melody:
        chroma = {"sample_rate": shape.sample_rate, "n_chroma": 12, "radix2_exp": 12, "winhop": CHROMA_HOP}
        conditioners["self_wav"] = {"model": "chroma_stem", "chroma_stem": chroma}
    prepend = ["self_wav"] if shape.melody else []
    return {
        "lm_model": "transformer_lm",
        "device": "cpu",
        "dtype": "float32",
        "sample_rate": shape.sample_rate,
        "channels": 1,
        "dataset": {"segment_duration": shape.window_s},
        "transformer_lm": {
            "n_q": shape.codebooks,
            "card": shape.bins,
            "dim": shape.dim,
            "num_layers": shape.layers,
            "num_heads": shape.heads,
            "hidden_scale": 4,
            "norm_first": True,
            "bias_ff": False,
            "bias_attn": False,
            "bias_proj": False,
            "causal": True,
            "custom": False,
            "memory_efficient": True,
            "activation": "gelu",
            "positional_embedding": "sin",
            "max_period": shape.max_period,
            "dropout": 0.0,
            "weight_init": "gaussian",
            "depthwise_init": "current",
            "zero_bias_init": True,
        },
        "codebooks_pattern": {
            "modeling": "delay",
            "delay": {"delays": list(range(shape.codebooks)), "flatten_first": 0, "empty_initial": 0},
        },
        "classifier_free_guidance": {"training_dropout": 0.1, "inference_coef": shape.cfg_coef},
        "attribute_dropout": {},
        "fuser": {
            "sum": [],
            "cross": ["description"],
            "prepend": prepend,
            "input_interpolate": [],
            "cross_attention_pos_emb": False,
            "cross_attention_pos_emb_scale": 1,
        },
        "conditioners": conditioners,
    }


def build(shape: LMShape) -> LMModel:
    """A fresh language model through audiocraft's builder; its T5 (and demucs) come from the hub's cache."""
    return builders.get_lm_model(OmegaConf.create(config(shape)))


def build_with_start(shape: LMShape, groups: torch.Tensor | None = None) -> LMModel:
    """A fresh model that already looks at words that mean something, and at the melody."""
    model = build(shape)
    listen_to_words(model, groups)
    if shape.melody:
        look_at_melody(model)
    return model


@torch.no_grad()
def look_at_melody(model: LMModel, gain: float = 2.9) -> None:
    """Lets the first head of the first layer begin with its eyes on the melody's frame at the same time.

    The melody stands in front, one position for two frames. A position's features are turning hands, every fifth half
    as fast; so the hands of a later position, five further and turned back a fixed way, show the melody's position.
    What the head makes of what it sees is learned.
    """
    attention = model.transformer.layers[0].self_attn
    dim, head = attention.embed_dim, attention.embed_dim // attention.num_heads
    half = dim // 2
    before = model.condition_provider.conditioners["self_wav"].chroma_len
    away = (before - 0.5) / 2
    query, key = attention.in_proj_weight[:head], attention.in_proj_weight[dim : dim + head]
    query.zero_()
    key.zero_()
    for row, hand in enumerate((*range(head // 2 - 4), 14, 18, 22, 26)):
        turn = model.transformer.max_period ** (-hand / (half - 1)) * away
        key[2 * row, hand] = key[2 * row + 1, half + hand] = gain
        slow = hand + 5
        query[2 * row, slow], query[2 * row, half + slow] = gain * math.cos(turn), gain * math.sin(turn)
        query[2 * row + 1, slow], query[2 * row + 1, half + slow] = (
            -gain * math.sin(turn),
            gain * math.cos(turn),
        )


@torch.no_grad()
def listen_to_words(
    model: LMModel, groups: torch.Tensor | None = None, marker: float = 3.0, gain: float = 9.0
) -> None:
    """Gives every head that reads the text the words that it reads; where it looks is not trained.

    Most of a sentence is letters and small words, and a mean over all of it says next to nothing; left alone, all
    heads soon look at the words that matter most and none at the others. `groups`, shape (vocabulary, heads), says
    which words each head reads; without it all heads read all words that the T5's table makes loud. Some features of
    the text mark these words; one feature of the reader is constant and looks for the mark.
    """
    text = model.condition_provider.conditioners["description"]
    numbers = torch.arange(text.t5.config.vocab_size)[:, None]
    said = text.t5(input_ids=numbers).last_hidden_state[:, 0]
    heads = model.transformer.layers[0].cross_attention.num_heads
    if groups is None:
        loud = (said.norm(dim=1) > 0.5 * said.norm(dim=1).max()).float()
        groups = loud[:, None].expand(-1, heads)
    text.output_proj.reset_parameters()
    text.output_proj.bias.zero_()
    text.output_proj.weight[:heads] = marker * torch.linalg.lstsq(said, groups, driver="gelsd").solution.T
    _keep(text.output_proj.weight, slice(0, heads))
    for number, layer in enumerate(model.transformer.layers):
        reader = layer.cross_attention
        dim, size = reader.embed_dim, reader.embed_dim // heads
        reader.in_proj_weight.normal_(0, dim**-0.5)
        reader.out_proj.weight.normal_(0, (2 * dim * (number + 1)) ** -0.5)
        layer.norm_cross.reset_parameters()
        layer.norm_cross.weight[-1], layer.norm_cross.bias[-1] = 0, 1
        reader.in_proj_weight[: 2 * dim] = 0
        for head in range(heads):
            reader.in_proj_weight[head * size, -1] = gain
            reader.in_proj_weight[dim + head * size, head] = 1
        _keep(reader.in_proj_weight, slice(0, 2 * dim))
        layer.norm_cross.requires_grad_(requires_grad=False)


def _keep(weight: torch.nn.Parameter, rows: slice) -> None:
    """Keeps rows of a weight as they are: training sees no slope there."""

    def flat(slope: torch.Tensor) -> torch.Tensor:
        slope = slope.clone()
        slope[rows] = 0
        return slope

    weight.register_hook(flat)
