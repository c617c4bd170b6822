from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from generation.errors import NotAllowed, NotFound
from generation.job import JobState
from tests.unit.bot.services.conftest import ANNA, BEN, STRANGER, TEACHER, Room


async def test_a_waiting_job_is_cancelled_and_its_owner_told(room: Room) -> None:
    room.workers.hold_check = asyncio.Event()
    first = await room.ask()
    waiting = await room.ask()
    assert await room.desk.cancel.cancel(waiting.job.id, ANNA)
    assert (await room.in_state(waiting.job.id, JobState.CANCELLED)).error_code == "cancelled"
    room.workers.hold_check.set()
    await room.end(first)
    assert room.discord.codes(waiting.job.id) == ["cancelled"]


async def test_a_running_job_is_cancelled_by_its_owner_or_a_teacher(room: Room) -> None:
    for who in (ANNA, TEACHER):
        room.workers.on_start = lambda request: room.workers.held.add(request.job)
        ticket = await room.ask()
        await room.workers.started(ticket.job.id)
        assert await room.desk.cancel.cancel(ticket.job.id, who)
        job = await room.end(ticket)
        assert job.state is JobState.CANCELLED
        assert room.discord.codes(job.id) == ["cancelled"]
        assert await room.addresses.get(job.id) is None
    assert room.discord.messages == {}


async def test_other_people_may_not(room: Room) -> None:
    room.workers.hold_check = asyncio.Event()
    ticket = await room.ask()
    with pytest.raises(NotAllowed):
        await room.desk.cancel.cancel(ticket.job.id, BEN)
    for who in (STRANGER, replace(ANNA, guild_id="elsewhere")):
        with pytest.raises(NotFound):
            await room.desk.cancel.cancel(ticket.job.id, who)
    with pytest.raises(NotFound):
        await room.desk.cancel.cancel("0000000000", ANNA)
    room.workers.hold_check.set()
    assert (await room.end(ticket)).state is JobState.POSTED


async def test_a_job_that_has_ended_stays_as_it_is(room: Room) -> None:
    job = await room.end(await room.ask())
    assert not await room.desk.cancel.cancel(job.id, ANNA)
    assert await room.state(job.id) is JobState.POSTED


async def test_pressed_ten_times_it_is_cancelled_once(room: Room) -> None:
    room.workers.on_start = lambda request: room.workers.held.add(request.job)
    ticket = await room.ask()
    await room.workers.started(ticket.job.id)
    await asyncio.gather(*(room.desk.cancel.cancel(ticket.job.id, ANNA) for _ in range(10)))
    job = await room.end(ticket)
    assert room.discord.codes(job.id) == ["cancelled"]
