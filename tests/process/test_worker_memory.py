"""The memory budget with real workers."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace
from pathlib import Path

import pytest

from generation.errors import OutOfMemory
from tests.process.workers import Bench, bench, is_running


def six_gb(b: Bench, family: str) -> dict[str, object]:
    return {"family": family, "model": b.model("fake-6gb")}


async def test_the_idle_worker_is_ended_and_the_other_runs(tmp_path: Path) -> None:
    async with bench(tmp_path, memory_mb=8000) as b:
        await b.run("j1", **six_gb(b, "fake"))
        pid = b.pid("fake")
        await b.run("j2", **six_gb(b, "fake_b"))

        assert not is_running(pid)
        assert b.supervisor.loaded("fake") is None
        assert b.supervisor.loaded("fake_b") == "fake-6gb"


async def test_a_busy_worker_is_waited_for(tmp_path: Path) -> None:
    async with bench(tmp_path, memory_mb=8000) as b:
        first = b.begin("j1", "slow", **six_gb(b, "fake"), fake={"step_seconds": 0.2})
        await b.first_step("j1")
        assert not b.supervisor.memory_fits("fake_b", b.model("fake-6gb"))
        second = b.begin("j2", **six_gb(b, "fake_b"))
        done, _ = await asyncio.wait({first, second}, return_when=asyncio.FIRST_COMPLETED)

        assert done == {first}
        assert (await second).files


async def test_without_memory_needs_both_stay(tmp_path: Path) -> None:
    async with bench(tmp_path, memory_mb=8000) as b:
        await b.run("j1", **six_gb(b, "fake"))
        pid = b.pid("fake")
        await b.run("j2", family="fake_b")
        await b.run("j3", family="safety", model=replace(b.model("fake-6gb"), id="checker"))

        assert is_running(pid)


async def test_a_model_that_can_never_fit_fails_at_once(tmp_path: Path) -> None:
    async with bench(tmp_path, memory_mb=4000) as b:
        with pytest.raises(OutOfMemory):
            await asyncio.wait_for(b.run("j1", **six_gb(b, "fake")), 5)


async def test_a_crash_gives_the_room_to_the_next(tmp_path: Path) -> None:
    async with bench(tmp_path, memory_mb=8000) as b:
        crashing = b.begin("j1", "crash", **six_gb(b, "fake"), fake={"step_seconds": 0.2})
        waiting = b.begin("j2", **six_gb(b, "fake_b"))

        assert (await waiting).files
        await asyncio.wait({crashing})
        assert type(crashing.exception()).__name__ == "WorkerCrashed"


async def test_many_jobs_of_two_families_all_end(tmp_path: Path) -> None:
    """No deadlock: jobs, crashes and cancels of two families that do not fit side by side."""
    draw = random.Random(3)
    async with bench(tmp_path, memory_mb=8000) as b:
        jobs = {}
        for number in range(24):
            behaviour = draw.choices(["ok", "slow", "crash", "error"], [5, 3, 1, 1])[0]
            family = draw.choice(["fake", "fake_b"])
            jobs[f"j{number}"] = b.begin(
                f"j{number}", behaviour, **six_gb(b, family), fake={"step_seconds": 0.01}
            )
        await asyncio.sleep(0.3)
        for number in range(0, 24, 5):
            await b.supervisor.cancel(f"j{number}")
        results = await asyncio.wait_for(asyncio.gather(*jobs.values(), return_exceptions=True), 60)

        assert any(not isinstance(one, BaseException) for one in results)
        assert not any(isinstance(one, AssertionError | asyncio.CancelledError) for one in results)
        assert sum(state.memory_mb for state in b.supervisor.states()) <= 8000
