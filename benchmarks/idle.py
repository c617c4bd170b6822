"""The idle bot: memory, start, and that no model library is in it.

C12: the bot as `atelier run` starts it, against the class server, in turns with a process that imports discord.py and
does nothing. `python -m benchmarks.idle`. Times include the workers that start beside the bot.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib.util
import sys
import time
from dataclasses import dataclass

import psutil

from benchmarks.rehearsed import Rehearsed, cpu_seconds, figure, prepare, rehearsed, settings_of
from bot.settings import Settings

MODEL_LIBRARIES = ("torch", "numpy", "diffusers", "transformers", "PIL", "av")
MB = 1_000_000
BASELINE = "import sys, discord.ext.commands; print(flush=True); sys.stdin.read()"


@dataclass(frozen=True)
class Measured:
    """`online`: the gateway has sent the class, commands are known. `answered`: the first answer to a command."""

    rss: float
    uss: float
    cpu: float
    online: float
    answered: float


async def ours(settings: Settings, *, first: bool, workers: bool) -> Measured:
    async with rehearsed(settings) as class_:
        online = await class_.until_seen("GUILD_CREATE")
        cpu = cpu_seconds(class_.bot.pid)
        await class_.ada.refresh()
        await class_.ada.command("hilfe").acknowledged()
        answered = time.perf_counter() - class_.began
        await asyncio.sleep(1.0)  # until it calls itself ready: it waits half a second for more classes
        rss, uss = memory(class_.bot.pid)
        if first:
            tell_libraries(class_)
        if first and workers:
            await class_.until_workers(settings.families)
            tell_workers(class_)
        return Measured(rss, uss, cpu, online, answered)


async def baseline() -> Measured:
    began = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", BASELINE, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdin is not None
    assert process.stdout is not None
    await process.stdout.readline()
    wall = time.perf_counter() - began
    rss, uss = memory(process.pid)
    cpu = cpu_seconds(process.pid)
    process.stdin.close()
    await process.wait()
    return Measured(rss, uss, cpu, wall, wall)


def memory(pid: int) -> tuple[float, float]:
    """RSS and USS in MB (10^6 bytes)."""
    found = psutil.Process(pid).memory_full_info()
    return found.rss / MB, found.uss / MB


def tell_workers(class_: Rehearsed) -> None:
    """Memory with the workers there."""
    rss, uss = memory(class_.bot.pid)
    print(f"C12 the bot beside its workers: RSS {rss:.1f} MB, USS {uss:.1f} MB")
    for family, pid in sorted(class_.workers().items()):
        rss, uss = memory(pid)
        print(f"C12 worker of {family}, no model loaded: RSS {rss:.1f} MB, USS {uss:.1f} MB")


def tell_libraries(class_: Rehearsed) -> None:
    """Which libraries for models the bot has loaded, or could load. Each of them brings compiled files."""
    mapped = {map_.path for map_ in psutil.Process(class_.bot.pid).memory_maps()}
    loaded = [name for name in MODEL_LIBRARIES if any(f"/{name}" in path for path in mapped)]
    installed = [name for name in MODEL_LIBRARIES if importlib.util.find_spec(name)]
    print(
        f"C12 model libraries mapped into the bot: {loaded or 'none'}; installed for it: {installed or 'none'}"
    )


async def measure(settings: Settings, pairs: int, *, workers: bool) -> None:
    await prepare(settings)
    found = [
        (await ours(settings, first=number == 0, workers=workers), await baseline())
        for number in range(pairs)
    ]
    for name, unit in (("rss", "MB"), ("uss", "MB"), ("cpu", "s"), ("online", "s"), ("answered", "s")):
        mine, other = ([getattr(one, name) for one in column] for column in zip(*found, strict=True))
        figure(f"C12 {TITLES[name]} / importing discord.py", mine, other, unit)


TITLES = {
    "rss": "memory without workers, RSS",
    "uss": "memory without workers, USS",
    "cpu": "CPU time until online",
    "online": "process start until online",
    "answered": "process start until the first answer to a command",
}


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--families", default="diffusion,safety,media")
    parser.add_argument("--quick", action="store_true", help="one pair, no model, no waiting for workers")
    options = parser.parse_args(arguments)
    families = "fake,safety,media" if options.quick else options.families
    pairs = 1 if options.quick else options.pairs
    asyncio.run(measure(settings_of(families), pairs, workers=not options.quick))


if __name__ == "__main__":
    main()
