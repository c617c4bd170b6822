"""What can only be seen from inside the music family's process: `python music_probe.py FOLDER`.

Writes the models of `music_files.py` into FOLDER and what was seen into FOLDER/seen.json: tokens counted around a
cancel, sums of files made in this process, audiocraft's own result for the same seed, the inaudible mark.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))
sys.path.insert(0, str(Path(__file__).parent))

import music_files
import numpy as np
import torch

from generation.families.music import packages, stand_ins, waves
from generation.families.music.composing import Composer, Order
from generation.families.music.making import MusicAdapter
from generation.worker import seeding
from generation.worker.api import Cancelled, Model, Task


class Counting:
    """A context that cancels at token `stop`."""

    def __init__(self, stop: int | None = None) -> None:
        self.stop = stop
        self.steps: list[tuple[int, int]] = []

    def progress(self, done: int, total: int, stage: str = "") -> None:
        self.steps.append((done, total))

    def loading(self, model: str) -> None:
        pass

    def check(self) -> None:
        if self.stop is not None and len(self.steps) >= self.stop:
            raise Cancelled


def task(folder: Path, kind: str, out: str, name: str = "music", **params: Any) -> Task:
    place = folder / out
    place.mkdir()
    return Task(
        job=out,
        attempt=1,
        name=name,
        params={"prompt": "calm piano", "seconds": 1, **params},
        seed=7,
        out=place,
        model=Model(id=kind, path=folder / kind),
    )


def cancelled(adapter: MusicAdapter, folder: Path, model: Any) -> dict[str, Any]:
    """Calls of the language model and tokens after the cancel at token 20."""
    context, calls = Counting(stop=20), []
    hook = model.lm.register_forward_hook(lambda *_: calls.append(1))
    try:
        adapter.run(task(folder, "plain", "cancelled", seconds=20), context)
    except Cancelled:
        return {
            "tokens": len(context.steps),
            "model_calls": len(calls),
            "files": len(list((folder / "cancelled").iterdir())),
        }
    finally:
        hook.remove()
    raise AssertionError("not cancelled")


def counted(adapter: MusicAdapter, folder: Path, kind: str, **params: Any) -> list[tuple[int, int]]:
    context = Counting()
    adapter.run(task(folder, kind, f"counted_{kind}_{params.get('seconds', 1)}", **params), context)
    return context.steps


def bare_equal(model: Any) -> bool:
    """Whether audiocraft alone makes the same sound from the same seed, to the last bit."""
    composer = Composer(model)
    order = Order(prompts=["calm piano"], seconds=[2])
    seeding.seed_all(7)
    ours = composer.compose(order, composer.plan(order), lambda: None)
    model.duration = 2
    seeding.seed_all(7)
    return bool(torch.equal(ours, model.generate(["calm piano"])[0]))


def mark_found(rate: int) -> list[float]:
    """Of a sound with the mark, and of the same without."""
    noise = np.random.default_rng(1).normal(0, 0.05, (1, rate * 3)).astype(np.float32)
    tone = noise + 0.2 * np.sin(np.arange(rate * 3) * 2 * np.pi * 330 / rate).astype(np.float32)
    marker = packages.perth.PerthImplicitWatermarker()
    marked = waves.Marker().mark(tone, rate)
    with torch.no_grad():
        return [float(np.mean(marker.get_watermark(one[0], sample_rate=rate))) for one in (marked, tone)]


def main(folder: Path) -> None:
    music_files.main(folder)
    adapter = MusicAdapter(music_files.HUB)
    steps = counted(adapter, folder, "plain")
    model = adapter._model
    stopped = cancelled(adapter, folder, model._model)
    seen = {
        "steps": steps,
        "steps_long": counted(adapter, folder, "stereo", seconds=24, count=2)[-1],
        "sum": hashlib.sha256((folder / "counted_plain_1" / "1.wav").read_bytes()).hexdigest(),
        "cancelled": stopped,
        "bare_equal": bare_equal(model._model),
        "mark_32000": mark_found(32_000),
        "mark_16000": mark_found(16_000),
        "stood_in": sorted(name for name in sys.modules if stand_ins._is_absent(name)),
    }
    (folder / "seen.json").write_text(json.dumps(seen), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
