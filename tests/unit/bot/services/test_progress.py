from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from bot.services.ports import ReplyAddress, Status
from bot.services.progress import REMEMBERED_JOBS, ProgressReport
from data.addresses import ReplyAddresses
from data.database import Database
from generation.job import Job
from generation.supervisor import Progress
from tests.fakes import FakeDiscord
from tests.fakes_dispatch import make_job


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


class Bar:
    """A report with a clock that a test moves."""

    def __init__(self, database: Database) -> None:
        self.clock = Clock()
        self.discord = FakeDiscord()
        self.report = ProgressReport(
            publisher=self.discord, addresses=ReplyAddresses(database), clock=self.clock
        )

    async def step(self, job: Job, seconds: float, done: int, total: int = 50) -> list[Status]:
        """`done` steps after so many more seconds; every status shown so far."""
        self.clock.now += seconds
        self.report.on_progress(job, Progress(done, total))
        await asyncio.gather(*self.report._tasks)
        return [status for _, status in self.discord.statuses]


@pytest.fixture
async def bar(tmp_path: Path) -> Any:
    async with await Database.open(tmp_path) as database:
        made = Bar(database)
        yield made
        await made.report.close()


async def test_a_long_job_shows_its_bar_once(bar: Bar) -> None:
    job = make_job(attempt=1)
    assert await bar.step(job, 0, 0) == []
    assert await bar.step(job, 1, 5) == []
    shown = await bar.step(job, 1, 10)
    assert shown == [Status(done=10, total=50, ready_at=bar.clock.now + 8)]
    assert await bar.step(job, 1, 15) == shown
    assert await bar.step(job, 9, 50) == shown


async def test_the_time_left_counts_from_the_first_step_that_was_seen(bar: Bar) -> None:
    job = make_job(attempt=1)
    await bar.step(job, 0, 20)
    (status,) = await bar.step(job, 2, 30)
    assert status.ready_at == bar.clock.now + 4


async def test_short_jobs_and_the_last_seconds_show_none(bar: Bar) -> None:
    job = make_job(attempt=1)
    await bar.step(job, 0, 0)
    assert await bar.step(job, 1.5, 25) == []
    assert await bar.step(job, 1.5, 49) == []


async def test_loading_without_a_step_shows_none(bar: Bar) -> None:
    job = make_job(attempt=1)
    await bar.step(job, 0, 0)
    assert await bar.step(job, 30, 0) == []


async def test_a_second_attempt_measures_anew_and_shows_no_second_bar(bar: Bar) -> None:
    one, two = make_job(id="a", attempt=1), make_job(id="a", attempt=2)
    await bar.step(one, 0, 0)
    await bar.step(two, 100, 0)
    (status,) = await bar.step(two, 2, 10)
    assert status.ready_at == bar.clock.now + 8
    three = make_job(id="a", attempt=3)
    await bar.step(three, 0, 0)
    assert len(await bar.step(three, 5, 10)) == 1


async def test_jobs_that_never_end_are_forgotten(bar: Bar) -> None:
    for _ in range(3 * REMEMBERED_JOBS):
        await bar.step(make_job(attempt=1), 0, 1)
    assert len(bar.report._seen) == REMEMBERED_JOBS


async def test_a_bar_that_cannot_be_shown_is_no_trouble(bar: Bar, monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(job: Job, address: ReplyAddress | None, status: Status) -> None:
        raise RuntimeError("boom")

    monkeypatch.setattr(bar.discord, "show_status", refuse)
    job = make_job(attempt=1)
    await bar.step(job, 0, 0)
    await bar.step(job, 2, 10)
