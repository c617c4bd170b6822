"""Every way in which a worker process can go wrong, and that the next job finds a fresh one."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from pathlib import Path

import pytest

from generation.errors import TaskCancelled, WorkerCrashed, WorkerError, WorkerGarbage, WorkerHung
from generation.supervisor import Patience
from tests.process.workers import CALM, HASTY, bench, eventually, is_running


@pytest.mark.parametrize(
    ("behaviour", "error", "patience", "fake"),
    [
        ("crash", WorkerCrashed, CALM, {}),
        ("grandchild", WorkerCrashed, CALM, {}),
        ("garbage", WorkerGarbage, CALM, {}),
        ("garbage", WorkerGarbage, CALM, {"text": '{"type": "ready"}\n'}),
        ("garbage", WorkerGarbage, CALM, {"text": "x" * 1024, "repeat": 2048}),
        ("hang", WorkerHung, HASTY, {}),
        ("silent", WorkerHung, Patience(heartbeat=0.2, silence=1.0, loading=20.0, progress=30.0), {}),
    ],
    ids=["crash", "grandchild", "garbage", "wrong ready", "2 MiB line", "hang", "silent"],
)
async def test_the_jobs_in_flight_fail_and_the_next_has_a_fresh_worker(
    tmp_path: Path, behaviour: str, error: type[WorkerError], patience: Patience, fake: dict[str, object]
) -> None:
    async with bench(tmp_path, patience=patience) as b:
        beside = b.begin("beside", "slow", params={"steps": 200}, fake={"step_seconds": 0.1})
        await b.first_step("beside")
        pid = b.pid()
        began = time.monotonic()

        with pytest.raises(error) as caught:
            await b.run("bad", behaviour, params={"steps": 2}, fake=fake)
        assert type(caught.value) is error
        with pytest.raises(error):
            await beside
        assert time.monotonic() - began < 8

        assert (await b.run("good")).files
        assert b.pid() != pid
        await eventually(lambda: not is_running(pid), 5)


async def test_the_longest_step_of_a_job_gives_it_more_time(tmp_path: Path) -> None:
    """Two steps of 0.7 s, a third of 1.4: longer than `progress`, shorter than 10 steps."""
    patience = Patience(heartbeat=0.2, progress=1.0)
    async with bench(tmp_path, patience=patience) as b:
        steady = b.begin("j1", "slow", params={"steps": 3}, fake={"step_seconds": 0.7})
        assert (await steady).files

        with pytest.raises(WorkerHung):
            await b.run("j2", "slow", params={"steps": 3}, fake={"step_seconds": 2.5})


async def test_a_worker_that_writes_much_on_both_outputs_is_drained(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    async with bench(tmp_path) as b:
        outcome = await b.run("j1", "noise", fake={"repeat": 5 * 1024})

    assert outcome.files
    assert "xxx" not in caplog.text  # stderr may hold prompts: DEBUG only


async def test_what_a_worker_says_on_stderr_is_logged_for_debugging(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="generation")
    async with bench(tmp_path) as b:
        with pytest.raises(WorkerError):
            await b.run("j1", "error")
        await eventually(lambda: "the fake was told to fail" in caplog.text, 5)

    assert all(
        record.levelno == logging.DEBUG for record in caplog.records if "told to fail" in record.message
    )


async def test_a_family_whose_adapter_cannot_be_loaded_fails_its_jobs(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        with pytest.raises(WorkerCrashed):
            await b.run("j1", family="nothing_here")


async def test_an_idle_worker_that_died_is_replaced(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        await b.run("j1")
        pid = b.pid()
        os.kill(pid, 9)
        await eventually(lambda: b.supervisor.loaded("fake") is None, 5)

        assert (await b.run("j2")).files
        assert b.pid() != pid


@pytest.mark.parametrize("behaviour", ["slow", "hang", "silent"])
async def test_closing_takes_bounded_time_whatever_the_worker_does(tmp_path: Path, behaviour: str) -> None:
    async with bench(tmp_path, patience=HASTY) as b:
        job = b.begin("j1", behaviour, params={"steps": 40}, fake={"step_seconds": 0.15})
        await b.first_step("j1") if behaviour == "slow" else await asyncio.sleep(0.5)
        pid = b.pid()
        began = time.monotonic()
        await b.supervisor.close()

        assert time.monotonic() - began < 4
        with pytest.raises(TaskCancelled):
            await job
        assert not is_running(pid)
        with pytest.raises(TaskCancelled):
            await b.run("j2")


async def test_closing_while_a_worker_starts_does_not_wait_for_it(tmp_path: Path) -> None:
    lock_dir = tmp_path / "locks"
    async with bench(tmp_path, lock_dir=lock_dir) as first, bench(tmp_path, lock_dir=lock_dir) as second:
        await first.run("j1")
        starting = asyncio.create_task(second.supervisor.start("fake"))
        await eventually(lambda: any(state.pid for state in second.supervisor.states()))
        began = time.monotonic()
        await second.supervisor.close()

        with pytest.raises(TaskCancelled):
            await starting
        assert time.monotonic() - began < 4


async def test_a_stopped_worker_is_asked_first_and_started_again_on_demand(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        await b.run("j1")
        pid = b.pid()
        began = time.monotonic()
        await b.supervisor.stop("fake")
        assert time.monotonic() - began < 2
        assert not is_running(pid)
        assert not any(state.pid for state in b.supervisor.states())

        assert (await b.run("j2")).files


async def test_a_killed_worker_is_not_asked_and_its_job_is_cancelled(tmp_path: Path) -> None:
    async with bench(tmp_path, patience=CALM) as b:
        await b.run("j1")
        pid = b.pid()
        running = b.begin("j2", "hang", params={"steps": 2})
        await asyncio.sleep(0.2)
        began = time.monotonic()
        b.supervisor.kill("fake")
        with pytest.raises(TaskCancelled):
            await running
        await eventually(lambda: not is_running(pid))
        assert time.monotonic() - began < 2
        b.supervisor.kill("fake")
        b.supervisor.kill("never heard of")

        assert (await b.run("j3")).files
