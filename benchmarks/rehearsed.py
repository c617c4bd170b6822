"""A class server in this process and the unmodified bot as another one, for benchmarks; and how a figure is printed."""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from bot.bot_process import BotProcess, bot_variables
from bot.families import environments_of
from bot.local.server import ClassServer
from bot.local.traffic import Dispatched, Exchange
from bot.local.visitor import Visitor
from bot.settings import Settings

PATIENCE_S = 120.0


@dataclass
class Rehearsed:
    """`seen` holds each event and exchange with the time (`time.perf_counter`) at which the server saw it."""

    server: ClassServer
    bot: BotProcess
    ada: Visitor
    began: float
    seen: list[tuple[float, Exchange | Dispatched]] = field(default_factory=list)

    async def until_seen(self, name: str) -> float:
        """Seconds from the bot's start until the server has sent it the event `name`."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                for at, one in self.seen:
                    if isinstance(one, Dispatched) and one.name == name:
                        return at - self.began
                if self.bot.returncode is not None:
                    raise RuntimeError(self.bot.last_lines())
                await asyncio.sleep(0.005)

    def workers(self) -> dict[str, int]:
        """The process of each family's worker; a worker's last argument is its family."""
        return {child.cmdline()[-1]: child.pid for child in psutil.Process(self.bot.pid).children()}

    async def until_workers(self, families: Sequence[str]) -> None:
        """Wait until each worker has said that it is ready."""
        async with asyncio.timeout(PATIENCE_S):
            while not all(  # noqa: ASYNC110 - another process gives no event
                f"family {one} started" in self.bot.last_lines(1000) for one in families
            ):
                await asyncio.sleep(0.05)


@asynccontextmanager
async def rehearsed(settings: Settings) -> AsyncIterator[Rehearsed]:
    """Start both in a folder of their own; the bot may still be on its way when this yields."""
    with tempfile.TemporaryDirectory() as name:
        server = ClassServer()
        await server.start()
        variables = bot_variables(
            settings,
            token=server.token,
            api_base=server.api_base,
            gateway_url=server.gateway_url,
            data_dir=Path(name) / "data",
        )
        bot = BotProcess(variables | {"ATELIER_WORKER_THREADS": "1"}, log=Path(name) / "bot.log")
        ada = await Visitor.enter(server.base_url, person="Ada", locale="de", timeout=PATIENCE_S)
        made = Rehearsed(server, bot, ada, time.perf_counter())
        server.observe(lambda one: made.seen.append((time.perf_counter(), one)))
        await bot.start()
        try:
            yield made
        finally:
            await ada.leave()
            await bot.stop()
            await server.stop()


def settings_of(families: str) -> Settings:
    return Settings(_env_file=None, families=tuple(families.split(",")))  # type: ignore[call-arg]


async def prepare(settings: Settings) -> None:
    """Make the environments of these families now, not while something is measured."""
    made = environments_of(settings, report=print)
    for family in settings.families:
        await made.ensure(family)


def cpu_seconds(pid: int) -> float:
    """CPU time of a process with all its threads, user and system, as psutil's `cpu_times` but in nanoseconds.

    The kernel counts `cpu_times` in hundredths of a second, more than most of what is measured here. Where a
    process has no clock that can be read (not Linux), they have to do.
    """
    try:
        return time.clock_gettime((~pid << 3) | 2)
    except (OSError, OverflowError, AttributeError):
        times = psutil.Process(pid).cpu_times()
        return times.user + times.system


def figure(name: str, ours: Sequence[float], baseline: Sequence[float], unit: str) -> None:
    """One line: the medians, and the median of the pairs' ratios."""
    ratios = [mine / other for mine, other in zip(ours, baseline, strict=True)]
    middle = statistics.median
    print(
        f"{name}: {middle(ours):.3f} {unit} / {middle(baseline):.3f} {unit} = {middle(ratios):.4f}",
        flush=True,
    )
