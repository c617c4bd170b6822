"""What a picture job costs through the bot beyond the model: CPU time, in turns with the bare pipeline.

C1: a visitor of the class server types `/bild`; the bot and its workers run as they do on Discord. CPU time of the
bot's process and of each worker from the command until half a second after the post, against one call of diffusers
with the same model, prompt, steps, guidance, size and seeds, one thread each. `python -m benchmarks.overhead`.

Not counted: the class server and the visitor (they are this process). The bot's share holds everything it does
meanwhile: receiving, checks of the prompt, queue, commits, reading the workers' lines, uploads, heartbeats.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.rehearsed import PATIENCE_S, Rehearsed, cpu_seconds, prepare, rehearsed, settings_of
from bot.families import catalog_of, environments_of
from bot.settings import Settings
from generation.catalog import ModelInfo

PROMPT = "ein roter Kreis über dem blauen Meer"
SETTLE_S = 0.5
"""Until the last rows are committed and the unchecked files removed."""
BARE = Path(__file__).with_name("bare_pipeline.py")
FAKE = "import sys\nfor line in sys.stdin: print(1e-3, flush=True)"
"""For trying this benchmark out without a model: a call that costs a millisecond, it says."""


@dataclass(frozen=True)
class Measured:
    """CPU seconds of one job and of the bare call next to it."""

    bot: float
    worker: float
    safety: float
    media: float
    bare: float

    @property
    def all(self) -> float:
        """Everything but the bare call."""
        return self.bot + self.worker - self.bare + self.safety + self.media


class Bare:
    """The baseline's process, its model loaded."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def call(self, wanted: dict[str, Any]) -> float:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(wanted).encode() + b"\n")
        return float(await asyncio.wait_for(self._process.stdout.readline(), PATIENCE_S))


@asynccontextmanager
async def bare(settings: Settings, model: ModelInfo) -> AsyncIterator[Bare]:
    command = [sys.executable, "-c", FAKE]
    if model.family == "diffusion":
        python = await environments_of(settings, report=print).ensure("diffusion")
        command = [str(python), str(BARE), str(model.path)]
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        yield Bare(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def job(class_: Rehearsed, wanted: dict[str, Any], family: str) -> dict[str, float]:
    """CPU seconds of the bot and of each worker for one job."""
    pids = {"bot": class_.bot.pid, **class_.workers()}
    before = {name: cpu_seconds(pid) for name, pid in pids.items()}
    handle = class_.ada.command(
        "bild",
        prompt=wanted["prompt"],
        anzahl=wanted["count"],
        schritte=wanted["steps"],
        orientierung=wanted["guidance"],
        seed=str(wanted["seed"]),
        groesse=f"{wanted['width']}x{wanted['height']}",
    )
    await handle.message(lambda message: bool(message["attachments"]), timeout=PATIENCE_S)
    await asyncio.sleep(SETTLE_S)
    spent = {name: cpu_seconds(pid) - before[name] for name, pid in pids.items()}
    return {**spent, "worker": spent.get(family, 0.0)}


async def measure(families: str, *, pairs: int, steps: int, count: int, warm: int) -> None:
    settings = settings_of(families)
    await prepare(settings)
    model = catalog_of(settings).default("image")
    wanted = {
        "prompt": PROMPT, "count": count, "steps": steps, "seed": 7, "guidance": model.default_guidance,
        "width": model.default_width, "height": model.default_height,
    }  # fmt: skip
    async with rehearsed(settings) as class_, bare(settings, model) as baseline:
        await class_.until_seen("GUILD_CREATE")
        await class_.until_workers(settings.families)
        await class_.ada.refresh()
        for _ in range(warm):  # loads the models; the first calls of a library are slower, too
            await job(class_, wanted, model.family)
            await baseline.call(wanted)
        found = []
        for _ in range(pairs):
            spent = await job(class_, wanted, model.family)
            parts = {name: spent[name] for name in ("bot", "worker", "safety", "media")}
            found.append(Measured(**parts, bare=await baseline.call(wanted)))
    tell(f"{count} x {wanted['width']}x{wanted['height']}, {steps} steps", found)


def tell(what: str, found: list[Measured]) -> None:
    print(f"C1 bare pipeline call ({what}): {statistics.median(one.bare for one in found) * 1000:.1f} ms CPU")
    line("the bot's process", [(one.bot, one.bare) for one in found])
    line("diffusion worker beyond the bare call", [(one.worker - one.bare, one.bare) for one in found])
    line("safety check", [(one.safety, one.bare) for one in found])
    line("sheet and files", [(one.media, one.bare) for one in found])
    line("overhead", [(one.all, one.bare) for one in found])


def line(name: str, pairs: list[tuple[float, float]]) -> None:
    ours, bare_call = (statistics.median(column) * 1000 for column in zip(*pairs, strict=True))
    ratio = statistics.median(mine / other for mine, other in pairs)
    print(f"C1 {name}: {ours:.1f} ms / {bare_call:.1f} ms = {ratio:.4f}", flush=True)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=9)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--count", type=int, default=4)
    parser.add_argument("--quick", action="store_true", help="one pair, a family without a model")
    options = parser.parse_args(arguments)
    if options.quick:
        asyncio.run(measure("fake,safety,media", pairs=1, steps=2, count=1, warm=0))
    else:
        asyncio.run(
            measure(
                "diffusion,safety,media",
                pairs=options.pairs,
                steps=options.steps,
                count=options.count,
                warm=2,
            )
        )


if __name__ == "__main__":
    main()
