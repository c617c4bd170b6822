"""Of what a worker and the media family give back, nothing is posted that was not decoded and judged, every frame."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from generation.errors import WorkerError
from generation.job import Job, JobState
from generation.supervisor import Outcome
from generation.video_params import VIDEO
from generation.worker.api import File
from tests.fakes import AWAY, Fault, until
from tests.fakes_video import POSTER
from tests.unit.bot.services.video_room import VideoRoom, video_room

Change = Callable[[Outcome], Outcome]
SEED = 20261121


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[VideoRoom]:
    async with video_room(tmp_path) as opened:
        yield opened


async def wrong(room: VideoRoom, **more: Any) -> Job:
    """A job that must not be posted: nothing is seen, nothing is kept, its owner is told."""
    job = await room.shot(**more)
    assert room.cinema.played == {}
    assert room.kept(job.id) == []
    assert room.left_behind() == []
    await until(lambda: room.discord.codes(job.id) != [])
    assert room.discord.codes(job.id) == [job.error_code]
    return job


def over(change: Callable[[Path], object], name: str) -> Change:
    def changed(done: Outcome) -> Outcome:
        change(done.out / name)
        return done

    return changed


def files(change: Callable[[tuple[File, ...]], Any]) -> Change:
    return lambda done: replace(done, files=tuple(change(done.files)))


def first(**changes: Any) -> Change:
    return files(lambda made: [replace(made[0], **changes), *made[1:]])


def facts(**changes: Any) -> Change:
    return lambda done: replace(done, facts={**done.facts, **changes})


WORKER_FAULTS: dict[str, Change] = {
    "none": files(lambda made: []),
    "one is missing": files(lambda made: made[:-1]),
    "one too many": files(lambda made: [*made, replace(made[-1], index=9, name="frame-00009.png")]),
    "twice the same": files(lambda made: [*made[:-1], made[0]]),
    "another kind": first(kind="image"),
    "another index": first(index=9),
    "another seed": first(seed=8),
    "no seed": first(seed=None),
    "another name": first(name="1.png"),
    "a way out": first(name="../frame-00001.png"),
    "no file": over(Path.unlink, "frame-00001.png"),
    "a folder": over(lambda file: (file.unlink(), file.mkdir()), "frame-00008.png"),
    "says another number": facts(frames=7),
    "says another pace": facts(fps=9),
    "moves in another way": facts(motion="flight"),
    "says nothing": lambda done: replace(done, facts={}),
}


@pytest.mark.parametrize("name", WORKER_FAULTS)
async def test_a_worker_s_frames_are_read_strictly(room: VideoRoom, name: str) -> None:
    room.studio.change[VIDEO] = WORKER_FAULTS[name]
    job = await wrong(room)
    assert (job.state, job.error_code) == (JobState.FAILED, "worker_garbage")
    assert ("video_post" in room.tasks()) is (name == "moves in another way")


POST_FAULTS: dict[str, Change] = {
    "no poster": files(lambda made: made[:1]),
    "no video": files(lambda made: made[1:]),
    "two videos": files(lambda made: [*made, made[0]]),
    "another kind": first(kind="audio"),
    "says not whether it was reduced": lambda done: replace(done, facts={"measured": {}}),
    "says it in another way": facts(reduced="yes"),
}


@pytest.mark.parametrize("name", POST_FAULTS)
async def test_what_is_put_together_is_read_strictly(room: VideoRoom, name: str) -> None:
    room.studio.change["video_post"] = POST_FAULTS[name]
    job = await wrong(room)
    assert (job.state, job.error_code) == (JobState.FAILED, "worker_garbage")


READ_FAULTS: dict[str, Change] = {
    "no frames": files(lambda made: []),
    "one is missing": files(lambda made: made[:-1]),
    "one in the middle is missing": files(lambda made: [*made[:3], *made[4:]]),
    "one too many": files(lambda made: [*made, made[-1]]),
    "another kind": first(kind="image"),
    "another name": first(name="frame-00002.png"),
    "no size": facts(width=None),
    "no length": facts(seconds=float("nan")),
    "takes no time": facts(seconds=0),
    "true frames": facts(frames=True),
    "too many frames": facts(frames=100_000),
}


@pytest.mark.parametrize("name", READ_FAULTS)
async def test_what_was_decoded_is_read_strictly(room: VideoRoom, name: str) -> None:
    room.studio.change["read_frames"] = READ_FAULTS[name]
    job = await wrong(room)
    assert (job.state, job.error_code) == (JobState.FAILED, "worker_garbage")


async def test_a_file_with_fewer_frames_than_were_asked_for_is_refused(room: VideoRoom) -> None:
    def shorter(done: Outcome) -> Outcome:
        file = done.out / "video.mp4"
        file.write_bytes(file.read_bytes().rpartition(b"\n")[0])
        return done

    room.studio.change["video_post"] = shorter
    job = await wrong(room)
    assert (job.state, job.error_code) == (JobState.REFUSED, "refused_video_frames")


def planted(count: int) -> list[tuple[int, int]]:
    """(seconds, bad frame): the first, the last and any between, at 8 frames a second."""
    draw = random.Random(SEED)
    lengths = [draw.randint(1, 6) for _ in range(count)]
    places = [
        1 if n % 3 == 0 else 8 * s if n % 3 == 1 else draw.randint(1, 8 * s) for n, s in enumerate(lengths)
    ]
    return list(zip(lengths, places, strict=True))


async def test_one_bad_frame_wherever_it_stands_refuses_all(room: VideoRoom) -> None:
    for seconds, place in planted(30):
        room.studio.flagged = {place}
        job = await room.shot(seconds=seconds)
        assert (job.state, job.error_code) == (JobState.REFUSED, "refused_video_flagged"), (seconds, place)
        assert room.kept(job.id) == []
    assert room.cinema.played == {}
    assert room.left_behind() == []


async def test_a_bad_poster_refuses_all(room: VideoRoom) -> None:
    room.studio.flagged = {POSTER}
    job = await wrong(room)
    assert (job.state, job.error_code) == (JobState.REFUSED, "refused_video_flagged")


async def test_a_black_frame_refuses_all(room: VideoRoom) -> None:
    room.studio.seen = lambda facts: {**facts, "light": [*facts["light"][:-1], 3]}
    job = await wrong(room)
    assert (job.state, job.error_code) == (JobState.REFUSED, "refused_video_black")


@pytest.mark.parametrize("task", ["video_post", "read_frames", "check_images"])
async def test_what_fails_is_not_shown(room: VideoRoom, task: str) -> None:
    room.studio.fault[task] = Fault(WorkerError("worker_crashed"), 1)
    job = await wrong(room)
    assert job.state in {JobState.FAILED, JobState.REFUSED}


async def test_a_changed_file_is_not_what_was_judged(room: VideoRoom) -> None:
    """Between decoding and judging."""
    room.studio.seen = lambda facts: {**facts, "sha256": "0" * 64}
    job = await wrong(room)
    assert (job.state, job.error_code) == (JobState.REFUSED, "refused_check_failed")


# How large it may be


@pytest.mark.parametrize(
    ("limit", "given"),
    [(10 * 1024**2, 9 * 1024**2), (500 * 1024**2, 23 * 1024**2), (8 * 1024**2, 7 * 1024**2)],
)
async def test_the_server_s_limit(room: VideoRoom, limit: int, given: int) -> None:
    room.discord.limit = limit
    job = await room.shot()
    assert room.request(f"{job.id}-post", "video_post").params["limit_bytes"] == given


async def test_it_is_told_that_it_had_to_be_reduced(room: VideoRoom) -> None:
    room.studio.reduced = {"width": 256, "height": 256, "bit_rate": 1000}
    job = await room.shot()
    assert room.cinema.videos[job.id].notices == ("video_reduced",)


async def test_what_cannot_be_made_small_enough_is_told(room: VideoRoom) -> None:
    room.studio.fault["video_post"] = Fault(WorkerError("invalid_input", reason="video_limit"), 1)
    job = await wrong(room)
    assert (job.state, job.error_code) == (JobState.FAILED, "video_limit")


async def test_it_is_told_that_the_model_read_only_a_part(room: VideoRoom) -> None:
    room.studio.change[VIDEO] = lambda done: replace(done, facts={**done.facts, "prompt_cut": True})
    assert room.cinema.videos[(await room.shot()).id].notices == ("prompt_cut",)


# After a restart


async def unposted(room: VideoRoom) -> Job:
    """A job whose video is kept and could not be shown before the bot was started anew."""
    room.studio.reduced = {"width": 256, "height": 256, "bit_rate": 1000}
    room.discord.fault = Fault(AWAY, *range(1, 1000))
    ticket = await room.shoot()
    await room.in_state(ticket.job.id, JobState.POSTING)
    await until(lambda: room.discord.fault.count > 0)
    return ticket.job


async def test_a_kept_video_is_judged_again_and_posted(room: VideoRoom) -> None:
    job = await unposted(room)
    room.discord.fault = Fault()
    await room.restart()
    await room.in_state(job.id, JobState.POSTED)
    assert room.cinema.videos[job.id].notices == ("video_reduced",)
    assert room.cinema.played[job.id].startswith(b"silent\nframe 1\n")
    assert room.tasks().count("read_frames") == 1
    await until(lambda: not room.left_behind())


@pytest.mark.parametrize("name", ["video-1.mp4", "sheet-0.png", "facts-1.json"])
async def test_a_changed_file_is_not_posted(room: VideoRoom, name: str) -> None:
    job = await unposted(room)
    await room.close()
    (room.folder / "data" / "artifacts" / job.id / name).write_bytes(b"another")
    room.discord.fault = Fault()
    await room.open()
    await room.atelier.recovery.run()
    ended = await room.in_state(job.id, JobState.FAILED, JobState.POSTED)
    assert (ended.state, ended.error_code) == (JobState.FAILED, "artifact_changed")
    assert room.cinema.played == {}


async def test_a_kept_video_that_is_refused_now_is_not_posted(room: VideoRoom) -> None:
    job = await unposted(room)
    await room.close()
    room.studio.flagged = {8}
    room.discord.fault = Fault()
    await room.open()
    await room.atelier.recovery.run()
    ended = await room.in_state(job.id, JobState.REFUSED, JobState.POSTED)
    assert ended.error_code == "refused_video_flagged"
    await until(lambda: room.kept(job.id) == [])
