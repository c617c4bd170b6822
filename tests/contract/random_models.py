"""Tiny models of random numbers in the formats of the real ones: `python random_models.py KIND SOURCE FOLDER`.

Runs in the diffusion family's environment. SOURCE is the mini model, whose tokenizer is taken. Kinds: "large" (Stable
Diffusion XL), "few_steps" (a latent consistency model), "one_file" (weights in one file, named as people share them).
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from diffusers import (
    AutoencoderKL,
    DDIMScheduler,
    EulerDiscreteScheduler,
    LCMScheduler,
    StableDiffusionPipeline,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
)
from safetensors.torch import save_file
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

WIDTH = 32
LEVELS = 2
NOISE: dict[str, Any] = {
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
}


def parts(source: Path, **unet: Any) -> dict[str, Any]:
    tokenizer = CLIPTokenizer.from_pretrained(source / "tokenizer")
    text = CLIPTextConfig(
        vocab_size=len(tokenizer),
        hidden_size=WIDTH,
        intermediate_size=WIDTH,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=tokenizer.model_max_length,
        projection_dim=WIDTH,
        eos_token_id=tokenizer.eos_token_id,
    )
    usual = {
        "block_out_channels": (32, 64),
        "layers_per_block": 1,
        "sample_size": 16,
        "down_block_types": ("CrossAttnDownBlock2D", "DownBlock2D"),
        "up_block_types": ("UpBlock2D", "CrossAttnUpBlock2D"),
        "cross_attention_dim": WIDTH,
        "attention_head_dim": 8,
    }
    vae = AutoencoderKL(
        block_out_channels=(32, 64),
        layers_per_block=1,
        down_block_types=("DownEncoderBlock2D",) * LEVELS,
        up_block_types=("UpDecoderBlock2D",) * LEVELS,
        sample_size=32,
    )
    return {
        "tokenizer": tokenizer,
        "text_encoder": CLIPTextModel(text),
        "unet": UNet2DConditionModel(**(usual | unet)),
        "vae": vae,
    }


def large(source: Path) -> Any:
    found = parts(
        source,
        addition_embed_type="text_time",
        addition_time_embed_dim=8,
        projection_class_embeddings_input_dim=6 * 8 + WIDTH,
        cross_attention_dim=2 * WIDTH,
        use_linear_projection=True,
    )
    return StableDiffusionXLPipeline(
        **found,
        text_encoder_2=CLIPTextModelWithProjection(found["text_encoder"].config),
        tokenizer_2=found["tokenizer"],
        scheduler=EulerDiscreteScheduler(**NOISE),
        add_watermarker=False,
    )


def few_steps(source: Path) -> Any:
    return _plain(parts(source, time_cond_proj_dim=16), LCMScheduler(**NOISE))


def _plain(found: dict[str, Any], scheduler: Any) -> Any:
    return StableDiffusionPipeline(
        **found,
        scheduler=scheduler,
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )


def one_file(source: Path, folder: Path) -> None:
    """The same model twice: as `folder`/twin, and as one file beside the configuration."""
    pipeline = _plain(parts(source), DDIMScheduler(**NOISE, clip_sample=False))
    pipeline.save_pretrained(folder / "twin")
    shutil.copytree(folder / "twin", folder / "one", ignore=shutil.ignore_patterns("*.safetensors"))
    weights = {
        **_renamed(pipeline.unet, dict(_unet_names()), _RESNET, "model.diffusion_model."),
        **_renamed(pipeline.vae, dict(_vae_names()), _VAE_RESNET, "first_stage_model."),
        **{
            f"cond_stage_model.transformer.text_model.{name.removeprefix('text_model.')}": value
            for name, value in pipeline.text_encoder.state_dict().items()
        },
    }
    save_file(
        {name: value.contiguous().clone() for name, value in weights.items()},
        folder / "one" / "all.safetensors",
    )


_RESNET = {
    "norm1": "in_layers.0",
    "conv1": "in_layers.2",
    "time_emb_proj": "emb_layers.1",
    "norm2": "out_layers.0",
    "conv2": "out_layers.3",
    "conv_shortcut": "skip_connection",
}
_VAE_RESNET = {
    "conv_shortcut": "nin_shortcut",
    "group_norm": "norm",
    "to_q": "q",
    "to_k": "k",
    "to_v": "v",
    "to_out.0": "proj_out",
}


def _renamed(
    part: Any, blocks: dict[str, str], inner: dict[str, str], prefix: str
) -> dict[str, torch.Tensor]:
    renamed = {}
    for name, value in part.state_dict().items():
        block = next(
            (one for one in sorted(blocks, key=len, reverse=True) if name.startswith(f"{one}.")), None
        )
        new = name
        if block is not None:
            rest = name.removeprefix(f"{block}.")
            if "resnets" in block or prefix.startswith("first"):
                for old, other in inner.items():
                    if rest.startswith(f"{old}."):
                        rest = other + rest.removeprefix(old)
            new = f"{blocks[block]}.{rest}"
        attention = (
            prefix.startswith("first") and ".attn_1." in new and new.endswith("weight") and value.ndim == 2
        )
        renamed[prefix + new] = value[..., None, None] if attention else value
    return renamed


def _unet_names() -> Iterator[tuple[str, str]]:
    yield from (("conv_in", "input_blocks.0.0"), ("conv_norm_out", "out.0"), ("conv_out", "out.2"))
    yield from (("time_embedding.linear_1", "time_embed.0"), ("time_embedding.linear_2", "time_embed.2"))
    for level in range(LEVELS):
        yield f"down_blocks.{level}.resnets.0", f"input_blocks.{2 * level + 1}.0"
        yield f"down_blocks.{level}.attentions.0", f"input_blocks.{2 * level + 1}.1"
        yield f"down_blocks.{level}.downsamplers.0.conv", f"input_blocks.{2 * level + 2}.0.op"
        for layer in range(2):
            yield f"up_blocks.{level}.resnets.{layer}", f"output_blocks.{2 * level + layer}.0"
            yield f"up_blocks.{level}.attentions.{layer}", f"output_blocks.{2 * level + layer}.1"
        # the first up block has no attention
        yield f"up_blocks.{level}.upsamplers.0.conv", f"output_blocks.{2 * level + 1}.1.conv"
    yield "mid_block.resnets.0", "middle_block.0"
    yield "mid_block.attentions.0", "middle_block.1"
    yield "mid_block.resnets.1", "middle_block.2"


def _vae_names() -> Iterator[tuple[str, str]]:
    for half in ("encoder", "decoder"):
        yield f"{half}.conv_norm_out", f"{half}.norm_out"
        yield f"{half}.mid_block.resnets.0", f"{half}.mid.block_1"
        yield f"{half}.mid_block.resnets.1", f"{half}.mid.block_2"
        yield f"{half}.mid_block.attentions.0", f"{half}.mid.attn_1"
    for level in range(LEVELS):
        yield f"encoder.down_blocks.{level}.resnets.0", f"encoder.down.{level}.block.0"
        yield f"encoder.down_blocks.{level}.downsamplers.0.conv", f"encoder.down.{level}.downsample.conv"
        for layer in range(2):
            yield (
                f"decoder.up_blocks.{level}.resnets.{layer}",
                f"decoder.up.{LEVELS - 1 - level}.block.{layer}",
            )
        yield f"decoder.up_blocks.{level}.upsamplers.0.conv", f"decoder.up.{LEVELS - 1 - level}.upsample.conv"


if __name__ == "__main__":
    kind, mini, target = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    torch.manual_seed(1)
    if kind == "one_file":
        one_file(mini, target)
    else:
        {"large": large, "few_steps": few_steps}[kind](mini).save_pretrained(target)
