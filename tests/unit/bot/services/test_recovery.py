"""After a restart: everything that was promised is kept, once."""

from __future__ import annotations

import asyncio
import shutil
import time
from dataclasses import replace
from pathlib import Path

import pytest

from data.artifacts import Artifacts
from data.errors import StorageFailed
from generation.errors import WorkerCrashed
from generation.job import JobState, new_job_id
from tests.fakes import AWAY, Fault, small_catalog, until
from tests.fakes_dispatch import make_job
from tests.unit.bot.services.conftest import ANNA, BEN, Room


async def _posting(room: Room, **more: object) -> str:
    """A job whose files are kept and that could not be shown."""
    room.pauses = (60.0,)
    await room.close()
    await room.open()
    room.discord.fault = Fault(AWAY)
    ticket = await room.ask(**more)
    await until(lambda: room.discord.fault.count > 0)
    await until(lambda: not room.left_behind())
    room.discord.fault = Fault()
    return ticket.job.id


async def test_what_waited_goes_on_in_its_order(room: Room) -> None:
    room.workers.hold_check = asyncio.Event()
    room.workers.on_start = lambda request: room.workers.held.add(request.job)
    tickets = [await room.ask(), await room.ask(who=BEN), await room.ask()]
    await room.restart()
    for ticket in tickets:
        assert (await room.in_state(ticket.job.id, JobState.POSTED)).state is JobState.POSTED
    assert [one.job for one in room.workers.requests if one.task == "image"] == [
        ticket.job.id for ticket in tickets
    ]
    assert all(message.edits == 1 for message in room.discord.messages.values())


async def test_a_job_that_was_being_posted_is_checked_again_and_posted_once(room: Room) -> None:
    job_id = await _posting(room)
    await room.restart()
    assert await room.state(job_id) is JobState.POSTED
    assert room.discord.messages[job_id].pictures == {1: b"picture 7", 2: b"picture 8"}
    assert [one.task for one in room.workers.requests] == ["check_images"]
    assert room.left_behind() == []


@pytest.mark.parametrize("flagged", [{7}, {7, 8}])
async def test_what_the_check_refuses_now_is_not_shown(room: Room, flagged: set[int]) -> None:
    job_id = await _posting(room)
    await room.close()
    await room.open()
    room.workers.flagged = flagged
    await room.atelier.recovery.run()
    assert await room.state(job_id) is JobState.REFUSED
    assert room.discord.told == [(job_id, "refused_image_flagged", {}, True)]
    assert room.discord.messages == {}
    assert room.kept(job_id) == []


async def test_what_was_flagged_before_stays_black(room: Room) -> None:
    room.workers.flagged = {8}
    await room.close()
    await room.open()
    job_id = await _posting(room)
    await room.restart()
    assert sorted(room.discord.messages[job_id].pictures) == [1]


@pytest.mark.parametrize("damage", ["changed", "gone", "rows gone", "sheet gone"])
async def test_files_that_are_no_longer_what_was_approved_are_not_shown(room: Room, damage: str) -> None:
    job_id = await _posting(room)
    folder = room.folder / "data" / "artifacts" / job_id
    if damage == "changed":
        (folder / "image-1.png").write_bytes(b"picture 99")
    elif damage == "gone":
        shutil.rmtree(folder)
    elif damage == "sheet gone":
        (folder / "sheet-0.png").unlink()
    else:
        await room.artifacts.delete(job_id)
    await room.restart()
    job = await room.jobs.get(job_id)
    assert job is not None
    assert (job.state, job.error_code) == (JobState.FAILED, "artifact_changed")
    assert room.discord.codes(job_id) == ["artifact_changed"]
    assert room.discord.messages == {}


async def test_the_kept_files_survive_a_bot_that_is_stopped_while_they_are_checked(room: Room) -> None:
    job_id = await _posting(room)
    await room.close()
    await room.open()
    room.workers.hold_check = asyncio.Event()
    recovering = asyncio.create_task(room.atelier.recovery.run())
    await room.workers.checking.wait()
    recovering.cancel()
    await asyncio.gather(recovering, return_exceptions=True)
    assert room.kept(job_id) == ["image-1.png", "image-2.png", "sheet-0.png"]
    await room.restart()
    assert await room.state(job_id) is JobState.POSTED


async def test_a_post_that_is_known_to_stand_is_not_sent_again(room: Room) -> None:
    job_id = await _posting(room)
    await room.posts.plan(job_id, "channel", job_id)
    await room.posts.done(job_id, "channel", "message")
    await room.restart()
    assert await room.state(job_id) is JobState.POSTED
    assert room.discord.messages == {}
    assert room.workers.requests == []


async def test_three_attempts_then_its_owner_is_told(room: Room) -> None:
    job = await room.jobs.add(make_job("anna", id=new_job_id(), family="diffusion"))
    for _ in range(3):
        await room.jobs.move(job.id, JobState.RUNNING)
        await room.jobs.move(job.id, JobState.QUEUED)
    await room.jobs.move(job.id, JobState.RUNNING, attempt=3)
    await room.restart()
    assert await room.state(job.id) is JobState.FAILED
    assert room.discord.codes(job.id) == ["restarted"]


async def test_what_was_only_accepted_is_given_up_and_told(room: Room) -> None:
    job = await room.jobs.add(make_job("anna", id=new_job_id(), state=JobState.ACCEPTED))
    await room.restart()
    assert await room.state(job.id) is JobState.FAILED
    assert room.discord.codes(job.id) == ["restarted"]


async def test_commands_of_this_run_are_none_of_its_affair(room: Room) -> None:
    """A class that types while the last run's jobs are taken over."""
    await room.close()
    await room.open()
    room.workers.on_start = lambda request: room.workers.held.add(request.job)
    running, waiting = await room.ask(), await room.ask()
    accepted = await room.jobs.add(make_job("ben", id=new_job_id(), state=JobState.ACCEPTED))
    await room.workers.started(running.job.id)
    assert await room.atelier.recovery.run() == 0
    assert await room.state(running.job.id) is JobState.RUNNING
    assert await room.state(waiting.job.id) is JobState.QUEUED
    assert await room.state(accepted.id) is JobState.ACCEPTED
    assert room.discord.told == []


async def test_a_model_that_is_gone_fails_its_jobs_and_nobody_elses(room: Room) -> None:
    room.workers.hold_check = asyncio.Event()
    room.workers.on_start = lambda request: room.workers.held.add(request.job)
    mine, other, third = (
        await room.ask(model="big"),
        await room.ask(who=BEN, model="mini"),
        await room.ask(who=replace(BEN, person_id="chiara"), model="big"),
    )
    room.catalog = small_catalog("mini")
    await room.restart()
    for ticket in (mine, third):
        job = await room.in_state(ticket.job.id, JobState.FAILED)
        assert job.error_code == "model_missing"
        await until(lambda ticket=ticket: room.discord.codes(ticket.job.id) == ["model_missing"])
    await room.in_state(other.job.id, JobState.POSTED)
    assert (await room.end(await room.ask())).state is JobState.POSTED


async def test_a_model_that_is_gone_does_not_hold_up_the_queue_while_another_runs(room: Room) -> None:
    """Two families: whether a job fits is asked only while something runs."""
    gone = await room.jobs.add(make_job("anna", id=new_job_id(), family="other", model="gone"))
    await room.close()
    await room.open()
    room.workers.on_start = lambda request: room.workers.held.add(request.job)
    ticket = await room.ask(who=BEN)
    await room.workers.started(ticket.job.id)
    await room.atelier.recovery.run()
    assert (await room.in_state(gone.id, JobState.FAILED)).error_code == "model_missing"
    room.workers.release(ticket.job.id)
    await room.in_state(ticket.job.id, JobState.POSTED)


async def test_a_file_that_is_swapped_after_it_was_verified_is_not_shown(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = await _posting(room)
    verify = Artifacts.verify

    async def then_swap(self: Artifacts, job: str) -> list[Path]:
        changed = await verify(self, job)
        (room.folder / "data" / "artifacts" / job / "image-1.png").write_bytes(b"picture 99")
        return changed

    monkeypatch.setattr(Artifacts, "verify", then_swap)
    await room.restart()
    assert await room.state(job_id) is JobState.FAILED
    assert room.discord.messages == {}


async def test_what_a_model_that_is_gone_has_made_is_still_shown(room: Room) -> None:
    job_id = await _posting(room, model="big")
    room.catalog = small_catalog("mini")
    await room.restart()
    assert await room.state(job_id) is JobState.POSTED
    assert room.discord.messages[job_id].post.model_title == "big"


async def test_one_job_that_cannot_be_taken_over_does_not_stop_the_others(room: Room) -> None:
    first, second = await _posting(room), await _posting(room)
    room.pauses = (0.01,)
    await room.close()
    await room.open()
    room.discord.fault = Fault(RuntimeError("boom"), 1)
    await room.atelier.recovery.run()
    assert await room.state(second) is JobState.POSTED
    await room.in_state(first, JobState.POSTED)


@pytest.mark.parametrize("number", range(1, 5))
async def test_the_disk_may_refuse_while_a_job_is_taken_over(room: Room, number: int) -> None:
    job_id = await _posting(room)
    room.pauses = (0.01,)
    await room.close()
    await room.open()
    room.database.refuse = Fault(StorageFailed(reason="disk_full"), number)
    await room.atelier.recovery.run()
    await room.in_state(job_id, JobState.POSTED)
    assert room.discord.messages[job_id].edits == 1
    assert room.discord.told == []


async def test_folders_that_belong_to_no_job_are_swept_away(room: Room) -> None:
    stray = room.folder / "data" / "artifacts" / "0123456789"
    stray.mkdir(parents=True)
    (stray / "image-1.png").write_bytes(b"left by a crash")
    kept = await room.end(await room.ask())
    await room.restart()
    assert not stray.exists()
    assert room.kept(kept.id) != []


async def test_an_orderly_stop_lets_a_running_job_wait_again(room: Room) -> None:
    room.workers.on_start = lambda request: room.workers.held.add(request.job)
    ticket = await room.ask()
    await room.workers.started(ticket.job.id)
    await room.close()
    await room.open()
    job = await room.jobs.get(ticket.job.id)
    assert job is not None
    assert (job.state, job.attempt) == (JobState.QUEUED, 0)


async def test_a_worker_that_crashes_and_a_bot_that_restarts_lose_nothing(room: Room) -> None:
    room.workers.errors.default_factory = lambda: [WorkerCrashed()]
    ticket = await room.ask(who=ANNA)
    await room.restart()
    assert (await room.in_state(ticket.job.id, JobState.POSTED)).state is JobState.POSTED
    assert room.discord.messages[ticket.job.id].edits == 1


async def test_an_owner_whom_the_crash_left_untold_is_told_now(room: Room) -> None:
    """The end was committed, and the bot died before it could say so."""
    job = make_job(id=new_job_id(), state=JobState.ACCEPTED)
    await room.jobs.add(job, address="somewhere", expires_at=time.time() + 600)
    await room.jobs.move(job.id, JobState.REFUSED, error_code="refused_image_flagged")
    await room.restart()
    assert room.discord.told == [(job.id, "refused_image_flagged", {}, True)]
    await room.restart()
    assert len(room.discord.told) == 1, "once is enough"
