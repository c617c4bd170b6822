from __future__ import annotations

import asyncio
from typing import Any

import pytest

from data.conversations import Conversation, Conversations, Turn
from data.database import Database
from data.jobs import Jobs
from generation.job import Job, JobState
from tests.fakes_dispatch import make_job

WAY = [JobState.RUNNING, JobState.CHECKING, JobState.POSTING, JobState.POSTED]
SYSTEM = {"role": "system", "text": "Sei freundlich."}


@pytest.fixture
def conversations(database: Database) -> Conversations:
    return Conversations(database, clock=lambda: 500.0)


@pytest.fixture
def jobs(database: Database) -> Jobs:
    return Jobs(database)


def talk(name: str = "c1", **changes: Any) -> Conversation:
    values: dict[str, Any] = {
        "id": name,
        "guild_id": "class",
        "channel_id": f"thread of {name}",
        "parent_id": "channel",
        "owner_id": "anna",
        "model": "mini",
        "locale": "de",
        "temperature": 0.7,
        "created_at": 100.0,
    }
    return Conversation(**{**values, **changes})


async def asked(jobs: Jobs, conversation: str, *texts: str, to: JobState = JobState.POSTED) -> Job:
    """A job of this conversation whose model read `texts`; it has come as far as `to`."""
    messages = [SYSTEM, *({"role": "user", "text": text} for text in texts)]
    params = {"prompt": texts[-1], "messages": messages, "conversation": conversation}
    job = make_job(params=params, medium="text")
    await jobs.add(job)
    for state in WAY[: WAY.index(to) + 1] if to in WAY else [to]:
        if state is not job.state:
            job = await jobs.move(job.id, state)
    return job


async def test_a_conversation_is_found_by_its_thread(conversations: Conversations) -> None:
    one = talk()
    assert await conversations.add(one)
    assert await conversations.in_channel(one.channel_id) == one
    assert await conversations.get("c1") == one
    assert await conversations.get("c2") is None
    assert await conversations.in_channel("channel") is None


async def test_only_so_many_are_open_at_a_time(conversations: Conversations) -> None:
    made = await asyncio.gather(*(conversations.add(talk(f"c{n}"), limit=3) for n in range(6)))
    assert made.count(True) == 3
    assert await conversations.add(talk("ben", owner_id="ben"), limit=3)
    assert await conversations.add(talk("there", guild_id="other"), limit=3)
    first, *_ = await conversations.open_of("class", "anna")
    assert await conversations.end(first.id)
    assert await conversations.add(talk("next"), limit=3)
    assert await conversations.add(talk("teacher"))


async def test_turns_come_in_the_order_of_the_questions(conversations: Conversations, jobs: Jobs) -> None:
    await conversations.add(talk())
    first, second = await asked(jobs, "c1", "eins"), await asked(jobs, "c1", "zwei")
    assert await conversations.remember(second.id, "c1", question="zwei", answer="2")
    assert await conversations.remember(first.id, "c1", question="eins", answer="1")
    # once more after a restart: still one turn
    assert await conversations.remember(first.id, "c1", question="eins", answer="1")
    assert await conversations.turns("c1") == [
        Turn(question="eins", answer="1"),
        Turn(question="zwei", answer="2"),
    ]


@pytest.mark.parametrize(
    ("state", "read"),
    [(JobState.CHECKING, 0), (JobState.POSTING, 1), (JobState.POSTED, 1)],
)
async def test_only_what_was_shown_is_remembered(
    conversations: Conversations, jobs: Jobs, state: JobState, read: int
) -> None:
    await conversations.add(talk())
    job = await asked(jobs, "c1", "eins", to=state)
    await conversations.remember(job.id, "c1", question="eins", answer="1")
    assert len(await conversations.turns("c1")) == read


async def test_a_turn_that_was_held_back_later_is_not_read(conversations: Conversations, jobs: Jobs) -> None:
    await conversations.add(talk())
    job = await asked(jobs, "c1", "eins", to=JobState.POSTING)
    await conversations.remember(job.id, "c1", question="eins", answer="1")
    await jobs.move(job.id, JobState.REFUSED, error_code="refused_hate")
    assert await conversations.turns("c1") == []


async def test_conversations_know_nothing_of_each_other(conversations: Conversations, jobs: Jobs) -> None:
    for name in ("c1", "c2"):
        await conversations.add(talk(name))
        job = await asked(jobs, name, f"from {name}")
        await conversations.remember(job.id, name, question=f"from {name}", answer="-")
    await conversations.end("c2")
    assert [turn.question for turn in await conversations.turns("c1")] == ["from c1"]


async def test_who_is_answering(conversations: Conversations, jobs: Jobs) -> None:
    await conversations.add(talk())
    done = await asked(jobs, "c1", "eins")
    await asked(jobs, "c2", "anderswo", to=JobState.RUNNING)
    assert await conversations.answering("c1") == []
    at_work = await asked(jobs, "c1", "zwei", to=JobState.RUNNING)
    assert await conversations.answering("c1") == [at_work.id]
    assert done.id not in await conversations.answering("c1")


async def test_the_end_forgets(conversations: Conversations, jobs: Jobs, database: Database) -> None:
    await conversations.add(talk())
    first = await asked(jobs, "c1", "geheim")
    await conversations.remember(first.id, "c1", question="geheim", answer="ja")
    second = await asked(jobs, "c1", "geheim", "ja", "zwei")
    other = await asked(jobs, "c2", "bleibt", "stehen", "hier")
    assert await conversations.end("c1")
    assert not await conversations.end("c1"), "it has ended already"
    ended = await conversations.get("c1")
    assert ended is not None
    assert ended.ended_at == 500.0
    assert await conversations.turns("c1") == []
    kept = await jobs.get(second.id)
    assert kept is not None
    assert kept.params == {**second.params, "messages": [SYSTEM, {"role": "user", "text": "zwei"}]}
    assert await jobs.get(other.id) == other
    log = database.path.with_name(f"{database.path.name}-wal")
    assert log.stat().st_size == 0, "the write-ahead log would still hold it"
    # an answer that comes too late is not remembered
    assert not await conversations.remember(second.id, "c1", question="zwei", answer="2")
    assert not await conversations.remember("nothing", "c1", question="", answer="")


async def test_a_turn_goes_with_its_job(conversations: Conversations, jobs: Jobs, database: Database) -> None:
    await conversations.add(talk())
    job = await asked(jobs, "c1", "eins")
    await conversations.remember(job.id, "c1", question="eins", answer="1")
    await jobs.purge(10**12)
    async with database.read() as connection:
        rows = list(await connection.execute_fetchall("SELECT count(*) FROM turns"))
    assert rows[0][0] == 0
