from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.database import Database
from data.errors import StaleMove
from data.jobs import Jobs
from data.votes import Votes
from generation.job import JobState
from tests.fakes_dispatch import make_job

PEOPLE = [f"pupil {number}" for number in range(30)]


@pytest.fixture
async def job_id(database: Database) -> str:
    job = make_job()
    await Jobs(database).add(job)
    return job.id


async def test_thirty_people_vote_at_once_and_each_counts_once(database: Database, job_id: str) -> None:
    votes = Votes(database)
    first = await asyncio.gather(*(votes.cast(job_id, person, " weiß") for person in PEOPLE))
    assert sorted(first) == list(range(1, 31))
    second = await asyncio.gather(
        *(votes.cast(job_id, person, " blau" if place % 3 else " rot") for place, person in enumerate(PEOPLE))
    )
    assert set(second) == {30}
    assert await votes.close(job_id) == {" blau": 20, " rot": 10}


async def test_votes_and_the_end_at_the_same_time_lose_and_double_nothing(
    database: Database, job_id: str
) -> None:
    votes = Votes(database)
    cast = [votes.cast(job_id, person, " weiß") for person in PEOPLE]
    *answers, counted = await asyncio.gather(*cast, votes.close(job_id), return_exceptions=True)
    taken = [answer for answer in answers if isinstance(answer, int)]
    assert all(isinstance(answer, int | StaleMove) for answer in answers)
    assert counted == ({" weiß": len(taken)} if taken else {})
    assert await votes.count(job_id) == len(taken)


async def test_counting_forgets_who_it_was(database: Database, job_id: str, tmp_path: Path) -> None:
    votes = Votes(database)
    await votes.cast(job_id, "unmistakable-person", " weiß")
    assert await votes.count(job_id) == 1
    counted = await votes.close(job_id)
    assert counted == {" weiß": 1} == await votes.close(job_id)
    with pytest.raises(StaleMove):
        await votes.cast(job_id, "unmistakable-person", " blau")
    async with database.read() as connection:
        assert not list(await connection.execute_fetchall("SELECT * FROM votes"))
    for file in (tmp_path / "data").glob("atelier.sqlite*"):
        assert b"unmistakable-person" not in file.read_bytes()


async def test_a_vote_without_voices_can_be_closed(database: Database, job_id: str) -> None:
    votes = Votes(database)
    assert await votes.close(job_id) == {}
    with pytest.raises(StaleMove):
        await votes.cast(job_id, "a", "x")


async def test_votes_go_with_their_job(database: Database, job_id: str) -> None:
    votes, jobs = Votes(database), Jobs(database)
    await votes.cast(job_id, "a", "x")
    await jobs.move(job_id, JobState.FAILED)
    assert await jobs.purge(before=2**40) == [job_id]
    assert await votes.count(job_id) == 0


@settings(max_examples=15, deadline=None)
@given(cast=st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from(["x", " x", "ß", "\n"]))))
async def test_the_last_vote_of_each_person_counts(
    tmp_path_factory: pytest.TempPathFactory, cast: list[tuple[str, str]]
) -> None:
    async with await Database.open(tmp_path_factory.mktemp("data")) as database:
        votes, job = Votes(database), make_job()
        await Jobs(database).add(job)
        for person, choice in cast:
            await votes.cast(job.id, person, choice)
        last = list(dict(cast).values())
        assert await votes.close(job.id) == {choice: last.count(choice) for choice in set(last)}
