"""Revocations at random moments: `python -m tests.revocations -n 200`.

Each has jobs of one voice in every state, things made of them, sends on their way that fail, get lost or arrive late,
somebody else's voice beside it, and sometimes a bot that is killed between the revocation and the deletions. When the
person is told, and for as long as anything moves afterwards, nothing of the voice may be visible or kept that they
were not told of; the other voice's post stays. Prints what went wrong and ends with 1 if anything did.
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

from bot.services.ports import Requester
from bot.services.revoke import REVOKED, Revoked
from data.voice_records import Consent
from generation.errors import MoveRefused
from generation.job import ENDED, Job, JobState
from tests.revoke_stage import LATE_S, Board, Stage

WAYS = ("told", "told", "told", "teacher", "killed after the commit", "killed on the way", "restarted before")
AT_ONCE = 8


@dataclass
class Trial:
    """One revocation. `wrong` says what should not have been."""

    stage: Stage
    rng: random.Random
    way: str
    jobs: list[Job] = field(default_factory=list)
    wrong: set[str] = field(default_factory=set)
    states: Counter[str] = field(default_factory=Counter)

    async def run(self) -> None:
        stage = self.stage
        await stage.open()
        self.consent = await stage.room.granted("anna", allowed=("ben",))
        self.clips = set(stage.room.kept())
        self.other = await stage.room.granted("clara")
        asking = asyncio.create_task(self._ask_for_things())
        await asyncio.sleep(self.rng.random() * 0.3)
        if self.way == "restarted before":
            await self._kill(asking)
            asking = asyncio.create_task(asyncio.sleep(0))
        revoked = await self._revoke(asking)
        await self._look(revoked)
        await asyncio.gather(asking, return_exceptions=True)
        await self._settle()
        await self._look(revoked)
        await self._look_at_others()

    async def _ask_for_things(self) -> None:
        """Jobs of both voices, one after the other, also while the consent ends."""
        self.beside = await self._ask(self.other, "clara")
        for number in range(self.rng.randint(1, 5)):
            await asyncio.sleep(self.rng.random() * 0.03)
            with suppress(MoveRefused):
                source = await self._ask(self.consent, self.rng.choice(["anna", "ben"]))
                if number == 0 and self.rng.random() < 0.5:
                    await self._ask_for_clip(source)

    async def _ask(self, consent: Consent, person: str, **more: object) -> Job:
        values = {"owner": person, "created_at": self.stage.clock.now, **more}
        job = self.stage.room.job(consent, **values)
        if consent is not self.other:
            self.jobs.append(job)
            if self.rng.random() < 0.03:
                self.stage.board.closed.add(job.id)
        await self.stage.jobs.add(job, "answer", self.stage.clock.now + 900)
        self.stage.dispatcher.submit(job)
        return job

    async def _ask_for_clip(self, source: Job) -> None:
        named = self.rng.random() < 0.5
        params = {"speech": f"{source.id}/1"} if named else {}
        await self._ask(
            self.consent,
            "anna",
            medium="clip",
            family="media",
            params=params,
            parent=None if named else source.id,
        )

    async def _revoke(self, asking: asyncio.Task[None]) -> Revoked:
        await self._count_states()
        teacher = self.way == "teacher"
        who = Requester(
            guild_id="class", channel_id="channel", person_id="sommer" if teacher else "anna", locale="de",
            is_teacher=teacher,
        )  # fmt: skip
        if self.way == "killed after the commit":
            await self.stage.room.revoke(self.consent)
            await self._kill(asking)
        elif self.way == "killed on the way":
            task = asyncio.create_task(self.stage.revoke.revoke(self.consent.voice, who))
            await asyncio.sleep(self.rng.random() * 0.06)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await self._kill(asking)
        return await self.stage.revoke.revoke(self.consent.voice, who)

    async def _kill(self, asking: asyncio.Task[None]) -> None:
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        await self.stage.crash()
        await self.stage.open()
        await self.stage.artifacts.sweep()
        await self.stage.room.voices.sweep()
        await self.stage.recovery.run()

    async def _count_states(self) -> None:
        for job in self.jobs:
            found = await self.stage.jobs.get(job.id)
            self.states["not yet asked for" if found is None else found.state.value] += 1

    async def _settle(self) -> None:
        end = time.monotonic() + 10
        while time.monotonic() < end and await self.stage.jobs.unfinished():
            await asyncio.sleep(0.01)
        await asyncio.sleep(2 * LATE_S)

    async def _look(self, revoked: Revoked) -> None:
        stage, own = self.stage, {job.id for job in self.jobs}
        named = {left.job for left in revoked.left}
        for job in (stage.board.shown() & own) - named:
            self.wrong.add(f"visible: {job}")
        for job in own:
            if await stage.artifacts.of_job(job) or list((stage.folder / "artifacts").glob(f"{job}/*")):
                self.wrong.add(f"kept: {job}")
            found = await stage.jobs.get(job)
            if found is not None and found.state is JobState.POSTING:
                self.wrong.add(f"still being posted: {job}")
        ended = [await stage.jobs.get(job) for job in own]
        if revoked.stopped > len([one for one in ended if one is not None and one.error_code == REVOKED]):
            self.wrong.add(f"{revoked.stopped} jobs are said to have been stopped")
        if self.consent.voice in stage.worker.latents:
            self.wrong.add("the worker remembers the voice")
        if self.clips & set(stage.room.kept()):
            self.wrong.add("a clip is there")

    async def _look_at_others(self) -> None:
        beside = getattr(self, "beside", None)
        found = None if beside is None else await self.stage.jobs.get(beside.id)
        if found is not None and (
            found.state is not JobState.POSTED or found.id not in self.stage.board.shown()
        ):
            self.wrong.add(f"somebody else's job is {found.state} ({found.error_code})")
        for job in self.jobs:
            ended = await self.stage.jobs.get(job.id)
            if ended is None:
                continue
            if ended.state not in ENDED:
                self.wrong.add(f"{job.id} never ended")
            # who asked anew was told by the command itself
            told = [private for one, private in self.stage.board.told if one == job.id]
            if ended.state is JobState.CANCELLED and told != [True] and "killed" not in self.way:
                self.wrong.add(f"the owner of {job.id} was told {len(told)} times")


async def run(count: int, seed: int, folder: Path) -> list[Trial]:
    rng = random.Random(seed)
    places = asyncio.Semaphore(AT_ONCE)
    trials = []
    for number in range(count):
        own = random.Random(rng.getrandbits(64))
        (folder / str(number)).mkdir()
        stage = Stage(folder / str(number), own, Board(own))
        trials.append(Trial(stage, own, WAYS[number % len(WAYS)]))

    async def one(trial: Trial) -> None:
        async with places:
            try:
                async with asyncio.timeout(30):
                    await trial.run()
            except Exception as error:  # noqa: BLE001  the others go on; this one counts as gone wrong
                trial.wrong.add(f"{type(error).__name__}: {error}")
            finally:
                await trial.stage.close()

    await asyncio.gather(*map(one, trials))
    return trials


def report(trials: list[Trial]) -> int:
    """Print what was tried; how many revocations went wrong."""
    states: Counter[str] = sum((trial.states for trial in trials), Counter())
    print("states at that moment:", *(f"{state} {count}" for state, count in states.most_common()))
    print("ways:", *(f"{way} {count}," for way, count in Counter(trial.way for trial in trials).items()))
    wrong = [trial for trial in trials if trial.wrong]
    for trial in wrong:
        print("BAD", trial.way, sorted(trial.wrong))
    seen = sum(any("visible" in one for one in trial.wrong) for trial in wrong)
    print(f"{seen} of {len(trials)} left something visible, {len(wrong)} went wrong")
    return len(wrong)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", type=int, default=200)
    parser.add_argument("--seed", type=int, default=secrets.randbits(32))
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}")
    with tempfile.TemporaryDirectory() as folder:
        trials = asyncio.run(run(arguments.n, arguments.seed, Path(folder)))
    return 1 if report(trials) else 0


if __name__ == "__main__":
    sys.exit(main())
