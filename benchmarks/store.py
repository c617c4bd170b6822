"""The life of a queued job in the database, and how soon an idle dispatcher starts one.

C8: add, claim, done by 30 producers at once, against one commit a call on one connection (the plain way to use
SQLite). C10: from `submit` to the worker, `running` committed in between. `python -m benchmarks.store`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiosqlite

from data.database import Database
from data.jobs import Jobs
from data.timings import Timings
from generation.dispatcher import Dispatcher
from generation.job import Job, JobState, new_job_id
from generation.queue import FairQueue
from generation.supervisor import Outcome, Request

PRODUCERS = 30


@dataclass(frozen=True)
class Measured:
    seconds: float
    cpu: float
    commits: int


def job() -> Job:
    return Job(
        id=new_job_id(), guild_id="class", channel_id="channel", owner_id="pupil", medium="image", family="fake",
        model="mini", params={"prompt": "a red house"}, seed=1, locale="de", created_at=0.0, state=JobState.QUEUED,
    )  # fmt: skip


async def produce(lives: int, life: Callable[[], Coroutine[Any, Any, None]]) -> tuple[float, float]:
    async def producer() -> None:
        for _ in range(lives):
            await life()

    wall, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(producer() for _ in range(PRODUCERS)))
    return time.perf_counter() - wall, time.process_time() - cpu


async def ours(folder: Path, lives: int) -> Measured:
    async with await Database.open(folder) as database:
        jobs = Jobs(database)

        async def life() -> None:
            added = await jobs.add(job())
            await jobs.move(added.id, JobState.RUNNING, expect=JobState.QUEUED)
            await jobs.move(added.id, JobState.FAILED, expect=JobState.RUNNING)

        before = database.commits
        seconds, cpu = await produce(lives, life)
        return Measured(seconds, cpu, database.commits - before)


async def plain(folder: Path, lives: int) -> Measured:
    """The same rows, a lock around one connection, a commit a call."""
    async with await Database.open(folder) as database:
        file = database.path
    lock, commits = asyncio.Lock(), 0
    async with aiosqlite.connect(file) as connection:
        for setting in ("synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
            await connection.execute(f"PRAGMA {setting}")

        async def call(*statements: tuple[str, tuple[Any, ...]]) -> None:
            nonlocal commits
            async with lock:
                for sql, values in statements:
                    await connection.execute(sql, values)
                await connection.commit()
                commits += 1

        async def life() -> None:
            new = job()
            await call(
                (INSERT, row(new)), event(new.id, None, "accepted"), event(new.id, "accepted", "queued")
            )
            await call((UPDATE, ("running", 0.0, new.id, "queued")), event(new.id, "queued", "running"))
            await call((UPDATE, ("failed", 0.0, new.id, "running")), event(new.id, "running", "failed"))

        seconds, cpu = await produce(lives, life)
    return Measured(seconds, cpu, commits)


INSERT = (
    "INSERT INTO jobs (id, guild_id, channel_id, owner_id, medium, family, model, params, seed, locale, created_at,"
    " state, attempt, notices) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'queued', 0, '[]')"
)
UPDATE = "UPDATE jobs SET state = ?, started_at = ? WHERE id = ? AND state = ?"


def row(new: Job) -> tuple[Any, ...]:
    return (new.id, new.guild_id, new.channel_id, new.owner_id, new.medium, new.family, new.model,
            json.dumps(dict(new.params)), new.seed, new.locale, new.created_at)  # fmt: skip


def event(job_id: str, old: str | None, new: str) -> tuple[str, tuple[Any, ...]]:
    return "INSERT INTO job_events (job, old, new, at) VALUES (?, ?, ?, 0)", (job_id, old, new)


class Instant:
    """A worker that notes when it gets a job."""

    def __init__(self) -> None:
        self.begun: dict[str, float] = {}

    async def run(self, request: Request, on_progress: Callable[[Any], None] | None = None) -> Outcome:
        self.begun[request.job] = time.perf_counter()
        return Outcome(files=(), facts={}, seconds=1.0, out=request.out)

    async def cancel(self, job: str) -> None:
        return

    def loaded(self, family: str) -> str | None:
        return None


async def latencies(folder: Path, count: int) -> list[float]:
    """Seconds from `submit` to the worker, idle in between."""
    worker, ended = Instant(), asyncio.Event()
    async with await Database.open(folder) as database:
        jobs = Jobs(database)

        async def deliver(done: Job, outcome: Outcome) -> None:
            await jobs.move(done.id, JobState.CHECKING)
            ended.set()

        dispatcher = Dispatcher(
            queue=FairQueue(), supervisor=worker, store=jobs, timings=await Timings.open(database),
            requests=lambda new: Request(family="fake", task="image", params=new.params, job=new.id,
                                         attempt=new.attempt, out=folder),
            on_progress=lambda job, progress: None, on_outcome=deliver, on_failure=lambda job, error: asyncio.sleep(0),
        )  # fmt: skip
        await dispatcher.start()
        found = []
        for _ in range(count):
            new = await jobs.add(job())
            await asyncio.sleep(0.02)
            before = time.perf_counter()
            ended.clear()
            dispatcher.submit(new)
            await ended.wait()
            found.append(worker.begun[new.id] - before)
        await dispatcher.close()
    return found


def flush_seconds(folder: Path, count: int = 50) -> float:
    """The median of one small commit by SQLite alone, on this disk."""
    connection = sqlite3.connect(folder / "flush.sqlite", isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("CREATE TABLE t (a)")
    found = []
    for _ in range(count):
        before = time.perf_counter()
        connection.execute("INSERT INTO t VALUES (1)")
        found.append(time.perf_counter() - before)
    connection.close()
    return statistics.median(found)


def in_folder(work: Callable[[Path], Any]) -> Any:
    with tempfile.TemporaryDirectory() as name:
        return work(Path(name))


def ratio(name: str, pairs: list[tuple[float, float]], unit: str, scale: float = 1.0) -> None:
    """Medians of interleaved pairs (ours, plain)."""
    mine, theirs = (statistics.median(values) * scale for values in zip(*pairs, strict=True))
    print(
        f"{name}: {mine:.3f} {unit} / {theirs:.3f} {unit} = {statistics.median(a / b for a, b in pairs):.3f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--lives", type=int, default=20, help="jobs a producer and round")
    options = parser.parse_args()
    pairs = [
        (
            in_folder(lambda folder: asyncio.run(ours(folder, options.lives))),
            in_folder(lambda folder: asyncio.run(plain(folder, options.lives))),
        )
        for _ in range(options.pairs)
    ]
    jobs = PRODUCERS * options.lives
    ratio("C8 wall time a job's life", [(a.seconds, b.seconds) for a, b in pairs], "ms", 1000 / jobs)
    ratio("C8 CPU time a job's life", [(a.cpu, b.cpu) for a, b in pairs], "ms", 1000 / jobs)
    ratio("C8 commits a job's life", [(a.commits, b.commits) for a, b in pairs], "", 1 / jobs)
    found = in_folder(lambda folder: asyncio.run(latencies(folder, 100)))
    flush = in_folder(flush_seconds)
    p50 = statistics.median(found)
    print(
        f"C10 idle dispatch p50: {p50 * 1000:.3f} ms / one commit {flush * 1000:.3f} ms = {p50 / flush:.3f}"
    )


if __name__ == "__main__":
    main()
