"""A disk that is full at random bytes: `python -m tests.process.disk_counts -n 300`.

A limit on the size of files makes the system refuse real writes, in the middle of a page too.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import random
import resource
import sqlite3
import sys
import tempfile
import traceback
from pathlib import Path

from data.database import Database
from data.errors import StorageFailed
from data.jobs import Jobs
from generation.job import Job, JobState, new_job_id
from tests.fakes_dispatch import make_job

_HARD = resource.getrlimit(resource.RLIMIT_FSIZE)[1]


def limit_files(size: int) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, _HARD))


async def trial(folder: Path, seed: int) -> list[str]:
    """Write until the disk is full, make room, go on. Returns what was wrong."""
    draw, kept, refused = random.Random(seed), list[Job](), list[Job]()

    async def one(jobs: Jobs) -> None:
        job = make_job(id=new_job_id(), params={"prompt": "x" * draw.choice([10, 800, 9000])})
        try:
            await jobs.add(job)
        except StorageFailed:
            refused.append(job)
            return
        with contextlib.suppress(StorageFailed):
            job = await jobs.move(job.id, JobState.RUNNING)
        kept.append(job)

    async with await Database.open(folder) as database:
        jobs = Jobs(database)
        await asyncio.gather(*(one(jobs) for _ in range(draw.randrange(20))))
        largest = max(file.stat().st_size for file in folder.iterdir())
        limit_files(max(1, largest + draw.randrange(-3000, 60_000)))
        while not refused:
            await asyncio.gather(*(one(jobs) for _ in range(draw.randrange(1, 12))))
        limit_files(_HARD)
        last = await jobs.add(make_job(id=new_job_id()))
    return compare(folder, [*kept, last], refused)


def compare(folder: Path, kept: list[Job], refused: list[Job]) -> list[str]:
    connection = sqlite3.connect(folder / "atelier.sqlite")
    try:
        wrong = [str(row) for row in connection.execute("PRAGMA integrity_check") if row != ("ok",)]
        states = dict(connection.execute("SELECT id, state FROM jobs").fetchall())
        events = dict(connection.execute("SELECT job, count(*) FROM job_events GROUP BY job").fetchall())
    finally:
        connection.close()
    wrong += [f"{job.id}: lost" for job in kept if states.get(job.id) != job.state]
    wrong += [f"{job.id}: torn" for job in kept if events.get(job.id) != 2 + (job.state is JobState.RUNNING)]
    wrong += [f"{job.id}: refused, but there" for job in refused if job.id in states]
    return wrong


def in_child(seed: int) -> int:
    """One trial in a process of its own, since the limit is one of the process; its exit code."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    try:
        with tempfile.TemporaryDirectory() as folder:
            wrong = asyncio.run(trial(Path(folder), seed))
        limit_files(_HARD)
        print("".join(f"seed {seed}: {line}\n" for line in wrong), end="", flush=True)
        os._exit(bool(wrong))
    except BaseException:  # noqa: BLE001  a child must not go on with the parent's work
        limit_files(_HARD)
        traceback.print_exc()
        os._exit(1)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    bad = sum(in_child(options.seed * 1_000_003 + number) != 0 for number in range(options.n))
    print(f"full disk: {bad} of {options.n} points damaged, lost or tore something")
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main())
