"""Emergency stops at random moments: `python -m tests.emergency_moments -n 100`.

Each stop falls into jobs that wait, run, are checked or are being sent; sends may get through after they were broken
off, and sometimes the bot is killed right behind the row. Two seconds after the row nothing may be visible but what
was posted before it, nothing may come later, and no job may be left unfinished. Prints what went wrong and ends with
1 if anything did.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import secrets
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from data.stops import Stop
from generation.errors import AtelierError
from generation.job import ENDED, JobState
from tests.unit.bot.services.conftest import ANNA, BEN, TEACHER
from tests.unit.bot.services.lesson_room import LessonRoom, SlowDiscord, lesson_room

LIMIT_S = 2.0
LONGEST_S = 0.6
"""Until the stop: about as long as a job takes here."""
LATE_S = (0.0, 0.1, 0.6, 1.3)
AT_ONCE = 8


@dataclass
class Moment:
    """One stop. `wrong` says what should not have been; `states` are those of the jobs it fell into."""

    rng: random.Random
    wrong: set[str] = field(default_factory=set)
    states: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0

    async def run(self, room: LessonRoom) -> None:
        discord = room.discord
        assert isinstance(discord, SlowDiscord)
        discord.gets_through_after = self.rng.choice([None, *LATE_S])
        discord.slow = {who.person_id for who in (ANNA, BEN) if self.rng.random() < 0.5}
        asking = asyncio.create_task(self._ask(room))
        await asyncio.sleep(self.rng.random() * LONGEST_S)
        self.states.update(str(job.state) for job in await room.jobs.unfinished())
        begun = time.monotonic()
        if self.rng.random() < 0.2:  # the row, and then nothing more: as a kill leaves it
            await room.stops.set("class", Stop.EMERGENCY)
            await asyncio.gather(asking, return_exceptions=True)
            await room.restart()
            begun = time.monotonic()
        else:
            await room.emergency.stop(TEACHER)
            self.seconds = time.monotonic() - begun
        await asyncio.gather(asking, return_exceptions=True)
        await asyncio.sleep(max(0.0, begun + LIMIT_S - time.monotonic()))
        await self._look(room)
        discord.arrive.set()  # nobody waits for anything any more

    async def _ask(self, room: LessonRoom) -> None:
        with suppress(AtelierError):  # the door is shut, in the middle of it
            for who in (ANNA, BEN, ANNA, BEN):
                await room.ask(who=who, count=self.rng.choice((1, 2)))
                await asyncio.sleep(self.rng.random() * 0.05)

    async def _look(self, room: LessonRoom) -> None:
        await (
            room.emergency.purge()
        )  # as once a minute: a command may just have slipped in behind the first look
        for job in await room.jobs.unfinished():
            self.wrong.add(f"a job is still {job.state}")
        for job_id in room.discord.messages:
            job = await room.jobs.get(job_id)
            if job is None or job.state is not JobState.POSTED:
                self.wrong.add(f"a message stands whose job is {job and job.state}")
        stood = set(room.discord.messages)
        await asyncio.sleep(0.2)
        if set(room.discord.messages) - stood:
            self.wrong.add("something came later")
        for job_id in await _ended(room):
            if await room.state(job_id) is not JobState.POSTED and room.kept(job_id):
                self.wrong.add("files of a stopped job are kept")


async def _ended(room: LessonRoom) -> list[str]:
    jobs = [job for who in (ANNA, BEN) for job in await room.jobs.of_owner("class", who.person_id, 50)]
    return [job.id for job in jobs if job.state in ENDED]


async def run(number: int, seed: int, folder: Path) -> list[Moment]:
    """`number` stops, a few at a time, each in a room of its own."""
    moments = [Moment(random.Random(f"{seed}-{one}")) for one in range(number)]
    gate = asyncio.Semaphore(AT_ONCE)

    async def tried(place: int, moment: Moment) -> None:
        async with gate, lesson_room(folder / str(place), limit=9) as room:
            await moment.run(room)

    await asyncio.gather(*[tried(place, moment) for place, moment in enumerate(moments)])
    return moments


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", type=int, default=100)
    parser.add_argument("--seed", type=int, default=secrets.randbits(32))
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        moments = asyncio.run(run(asked.n, asked.seed, Path(folder)))
    wrong = Counter(why for moment in moments for why in moment.wrong)
    states = sum((moment.states for moment in moments), Counter[str]())
    longest = max(moment.seconds for moment in moments)
    sys.stdout.write(
        f"seed {asked.seed}: {len(moments)} stops into {dict(states)}, longest {longest:.2f} s\n"
    )
    sys.stdout.write(f"wrong: {dict(wrong)}\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
