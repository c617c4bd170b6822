"""The emergency stop: the row first, then nothing of the class is made or shown, whatever is killed meanwhile."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

import bot
from bot.i18n import Sentences
from bot.posts.lesson import LessonWords
from bot.services.lesson_rules import LessonRequest
from data.database import Database
from data.errors import StorageFailed
from data.stops import EMERGENCY_CODE, Stop, Stops
from generation.errors import MoveRefused, NotAllowed
from generation.job import ENDED, JobState
from tests import emergency_moments
from tests.fakes import AWAY, Fault, until
from tests.fakes_dispatch import make_job
from tests.unit.bot.services.conftest import ANNA, BEN, STRANGER, TEACHER
from tests.unit.bot.services.lesson_room import KillableWorkshop, LessonRoom, SlowDiscord, lesson_room

SENTENCES = Sentences.load(strict=True)
ROOT = Path(bot.__file__).parents[1]


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[LessonRoom]:
    async with lesson_room(tmp_path) as opened:
        yield opened


def discord_of(room: LessonRoom) -> SlowDiscord:
    assert isinstance(room.discord, SlowDiscord)
    return room.discord


def workers_of(room: LessonRoom) -> KillableWorkshop:
    assert isinstance(room.workers, KillableWorkshop)
    return room.workers


def hold_every_picture(room: LessonRoom) -> None:
    room.workers.on_start = lambda request: (
        room.workers.held.add(request.job) if request.task == "image" else None
    )


async def test_what_runs_is_killed_and_what_waits_is_cancelled(room: LessonRoom) -> None:
    workers = workers_of(room)
    workers.deaf = True  # asked to stop, it goes on with its step
    hold_every_picture(room)
    first, second = await room.ask(), await room.ask(who=BEN)
    await workers.started(first.job.id)
    stopped = await room.emergency.stop(TEACHER)
    assert (stopped.is_new, stopped.ended, stopped.deleted, stopped.left) == (True, 2, 0, ())
    assert workers.killed == ["diffusion"]
    for ticket in (first, second):
        job = await room.in_state(ticket.job.id, *ENDED)
        assert job.error_code == EMERGENCY_CODE
    await until(lambda: len(room.discord.told) == 2)
    assert {code for _, code, _, _ in room.discord.told} == {EMERGENCY_CODE}
    assert room.discord.messages == {}
    with pytest.raises(NotAllowed, match="emergency_on"):
        await room.ask()
    with pytest.raises(NotAllowed, match="emergency_on"):
        await room.ask(who=TEACHER)


async def test_a_job_that_is_checked_is_never_posted(room: LessonRoom) -> None:
    room.workers.hold_check = asyncio.Event()
    ticket = await room.ask()
    await room.workers.checking.wait()
    await room.emergency.stop(TEACHER)
    room.workers.hold_check.set()
    job = await room.end(ticket)
    assert (job.state, job.error_code) == (JobState.CANCELLED, EMERGENCY_CODE)
    await until(lambda: room.kept(job.id) == [])
    assert room.discord.messages == {}


@pytest.mark.parametrize("arrives", [None, 0.0, 0.1, 0.6])
async def test_a_send_on_its_way_is_broken_off_and_what_got_through_is_deleted(
    room: LessonRoom, arrives: float | None
) -> None:
    discord = discord_of(room)
    discord.slow, discord.gets_through_after = {"anna"}, arrives
    ticket = await room.ask()
    await discord.on_way.wait()
    begun = time.monotonic()
    stopped = await room.emergency.stop(TEACHER)
    assert time.monotonic() - begun < 2.0
    await asyncio.gather(*discord.late)
    await asyncio.sleep(max(0.0, begun + 2.0 - time.monotonic()))
    assert discord.messages == {}
    assert stopped.deleted == (0 if arrives is None else 1)
    job = await room.end(ticket)
    assert (job.state, job.error_code) == (JobState.REFUSED, EMERGENCY_CODE)
    assert room.kept(job.id) == []


async def test_another_try_is_not_made(tmp_path: Path) -> None:
    async with lesson_room(tmp_path, pauses=(0.05,)) as room:
        room.discord.fault = Fault(AWAY)
        ticket = await room.ask()
        await until(lambda: room.discord.fault.count >= 1)
        await room.emergency.stop(TEACHER)
        room.discord.fault = Fault()
        await asyncio.sleep(0.2)
        assert room.discord.messages == {}
        job = await room.end(ticket)
        assert (job.state, job.error_code) == (JobState.REFUSED, EMERGENCY_CODE)


async def test_it_stays_over_restarts_until_a_teacher_lifts_it(room: LessonRoom) -> None:
    await room.emergency.stop(TEACHER)
    await room.restart()
    await room.restart()
    with pytest.raises(NotAllowed, match="emergency_on"):
        await room.ask()
    with pytest.raises(NotAllowed, match="teachers_only"):
        await room.emergency.lift(ANNA)
    assert await room.emergency.lift(TEACHER)
    assert not await room.emergency.lift(TEACHER)
    await room.restart()
    assert (await room.end(await room.ask())).state is JobState.POSTED


async def test_nothing_of_what_was_stopped_comes_back(room: LessonRoom) -> None:
    hold_every_picture(room)
    tickets = [await room.ask(), await room.ask(who=BEN)]
    await room.emergency.stop(TEACHER)
    room.workers.on_start = lambda request: None
    await room.emergency.lift(TEACHER)
    await room.restart()
    for ticket in tickets:
        assert (await room.in_state(ticket.job.id, *ENDED)).error_code == EMERGENCY_CODE
    assert room.discord.messages == {}


async def test_pupils_and_other_classes(room: LessonRoom) -> None:
    for who in (ANNA, BEN):
        with pytest.raises(NotAllowed, match="teachers_only"):
            await room.emergency.stop(who)
    await room.emergency.stop(TEACHER)
    elsewhere = await room.ask(who=STRANGER)
    assert (await room.end(elsewhere)).state is JobState.POSTED


async def test_two_teachers_at_once(room: LessonRoom) -> None:
    hold_every_picture(room)
    tickets = [await room.ask(), await room.ask(who=BEN)]
    both = await asyncio.gather(room.emergency.stop(TEACHER), room.emergency.stop(TEACHER))
    assert sorted(one.is_new for one in both) == [False, True]
    for ticket in tickets:
        assert (await room.in_state(ticket.job.id, *ENDED)).error_code == EMERGENCY_CODE


async def test_commands_that_come_at_the_same_moment(room: LessonRoom) -> None:
    """Whoever was past the door is stopped by the row, at the latest."""
    asked = [asyncio.create_task(room.ask(who=who)) for who in (ANNA, BEN, ANNA, BEN)]
    await asyncio.sleep(0)
    await room.emergency.stop(TEACHER)
    await asyncio.gather(*asked, return_exceptions=True)
    seen = set(room.discord.messages)
    await asyncio.sleep(0.3)
    assert set(room.discord.messages) <= seen
    assert [job for job in await room.jobs.unfinished() if job.guild_id == "class"] == []


async def test_a_disk_that_refuses_the_row_still_stops_everything(room: LessonRoom) -> None:
    hold_every_picture(room)
    ticket = await room.ask()
    await room.workers.started(ticket.job.id)
    room.database.refuse = Fault(StorageFailed(reason="disk_full"), 1)
    stopped = await room.emergency.stop(TEACHER)
    assert (stopped.is_new, stopped.is_kept) == (True, False)
    for locale, word in (("de", "Festplatte"), ("en", "disk")):
        assert word in LessonWords(SENTENCES, locale).stopped(stopped)
    with pytest.raises(NotAllowed, match="emergency_on"):
        await room.ask()
    assert (await room.in_state(ticket.job.id, *ENDED)).error_code == EMERGENCY_CODE
    assert room.discord.messages == {}
    room.database.refuse = Fault()
    await room.emergency.purge()  # once a minute it is written down again
    await room.restart()
    with pytest.raises(NotAllowed, match="emergency_on"):
        await room.ask()
    await room.emergency.lift(TEACHER)
    await room.emergency.purge()
    await room.restart()
    assert (await room.end(await room.ask())).state is JobState.POSTED


async def test_a_kill_right_after_the_row(room: LessonRoom) -> None:
    """Everything else is left undone, as a kill leaves it: waiting, running, checked and half posted jobs."""
    hold_every_picture(room)
    discord = discord_of(room)
    discord.slow = {"ben"}
    half = await room.ask(who=BEN)
    await room.workers.started(half.job.id)
    waiting = await room.ask()
    room.workers.release(half.job.id)
    await discord.on_way.wait()
    await room.workers.started(waiting.job.id)
    third = await room.ask()
    await room.stops.set("class", Stop.EMERGENCY)
    discord.arrive.set()
    await until(lambda: half.job.id in discord.messages)
    await room.restart()
    for ticket in (waiting, third):
        assert (await room.in_state(ticket.job.id, *ENDED)).error_code == EMERGENCY_CODE
    assert waiting.job.id not in discord.messages
    assert third.job.id not in discord.messages
    with pytest.raises(NotAllowed, match="emergency_on"):
        await room.ask()


async def test_what_a_broken_off_clearing_left_is_deleted_at_the_next_start(tmp_path: Path) -> None:
    async with lesson_room(tmp_path, pauses=(60.0,)) as room:
        room.discord.lost = Fault(AWAY)  # it stands, and nobody knows
        ticket = await room.ask()
        await until(lambda: room.discord.lost.count == 1)
        await room.stops.set("class", Stop.EMERGENCY)
        with pytest.raises(MoveRefused):
            await room.jobs.recheck(ticket.job.id)  # refused by the row, and then the bot is killed
        await room.close()
        assert ticket.job.id in room.discord.messages
        room.discord.lost = Fault()
        room.workers = KillableWorkshop()
        await room.open()
        await room.atelier.recovery.run()
        assert room.discord.messages == {}
        assert await room.stops.emergency_jobs() == []


KILLED = """
import asyncio, sys
from pathlib import Path
from data.database import Database
from data.stops import Stop, Stops

async def main():
    database = await Database.open(Path(sys.argv[1]))
    await (await Stops.open(database)).set("class", Stop.EMERGENCY)
    print("set", flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""


async def test_the_row_survives_a_kill(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        KILLED,
        str(tmp_path / "data"),
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"set\n"
    process.send_signal(signal.SIGKILL)
    await process.wait()
    async with await Database.open(tmp_path / "data") as database:
        stops = await Stops.open(database)
        assert stops.is_held("class")
        job = make_job()
        assert await database.write(lambda connection: Stops.gate(connection, job)) == EMERGENCY_CODE
    async with lesson_room(tmp_path) as room:
        with pytest.raises(NotAllowed, match="emergency_on"):
            await room.ask()
        with pytest.raises(NotAllowed, match="teachers_only"):
            await room.desk_of_lessons.start(LessonRequest(), ANNA)


async def test_at_random_moments_nothing_is_seen_later(tmp_path: Path) -> None:
    states = Counter[str]()
    for more in range(6):  # how far the jobs are by then depends on the machine: until a send was met
        moments = await emergency_moments.run(8, 20_261_121 + more, tmp_path / str(more))
        assert [moment.wrong for moment in moments if moment.wrong] == []
        states += sum((moment.states for moment in moments), Counter[str]())
        if states["posting"]:
            return
    pytest.fail(f"no stop fell into a send: {states}")
