"""The baseline of `overhead`: diffusers alone, in the diffusion family's environment.

Reads a line of JSON for each call, answers with the CPU seconds it took in this process. Nothing of ours is imported.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import torch
from diffusers import StableDiffusionPipeline


def load(folder: str) -> Any:
    pipeline = StableDiffusionPipeline.from_pretrained(
        folder,
        use_safetensors=True,
        local_files_only=True,
        safety_checker=None,
        requires_safety_checker=False,
    )
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def call(pipeline: Any, wanted: dict[str, Any]) -> float:
    before = time.process_time()
    pipeline(
        prompt=wanted["prompt"],
        num_images_per_prompt=wanted["count"],
        num_inference_steps=wanted["steps"],
        guidance_scale=wanted["guidance"],
        width=wanted["width"],
        height=wanted["height"],
        generator=[
            torch.Generator("cpu").manual_seed(wanted["seed"] + one) for one in range(wanted["count"])
        ],
    )
    return time.process_time() - before


def main() -> None:
    torch.set_num_threads(1)
    pipeline = load(sys.argv[1])
    for line in sys.stdin:
        print(call(pipeline, json.loads(line)), flush=True)


if __name__ == "__main__":
    main()
