"""The baseline of `music.py`: audiocraft's own call, in the music family's environment.

Started with the folder of a model and threads. Prints {"import", "load"} in CPU seconds; then, for each line {"prompt",
"seconds", "seed"}, {"cpu", "wall"}: what one `generate` takes, up to the samples, without mark and file.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from generation.families.music.hub import PrivateHub


def main(folder: Path, threads: int) -> None:
    hub = PrivateHub()
    hub.prepare()
    began = time.process_time()
    # with the family's stand-ins: without them audiocraft does not start in this environment
    from generation.families.music import checkpoints, loading, packages

    device = packages.prepare()
    imported = time.process_time()
    import torch

    torch.set_num_threads(threads)
    with hub.showing(folder, checkpoints.text_reader(checkpoints.read_settings(folder))):
        model = packages.MusicGen.get_pretrained(str(folder), device=device.type)
    print(json.dumps({"import": imported - began, "load": time.process_time() - imported}), flush=True)
    for line in sys.stdin:
        wanted = json.loads(line)
        model.set_generation_params(
            duration=wanted["seconds"],
            top_k=loading.TOP_K,
            extend_stride=model.max_duration * 0.6,
        )
        torch.manual_seed(wanted["seed"])
        cpu, wall = time.process_time(), time.perf_counter()
        model.generate([wanted["prompt"]])
        print(json.dumps({"cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall}), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
