from __future__ import annotations

import math

import pytest

from data.database import Database
from data.errors import StaleMove
from data.jobs import Jobs
from data.posts import Post, Posts
from data.timings import KEPT, Timings
from tests.fakes_dispatch import make_job


async def test_a_post_is_planned_then_done(database: Database) -> None:
    posts, job = Posts(database, clock=lambda: 5.0), make_job()
    await Jobs(database).add(job)
    assert await posts.of_job(job.id) is None
    with pytest.raises(StaleMove):
        await posts.done(job.id, "channel", "message")
    await posts.plan(job.id, "channel", "first")
    await posts.plan(job.id, "channel", "nonce")
    assert await posts.of_job(job.id) == Post(job=job.id, channel_id="channel", nonce="nonce")
    await posts.done(job.id, "elsewhere", "message")
    assert await posts.of_job(job.id) == Post(
        job=job.id, channel_id="elsewhere", nonce="nonce", message_id="message", posted_at=5.0
    )


async def test_the_median_of_the_last_measurements(database: Database) -> None:
    timings = await Timings.open(database)
    assert timings.expected("m", 10) is None
    assert timings.expected_load("m") is None
    for seconds in (10.0, 2.0, 1000.0):
        await timings.add("m", 10, seconds)
    await timings.add_load("m", 7.0)
    assert timings.expected("m", 20) == pytest.approx(20.0)
    assert timings.expected_load("m") == 7.0
    assert timings.expected("other", 20) is None
    for _ in range(KEPT):
        await timings.add("m", 1, 3.0)
    assert timings.expected("m", 2) == pytest.approx(6.0)
    again = await Timings.open(database)
    assert again.expected("m", 2) == pytest.approx(6.0)
    assert again.expected_load("m") == 7.0
    async with database.read() as connection:
        (row,) = await connection.execute_fetchall("SELECT count(*) FROM timings WHERE what = 'unit'")
    assert row[0] == KEPT


@pytest.mark.parametrize(
    ("units", "seconds"), [(0, 1), (-1, 1), (1, 0), (1, -5), (1, math.nan), (1, math.inf)]
)
async def test_figures_that_make_no_sense_are_left_out(
    database: Database, units: float, seconds: float
) -> None:
    timings = await Timings.open(database)
    await timings.add("m", units, seconds)
    assert timings.expected("m", 1) is None
