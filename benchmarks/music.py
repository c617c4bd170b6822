"""How fast the music family makes sound, what it costs to start, and how much memory it takes.

In turns with audiocraft's own call on the same model, one thread each (`--threads`): CPU seconds a second of sound
(the real-time factor), with mark, file and progress on our side alone. A family's worker, no bot.
`python -m benchmarks.music`, with `--model` for another folder.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psutil

from bot.families import environments_of
from bot.settings import Settings
from generation.budget import MemoryBudget
from generation.catalog import Catalog, ModelInfo
from generation.errors import AtelierError
from generation.supervisor import Request, Supervisor

ROOT = Path(__file__).parents[1]
BARE = Path(__file__).with_name("bare_music.py")
PROMPT = "fröhliche schnelle Musik, happy fast music"
LONG = 34
"""Seconds: beyond a window of MusicGen."""


@dataclass
class Worker:
    """The family's worker with one model."""

    supervisor: Supervisor
    model: ModelInfo
    folder: Path
    number: int = 0

    async def make(self, seconds: int, seed: int) -> float:
        """CPU seconds of the worker for a piece."""
        self.number += 1
        before = self._cpu()
        request = Request(
            family="music", task="music", params={"prompt": PROMPT, "seconds": seconds}, job=f"bench{self.number}",
            attempt=1, seed=seed, out=self.folder / str(self.number), model=self.model,
        )  # fmt: skip
        await self.supervisor.run(request)
        return self._cpu() - before

    def memory_mb(self) -> float:
        return psutil.Process(self._pid() or 0).memory_info().rss / 1e6

    def _cpu(self) -> float:
        pid = self._pid()
        if pid is None:
            return 0.0
        times = psutil.Process(pid).cpu_times()
        return times.user + times.system

    def _pid(self) -> int | None:
        return next((one.pid for one in self.supervisor.states() if one.family == "music"), None)


class Bare:
    """The baseline's process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def call(self, **wanted: Any) -> dict[str, float]:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(wanted).encode() + b"\n")
        return await self.answer()

    async def answer(self) -> dict[str, float]:
        assert self._process.stdout is not None
        # libraries print to the same place
        while not (line := await self._process.stdout.readline()).startswith(b"{"):
            if not line:
                raise AtelierError("worker_failed")
        answer: dict[str, float] = json.loads(line)
        return answer

    def memory_mb(self) -> float:
        return psutil.Process(self._process.pid).memory_info().rss / 1e6


@asynccontextmanager
async def opened(model_folder: Path | None, threads: int) -> AsyncIterator[tuple[Worker, Bare]]:
    os.environ["ATELIER_THREADS"] = str(threads)
    environments = environments_of(Settings(_env_file=None), report=print)  # type: ignore[call-arg]
    python = await environments.ensure("music")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        model = Catalog.read(ROOT / "generation" / "families", folder).get("mini-music")
        model = model if model_folder is None else replace(model, id="given", path=model_folder, options={})
        supervisor = Supervisor(environments=environments, budget=MemoryBudget(64_000), lock_dir=folder)
        assert model.path is not None
        process = await asyncio.create_subprocess_exec(
            str(python), str(BARE), str(model.path), str(threads),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        try:
            yield Worker(supervisor, model, folder), Bare(process)
        finally:
            process.kill()
            await process.wait()
            await supervisor.close()
            await environments.close()


async def measure(*, pairs: int, seconds: list[int], model: Path | None, threads: int) -> None:
    async with opened(model, threads) as (worker, bare):
        start = await bare.answer()
        print(f"music import: {start['import']:.1f} s CPU, load: {start['load']:.1f} s CPU", flush=True)
        await worker.make(1, seed=0)  # imports and loads
        await bare.call(prompt=PROMPT, seconds=1, seed=0)
        for length in seconds:
            await _factor(worker, bare, length, pairs)
        line("memory", [(worker.memory_mb(), bare.memory_mb())], " MB")


async def _factor(worker: Worker, bare: Bare, length: int, pairs: int) -> None:
    figures = []
    for seed in range(1, pairs + 1):
        ours = await worker.make(length, seed)
        plain = await bare.call(prompt=PROMPT, seconds=length, seed=seed)
        figures.append((ours / length, plain["cpu"] / length))
    line(f"CPU seconds a second, {length} s", figures, "")


def line(name: str, figures: list[tuple[float, float]], unit: str) -> None:
    ours, baseline = (statistics.median(column) for column in zip(*figures, strict=True))
    ratio = statistics.median(mine / other for mine, other in figures)
    print(f"music {name}: {ours:.3g}{unit} / {baseline:.3g}{unit} = {ratio:.2f}", flush=True)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--model", type=Path, help="a folder of MusicGen instead of the mini model")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help="one pair, one second")
    options = parser.parse_args(arguments)
    pairs, seconds = (1, [1]) if options.quick else (options.pairs, [10, LONG])
    if options.model is not None and not options.model.is_dir():
        parser.error(f"there is no folder {options.model}")
    try:
        asyncio.run(measure(pairs=pairs, seconds=seconds, model=options.model, threads=options.threads))
    except AtelierError as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
