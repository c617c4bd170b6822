"""From a worker's files to a post: what may be seen, what must not stay, and what every kind of trouble does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.services.deliver import Deliver
from data.errors import StorageFailed
from data.jobs import Jobs
from generation.errors import WorkerCrashed, WorkerError
from generation.job import ENDED, Job, JobState
from generation.supervisor import Outcome
from moderation.pipeline import Pipeline
from moderation.verdict import Approved
from tests.fakes import AWAY, Fault, until
from tests.unit.bot.services.conftest import ANNA, Room

TROUBLE = [RuntimeError("boom"), OSError(28, "no space"), WorkerCrashed(), StorageFailed(reason="disk_full")]


async def test_a_job_becomes_one_post_with_its_seeds_and_nothing_unchecked_stays(room: Room) -> None:
    ticket = await room.ask(count=3, seed=2**32 - 1)
    job = await room.end(ticket)
    assert job.state is JobState.POSTED
    message = room.discord.messages[job.id]
    assert message.pictures == {1: b"picture 4294967295", 2: b"picture 0", 3: b"picture 1"}
    assert [one.seed for one in message.post.pictures] == [2**32 - 1, 0, 1]
    assert message.address == "answer of anna"
    assert message.post.is_rehearsal
    assert room.kept(job.id) == ["image-1.png", "image-2.png", "image-3.png", "sheet-0.png"]
    assert all(one.file.is_relative_to(room.folder / "data") for one in message.post.pictures if one.file)
    assert room.discord.told == []
    assert await room.addresses.get(job.id) is None


async def test_a_job_goes_every_step_of_the_table(room: Room) -> None:
    job = await room.end(await room.ask())
    assert [event.new for event in await room.jobs.events(job.id)] == [
        JobState.ACCEPTED,
        JobState.QUEUED,
        JobState.RUNNING,
        JobState.CHECKING,
        JobState.POSTING,
        JobState.POSTED,
    ]


async def test_flagged_pictures_are_nowhere(room: Room) -> None:
    room.workers.flagged = {8}
    job = await room.end(await room.ask(count=3))
    message = room.discord.messages[job.id]
    assert sorted(message.pictures) == [1, 3]
    assert b"picture 8" not in message.sheet
    assert [one.file is None for one in message.post.pictures] == [False, True, False]
    assert room.kept(job.id) == ["image-1.png", "image-3.png", "sheet-0.png"]


async def test_only_flagged_ones_are_a_refusal_in_private(room: Room) -> None:
    room.workers.flagged = {7, 8}
    job = await room.end(await room.ask())
    assert (job.state, job.error_code) == (JobState.REFUSED, "refused_image_flagged")
    assert room.discord.messages == {}
    assert room.discord.told == [(job.id, "refused_image_flagged", {}, True)]
    assert room.kept(job.id) == []


async def test_what_is_approved_anew_meanwhile_keeps_its_copies(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pause that ends while a result is being kept: it is judged again before its first delivery has tidied up."""
    check_and_post = Deliver._check_and_post
    copies = list[Path]()

    async def slowly(deliver: Deliver, job: Job, outcome: Outcome) -> None:
        await check_and_post(deliver, job, outcome)
        copies.append(room.work_dir / f"{job.id}-again-x")
        copies[0].mkdir()

    monkeypatch.setattr(Deliver, "_check_and_post", slowly)
    ticket = await room.ask()
    await room.in_state(ticket.job.id, JobState.POSTED)
    await until(lambda: room.left_behind() == copies != [])


async def test_what_was_flagged_is_destroyed_before_the_refusal_is_committed(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever is killed at that very moment leaves nothing of it on the disk."""
    room.workers.flagged = {7, 8}
    move, left = Jobs.move, list[list[str]]()

    def files() -> list[str]:
        flagged = (b"picture 7", b"picture 8")
        return [str(one) for one in room.folder.rglob("*") if one.is_file() and one.read_bytes() in flagged]

    async def watched(jobs: Jobs, job_id: str, state: JobState, **more: Any) -> Job:
        if state in {JobState.CHECKING, JobState.REFUSED}:
            left.append(await asyncio.to_thread(files))
        return await move(jobs, job_id, state, **more)

    monkeypatch.setattr(Jobs, "move", watched)
    assert (await room.end(await room.ask())).state is JobState.REFUSED
    before, after = left
    assert len(before) == 2
    assert after == []


@pytest.mark.parametrize("error", TROUBLE, ids=lambda error: type(error).__name__)
async def test_a_check_that_fails_refuses(room: Room, error: Exception) -> None:
    room.workers.fault["check_images"] = Fault(error)
    job = await room.end(await room.ask())
    assert (job.state, job.error_code) == (JobState.REFUSED, "refused_check_failed")
    assert room.discord.messages == {}
    assert room.kept(job.id) == []


def _scores(change: Callable[[list[dict[str, object]]], object]) -> Callable[[Outcome], Outcome]:
    return lambda outcome: replace(outcome, facts={"scores": change(list(outcome.facts["scores"]))})


@pytest.mark.parametrize(
    "change",
    [
        lambda outcome: replace(outcome, facts={}),
        _scores(lambda rows: []),
        _scores(lambda rows: rows[:-1]),
        _scores(lambda rows: [*rows, rows[0]]),
        _scores(lambda rows: rows[::-1]),
        _scores(lambda rows: None),
        _scores(lambda rows: [{**row, "scores": [float("nan")]} for row in rows]),
        _scores(lambda rows: [{**row, "scores": []} for row in rows]),
        _scores(lambda rows: [{**row, "flagged": None} for row in rows]),
        _scores(lambda rows: [{**row, "flagged": 0} for row in rows]),
        _scores(lambda rows: [{"file": row["file"]} for row in rows]),
        _scores(lambda rows: [{**row, "file": row["file"] + "x"} for row in rows]),
    ],
)
async def test_a_check_that_says_anything_but_a_clear_yes_refuses(
    room: Room, change: Callable[[Outcome], Outcome]
) -> None:
    room.workers.change["check_images"] = change
    job = await room.end(await room.ask())
    assert job.state is JobState.REFUSED
    assert room.discord.messages == {}


async def test_every_picture_that_is_shown_was_shown_to_the_check(room: Room) -> None:
    job = await room.end(await room.ask(count=4))
    (check,) = [one for one in room.workers.requests if one.task == "check_images"]
    assert [Path(file).name for file in check.params["files"]] == ["1.png", "2.png", "3.png", "4.png"]
    assert check.family == "safety"
    assert len(room.discord.messages[job.id].pictures) == 4


def test_the_publisher_cannot_be_reached_around_the_pipeline(tmp_path: Path) -> None:
    with pytest.raises(TypeError):
        Approved("a post", (), seal=object())
    with pytest.raises((TypeError, ValueError)):
        Pipeline(text_checks=[], image_check=lambda files: None)  # type: ignore[arg-type, return-value]


@pytest.mark.parametrize(
    "change",
    [
        lambda outcome: replace(outcome, files=outcome.files[:-1]),
        lambda outcome: replace(outcome, files=()),
        lambda outcome: replace(outcome, files=(outcome.files[0], outcome.files[0])),
        lambda outcome: replace(outcome, files=(*outcome.files, replace(outcome.files[0], index=3))),
    ],
)
async def test_too_few_or_too_many_pictures_are_a_failure(
    room: Room, change: Callable[[Outcome], Outcome]
) -> None:
    room.workers.change["image"] = change
    job = await room.end(await room.ask())
    assert (job.state, job.error_code) == (JobState.FAILED, "worker_garbage")
    assert room.discord.codes(job.id) == ["worker_garbage"]


@pytest.mark.parametrize("error", TROUBLE, ids=lambda error: type(error).__name__)
async def test_a_sheet_that_cannot_be_made_is_a_failure_that_is_told(room: Room, error: Exception) -> None:
    room.workers.fault["image_sheet"] = Fault(error)
    job = await room.end(await room.ask())
    assert job.state is JobState.FAILED
    assert room.discord.messages == {}
    assert len(room.discord.codes(job.id)) == 1
    assert room.kept(job.id) == []


async def test_values_of_a_failure_reach_the_sentence(room: Room) -> None:
    room.workers.fault["image"] = Fault(WorkerError("model_unknown", known="mini"))
    job = await room.end(await room.ask())
    assert room.discord.told == [(job.id, "model_unknown", {"known": "mini"}, False)]


async def test_attempts_that_failed_leave_no_files(room: Room) -> None:
    room.workers.fault["image"] = Fault(WorkerCrashed(), 1, 2)
    job = await room.end(await room.ask())
    assert (job.state, job.attempt) == (JobState.POSTED, 3)
    assert [one.out.name for one in room.workers.requests if one.task == "image"] == [
        f"{job.id}-{attempt}" for attempt in (1, 2, 3)
    ]


# -- the publisher --


@pytest.mark.parametrize("error", [AWAY, RuntimeError("session is closed"), TimeoutError()])
@pytest.mark.parametrize("stands", [False, True])
async def test_a_publisher_that_raises_is_tried_again_and_one_post_stands(
    room: Room, error: Exception, stands: bool
) -> None:
    fault = Fault(error, 1, 2)
    setattr(room.discord, "lost" if stands else "fault", fault)
    job = await room.end(await room.ask())
    assert job.state is JobState.POSTED
    assert fault.count == 3
    assert room.discord.messages[job.id].edits == (3 if stands else 1)
    assert room.discord.told == []


async def test_what_can_never_be_shown_is_given_up_after_a_day(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    room.discord.fault = Fault(AWAY)
    ticket = await room.ask()
    await until(lambda: room.discord.fault.count > 3)
    assert await room.state(ticket.job.id) is JobState.POSTING
    monkeypatch.setattr("bot.services.posting.KEEP_TRYING_S", 0.0)
    job = await room.end(ticket)
    assert (job.state, job.error_code) == (JobState.FAILED, "not_delivered")
    assert room.kept(job.id) == []


async def test_an_owner_who_cannot_be_told_changes_nothing(room: Room) -> None:
    room.discord.tell_fault = Fault(RuntimeError("boom"))
    room.workers.flagged = {7, 8}
    job = await room.end(await room.ask())
    assert job.state is JobState.REFUSED
    assert await room.addresses.get(job.id) is None


# -- the disk --


@pytest.mark.parametrize("number", range(1, 11))
async def test_whichever_write_is_refused_the_job_ends_and_nothing_is_shown_twice(
    room: Room, number: int
) -> None:
    """Each write of a job's way once: the request fails, or the job ends in a state that fits what is seen."""
    room.database.refuse = Fault(StorageFailed(reason="disk_full"), number)
    try:
        ticket = await room.ask()
    except StorageFailed:
        assert await room.jobs.unfinished() == []
        return
    job = await room.end(ticket)
    shown = room.discord.messages.get(job.id)
    assert (shown is not None) == (job.state is JobState.POSTED)
    assert shown is None or shown.edits == 1
    assert len(room.discord.codes(job.id)) == (0 if shown else 1)
    assert bool(room.kept(job.id)) == bool(shown)


@pytest.mark.parametrize("number", range(1, 11))
async def test_whichever_write_is_the_last_one_a_restart_ends_the_job(room: Room, number: int) -> None:
    """From that write on the disk is full; then the bot is started again on a disk with room."""
    room.database.refuse = Fault(StorageFailed(reason="disk_full"), *range(number, 10_000))
    try:
        ticket = await room.ask()
    except StorageFailed:
        ticket = None
    else:
        await asyncio.sleep(0.05)
    await room.close()
    published = {job: message.edits for job, message in room.discord.messages.items()}
    await room.restart()
    if ticket is None:
        assert await room.jobs.unfinished() == []
        return
    job = await room.in_state(ticket.job.id, *ENDED)
    assert job.state is JobState.POSTED
    assert room.discord.messages[job.id].edits <= published.get(job.id, 0) + 1
    assert room.discord.told == []


# -- cancelling --


async def test_cancelled_while_it_is_checked_nothing_is_shown(room: Room) -> None:
    room.workers.hold_check = asyncio.Event()
    ticket = await room.ask()
    await room.workers.checking.wait()
    assert await room.desk.cancel.cancel(ticket.job.id, ANNA)
    room.workers.hold_check.set()
    job = await room.end(ticket)
    assert job.state is JobState.CANCELLED
    await asyncio.sleep(0.05)
    assert room.discord.messages == {}
    assert room.discord.codes(job.id) == ["cancelled"]
    assert room.kept(job.id) == []


async def test_cancelled_after_its_files_were_kept_they_go(room: Room) -> None:
    """Between the sheet and the post: the cancel's commit comes first."""

    def cancel(outcome: Outcome) -> Outcome:
        tasks.append(asyncio.create_task(room.desk.cancel.cancel(ticket.job.id, ANNA)))
        return outcome

    tasks: list[asyncio.Task[bool]] = []
    room.workers.change["image_sheet"] = cancel
    ticket = await room.ask()
    job = await room.end(ticket)
    assert await tasks[0] == (job.state is JobState.CANCELLED)
    await asyncio.sleep(0.02)
    assert bool(room.kept(job.id)) == (job.state is JobState.POSTED) == bool(room.discord.messages)


async def test_while_it_is_posted_it_is_too_late(room: Room) -> None:
    room.discord.fault = Fault(AWAY)
    ticket = await room.ask()
    await until(lambda: room.discord.fault.count > 0)
    assert not await room.desk.cancel.cancel(ticket.job.id, ANNA)
    room.discord.fault = Fault()
    assert (await room.end(ticket)).state is JobState.POSTED
