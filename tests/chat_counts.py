"""Canaries over many conversations at once: `python -m tests.chat_counts -n 500`.

Each question carries a word of its own; the model repeats all it reads. A word that is read in another thread is a
leak. Prints one line and ends with 1 if there was one. The seed is drawn, printed and can be given.
"""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import random
import secrets
import sys
import tempfile
from pathlib import Path

from bot.services.ports import ChatRequest, Requester
from generation.job import JobState
from tests.fakes_text import TextDiscord, TextWorkshop, text_catalog
from tests.unit.bot.services.conftest import Room

QUESTIONS_A_THREAD = 5
TEACHER = Requester(guild_id="class", channel_id="channel", person_id="sommer", locale="de", is_teacher=True)


async def count_leaks(count: int, seed: int, folder: Path) -> tuple[int, int]:
    """(canaries that were read in a foreign thread, answers in which an own canary was missing)."""
    rng = random.Random(seed)
    workers, discord = TextWorkshop(), TextDiscord()
    room = Room(folder, catalog=text_catalog(), discord=discord, workers=workers)
    await room.open()
    try:
        threads = [f"thread{number}" for number in range(max(2, count // QUESTIONS_A_THREAD))]
        for thread in threads:
            opening = await room.desk.chat.prepare(ChatRequest(), TEACHER)
            await room.desk.chat.open(opening, TEACHER, thread)
        told: dict[str, list[str]] = {thread: [] for thread in threads}
        order = [threads[number % len(threads)] for number in range(count)]
        lost = 0
        for start in range(0, count, len(threads)):
            together = order[start : start + len(threads)]
            rng.shuffle(together)
            lost += sum(await asyncio.gather(*(_ask(room, thread, told, rng) for thread in together)))
    finally:
        await room.close()
    read = dict.fromkeys(threads, "")
    for post in discord.texts.values():
        read[post.job.channel_id] += post.text
    leaked = sum(
        canary in text
        for thread, canaries in told.items()
        for canary in canaries
        for place, text in read.items()
        if place != thread
    )
    return leaked, lost


async def _ask(room: Room, thread: str, told: dict[str, list[str]], rng: random.Random) -> int:
    canary = f"kanarie{rng.getrandbits(64):016x}"
    told[thread].append(canary)
    who = dataclasses.replace(TEACHER, channel_id=thread)
    ticket = await room.desk.chat.ask(f"Merk dir {canary}", who, None)
    await room.in_state(ticket.job.id, JobState.POSTED)
    discord = room.discord
    text = discord.texts[ticket.job.id].text if isinstance(discord, TextDiscord) else ""
    return int(canary not in text)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", type=int, default=500)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(2**32))
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        leaked, lost = asyncio.run(count_leaks(given.n, given.seed, Path(folder)))
    sys.stdout.write(f"seed {given.seed}: {leaked} of {given.n} canaries leaked, {lost} own ones were lost\n")
    return int(bool(leaked or lost))


if __name__ == "__main__":
    sys.exit(main())
