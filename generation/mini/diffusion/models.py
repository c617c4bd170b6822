"""The parts of the mini pipeline, in the classes that the full-size pipeline uses, and how they are stored."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from diffusers import AutoencoderKL, DDIMScheduler, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from generation.mini.diffusion.tokenizer import MAX_TOKENS, write_tokenizer
from generation.mini.diffusion.words import vocabulary

WEIGHTS = Path(__file__).parent / "weights"
TEXT_WIDTH = 96


def new_tokenizer(folder: Path) -> CLIPTokenizer:
    write_tokenizer(vocabulary(), folder)
    return CLIPTokenizer.from_pretrained(folder)


def new_text_encoder(tokenizer: CLIPTokenizer) -> CLIPTextModel:
    config = CLIPTextConfig(
        vocab_size=len(tokenizer), hidden_size=TEXT_WIDTH, intermediate_size=2 * TEXT_WIDTH, num_hidden_layers=4,
        num_attention_heads=4, max_position_embeddings=MAX_TOKENS, projection_dim=TEXT_WIDTH,
        bos_token_id=tokenizer.bos_token_id, eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )  # fmt: skip
    return CLIPTextModel(config)


def new_unet() -> UNet2DConditionModel:
    """Convolutions alone at 16x16, attention to the prompt at 8x8 and 4x4, where the layout is decided."""
    return UNet2DConditionModel(
        sample_size=16, in_channels=4, out_channels=4, layers_per_block=1, block_out_channels=(48, 96, 96),
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        only_cross_attention=True, cross_attention_dim=TEXT_WIDTH, attention_head_dim=32, norm_num_groups=16,
    )  # fmt: skip


def new_autoencoder() -> AutoencoderKL:
    return AutoencoderKL(
        in_channels=3, out_channels=3, latent_channels=4, block_out_channels=(12, 24, 48, 96), layers_per_block=1,
        down_block_types=("DownEncoderBlock2D",) * 4, up_block_types=("UpDecoderBlock2D",) * 4, norm_num_groups=1,
        sample_size=128, scaling_factor=0.18215, mid_block_add_attention=False,
    )  # fmt: skip


def new_scheduler() -> DDIMScheduler:
    """Linear betas: the last step holds next to no signal, so that flat grounds of any brightness can be made."""
    return DDIMScheduler(
        num_train_timesteps=1000, beta_start=1e-4, beta_end=0.02, beta_schedule="linear", clip_sample=False,
        set_alpha_to_one=False, steps_offset=1, prediction_type="v_prediction", timestep_spacing="trailing",
    )  # fmt: skip


def tokenize(tokenizer: CLIPTokenizer, prompts: list[str]) -> torch.Tensor:
    """Token numbers as the pipeline makes them: [prompts, MAX_TOKENS]."""
    return tokenizer(
        prompts, padding="max_length", truncation=True, max_length=MAX_TOKENS, return_tensors="pt"
    ).input_ids


def store(module: torch.nn.Module, folder: Path) -> None:
    """Writes a module in half precision; the module itself is left as it is."""
    state = {name: value.clone() for name, value in module.state_dict().items()}
    module.half().save_pretrained(folder, safe_serialization=True)
    module.float().load_state_dict(state)
    path = folder / "config.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    if "dtype" in config:
        # transformers computes in the type named here; half precision is for the file only.
        config["dtype"] = "float32"
        path.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def store_index(folder: Path) -> None:
    """model_index.json and the scheduler. The picture checker runs in a process of its own, so there is none."""
    index = {
        "_class_name": "StableDiffusionPipeline", "_diffusers_version": "0.42.1",
        "feature_extractor": [None, None], "image_encoder": [None, None], "requires_safety_checker": False,
        "safety_checker": [None, None], "scheduler": ["diffusers", "DDIMScheduler"],
        "text_encoder": ["transformers", "CLIPTextModel"], "tokenizer": ["transformers", "CLIPTokenizer"],
        "unet": ["diffusers", "UNet2DConditionModel"], "vae": ["diffusers", "AutoencoderKL"],
    }  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model_index.json").write_text(json.dumps(index, indent=2) + "\n", encoding="utf-8")
    new_scheduler().save_pretrained(folder / "scheduler")
