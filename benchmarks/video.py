"""How long a frame of a walk takes, what the walk costs to start, and how much memory it needs.

In turns with stable-diffusion-videos' own walk, which makes a frame at a time, on the same model, one thread each
(`--threads`): CPU seconds a frame up to the PNG files, the film is another family's work. A family's worker, no bot.
`python -m benchmarks.video`, with `--model` for another folder, `--side` and `--steps` for other pictures.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import psutil

from benchmarks.music import Bare
from bot.families import environments_of
from bot.settings import Settings
from generation.budget import MemoryBudget
from generation.catalog import Catalog, ModelInfo
from generation.errors import AtelierError
from generation.supervisor import Request, Supervisor

ROOT = Path(__file__).parents[1]
BARE = Path(__file__).with_name("bare_video.py")
PROMPTS = ("ein roter Ball", "ein gelbes Haus")


@dataclass(frozen=True)
class Size:
    frames: int
    side: int
    steps: int


@dataclass
class Worker:
    """The family's worker with one model."""

    supervisor: Supervisor
    model: ModelInfo
    folder: Path
    number: int = 0

    async def make(self, size: Size, seed: int) -> tuple[float, float]:
        """(CPU, wall) seconds of the worker for a walk."""
        self.number += 1
        keys = [
            {"frame": frame, "prompt": prompt, "seed": seed + frame}
            for frame, prompt in zip((0, size.frames - 1), PROMPTS, strict=True)
        ]
        params = {
            "keys": keys,
            "frames": size.frames,
            "steps": size.steps,
            "width": size.side,
            "height": size.side,
        }
        request = Request(
            family="diffusion", task="video", params=params, job=f"bench{self.number}", attempt=1, seed=seed,
            out=self.folder / str(self.number), model=self.model,
        )  # fmt: skip
        cpu, wall = self._cpu(), time.perf_counter()
        await self.supervisor.run(request)
        return self._cpu() - cpu, time.perf_counter() - wall

    def memory_mb(self) -> float:
        return psutil.Process(self._pid() or 0).memory_info().rss / 1e6

    def _cpu(self) -> float:
        pid = self._pid()
        if pid is None:
            return 0.0
        times = psutil.Process(pid).cpu_times()
        return times.user + times.system

    def _pid(self) -> int | None:
        return next((one.pid for one in self.supervisor.states() if one.family == "diffusion"), None)


@asynccontextmanager
async def opened(model_folder: Path | None, threads: int) -> AsyncIterator[tuple[Worker, Bare]]:
    os.environ["ATELIER_THREADS"] = str(threads)
    environments = environments_of(Settings(_env_file=None), report=print)  # type: ignore[call-arg]
    python = await environments.ensure("diffusion")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        model = Catalog.read(ROOT / "generation" / "families", folder).get("mini")
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


async def measure(*, pairs: int, size: Size, model: Path | None, threads: int) -> None:
    async with opened(model, threads) as (worker, bare):
        start = await bare.answer()
        print(f"video import: {start['import']:.1f} s CPU, load: {start['load']:.1f} s CPU", flush=True)
        short = Size(2, size.side, 1)
        await worker.make(short, seed=0)  # imports and loads
        await _walk(bare, short, seed=0)
        cpu, wall = [], []
        for seed in range(1, pairs + 1):
            ours, plain = await worker.make(size, seed), await _walk(bare, size, seed)
            cpu.append((ours[0] / size.frames, plain[0] / size.frames))
            wall.append((ours[1] / size.frames, plain[1] / size.frames))
        line("CPU seconds a frame", cpu, "")
        line("seconds a frame", wall, "")
        line("memory", [(worker.memory_mb(), bare.memory_mb())], " MB")


async def _walk(bare: Bare, size: Size, seed: int) -> tuple[float, float]:
    took = await bare.call(
        prompts=PROMPTS,
        seeds=[seed, seed + size.frames - 1],
        frames=size.frames,
        side=size.side,
        steps=size.steps,
    )
    return took["cpu"], took["wall"]


def line(name: str, figures: list[tuple[float, float]], unit: str) -> None:
    ours, baseline = (statistics.median(column) for column in zip(*figures, strict=True))
    ratio = statistics.median(mine / other for mine, other in figures)
    print(f"video {name}: {ours:.3g}{unit} / {baseline:.3g}{unit} = {ratio:.2f}", flush=True)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--frames", type=int, default=26, help="of a walk; two are made alone")
    parser.add_argument("--side", type=int, default=128, help="pixels")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--model", type=Path, help="a folder of Stable Diffusion instead of the mini model")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help="one pair, three frames of one step")
    options = parser.parse_args(arguments)
    size = Size(3, 64, 1) if options.quick else Size(options.frames, options.side, options.steps)
    if options.model is not None and not options.model.is_dir():
        parser.error(f"there is no folder {options.model}")
    pairs = 1 if options.quick else options.pairs
    try:
        asyncio.run(measure(pairs=pairs, size=size, model=options.model, threads=options.threads))
    except AtelierError as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
