"""Writes trained parts in the layout that audiocraft's loaders read: `MusicGen.get_pretrained(folder)`.

    python generation/mini/music/export.py --codec CACHE/codec/codec.pt --lm CACHE/lm/lm.pt --hub HUB --out FOLDER

Tensors are stored in half precision; audiocraft copies them into single precision ones. `hub/` is a hub cache with T5
and, for a model that follows melodies, demucs: point HF_HUB_CACHE there, or link its folders into another.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path
from typing import Any

import audiocraft
import torch
from omegaconf import OmegaConf

from generation.mini.music import codec, lm


def package(state: dict[str, torch.Tensor], config: dict[str, Any]) -> dict[str, Any]:
    """What audiocraft's own export writes: state, settings as YAML text, version."""
    half = {name: value.half() if value.is_floating_point() else value for name, value in state.items()}
    return {
        "best_state": half,
        "xp.cfg": OmegaConf.to_yaml(OmegaConf.create(config)),
        "version": audiocraft.__version__,
        "exported": True,
    }


def write(
    out: Path,
    codec_file: Path,
    lm_file: Path,
    hub: Path,
    codec_shape: codec.CodecShape,
    lm_shape: lm.LMShape,
) -> int:
    """Writes everything; returns the bytes written."""
    out.mkdir(parents=True, exist_ok=True)
    for name, file, config in (
        ("compression_state_dict.bin", codec_file, codec.config(codec_shape)),
        ("state_dict.bin", lm_file, lm.config(lm_shape)),
    ):
        state = torch.load(file, weights_only=True)["model"]
        torch.save(package(state, config), out / name)
    wanted = ("models--t5-small", "models--adefossez--HTDemucs") if lm_shape.melody else ("models--t5-small",)
    for name in wanted:
        shutil.rmtree(out / "hub" / name, ignore_errors=True)
        shutil.copytree(hub / name, out / "hub" / name)
    return sum(file.stat().st_size for file in out.rglob("*") if file.is_file())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("codec", "lm", "hub", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    chosen = parser.parse_args()
    size = write(chosen.out, chosen.codec, chosen.lm, chosen.hub, codec.CodecShape(), lm.LMShape())
    print(f"{size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
