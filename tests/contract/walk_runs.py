"""Short videos, through a supervisor and a real worker."""

from __future__ import annotations

import itertools
import math
import struct
import wave
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from generation.catalog import ModelInfo
from generation.supervisor import Outcome, Progress, Request
from tests.contract.picture_files import pixels
from tests.contract.picture_runs import Runs

RATE = 48000
_NUMBERS = itertools.count(1)


@dataclass(frozen=True)
class WalkRuns:
    pictures: Runs

    async def video(
        self,
        *keys: tuple[int, str, int],
        frames: int = 6,
        model: ModelInfo | None = None,
        job: str | None = None,
        on_progress: Callable[[Progress], None] | None = None,
        **changes: Any,
    ) -> Outcome:
        """Frames of 64 x 64 in four steps unless told otherwise; `keys` are (frame, prompt, seed)."""
        keys = keys or ((0, "ein roter Ball", 7), (frames - 1, "ein gelbes Haus", 8))
        params = {
            "keys": [{"frame": frame, "prompt": prompt, "seed": seed} for frame, prompt, seed in keys],
            "frames": frames,
            "fps": 8,
            "steps": 4,
            "guidance": 4.0,
            "width": 64,
            "height": 64,
        }
        number = next(_NUMBERS)
        request = Request(
            family="diffusion",
            task="video",
            params=params | changes,
            job=job or f"video{number}",
            attempt=1,
            seed=keys[0][2],
            out=self.pictures.folder / f"video{number}",
            model=model or self.pictures.model("mini"),
        )
        return await self.pictures.supervisor.run(request, on_progress)


def paths(outcome: Outcome) -> list[Path]:
    return [outcome.out / file.name for file in outcome.files]


def jumps(files: Sequence[Path]) -> list[float]:
    """The mean difference of each two neighbouring pictures' values, 0 … 255."""
    values = [pixels(file)[2] for file in files]
    return [
        sum(abs(a - b) for a, b in zip(one, two, strict=True)) / len(one)
        for one, two in itertools.pairwise(values)
    ]


def write_clicks(file: Path, clicks: Sequence[float], seconds: float) -> Path:
    """A stereo WAV that is silent but for short clicks at these seconds."""
    samples = [0.0] * round(seconds * RATE)
    for click in clicks:
        for n in range(RATE * 3 // 100):
            samples[round(click * RATE) + n] += 0.8 * math.sin(n * 0.13) * math.exp(-n / 400)
    with wave.open(str(file), "wb") as sound:
        sound.setparams((2, 2, RATE, 0, "NONE", ""))
        sound.writeframes(b"".join(struct.pack("<hh", *(round(one * 32000),) * 2) for one in samples))
    return file
