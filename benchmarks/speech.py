"""How fast the speech family speaks, what it costs to start, and what a voice costs that it has heard before.

A family's worker, no bot, one thread (`--threads`). `--model` names the folder of a tortoise: none comes with the
source, and none can be measured without one. `python -m benchmarks.speech --model FOLDER`.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import os
import statistics
import struct
import tempfile
import time
import wave
from dataclasses import dataclass
from pathlib import Path

import psutil

from bot.families import environments_of
from bot.settings import Settings
from generation.budget import MemoryBudget
from generation.catalog import Catalog, ModelInfo
from generation.environments import Environments
from generation.errors import AtelierError
from generation.supervisor import Outcome, Request, Supervisor
from generation.voice_token import KEY_VARIABLE, Claim, hash_sample, make_token, new_key

ROOT = Path(__file__).parents[1]
TEXT = "The fox sleeps under the old tree, and nobody wants to wake it up."
QUALITIES = ("ultra_fast", "fast", "standard", "high_quality")


@dataclass
class Worker:
    """The family's worker with one model."""

    supervisor: Supervisor
    model: ModelInfo
    folder: Path
    key: str
    number: int = 0

    async def say(self, voice: str, quality: str) -> tuple[float, float, Outcome]:
        """Seconds of CPU and of the clock, and what came."""
        self.number += 1
        job, clip = f"bench{self.number}", self.folder / f"{voice}.wav"
        if not clip.exists():
            hum(clip, 100.0 + 10 * self.number)
        claim = Claim(
            job=job,
            voice=voice,
            samples=frozenset({hash_sample(clip.read_bytes())}),
            model=self.model.id,
            until=time.time() + 3600,
        )
        spoken_with = {
            "id": voice,
            "clips": {"neutral": [str(clip)]},
            "token": make_token(claim, self.key, now=time.time()),
        }
        request = Request(
            family="speech", task="speech", params={"text": TEXT, "voice": spoken_with, "quality": quality}, job=job,
            attempt=1, seed=self.number, out=self.folder / str(self.number), model=self.model,
        )  # fmt: skip
        cpu, began = self.cpu(), time.monotonic()
        outcome = await self.supervisor.run(request)
        return self.cpu() - cpu, time.monotonic() - began, outcome

    def cpu(self) -> float:
        times = psutil.Process(self._pid()).cpu_times()
        return times.user + times.system

    def memory_mb(self) -> float:
        return psutil.Process(self._pid()).memory_info().rss / 1e6

    def _pid(self) -> int:
        return next(one.pid for one in self.supervisor.states() if one.family == "speech" and one.pid)


def hum(file: Path, pitch: float, seconds: int = 6, rate: int = 24_000) -> None:
    """A clip; what is in it does not change how long it takes."""
    levels = (
        int(9000 * math.sin(2 * math.pi * pitch * place / rate) * math.sin(place / 9000))
        for place in range(seconds * rate)
    )
    with wave.open(str(file), "wb") as opened:
        opened.setnchannels(1)
        opened.setsampwidth(2)
        opened.setframerate(rate)
        opened.writeframes(b"".join(struct.pack("<h", level) for level in levels))


async def measure(
    environments: Environments, model: ModelInfo, *, qualities: tuple[str, ...], runs: int
) -> None:
    os.environ[KEY_VARIABLE] = key = new_key()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        supervisor = Supervisor(environments=environments, budget=MemoryBudget(64_000), lock_dir=folder)
        worker = Worker(supervisor, model, folder, key)
        try:
            await supervisor.start("speech")
            print(f"speech import: {worker.cpu():.1f} s CPU", flush=True)
            cold, _, _ = await worker.say("first", "ultra_fast")
            warm, _, _ = await worker.say("first", "ultra_fast")
            print(f"speech load: {max(0.0, cold - warm):.1f} s CPU", flush=True)
            await _voices(worker, runs)
            for quality in qualities:
                await _factor(worker, quality, runs)
            print(f"speech memory: {worker.memory_mb():.0f} MB", flush=True)
        finally:
            await supervisor.close()


async def _voices(worker: Worker, runs: int) -> None:
    new: list[float] = []
    again: list[float] = []
    calls = {"new": 0, "again": 0}
    for number in range(runs):
        for times, costs in (("new", new), ("again", again)):
            cpu, _, outcome = await worker.say(f"voice{number}", "ultra_fast")
            costs.append(cpu)
            calls[times] += outcome.facts["conditioning_calls"]
    print(f"speech conditioning calls, {runs} voices again: {calls['again']} / {calls['new']}", flush=True)
    ours, baseline = statistics.median(again), statistics.median(new)
    print(f"speech CPU, cached voice: {ours:.2f} s / {baseline:.2f} s = {ours / baseline:.2f}", flush=True)


async def _factor(worker: Worker, quality: str, runs: int) -> None:
    """Seconds it takes for a second of speech, with a voice that was heard before."""
    figures = [await worker.say("first", quality) for _ in range(runs)]
    cpu = statistics.median(cpu / made.facts["seconds"] for cpu, _, made in figures)
    clock = statistics.median(clock / made.facts["seconds"] for _, clock, made in figures)
    print(f"speech real-time factor, {quality}: {clock:.2f} ({cpu:.2f} CPU)", flush=True)


async def _measure_folder(folder: Path, runs: int) -> None:
    entry = Catalog.read(ROOT / "generation" / "families", folder.parent).get("tortoise")
    model = ModelInfo(
        **{**{name: getattr(entry, name) for name in entry.__dataclass_fields__}, "path": folder}
    )
    environments = environments_of(Settings(_env_file=None), report=print)  # type: ignore[call-arg]
    try:
        await measure(environments, model, qualities=QUALITIES, runs=runs)
    finally:
        await environments.close()


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--model", type=Path, required=True, help="the folder of a tortoise")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args(arguments)
    if not options.model.is_dir():
        parser.error(f"there is no folder {options.model}")
    os.environ["ATELIER_THREADS"] = str(options.threads)
    try:
        asyncio.run(_measure_folder(options.model.resolve(), options.runs))
    except AtelierError as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
