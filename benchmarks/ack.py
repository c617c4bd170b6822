"""How soon 1,000 commands that arrive at once are acknowledged.

C6: Discord layer, services, prompt check, queue and database of the bot in this process; a baseline handler that
blocks for 5 ms before it answers, in turns in the same run. `python -m benchmarks.ack`.

Discord itself is a stand-in that answers at once, in two shapes: `in-process` takes the place of the HTTP session
below discord.py, `loopback` is a small server in a process of its own, over real sockets. Not the class server: it
works longer on a command than the bot does. The command that is multiplied is a real one, typed by its visitor.

`burst`: all in one turn of the event loop, as when they wait in the gateway's socket, the worst case. `spread`: one
after another over ten seconds, so that in the end as many are in flight. `deferred` is Discord's deadline of 3 s;
`queued` is when the row is committed and the ticket there, `told` when the ticket's words have reached the server.
"""

from __future__ import annotations

import argparse
import asyncio
import copy
import dataclasses
import os
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from benchmarks.ack_bot import Noting, Recorded, open_bot, open_desk
from benchmarks.stand_in import InProcess, Loopback
from bot.client import AtelierBot
from bot.services.submit import Submit

BLOCK_S, PATIENCE_S, SPREAD_S = 0.005, 120.0, 10.0
DEADLINE_S = 3.0
Discord = InProcess | Loopback


@dataclass(frozen=True)
class Run:
    """Seconds from the event on, one for each command."""

    deferred: list[float]
    queued: list[float] = dataclasses.field(default_factory=list)
    told: list[float] = dataclasses.field(default_factory=list)


def commands(recorded: Recorded, count: int) -> list[dict[str, Any]]:
    """The recorded command from `count` different pupils."""
    made = []
    for number in range(1, count + 1):
        event = copy.deepcopy(recorded.event)
        event["id"] = str(int(event["id"]) + number)
        event["token"] = f"{os.urandom(8).hex()}-{number}"
        event["member"]["user"]["id"] = str(int(event["member"]["user"]["id"]) + number)
        made.append(event)
    return made


async def hand_over(bot: AtelierBot, events: Sequence[dict[str, Any]], over: float) -> dict[str, float]:
    """When each event came, by its token."""
    began: dict[str, float] = {}
    parse: Any = bot._connection.parsers["INTERACTION_CREATE"]
    start = time.perf_counter()
    for number, event in enumerate(events):
        due = start + over * number / len(events)
        if (left := due - time.perf_counter()) > 0:
            await asyncio.sleep(left)
        began[event["token"]] = due
        parse(event)
    return began


async def arrived(discord: Discord, *counts: int) -> None:
    """Wait for so many first answers (and edits). Rarely asked: it costs what is measured."""
    async with asyncio.timeout(PATIENCE_S):
        while any(  # noqa: ASYNC110 - another process gives no event
            now < wanted for now, wanted in zip(await discord.counts(), counts, strict=False)
        ):
            await asyncio.sleep(max(0.02, counts[0] / 5000))


async def ours(
    bot: AtelierBot, discord: Discord, events: Sequence[dict[str, Any]], *, over: float = 0.0
) -> Run:
    """The real command with a new database; its jobs wait in the queue until the end."""
    with tempfile.TemporaryDirectory() as folder:
        async with open_desk(Path(folder)) as desk:
            noting = Noting(desk.submit)
            bot.desk = dataclasses.replace(desk, submit=cast("Submit", noting))
            began = await hand_over(bot, events, over)
            await arrived(discord, len(events), len(events))
    stamps = await discord.take()
    return Run(*(since(began, ended) for ended in (stamps.first, noting.queued, stamps.second)))


async def blocking(bot: AtelierBot, discord: Discord, events: Sequence[dict[str, Any]]) -> Run:
    """The baseline: the same events to a handler that works for 5 ms before it says anything."""
    command: Any = bot.tree.get_command("image")
    real, command._callback = command._callback, _block
    try:
        began = await hand_over(bot, events, 0.0)
        await arrived(discord, len(events))
    finally:
        command._callback = real
    return Run(since(began, (await discord.take()).first))


async def _block(interaction: Any, **_options: Any) -> None:
    time.sleep(BLOCK_S)  # noqa: ASYNC251 - that is the baseline
    await interaction.response.defer(thinking=True)


def since(began: dict[str, float], ended: dict[str, float]) -> list[float]:
    return sorted(ended[token] - at for token, at in began.items())


def quantile(values: Sequence[float], part: float) -> float:
    return values[min(len(values) - 1, int(part * len(values)))]


def tell(name: str, pairs: Sequence[tuple[list[float], list[float]]]) -> None:
    """p50, p99 and maximum in ms: medians over the runs; the ratio is that of p99 against the baseline's."""

    def middle(column: int, part: float) -> float:
        return statistics.median(quantile(pair[column], part) for pair in pairs) * 1000

    late = sum(value > DEADLINE_S for pair in pairs for value in pair[0])
    ratio = statistics.median(quantile(a, 0.99) / quantile(b, 0.99) for a, b in pairs)
    print(
        f"C6 {name}, p50 {middle(0, 0.5):.0f} ms, max {middle(0, 1.0):.0f} ms, {late} over 3 s, p99:"
        f" {middle(0, 0.99):.1f} ms / {middle(1, 0.99):.1f} ms = {ratio:.4f}",
        flush=True,
    )


async def compare(
    bot: AtelierBot, discord: Discord, recorded: Recorded, *, count: int, pairs: int, spread: float
) -> None:
    restore = await discord.attach(bot)
    try:
        runs = [
            (
                await ours(bot, discord, commands(recorded, count)),
                await ours(bot, discord, commands(recorded, count), over=spread),
                await blocking(bot, discord, commands(recorded, count)),
            )
            for _ in range(pairs)
        ]
    finally:
        restore()
        await discord.close()
    for index, way in enumerate((f"{count} at once", f"{count} over {spread:g} s")):
        for what in ("deferred", "queued", "told"):
            both = [(getattr(run[index], what), run[2].deferred) for run in runs]
            tell(f"{discord.name}, {way}, {what}", both)


async def measure(count: int, pairs: int, spread: float) -> None:
    async with open_bot() as (bot, recorded):
        for discord in (
            InProcess(recorded.first, recorded.second),
            await Loopback.start(recorded.first, recorded.second),
        ):
            await compare(bot, discord, recorded, count=count, pairs=pairs, spread=spread)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--commands", type=int, default=1000)
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--quick", action="store_true", help="20 commands, once")
    options = parser.parse_args(arguments)
    if options.quick:
        asyncio.run(measure(20, 1, 0.2))
    else:
        asyncio.run(measure(options.commands, options.pairs, SPREAD_S))


if __name__ == "__main__":
    main()
