from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from data.database import Database
from data.errors import StorageFailed
from data.jobs import Jobs
from data.timings import Timings
from generation.dispatcher import Dispatcher
from generation.errors import NotFound, OutOfMemory, WorkerCrashed, WorkerError, WorkerHung
from generation.job import MAX_ATTEMPTS, Job, JobState
from generation.queue import FairQueue
from generation.retry import smaller
from generation.supervisor import Outcome, Progress, Request
from tests.fakes_dispatch import FakeRunner, make_job, request_of


@dataclass
class Bench:
    """A dispatcher on a real database, with a hand-written worker and a delivery that can be held up."""

    database: Database
    jobs: Jobs
    timings: Timings
    runner: FakeRunner = field(default_factory=FakeRunner)
    delivered: list[Job] = field(default_factory=list)
    failed: list[tuple[Job, WorkerError]] = field(default_factory=list)
    progress: list[tuple[str, Progress]] = field(default_factory=list)
    hold_delivery: asyncio.Event | None = None
    now: float = 0.0

    def __post_init__(self) -> None:
        self.dispatcher = self.make()

    def make(self, **changes: Any) -> Dispatcher:
        values: dict[str, Any] = {
            "queue": FairQueue(),
            "supervisor": self.runner,
            "store": self.jobs,
            "timings": self.timings,
            "requests": request_of,
            "on_progress": lambda job, progress: self.progress.append((job.id, progress)),
            "on_outcome": self.deliver,
            "on_failure": self.fail,
            "clock": lambda: self.now,
        }
        return Dispatcher(**{**values, **changes})

    async def deliver(self, job: Job, outcome: Outcome) -> None:
        job = await self.jobs.move(job.id, JobState.CHECKING)
        if self.hold_delivery is not None:
            await self.hold_delivery.wait()
        job = await self.jobs.move(job.id, JobState.POSTING)
        self.delivered.append(await self.jobs.move(job.id, JobState.POSTED))

    async def fail(self, job: Job, error: WorkerError) -> None:
        self.failed.append((job, error))

    async def add(self, *jobs: Job) -> list[int]:
        for job in jobs:
            await self.jobs.add(job)
        return [self.dispatcher.submit(job) for job in jobs]

    async def state(self, job: Job) -> JobState:
        stored = await self.jobs.get(job.id)
        assert stored is not None
        return stored.state

    async def until(self, *jobs: Job, state: JobState) -> None:
        async with asyncio.timeout(10):
            while {await self.state(job) for job in jobs} != {state}:
                await asyncio.sleep(0.002)


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    async with await Database.open(tmp_path) as database:
        made = Bench(database, Jobs(database), await Timings.open(database))
        await made.dispatcher.start()
        yield made
        await made.dispatcher.close()


async def test_a_job_runs_is_delivered_and_measured(bench: Bench) -> None:
    job = make_job()
    assert await bench.add(job) == [1]
    await bench.until(job, state=JobState.POSTED)
    assert [event.new.value for event in await bench.jobs.events(job.id)] == [
        "accepted", "queued", "running", "checking", "posting", "posted",
    ]  # fmt: skip
    assert bench.runner.requests[0].attempt == 1
    assert bench.progress == [(job.id, Progress(1, 2))]
    assert bench.timings.expected("mini", 4 * 10 * 128 * 128) == pytest.approx(2.0)


async def test_running_is_committed_before_the_worker_hears_of_it(bench: Bench) -> None:
    seen: list[JobState] = []
    real = bench.runner.run

    async def run(request: Request, on_progress: Any = None) -> Outcome:
        stored = await bench.jobs.get(request.job)
        assert stored is not None
        seen.append(stored.state)
        return await real(request, on_progress)

    bench.runner.run = run  # type: ignore[method-assign]
    job = make_job()
    await bench.add(job)
    await bench.until(job, state=JobState.POSTED)
    assert seen == [JobState.RUNNING]


async def test_what_a_job_refers_to_is_looked_up_before_its_worker_hears_of_it(bench: Bench) -> None:
    looked_up: list[str] = []

    async def prepare(job: Job) -> Job:
        stored = await bench.jobs.get(job.id)
        assert stored is not None
        assert stored.state is JobState.RUNNING
        looked_up.append(job.id)
        return replace(job, params={"melody": "/a/file"})

    bench.dispatcher = bench.make(prepare=prepare)
    await bench.dispatcher.start()
    job = make_job(params={"melody": "upload"})
    await bench.add(job)
    await bench.until(job, state=JobState.POSTED)
    assert looked_up == [job.id]
    assert bench.runner.requests[0].params == {"melody": "/a/file"}
    stored = await bench.jobs.get(job.id)
    assert stored is not None
    assert stored.params == {"melody": "upload"}, "a path of today is nothing to remember"


@pytest.mark.parametrize(
    ("error", "code"), [(NotFound("upload_gone"), "upload_gone"), (OSError(), "internal")]
)
async def test_without_what_it_refers_to_a_job_fails_and_nothing_runs(
    bench: Bench, error: Exception, code: str
) -> None:
    async def prepare(job: Job) -> Job:
        raise error

    bench.dispatcher = bench.make(prepare=prepare)
    await bench.dispatcher.start()
    job = make_job()
    await bench.add(job)
    await bench.until(job, state=JobState.FAILED)
    stored = await bench.jobs.get(job.id)
    assert stored is not None
    assert stored.error_code == code
    assert bench.runner.requests == []


async def test_a_job_cancelled_while_it_is_looked_up_never_runs(bench: Bench) -> None:
    asked, go_on = asyncio.Event(), asyncio.Event()

    async def prepare(job: Job) -> Job:
        asked.set()
        await go_on.wait()
        return job

    bench.dispatcher = bench.make(prepare=prepare)
    await bench.dispatcher.start()
    job = make_job()
    await bench.add(job)
    await asked.wait()
    assert await bench.dispatcher.cancel(job.id)
    go_on.set()
    await bench.until(job, state=JobState.CANCELLED)
    assert bench.runner.requests == []


async def test_the_next_job_runs_while_the_last_is_still_being_checked(bench: Bench) -> None:
    bench.hold_delivery = asyncio.Event()
    first, second = make_job("anna"), make_job("ben")
    await bench.add(first, second)
    await bench.until(first, second, state=JobState.CHECKING)
    assert bench.runner.most_at_once == 1
    bench.hold_delivery.set()
    await bench.until(first, second, state=JobState.POSTED)


async def test_families_run_beside_each_other_one_job_each(bench: Bench) -> None:
    jobs = [make_job(family=family) for family in ("image", "speech", "image")]
    bench.runner.held = {job.id for job in jobs}
    await bench.add(*jobs)
    await bench.runner.started(jobs[1].id)
    await bench.until(*jobs[:2], state=JobState.RUNNING)
    assert {job.id for job in bench.dispatcher.running()} == {jobs[0].id, jobs[1].id}
    assert bench.dispatcher.place(jobs[2].id) == 1
    assert bench.dispatcher.place(jobs[0].id) == 0
    bench.runner.held.discard(jobs[2].id)
    bench.runner.release(jobs[0].id)
    bench.runner.release(jobs[1].id)
    await bench.until(*jobs, state=JobState.POSTED)


async def test_what_does_not_fit_waits_unless_nothing_runs(bench: Bench) -> None:
    dispatcher = bench.dispatcher = bench.make(fits=lambda job: False)
    await dispatcher.start()
    one, two = make_job(family="image"), make_job(family="speech")
    bench.runner.held = {one.id}
    await bench.add(one, two)
    await bench.runner.started(one.id)
    assert dispatcher.place(two.id) == 1
    bench.runner.release(one.id)
    await bench.until(one, two, state=JobState.POSTED)
    assert bench.runner.most_at_once == 1
    await dispatcher.close()


async def test_cancelling_a_waiting_job_is_committed_at_once(bench: Bench) -> None:
    running, waiting = make_job(), make_job()
    bench.runner.held = {running.id}
    await bench.add(running, waiting)
    assert await bench.dispatcher.cancel(waiting.id)
    assert await bench.state(waiting) is JobState.CANCELLED
    assert not await bench.dispatcher.cancel(waiting.id)
    await bench.runner.started(running.id)
    bench.runner.release(running.id)
    await bench.until(running, state=JobState.POSTED)
    assert waiting.id not in bench.runner.order()
    assert [(job.id, error.code) for job, error in bench.failed] == [(waiting.id, "cancelled")]


async def test_cancelling_a_running_job(bench: Bench) -> None:
    job = make_job()
    bench.runner.held = {job.id}
    await bench.add(job)
    await bench.runner.started(job.id)
    assert await bench.dispatcher.cancel(job.id)
    await bench.until(job, state=JobState.CANCELLED)
    await asyncio.sleep(0)
    assert [error.code for _, error in bench.failed] == ["cancelled"]
    assert bench.delivered == []


async def test_cancelling_before_the_worker_has_it_and_after_it_is_done(bench: Bench) -> None:
    early, late = make_job("anna"), make_job("ben")
    await bench.add(early)
    assert await bench.dispatcher.cancel(early.id)  # `running` is being committed
    await bench.until(early, state=JobState.CANCELLED)
    assert bench.runner.order() == []
    bench.hold_delivery = asyncio.Event()
    await bench.add(late)
    await bench.until(late, state=JobState.CHECKING)
    assert await bench.dispatcher.cancel(late.id)
    assert await bench.state(late) is JobState.CANCELLED
    bench.hold_delivery.set()
    await asyncio.sleep(0.05)
    assert bench.delivered == []


async def test_a_posted_or_unknown_job_cannot_be_cancelled(bench: Bench) -> None:
    job = make_job()
    await bench.add(job)
    await bench.until(job, state=JobState.POSTED)
    assert not await bench.dispatcher.cancel(job.id)
    assert not await bench.dispatcher.cancel("nothing")


async def test_out_of_memory_is_tried_once_more_smaller(bench: Bench) -> None:
    helped, hopeless = make_job("anna"), make_job("ben")
    bench.runner.errors[helped.id] = [OutOfMemory()]
    bench.runner.errors[hopeless.id] = [OutOfMemory(), OutOfMemory()]
    await bench.add(helped, hopeless)
    await bench.until(helped, state=JobState.POSTED)
    await bench.until(hopeless, state=JobState.FAILED)
    (posted,) = bench.delivered
    assert posted.params["count"] == 2
    assert posted.notices == ("smaller_retry",)
    assert [(job.error_code, error.code) for job, error in bench.failed] == [
        ("out_of_memory", "out_of_memory")
    ]


@pytest.mark.parametrize(
    ("params", "less"),
    [
        ({"count": 4, "width": 512}, {"count": 2, "width": 512}),
        ({"count": 3}, {"count": 1}),
        ({"count": 1, "width": 512, "height": 768}, {"count": 1, "width": 384, "height": 576}),
        ({"count": 1, "width": 128, "height": 64}, {"count": 1, "width": 64, "height": 64}),
        ({"count": 1, "width": 64, "height": 64}, None),
        ({}, None),
    ],
)
def test_smaller(params: dict[str, Any], less: dict[str, Any] | None) -> None:
    assert smaller(params) == less


@pytest.mark.parametrize("error", [WorkerCrashed, WorkerHung])
async def test_a_poison_job_lets_others_pass_and_is_set_aside(bench: Bench, error: type[WorkerError]) -> None:
    poison = make_job("anna")
    others = [make_job(owner) for owner in ("ben", "cem", "ben", "cem")]
    bench.runner.errors[poison.id] = [error() for _ in range(9)]
    await bench.add(poison, *others)
    await bench.until(poison, state=JobState.FAILED)
    await bench.until(*others, state=JobState.POSTED)
    order = bench.runner.order()
    assert order.count(poison.id) == MAX_ATTEMPTS
    first, second, third = (index for index, job_id in enumerate(order) if job_id == poison.id)
    assert first + 1 < second
    assert second + 1 < third
    assert [request.attempt for request in bench.runner.requests if request.job == poison.id] == [1, 2, 3]
    assert [(job.id, found.code) for job, found in bench.failed] == [(poison.id, error.default_code)]


async def test_a_crash_once_is_not_noticed(bench: Bench) -> None:
    job = make_job()
    bench.runner.errors[job.id] = [WorkerCrashed()]
    await bench.add(job)
    await bench.until(job, state=JobState.POSTED)
    assert bench.failed == []


@pytest.mark.parametrize(
    "error", [WorkerError("invalid"), NotFound("model_unknown", known=""), KeyError("x")]
)
async def test_any_other_error_fails_the_job_and_only_it(bench: Bench, error: Exception) -> None:
    bad, good = make_job("anna"), make_job("ben")
    bench.runner.errors[bad.id] = [error]
    await bench.add(bad, good)
    await bench.until(bad, state=JobState.FAILED)
    await bench.until(good, state=JobState.POSTED)
    ((job, told),) = bench.failed
    assert job.error_code == told.code == getattr(error, "code", "internal")


async def test_a_delivery_that_errs_fails_the_job_and_a_deaf_owner_stops_nothing(bench: Bench) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError("no")

    dispatcher = bench.dispatcher = bench.make(on_outcome=broken, on_failure=broken)
    await dispatcher.start()
    jobs = [make_job(), make_job()]
    await bench.add(*jobs)
    await bench.until(*jobs, state=JobState.FAILED)
    await dispatcher.close()


async def test_the_full_disk_delays_and_loses_nothing(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("generation.moves.PAUSE_SECONDS", 0.02)
    real, refuses = bench.jobs.move, True

    async def move(job_id: str, to: JobState, **changes: Any) -> Job:
        if refuses:
            raise StorageFailed(reason="disk_full")
        return await real(job_id, to, **changes)

    bench.jobs.move = move  # type: ignore[method-assign,assignment]
    job = make_job()
    await bench.add(job)
    await asyncio.sleep(0.1)
    assert bench.runner.order() == []
    refuses = False
    await bench.until(job, state=JobState.POSTED)


async def test_an_orderly_stop_puts_running_jobs_back(bench: Bench) -> None:
    running, waiting = make_job(), make_job()
    bench.runner.held = {running.id}
    await bench.add(running, waiting)
    await bench.runner.started(running.id)
    await bench.dispatcher.close()
    left = await bench.jobs.unfinished()
    assert [(job.id, job.state, job.attempt) for job in left] == [
        (running.id, JobState.QUEUED, 0),
        (waiting.id, JobState.QUEUED, 0),
    ]
    assert bench.failed == []


async def test_a_worker_that_does_not_stop_is_left_behind(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("generation.dispatcher.CLOSE_SECONDS", 0.05)

    async def deaf(job: str) -> None:
        return

    bench.runner.cancel = deaf  # type: ignore[method-assign]
    job = make_job()
    bench.runner.held = {job.id}
    await bench.add(job)
    await bench.runner.started(job.id)
    await bench.dispatcher.close()
    assert [(left.state, left.attempt) for left in await bench.jobs.unfinished()] == [(JobState.QUEUED, 0)]


async def test_after_a_crash_every_job_goes_on_where_it_may(bench: Bench) -> None:
    queued, running, checking, posting, worn = (make_job(str(number)) for number in range(5))
    ways = [
        (running, ["running"]),
        (checking, ["running", "checking"]),
        (posting, ["running", "checking", "posting"]),
    ]
    for job in (queued, running, checking, posting, worn):
        await bench.jobs.add(job)
    for job, way in ways:
        for state in way:
            await bench.jobs.move(job.id, JobState(state))
    await bench.jobs.move(worn.id, JobState.RUNNING, attempt=MAX_ATTEMPTS)
    fresh = bench.dispatcher = bench.make()
    recovered = await fresh.recover(await bench.jobs.unfinished())
    assert [job.id for job in recovered.queued] == [queued.id, running.id, checking.id]
    assert [(job.id, job.state, job.error_code) for job in recovered.failed] == [
        (worn.id, JobState.FAILED, "restarted")
    ]
    assert [job.id for job in recovered.posting] == [posting.id]
    assert [fresh.place(job.id) for job in recovered.queued] == [1, 2, 3]
    await fresh.start()
    await bench.until(queued, running, checking, state=JobState.POSTED)
    assert bench.runner.order() == [queued.id, running.id, checking.id]
    assert (await fresh.recover(await bench.jobs.unfinished())).queued == ()
    await fresh.close()


async def test_recovering_late_does_not_touch_jobs_of_this_run(bench: Bench) -> None:
    running, waiting = make_job(), make_job()
    bench.runner.held = {running.id}
    await bench.add(running, waiting)
    await bench.runner.started(running.id)
    recovered = await bench.dispatcher.recover(await bench.jobs.unfinished())
    assert recovered.queued == recovered.failed == ()
    bench.runner.release(running.id)
    await bench.until(running, waiting, state=JobState.POSTED)
    assert len(bench.runner.order()) == 2


async def test_expected_seconds(bench: Bench) -> None:
    running, ahead, job, elsewhere = (
        make_job("a"),
        make_job("b"),
        make_job("c"),
        make_job("d", family="speech"),
    )
    cold = make_job("e", model="cold")
    bench.runner.held = {running.id, elsewhere.id}
    bench.runner.loaded_models["fake"] = "mini"
    await bench.add(running, ahead, job, elsewhere, cold)
    await bench.runner.started(running.id)
    assert await bench.dispatcher.expected_seconds(job) is None
    await bench.timings.add("mini", 4 * 10 * 128 * 128, 10.0)
    bench.now = 4.0
    stored = await bench.jobs.get(running.id)
    assert stored is not None
    assert await bench.dispatcher.expected_seconds(stored) == pytest.approx(6.0)
    assert await bench.dispatcher.expected_seconds(job) == pytest.approx(6 + 10 + 10)
    assert await bench.dispatcher.expected_seconds(cold) is None
    await bench.timings.add("cold", 4 * 10 * 128 * 128, 1.0)
    await bench.timings.add_load("cold", 30.0)
    assert await bench.dispatcher.expected_seconds(cold) == pytest.approx(6 + 10 + 10 + 30 + 1)
    assert await bench.dispatcher.expected_seconds(make_job()) is None


async def test_only_stored_queued_jobs_are_taken(bench: Bench) -> None:
    job = make_job()
    with pytest.raises(ValueError, match="queued"):
        bench.dispatcher.submit(replace(job, state=JobState.ACCEPTED))
    bench.runner.held = {job.id}
    await bench.add(job)
    with pytest.raises(ValueError, match="queued"):
        bench.dispatcher.submit(job)


async def test_an_idle_dispatcher_starts_a_job_within_milliseconds(bench: Bench) -> None:
    begun: dict[str, float] = {}
    bench.runner.on_start = lambda request: begun.setdefault(request.job, time.perf_counter())
    latencies = []
    for _ in range(30):
        job = make_job()
        await bench.jobs.add(job)
        before = time.perf_counter()
        bench.dispatcher.submit(job)
        await bench.until(job, state=JobState.POSTED)
        latencies.append(begun[job.id] - before)
    assert (
        statistics.median(latencies) <= 0.02
    )  # the figure itself, on a quiet machine, is in benchmarks/store.py


async def test_thirty_pupils_at_once(bench: Bench) -> None:
    jobs = [make_job(f"pupil {number % 30}", model=f"m{number % 3}") for number in range(150)]
    for job in jobs[::7]:
        bench.runner.errors[job.id] = [WorkerCrashed()]
    await asyncio.gather(*(bench.add(job) for job in jobs))
    cancelled = jobs[-10:]
    await asyncio.gather(*(bench.dispatcher.cancel(job.id) for job in cancelled))
    async with asyncio.timeout(20):
        while await bench.jobs.unfinished():
            await asyncio.sleep(0.01)
    ended = [job.id for job in bench.delivered] + [job.id for job, _ in bench.failed]
    assert sorted(ended) == sorted(job.id for job in jobs)
    assert bench.runner.most_at_once == 1
