"""The baseline of `video.py`: stable-diffusion-videos' own walk, a frame at a time, in the family's environment.

Started with the folder of a model and threads. Prints {"import", "load"} in CPU seconds; then, for each line
{"prompts", "seeds", "frames", "side", "steps"}, {"cpu", "wall"}: what one `walk` takes, up to its PNG files, without
the film.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))


def main(folder: Path, threads: int) -> None:
    began = time.process_time()
    # with the family's stand-ins: without them the package does not start in this environment
    from generation.families.diffusion import loading, packages

    loading.quiet()
    device = loading.prepare_torch()
    imported = time.process_time()
    import torch

    torch.set_num_threads(threads)
    parts = loading.load(folder, {}, device).components
    pipeline = packages.StableDiffusionWalkPipeline(
        **{name: parts[name] for name in ("vae", "text_encoder", "tokenizer", "unet", "scheduler")},
        safety_checker=None, feature_extractor=None, requires_safety_checker=False,
    )  # fmt: skip
    pipeline.set_progress_bar_config(disable=True)
    print(json.dumps({"import": imported - began, "load": time.process_time() - imported}), flush=True)
    for line in sys.stdin:
        wanted = json.loads(line)
        cpu, wall = time.process_time(), time.perf_counter()
        with tempfile.TemporaryDirectory() as out, torch.no_grad():
            pipeline.walk(
                wanted["prompts"], wanted["seeds"], num_interpolation_steps=wanted["frames"], output_dir=out,
                name="walk", num_inference_steps=wanted["steps"], guidance_scale=6.5, height=wanted["side"],
                width=wanted["side"], batch_size=1, make_video=False,
            )  # fmt: skip
        print(json.dumps({"cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall}), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
