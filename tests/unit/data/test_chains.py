from __future__ import annotations

import sqlite3
from dataclasses import replace

import pytest

from data.chains import ChainRow, Chains
from data.database import Database

CHAIN = ChainRow(
    id="one",
    guild_id="class",
    channel_id="channel",
    person_id="anna",
    locale="de",
    is_teacher=False,
    request={"theme": "ein Fuchs", "voice": None, "seed": 7},
    created_at=100.0,
)


@pytest.fixture
def chains(database: Database) -> Chains:
    return Chains(database, clock=lambda: 200.0)


async def test_steps_are_kept_in_their_order(chains: Chains) -> None:
    assert await chains.add(CHAIN, most=1)
    assert await chains.get("one") == replace(CHAIN, moved_at=100.0)
    for job in ("z", "a", "m"):
        await chains.note("one", job)
    assert await chains.get("one") == replace(CHAIN, jobs=("z", "a", "m"), moved_at=200.0)
    assert await chains.open() == ["one"]


async def test_each_person_has_so_many_at_a_time_in_a_server(chains: Chains) -> None:
    assert await chains.add(CHAIN, most=1)
    assert not await chains.add(replace(CHAIN, id="two"), most=1)
    assert await chains.add(replace(CHAIN, id="three", person_id="ben"), most=1)
    assert await chains.add(replace(CHAIN, id="four", guild_id="other"), most=1)
    assert await chains.open() == ["four", "one", "three"]


async def test_nothing_is_left_of_one_that_ended(chains: Chains, database: Database) -> None:
    await chains.add(CHAIN, most=1)
    await chains.note("one", "a")
    assert await chains.end("one")
    assert not await chains.end("one")
    assert await chains.get("one") is None
    async with database.read() as connection:
        assert not list(await connection.execute_fetchall("SELECT * FROM chain_steps"))


async def test_what_is_noted_after_its_end_changes_nothing(chains: Chains) -> None:
    await chains.note("one", "a")
    assert await chains.add(CHAIN, most=1)
    assert (await chains.get("one") or CHAIN).jobs == ()


async def test_a_job_belongs_to_one_step(chains: Chains) -> None:
    await chains.add(CHAIN, most=1)
    await chains.note("one", "a")
    with pytest.raises(sqlite3.IntegrityError):
        await chains.note("one", "a")
    assert (await chains.get("one") or CHAIN).jobs == ("a",)
