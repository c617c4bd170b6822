from __future__ import annotations

import asyncio

import pytest

from generation.errors import NotAllowed, Refused
from generation.job import JobState
from tests.unit.bot.services.conftest import ANNA, BEN, STRANGER, TEACHER, Room


async def test_everybody_sees_their_own_and_a_teacher_all_of_the_class(room: Room) -> None:
    room.workers.on_start = lambda request: room.workers.held.add(request.job)
    first = await room.ask()
    await room.workers.started(first.job.id)
    second, third = await room.ask(who=BEN), await room.ask()
    await room.ask(who=STRANGER)
    own = await room.desk.queue.of_person(ANNA)
    assert [row.job.id for row in own] == [first.job.id, third.job.id]
    assert own[0].place == 0
    everybody = await room.desk.queue.all(TEACHER)
    assert [row.job.id for row in everybody] == [first.job.id, second.job.id, third.job.id]
    assert [row.place for row in everybody] == sorted(row.place for row in everybody)


async def test_pupils_see_neither_all_nor_the_refusals(room: Room) -> None:
    with pytest.raises(NotAllowed):
        await room.desk.queue.all(ANNA)
    with pytest.raises(NotAllowed):
        await room.desk.queue.refusals(ANNA)


async def test_refusals_of_the_own_class_newest_first(room: Room) -> None:
    for who in (ANNA, BEN, STRANGER):
        with pytest.raises(Refused):
            await room.ask("nackt", who=who)
    assert [job.owner_id for job in await room.desk.queue.refusals(TEACHER)] == ["ben", "anna"]


async def test_a_time_is_shown_once_it_was_measured(room: Room) -> None:
    assert (await room.ask()).expected_seconds is None
    await asyncio.sleep(0)
    for job in await room.jobs.of_owner("class", "anna"):
        await room.in_state(job.id, JobState.POSTED)
    room.workers.on_start = lambda request: room.workers.held.add(request.job)
    ticket = await room.ask()
    # two seconds, of which half a second was loading
    assert ticket.expected_seconds == pytest.approx(1.5, abs=0.2)
    (row,) = await room.desk.queue.of_person(ANNA)
    assert row.expected_seconds is not None


async def test_an_empty_queue(room: Room) -> None:
    assert await room.desk.queue.of_person(ANNA) == []
    assert await room.desk.queue.all(TEACHER) == []
    assert await room.desk.queue.refusals(TEACHER) == []
