from __future__ import annotations

import asyncio

import pytest

from bot.services.limits import Limits
from generation.errors import LimitReached
from generation.job import JobState
from tests.fakes import AWAY, Fault, until
from tests.unit.bot.services.conftest import ANNA, BEN, STRANGER, TEACHER, Room


async def test_a_pupil_has_at_most_so_many_at_the_same_time(room: Room) -> None:
    room.workers.hold_check = asyncio.Event()
    tickets = [await room.ask() for _ in range(3)]
    with pytest.raises(LimitReached) as error:
        await room.ask()
    assert (error.value.code, error.value.values) == ("limit_waiting", {"limit": 3})
    await room.ask(who=BEN)
    await room.ask(who=STRANGER)
    room.workers.hold_check.set()
    for ticket in tickets:
        await room.end(ticket)
    await room.ask()


async def test_many_commands_at_once_do_not_slip_in(room: Room) -> None:
    room.workers.hold_check = asyncio.Event()
    answers = await asyncio.gather(*(room.ask() for _ in range(20)), return_exceptions=True)
    assert sum(isinstance(answer, LimitReached) for answer in answers) == 17
    assert await room.jobs.count_active("class", "anna") == 3
    room.workers.hold_check.set()


async def test_a_teacher_has_no_limit(room: Room) -> None:
    room.workers.hold_check = asyncio.Event()
    assert len(await asyncio.gather(*(room.ask(who=TEACHER) for _ in range(8)))) == 8
    room.workers.hold_check.set()


async def test_a_cancelled_job_makes_room(room: Room) -> None:
    room.workers.hold_check = asyncio.Event()
    tickets = [await room.ask() for _ in range(3)]
    assert await room.desk.cancel.cancel(tickets[2].job.id, ANNA)
    await room.in_state(tickets[2].job.id, JobState.CANCELLED)
    await room.ask()
    room.workers.hold_check.set()


async def test_results_that_wait_for_discord_do_not_lock_a_pupil_out(room: Room) -> None:
    room.discord.fault = Fault(AWAY)
    for number in range(4):
        ticket = await room.ask()
        await room.in_state(ticket.job.id, JobState.POSTING)
        await until(lambda number=number: room.discord.fault.count > number)
    room.discord.fault = Fault()


async def test_the_locks_of_people_who_are_gone_are_forgotten(room: Room) -> None:
    limits = Limits(jobs=room.jobs, waiting=3)
    for who in (ANNA, BEN):
        async with limits.admit(who):
            assert len(limits._locks) == 1
    assert len(limits._locks) == 0
