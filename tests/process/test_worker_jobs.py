"""Jobs through a real worker process: results, progress, cancelling, several at once."""

from __future__ import annotations

import asyncio
import json
import os
import stat
import time
from dataclasses import replace
from pathlib import Path

import pytest

from generation.errors import (
    ModelMissing,
    OutOfMemory,
    TaskCancelled,
    WorkerError,
    WorkerGarbage,
)
from tests.process.workers import bench, eventually


async def test_a_job_makes_its_files_and_says_how_far_it_is(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        outcome = await b.run(
            "j1", params={"count": 3, "steps": 5}, seed=2**32 - 1, fake={"step_seconds": 0.12}
        )

        assert [(one.name, one.index, one.seed) for one in outcome.files] == [
            ("1.png", 1, 2**32 - 1),
            ("2.png", 2, 0),
            ("3.png", 3, 1),
        ]
        assert all((outcome.out / one.name).read_bytes().startswith(b"\x89PNG") for one in outcome.files)
        assert outcome.facts == {"scheduler": "fake", "steps": 5}
        assert 0.5 < outcome.seconds < 30
        steps = [one.done for one in b.progress["j1"]]
        assert steps == sorted(steps)
        assert (b.progress["j1"][-1].done, b.progress["j1"][-1].total) == (5, 5)
        assert b.supervisor.loaded("fake") == "fake"


async def test_the_printed_seed_of_a_picture_makes_it_again_alone(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        four = await b.run("j1", params={"count": 4}, seed=40)
        third = await b.run("j2", params={"count": 1}, seed=four.files[2].seed)
        other = await b.run("j3", params={"count": 1}, seed=99)

        picture = (four.out / "3.png").read_bytes()
        assert (third.out / "1.png").read_bytes() == picture
        assert (other.out / "1.png").read_bytes() != picture


async def test_files_are_private_whatever_the_bots_umask_is(tmp_path: Path) -> None:
    before = os.umask(0o000)
    try:
        async with bench(tmp_path) as b:
            outcome = await b.run("j1")
    finally:
        os.umask(before)

    assert stat.S_IMODE((outcome.out / "1.png").stat().st_mode) == 0o600
    assert stat.S_IMODE(outcome.out.stat().st_mode) == 0o700


async def test_several_jobs_are_in_flight_and_one_worker_serves_them(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        await b.supervisor.start("fake")
        pid = b.pid()
        outcomes = await asyncio.gather(
            *(b.run(f"j{n}", "slow", seed=n, fake={"step_seconds": 0.05}) for n in range(5))
        )

        assert [outcome.files[0].seed for outcome in outcomes] == list(range(5))
        assert b.pid() == pid
        assert b.jobs() == ()


async def test_progress_is_thinned_but_the_last_step_always_comes(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        await b.run("j1", params={"steps": 500}, fake={"step_seconds": 0.001})

        assert len(b.progress["j1"]) < 100
        assert b.progress["j1"][-1].done == 500


async def test_cancel_ends_a_job_within_a_step_and_the_worker_goes_on(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        job = b.begin("j1", "slow", params={"steps": 100}, fake={"step_seconds": 0.2})
        await b.first_step("j1")
        pid = b.pid()
        began = time.monotonic()
        await b.supervisor.cancel("j1")
        await b.supervisor.cancel("j1")
        with pytest.raises(TaskCancelled):
            await job

        assert time.monotonic() - began < 1.5
        await b.supervisor.cancel("j1")
        await b.supervisor.cancel("never heard of")
        assert (await b.run("j2")).files
        assert b.pid() == pid


async def test_a_job_that_waits_in_the_worker_is_cancelled_at_once(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        slow = {"params": {"steps": 100}, "fake": {"step_seconds": 1.0}}
        running = [b.begin(job, "slow", **slow) for job in ("j1", "j2")]
        await asyncio.gather(b.first_step("j1"), b.first_step("j2"))
        waiting = b.begin("j3", "slow", **slow)
        await eventually(lambda: "j3" in b.jobs())
        began = time.monotonic()
        await b.supervisor.cancel("j3")
        with pytest.raises(TaskCancelled):
            await waiting

        assert time.monotonic() - began < 0.9
        for job, task in zip(("j1", "j2"), running, strict=True):
            await b.supervisor.cancel(job)
            with pytest.raises(TaskCancelled):
                await task


async def test_cancelling_before_the_worker_is_up_is_heard(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        for turns in range(12):
            job = b.begin(f"j{turns}", "slow", params={"steps": 100})
            for _ in range(turns):
                await asyncio.sleep(0.005)
            await asyncio.sleep(0)
            await b.supervisor.cancel(f"j{turns}")
            with pytest.raises(TaskCancelled):
                await asyncio.wait_for(job, 5)


async def test_when_the_caller_is_cancelled_so_is_the_job(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        caller = b.begin("j1", "slow", params={"steps": 100})
        await b.first_step("j1")
        caller.cancel()
        with pytest.raises(asyncio.CancelledError):
            await caller

        # the next attempt waits for the old one to wind down, and is not taken for it
        outcome = await b.run("j1", attempt=2)
        assert outcome.out.name == "j1-2"
        assert b.jobs() == ()


async def test_out_of_memory_leaves_the_worker_up_for_a_smaller_request(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        with pytest.raises(OutOfMemory):
            await b.run("j1", "oom", params={"count": 4})
        pid = b.pid()
        outcome = await b.run("j1", "oom", params={"count": 2}, attempt=2)

        assert len(outcome.files) == 2
        assert b.pid() == pid


async def test_a_failing_task_ends_alone(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        with pytest.raises(WorkerError) as failed:
            await b.run("j1", "error")
        with pytest.raises(WorkerError) as unknown:
            await b.run("j2", task="sing")
        with pytest.raises(WorkerError) as invalid:
            await b.run("j3", params={"width": "wide"})
        pid = b.pid()

        assert failed.value.code == "worker_failed"
        assert unknown.value.code == invalid.value.code == "invalid_input"
        assert (await b.run("j4")).files
        assert b.pid() == pid


async def test_a_model_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        with pytest.raises(ModelMissing):
            await b.run("j1", model=replace(b.model(), path=None))
        with pytest.raises(ModelMissing):
            await b.run("j2", model=replace(b.model(), path=tmp_path / "gone"))


async def test_what_cannot_be_sent_is_the_requests_fault(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        with pytest.raises(WorkerError) as caught:
            await b.run("j1", params={"guidance": float("nan")})
        assert caught.value.code == "invalid_input"
        with pytest.raises(WorkerError):
            await b.run("j2", params={"prompt": "x" * 2**21})
        assert (await b.run("j3")).files


async def test_a_folder_that_is_not_empty_is_not_used(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        await b.run("j1")
        with pytest.raises(WorkerError):
            await b.run("j1")


def _done(job: str, name: str | None, **changed: object) -> dict[str, str]:
    files = [{"name": name, "index": 1, "seed": 7, "kind": "image"}] if name is not None else []
    plain = {"type": "done", "job": job, "attempt": 1, "files": files, "facts": {}, "seed": 7, "seconds": 1}
    return {"text": json.dumps(plain | changed) + "\n"}


@pytest.mark.parametrize("name", ["missing.png", "../outside.png"])
async def test_a_file_that_is_not_there_or_not_the_jobs_own_is_not_taken(tmp_path: Path, name: str) -> None:
    async with bench(tmp_path) as b:
        b.folder.mkdir()
        (b.folder / "outside.png").write_bytes(b"picture")
        with pytest.raises(WorkerGarbage):
            await b.run("j1", "garbage", fake=_done("j1", name))


@pytest.mark.parametrize("changed", [{"seed": 8}, {"attempt": 2}])
async def test_an_answer_to_something_else_is_not_taken(tmp_path: Path, changed: dict[str, int]) -> None:
    async with bench(tmp_path) as b:
        with pytest.raises(WorkerGarbage):
            await b.run("j1", "garbage", fake=_done("j1", None, **changed))


async def test_an_answer_about_an_unknown_job_is_ignored(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        assert (await b.run("j1", "garbage", fake=_done("j0", None))).files
