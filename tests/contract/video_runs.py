"""Videos through real workers: made, decoded again and judged as the bot does it; and the pictures they are made of."""

from __future__ import annotations

import asyncio
import json
import math
import os
import struct
import zlib
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from generation.environments import Environments
from generation.supervisor import Outcome
from moderation.pipeline import Pipeline, VideoDecision
from moderation.safety_check import SafetyCheck
from moderation.words import WordCheck
from tests.contract.audio_counts import wav
from tests.contract.picture_files import png, png_of_rows, test_card
from tests.contract.picture_runs import Runs

RATE = 24_000
POST: dict[str, Any] = {
    "fps": 8,
    "song": None,
    "limit_bytes": 10_000_000,
    "label": "Mit KI gemacht – für alle",
    "title": "Ein Boot, das zum Wald wird",
    "recipe": {"model": "mini", "model_title": "Mini", "seed": 7, "prompt": "Grüße „&“ <Köln>"},
}
CLIP: dict[str, Any] = {
    "title": {"lines": ["Der Fuchs", "Bild: Mini · Seed 7", "Stimme: Mini · Seed 8"], "seconds": 1},
    "music": None,
    "speech": [],
    "subtitles": "burned",
    "limit_bytes": 10_000_000,
    "label": POST["label"],
    "recipe": POST["recipe"],
}
CARD = png(128, 128, test_card)


@lru_cache(maxsize=256)
def scene(number: int, width: int = 128, height: int = 128, tint: int = 0) -> bytes:
    """A picture of soft stripes that move on with `number`; nothing a checker minds."""
    rows = []
    for y in range(height):
        wave = math.sin((y + 3 * number) / 17 + tint)
        colour = (round(120 + 60 * wave), round(110 + 40 * math.cos(tint + y / 40)), round(130 - 50 * wave))
        rows.append(b"\0" + bytes(colour) * width)
    return png_of_rows(width, height, zlib.compress(b"".join(rows), 1))


def frames(folder: Path, count: int, *, cards: Sequence[int] = (), tint: int = 0) -> list[str]:
    """Paths of `count` pictures; those at `cards` (from 0) are the test card."""
    folder.mkdir(exist_ok=True)
    paths = [folder / f"frame-{number:05}.png" for number in range(1, count + 1)]
    for number, path in enumerate(paths):
        path.write_bytes(CARD if number in cards else scene(number, tint=tint))
    return [str(path) for path in paths]


def tone(folder: Path, name: str, hertz: float, seconds: float, strength: float = 0.3) -> str:
    values = [
        round(32767 * strength * math.sin(math.tau * hertz * place / RATE))
        for place in range(round(seconds * RATE))
    ]
    file = folder / name
    file.write_bytes(wav(rate=RATE, data=struct.pack(f"<{len(values)}h", *values)))
    return str(file)


def checker(runs: Runs) -> Pipeline:
    """The real pipeline with the mini checker."""
    work = runs.folder / "checks"
    work.mkdir(exist_ok=True)
    check = SafetyCheck(supervisor=runs.supervisor, model=runs.model("mini-safety"), work_dir=work)
    return Pipeline(text_checks=[WordCheck()], image_check=check)


async def judged(
    runs: Runs, made: Outcome, pipeline: Pipeline, *, name: str = "video.mp4", expected: int | None = None
) -> VideoDecision:
    """The finished file is decoded and its frames judged."""
    video = made.out / name
    read = await runs.media("read_frames", {"file": str(video)})
    pictures = [read.out / file.name for file in read.files]
    return await pipeline.approve_video(
        video, pictures, expected=expected, measured=read.facts, texts=["ein Boot", "ein Wald"]
    )


async def run_probe(environments: Environments, *arguments: object) -> bytes:
    """What `video_probe.py` prints, in the media family's environment."""
    python = await environments.ensure("media")
    process = await asyncio.create_subprocess_exec(
        str(python),
        str(Path(__file__).with_name("video_probe.py")),
        *map(str, arguments),
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate()
    assert process.returncode == 0, arguments
    return output


async def look(environments: Environments, file: Path, *tones: float) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(await run_probe(environments, "look", file, *tones))
    return found
