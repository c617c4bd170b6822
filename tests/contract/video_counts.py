"""Clips with a planted test card through real workers: `python -m tests.contract.video_counts -n 200`.

Each is encoded, decoded again and judged by the mini checker. The card stands for a single frame at the first, the last
or any other place of a walk, or is a picture or a video of a combined piece. None may be shown; as many without the
card as there are kinds must be.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import shutil
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from generation.supervisor import Outcome
from moderation.pipeline import Pipeline
from tests.contract.picture_runs import Runs
from tests.contract.text_runs import opened
from tests.contract.video_runs import CARD, CLIP, POST, checker, frames, judged, scene, tone

FLAGGED = "video_flagged"
KINDS = ("first", "last", "anywhere", "clip picture", "clip video", "reduced")


@dataclass
class Counted:
    """`faults`: clips with a card that were not refused as flagged, or left something behind; clips without one that
    were refused."""

    refused: Counter[str] = field(default_factory=Counter)
    frames: int = 0
    faults: list[str] = field(default_factory=list)


async def count(runs: Runs, rng: random.Random, number: int) -> Counted:
    counted, pipeline = Counted(), checker(runs)
    song = tone(runs.folder, "song.wav", 330, 2)
    for place in range(number):
        kind = KINDS[place % len(KINDS)]
        await _try(runs, rng, pipeline, counted, kind, song, planted=True)
        if place < len(KINDS):
            await _try(runs, rng, pipeline, counted, kind, song, planted=False)
    return counted


async def _try(
    runs: Runs,
    rng: random.Random,
    pipeline: Pipeline,
    counted: Counted,
    kind: str,
    song: str,
    *,
    planted: bool,
) -> None:
    folder = Path(tempfile.mkdtemp(dir=runs.folder))
    try:
        made, name = await _made(runs, rng, folder, kind, song, planted=planted)
        decision = await judged(runs, made, pipeline, name=name)
        left = (made.out / name).exists()
        counted.frames += made.facts["measured"]["frames"]
        if planted and (decision.approved is not None or decision.verdict.code != FLAGGED or left):
            counted.faults.append(f"{kind}: {decision.verdict.code or 'shown'} {left}")
        if not planted and decision.frames_checked != made.facts["measured"]["frames"]:
            counted.faults.append(f"{kind} without a card: {decision.verdict.code}")
        if planted and decision.verdict.code == FLAGGED:
            counted.refused[kind] += 1
        shutil.rmtree(made.out)
    finally:
        shutil.rmtree(folder)


async def _made(
    runs: Runs, rng: random.Random, folder: Path, kind: str, song: str, *, planted: bool
) -> tuple[Outcome, str]:
    if kind.startswith("clip"):
        return await runs.media(
            "clip_post", await _clip(runs, rng, folder, kind, planted=planted)
        ), "clip.mp4"
    return await runs.media("video_post", _walk(rng, folder, kind, song, planted=planted)), "video.mp4"


def _walk(rng: random.Random, folder: Path, kind: str, song: str, *, planted: bool) -> dict[str, Any]:
    length = rng.randint(1, 24)
    at = {"first": 0, "last": length - 1}.get(kind, rng.randrange(length))
    made = frames(folder, length, cards=[at] if planted else (), tint=rng.randrange(50))
    params = {**POST, "frames": made, "fps": rng.choice((4, 8, 12, 24))}
    params["song"] = song if rng.random() < 0.3 else None
    if kind == "reduced":
        params["limit_bytes"] = rng.randint(30_000, 60_000)
    return params


async def _clip(runs: Runs, rng: random.Random, folder: Path, kind: str, *, planted: bool) -> dict[str, Any]:
    """The card between two harmless pictures, or inside a video."""
    plain, card = folder / "plain.png", folder / "card.png"
    plain.write_bytes(scene(rng.randrange(40), tint=rng.randrange(50)))
    card.write_bytes(CARD if planted else plain.read_bytes())
    parts: list[dict[str, Any]] = [{"kind": "picture", "file": str(plain), "seconds": 0.5} for _ in range(2)]
    if kind == "clip picture":
        planted_part: dict[str, Any] = {"kind": "picture", "file": str(card), "seconds": 0.5}
    else:
        walk = _walk(rng, folder / "walk", "anywhere", "", planted=planted)
        made = await runs.media("video_post", {**walk, "song": None})
        video = shutil.move(made.out / "video.mp4", folder / "part.mp4")
        planted_part = {"kind": "video", "file": str(video)}
    parts.insert(rng.randrange(3), planted_part)
    return {**CLIP, "parts": parts}


async def main(number: int, seed: int) -> int:
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        async with opened(Path(name)) as texts:
            runs = Runs(texts.supervisor, texts.catalog, Path(name))
            counted = await count(runs, random.Random(seed), number)
    for kind, times in counted.refused.items():
        print(f"{times:4} refused: {kind}")
    refused = sum(counted.refused.values())
    took = time.monotonic() - began
    print(f"{refused} of {number} refused, {counted.frames} frames decoded and judged in {took:.0f} s")
    print(*counted.faults, sep="\n")
    return 1 if counted.faults or refused != number else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    raise SystemExit(asyncio.run(main(arguments.n, arguments.seed)))
