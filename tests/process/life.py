"""A bot without Discord, for tests that end it at a bad moment: jobs are stored, run, checked, kept and posted.

What it was told is committed is written to a file at once, so that the test can compare after the process is gone.
"""

from __future__ import annotations

import asyncio
import os
import random
import sqlite3
from dataclasses import dataclass, field
from pathlib import Path

from data.artifacts import Artifacts, NewArtifact
from data.database import Database
from data.jobs import Jobs
from data.posts import Posts
from data.timings import Timings
from generation.dispatcher import Dispatcher
from generation.errors import NotFound, OutOfMemory, WorkerCrashed, WorkerError
from generation.job import ENDED, Job, JobState, may_move, new_job_id
from generation.queue import FairQueue
from generation.supervisor import Outcome
from tests.fakes_dispatch import FakeRunner, make_job, request_of

PUPILS = 6


@dataclass
class Life:
    """One run of the bot on `folder`. `notes` gets a line "<job> <state>" after each committed move."""

    folder: Path
    seed: int
    runner: FakeRunner = field(default_factory=FakeRunner)

    async def run(self, *, new_jobs: int) -> None:
        """Take over what is left, add `new_jobs` a pupil, and end when nothing is left to do."""
        self.draw = random.Random(self.seed)
        picture = self.folder / "picture.png"
        picture.write_bytes(b"picture" * 100)
        async with await Database.open(self.folder) as database:
            self.database, self.jobs, self.posts = database, Jobs(database), Posts(database)
            self.artifacts = Artifacts(database, self.folder / "artifacts")
            self.dispatcher = Dispatcher(
                queue=FairQueue(), supervisor=self.runner, store=self.jobs, timings=await Timings.open(database),
                requests=request_of, on_progress=lambda job, progress: None, on_outcome=self.deliver,
                on_failure=self.told,
            )  # fmt: skip
            await self.recover()
            await self.dispatcher.start()
            await asyncio.gather(*(self.pupil(str(number), new_jobs) for number in range(PUPILS)))
            while await self.jobs.unfinished():
                await asyncio.sleep(0.005)
            await self.dispatcher.close()

    async def recover(self) -> None:
        await self.artifacts.sweep()
        recovered = await self.dispatcher.recover(await self.jobs.unfinished())
        for job in recovered.posting:
            assert await self.artifacts.verify(job.id) == []
            await self.post(job)

    async def pupil(self, name: str, count: int) -> None:
        for _ in range(count):
            job = await self.jobs.add(make_job(name, id=new_job_id(), model=self.draw.choice(["m1", "m2"])))
            self.note(job)
            self.runner.errors[job.id] = self.mishaps()
            self.dispatcher.submit(job)
            if self.draw.random() < 0.15:
                await self.dispatcher.cancel(job.id)

    def mishaps(self) -> list[Exception]:
        kind = self.draw.random()
        return [WorkerCrashed()] if kind < 0.1 else [OutOfMemory()] if kind < 0.2 else []

    async def deliver(self, job: Job, outcome: Outcome) -> None:
        try:
            job = await self.move(job, JobState.CHECKING)
            kept = NewArtifact(index=1, seed=job.seed, kind="image", path=self.folder / "picture.png")
            await self.artifacts.store(job.id, [kept])
            await self.post(await self.move(job, JobState.POSTING))
        except NotFound:  # cancelled meanwhile
            return

    async def post(self, job: Job) -> None:
        await self.posts.plan(job.id, job.channel_id, job.id)
        await self.posts.done(job.id, job.channel_id, "message")
        await self.move(job, JobState.POSTED)

    async def move(self, job: Job, to: JobState) -> Job:
        moved = await self.jobs.move(job.id, to)
        self.note(moved)
        return moved

    async def told(self, job: Job, error: WorkerError) -> None:
        self.note(job)

    def note(self, job: Job) -> None:
        line = f"{job.id} {job.state.value}\n".encode()
        descriptor = os.open(self.folder / "notes", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        os.write(descriptor, line)
        os.close(descriptor)


def complaints(folder: Path, *, ended: bool) -> list[str]:
    """What is wrong with the database of a run that was cut off; `ended`: nothing may be unfinished any more."""
    file = folder / "atelier.sqlite"
    if not file.exists() or not file.stat().st_size:
        return ["noted, but no database"] if (folder / "notes").exists() else []
    connection = sqlite3.connect(file)
    try:
        return list(_check(connection, folder, ended=ended))
    finally:
        connection.close()


def _check(connection: sqlite3.Connection, folder: Path, *, ended: bool) -> list[str]:
    wrong = []
    if connection.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
        wrong.append("the file is damaged")
    if connection.execute("PRAGMA foreign_key_check").fetchall():
        wrong.append("a row without its job")
    if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'jobs'").fetchone():
        return wrong
    states = {job: JobState(state) for job, state in connection.execute("SELECT id, state FROM jobs")}
    trails: dict[str, list[JobState]] = {}
    for job, old, new in connection.execute("SELECT job, old, new FROM job_events ORDER BY number"):
        trail = trails.setdefault(job, [])
        if (old is None) != (not trail) or (
            trail and (trail[-1] != old or not may_move(trail[-1], JobState(new)))
        ):
            wrong.append(f"{job}: {old} -> {new} after {trail}")
        trail.append(JobState(new))
    wrong += [
        f"{job}: {state} is not where its trail ends"
        for job, state in states.items()
        if trails.get(job, [None])[-1] is not state
    ]
    wrong += [f"{job}: unfinished ({state})" for job, state in states.items() if ended and state not in ENDED]
    kept = {row[0] for row in connection.execute("SELECT job FROM artifacts")}
    shown = [job for job, state in states.items() if state in {JobState.POSTING, JobState.POSTED}]
    wrong += [f"{job}: shown, but not kept" for job in shown if job not in kept]
    return wrong + _missing(folder, trails)


def _missing(folder: Path, trails: dict[str, list[JobState]]) -> list[str]:
    notes = folder / "notes"
    lines = notes.read_text().splitlines() if notes.exists() else []
    noted = [line.split() for line in lines if len(line.split()) == 2]
    return [
        f"{job}: {state} was noted and is lost" for job, state in noted if state not in trails.get(job, [])
    ]
