from __future__ import annotations

import asyncio
import random
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, multiple, rule

from data.addresses import ReplyAddresses
from data.database import Database
from data.errors import StaleMove
from data.jobs import Jobs
from data.posts import Posts
from generation.errors import NotAllowed, NotFound
from generation.job import ENDED, MOVES, SEED_LIMIT, Job, JobState, may_move
from tests.fakes_dispatch import make_job

WAY = [JobState.RUNNING, JobState.CHECKING, JobState.POSTING, JobState.POSTED]


@pytest.fixture
def jobs(database: Database) -> Jobs:
    moments = iter(range(100, 10_000))
    return Jobs(database, clock=lambda: float(next(moments)))


async def test_a_job_comes_back_as_it_was_stored(jobs: Jobs) -> None:
    job = make_job(
        params={"prompt": "ein Häuschen 🏠 \"'; DROP", "guidance": 7.5, "scheduler": None, "count": 2},
        seed=SEED_LIMIT - 1,
        state=JobState.ACCEPTED,
        parent="old",
        parent_index=3,
        notices=("one", "zwei"),
    )
    assert await jobs.add(job) == job
    assert await jobs.get(job.id) == job
    assert await jobs.get("nothing") is None


async def test_moves_leave_a_trail_and_set_times_and_attempts(jobs: Jobs) -> None:
    job = make_job()
    await jobs.add(job)
    running = await jobs.move(job.id, JobState.RUNNING, expect=JobState.QUEUED)
    assert (running.attempt, running.started_at, running.finished_at) == (1, 101.0, None)
    queued = await jobs.move(
        job.id, JobState.QUEUED, params={"count": 1}, notices=("smaller_retry",), error_code="oom"
    )
    assert (queued.params, queued.notices, queued.error_code, queued.attempt) == (
        {"count": 1}, ("smaller_retry",), "oom", 1,
    )  # fmt: skip
    for state in WAY:
        job = await jobs.move(job.id, state)
    assert (job.attempt, job.started_at, job.finished_at, job.error_code) == (2, 103.0, 106.0, None)
    assert job == await jobs.get(job.id)
    trail = [(event.old, event.new, event.code) for event in await jobs.events(job.id)]
    assert trail == [
        (None, JobState.ACCEPTED, None),
        (JobState.ACCEPTED, JobState.QUEUED, None),
        (JobState.QUEUED, JobState.RUNNING, None),
        (JobState.RUNNING, JobState.QUEUED, "oom"),
        *zip([JobState.QUEUED, *WAY], WAY, [None] * 4, strict=False),
    ]


async def test_only_one_of_many_racers_wins(jobs: Jobs) -> None:
    job = make_job()
    await jobs.add(job)
    moves = [jobs.move(job.id, JobState.RUNNING, expect=JobState.QUEUED) for _ in range(20)]
    answers = await asyncio.gather(*moves, return_exceptions=True)
    assert sum(isinstance(answer, Job) for answer in answers) == 1
    assert sum(isinstance(answer, StaleMove) for answer in answers) == 19
    assert len(await jobs.events(job.id)) == 3


async def test_what_the_table_does_not_allow(jobs: Jobs) -> None:
    job = make_job()
    await jobs.add(job)
    with pytest.raises(ValueError, match="no move"):
        await jobs.move(job.id, JobState.POSTED, expect=JobState.QUEUED)
    with pytest.raises(StaleMove) as caught:
        await jobs.move(job.id, JobState.POSTED)
    assert isinstance(caught.value, NotFound)
    assert (caught.value.code, caught.value.values) == ("job_gone", {"state": "queued"})
    with pytest.raises(StaleMove):
        await jobs.move("nothing", JobState.RUNNING)
    with pytest.raises(ValueError, match="new job"):
        await jobs.add(make_job(state=JobState.POSTED))
    with pytest.raises(ValueError, match="new job"):
        await jobs.add(make_job(), address="somewhere")
    assert await jobs.get(job.id) == job


async def test_the_guard_sees_the_stored_row_and_can_refuse(jobs: Jobs) -> None:
    job = make_job()
    await jobs.add(job)
    seen: list[Job] = []

    def refuse(row: Job) -> None:
        seen.append(row)
        raise NotAllowed

    with pytest.raises(NotAllowed):
        await jobs.move(job.id, JobState.RUNNING, guard=refuse)
    assert seen == [job]
    assert await jobs.get(job.id) == job
    assert (await jobs.move(job.id, JobState.RUNNING, guard=seen.append)).state is JobState.RUNNING


async def test_lists_and_counts(jobs: Jobs) -> None:
    mine = [make_job("anna") for _ in range(4)]
    other = [make_job("ben"), make_job("anna", guild_id="other class")]
    for job in (*mine, *other):
        await jobs.add(job)
    await jobs.move(mine[0].id, JobState.CANCELLED)
    for job in mine[1:3]:
        for state in (JobState.RUNNING, JobState.CHECKING):
            await jobs.move(job.id, state)
    for job in (mine[2], mine[1]):
        await jobs.move(job.id, JobState.REFUSED, error_code="refused_words")
    assert [job.id for job in await jobs.of_owner("class", "anna", limit=3)] == [
        job.id for job in mine[:0:-1]
    ]
    assert [job.id for job in await jobs.unfinished()] == [job.id for job in (mine[3], *other)]
    assert await jobs.count_active("class", "anna") == 1
    assert await jobs.count_active("class", "nobody") == 0
    assert [job.id for job in await jobs.recent_refusals("class")] == [mine[1].id, mine[2].id]
    assert await jobs.recent_refusals("other class") == []


async def test_purging_takes_everything_about_a_job_along(jobs: Jobs, database: Database) -> None:
    old, kept = make_job(), make_job()
    for job in (old, kept):
        await jobs.add(job, address="where", expires_at=1e12)
    await Posts(database).plan(old.id, "channel", "nonce")
    await jobs.move(old.id, JobState.CANCELLED)
    assert await jobs.purge(before=1e12) == [old.id]
    assert await jobs.get(old.id) is None
    assert await jobs.get(kept.id) == kept
    assert await jobs.events(old.id) == []
    assert await ReplyAddresses(database).get(old.id) is None
    assert await Posts(database).of_job(old.id) is None


async def test_a_doubled_id_is_refused_whole(jobs: Jobs) -> None:
    job = make_job()
    await jobs.add(job)
    with pytest.raises(Exception, match="UNIQUE"):
        await jobs.add(replace(job, owner_id="somebody else"))
    assert await jobs.get(job.id) == job
    assert len(await jobs.events(job.id)) == 2


async def test_a_cancelled_caller_does_not_tear_a_move_apart(jobs: Jobs) -> None:
    waiting = [make_job() for _ in range(40)]
    for job in waiting:
        await jobs.add(job)
    tasks = [asyncio.create_task(jobs.move(job.id, JobState.RUNNING)) for job in waiting]
    for task in random.Random(1).sample(tasks, 20):
        await asyncio.sleep(0)
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    for job in waiting:
        stored = await jobs.get(job.id)
        events = await jobs.events(job.id)
        assert stored is not None
        assert events[-1].new is stored.state
        assert len(events) == (3 if stored.state is JobState.RUNNING else 2)


class JobMachine(RuleBasedStateMachine):
    """Any order of moves, expected or not: the database does what a dictionary would."""

    ids = Bundle("ids")

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.loop = asyncio.Runner()
        self.database = self.loop.run(Database.open(Path(self.folder.name)))
        self.jobs = Jobs(self.database)
        self.model: dict[str, list[JobState]] = {}

    def teardown(self) -> None:
        self.loop.run(self.database.close())
        self.loop.close()
        self.folder.cleanup()

    @rule(target=ids, state=st.sampled_from([JobState.ACCEPTED, JobState.QUEUED]))
    def add(self, state: JobState) -> str:
        job = make_job(state=state)
        self.loop.run(self.jobs.add(job))
        self.model[job.id] = [JobState.ACCEPTED] if state is JobState.ACCEPTED else [JobState.ACCEPTED, state]
        return job.id

    @rule(job=ids, to=st.sampled_from(JobState), expect=st.none() | st.sampled_from(JobState))
    def move(self, job: str, to: JobState, expect: JobState | None) -> None:
        now = self.model[job][-1]
        try:
            moved = self.loop.run(self.jobs.move(job, to, expect=expect))
        except ValueError:
            assert expect is not None
            assert not may_move(expect, to)
        except StaleMove:
            assert to not in MOVES[now] or expect not in {None, now}
        else:
            assert moved.state is to
            assert (moved.finished_at is not None) == (to in ENDED)
            self.model[job].append(to)

    @rule(target=ids)
    def reopen(self) -> object:
        self.loop.run(self.database.close())
        self.database = self.loop.run(Database.open(Path(self.folder.name)))
        self.jobs = Jobs(self.database)
        return multiple()

    @invariant()
    def trails_are_as_in_the_model(self) -> None:
        for job, states in self.model.items():
            assert [event.new for event in self.loop.run(self.jobs.events(job))] == states
        unfinished = [job.id for job in self.loop.run(self.jobs.unfinished())]
        assert unfinished == [job for job, states in self.model.items() if states[-1] not in ENDED]


TestJobMachine = JobMachine.TestCase
TestJobMachine.settings = settings(
    max_examples=10, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
)
