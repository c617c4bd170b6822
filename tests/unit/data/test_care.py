"""Words of classes, appeals, reports and blocks: one of each, decided once, whoever is quicker."""

from __future__ import annotations

import asyncio

import pytest

from data.appeals import MOST_OPEN, AppealRows
from data.blocks import BlockRows
from data.class_words import ALLOWED, MOST, REFUSED, ClassWordRows
from data.database import Database
from data.errors import StaleMove
from data.jobs import Jobs
from data.reports import KEPT, TAKEN_DOWN, ReportRows
from generation.errors import LimitReached
from generation.job import JobState
from tests.fakes_dispatch import make_job

CLASS, OTHER = "1", "2"


async def refused_job(database: Database) -> str:
    jobs, job = Jobs(database), make_job()
    await jobs.add(job)
    await jobs.move(job.id, JobState.REFUSED, error_code="refused_violence")
    return job.id


async def test_words_belong_to_their_class_and_are_of_one_kind(database: Database) -> None:
    rows = ClassWordRows(database)
    await rows.put(CLASS, "einhorn", REFUSED)
    await rows.put(OTHER, "drache", REFUSED)
    assert await rows.put(CLASS, "einhorn", ALLOWED) == {"einhorn": ALLOWED}
    assert await rows.drop(OTHER, "einhorn") is None
    assert await rows.all() == {CLASS: {"einhorn": ALLOWED}, OTHER: {"drache": REFUSED}}
    assert await rows.drop(CLASS, "einhorn") == {}


async def test_a_class_has_a_bounded_number_of_words(database: Database) -> None:
    rows = ClassWordRows(database)
    await asyncio.gather(*(rows.put(CLASS, f"wort{number}", REFUSED) for number in range(MOST)))
    with pytest.raises(LimitReached):
        await rows.put(CLASS, "nocheins", REFUSED)
    assert len(await rows.of(CLASS)) == MOST


async def test_two_teachers_decide_an_appeal_at_once_and_it_is_counted_once(database: Database) -> None:
    rows, job = AppealRows(database), await refused_job(database)
    assert [await rows.ask(CLASS, job, "9"), await rows.ask(CLASS, job, "9")] == [True, False]
    decided = [
        rows.decide(CLASS, job, teacher, code="violence", wrong=True, entries=["messer"])
        for teacher in ("t1", "t2")
    ]
    outcomes = await asyncio.gather(*decided, return_exceptions=True)
    assert sorted(type(one) for one in outcomes if one is not None) == [StaleMove]
    (count,) = await rows.counts(CLASS)
    assert (count.code, count.decided, count.wrong) == ("violence", 1, 1)
    assert await rows.blamed(CLASS) == [("messer", 1)]
    assert await rows.waiting(CLASS) == []


async def test_a_right_refusal_blames_no_entry_and_counts_outlive_the_job(database: Database) -> None:
    rows, job = AppealRows(database), await refused_job(database)
    await rows.ask(CLASS, job, "9")
    with pytest.raises(StaleMove):
        await rows.decide(OTHER, job, "t", code="violence", wrong=True, entries=[])
    await rows.decide(CLASS, job, "t", code="violence", wrong=False, entries=["messer"])
    assert await rows.blamed(CLASS) == []
    await Jobs(database).purge(before=2**40)
    assert await rows.get(CLASS, job) is None
    assert [(one.decided, one.wrong) for one in await rows.counts(CLASS)] == [(1, 0)]


async def test_a_pupil_asks_about_a_bounded_number_of_refusals(database: Database) -> None:
    rows = AppealRows(database)
    jobs = [await refused_job(database) for _ in range(MOST_OPEN + 1)]
    for job in jobs[:-1]:
        await rows.ask(CLASS, job, "9")
    with pytest.raises(LimitReached):
        await rows.ask(CLASS, jobs[-1], "9")
    assert await rows.ask(CLASS, jobs[-1], "8")
    assert not await rows.ask(CLASS, jobs[0], "9")  # asked already, whatever else waits


async def test_a_post_is_reported_once_by_each_and_decided_for_all(database: Database) -> None:
    rows, job = ReportRows(database), await refused_job(database)
    assert await rows.add(CLASS, job, "7", "person", "das bin ich")
    assert not await rows.add(CLASS, job, "7", "other", "")
    assert await rows.add(CLASS, job, "8", "other", "")
    first, _ = await rows.waiting(CLASS)
    assert (first.person, first.reason, first.note) == ("7", "person", "das bin ich")
    assert await rows.get(OTHER, first.id) is None
    assert await rows.decide(OTHER, job, "t", KEPT) == 0
    counts = await asyncio.gather(
        rows.decide(CLASS, job, "t1", TAKEN_DOWN), rows.decide(CLASS, job, "t2", KEPT)
    )
    assert sorted(counts) == [0, 2]
    assert await rows.waiting(CLASS) == []


async def test_a_block_ends_by_time_or_by_a_teacher(database: Database) -> None:
    now = 1000.0
    rows = BlockRows(database, clock=lambda: now)
    await rows.put(CLASS, "7", "t", 60)
    await rows.put(CLASS, "8", "t", 600)
    assert [one.person for one in await rows.of_class(CLASS)] == ["7", "8"]
    assert await rows.of_person(OTHER, "7") is None
    now = 1059.9
    block = await rows.of_person(CLASS, "7")
    assert block is not None
    assert block.until == 1060.0
    now = 1060.0
    assert await rows.of_person(CLASS, "7") is None
    assert await rows.purge() == 1
    assert [await rows.drop(CLASS, "8"), await rows.drop(CLASS, "8")] == [True, False]
