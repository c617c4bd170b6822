from __future__ import annotations

import logging

import pytest

from data.addresses import ReplyAddresses
from data.database import Database
from data.jobs import Jobs
from generation.job import JobState
from tests.fakes_dispatch import make_job

SECRET = "aW50ZXJhY3Rpb24tdG9rZW4tdGhhdC1ub2JvZHktbWF5LXNlZQ"


async def test_an_address_lives_until_its_expiry(database: Database) -> None:
    now = 100.0
    addresses = ReplyAddresses(database, clock=lambda: now)
    job = make_job()
    await Jobs(database).add(job, address=SECRET, expires_at=110.0)
    assert await addresses.get(job.id) == SECRET
    await addresses.put(job.id, "another", 120.0)
    assert await addresses.get(job.id) == "another"
    now = 120.0
    assert await addresses.get(job.id) is None
    assert await addresses.purge() == 1
    assert await addresses.purge() == 0


async def test_it_goes_with_posting_and_not_with_a_refusal_that_must_still_be_told(
    database: Database,
) -> None:
    jobs, addresses = Jobs(database), ReplyAddresses(database, clock=lambda: 0.0)
    posted, refused = make_job(), make_job()
    for job in (posted, refused):
        await jobs.add(job, address=SECRET, expires_at=900.0)
        await jobs.move(job.id, JobState.RUNNING)
        await jobs.move(job.id, JobState.CHECKING)
    await jobs.move(posted.id, JobState.POSTING)
    assert await addresses.get(posted.id) == SECRET
    await jobs.move(posted.id, JobState.POSTED)
    await jobs.move(refused.id, JobState.REFUSED)
    assert await addresses.get(posted.id) is None
    assert await addresses.get(refused.id) == SECRET
    await addresses.delete(refused.id)
    assert await addresses.get(refused.id) is None


async def test_purging_reaches_every_file_and_no_log(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    addresses, job = ReplyAddresses(database), make_job()
    await Jobs(database).add(job, address=SECRET, expires_at=10.0)
    await addresses.get(job.id)
    assert await addresses.purge(now=10.0) == 1
    for file in database.folder.iterdir():
        assert SECRET.encode() not in file.read_bytes(), file.name
    assert SECRET not in caplog.text
