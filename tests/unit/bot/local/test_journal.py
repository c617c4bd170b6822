"""A class outlives its server: journal, ids, files; and the clock and ids in themselves."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import aiohttp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.local.clock import Clock
from bot.local.ids import Snowflakes, moment_of
from bot.local.journal import Journal
from bot.local.server import ClassServer
from bot.local.state import TABLES
from bot.local.visitor import Visitor


async def test_a_class_survives_a_restart(tmp_path: Path) -> None:
    folder = tmp_path / "class"
    picture = tmp_path / "a.png"
    picture.write_bytes(b"bytes")
    first = ClassServer(folder=folder)
    await first.start()
    async with await Visitor.enter(first.base_url, "Ada") as ada:
        said = await ada.say("Hallo", files=[picture])
        await ada.react(said, "👍")
        await ada.delete(await ada.say("weg"))
    before = {table: dict(first.state.table(table)) for table in TABLES}
    first.clock.advance(10_000)
    late = first._world.ids.next()
    first._world.put("users", {**first.state.users[first.bot_id], "id": late, "bot": False})
    token = first.token
    await first.stop()
    second = ClassServer(folder=folder)
    await second.start()
    second._world.delete("users", second.state.users[late], quiet=True)
    assert {table: dict(second.state.table(table)) for table in TABLES} == before
    assert second.token == token
    assert int(second._world.ids.next()) > int(late)
    async with await Visitor.enter(second.base_url, "Ben") as ben:
        (message,) = await ben.messages()
        assert message["content"] == "Hallo"
        assert message["reactions"][0]["count"] == 1
        assert await ben.download(message["attachments"][0]) == b"bytes"
    await second.stop()
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / "journal.jsonl").stat().st_mode & 0o777 == 0o600


def test_a_torn_last_line_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_text('{"a": 1}\n{"a": 2}\n{"a"', encoding="utf-8")
    assert list(Journal(path).read()) == [{"a": 1}, {"a": 2}]
    path.write_text('{"a": 1}\n{"a"\n{"a": 3}\n', encoding="utf-8")
    with pytest.raises(json.JSONDecodeError):
        list(Journal(path).read())


async def test_a_temporary_class_leaves_nothing(tmp_path: Path) -> None:
    server = ClassServer()
    await server.start()
    folder = server._folder
    async with aiohttp.ClientSession() as session, session.get(server.base_url) as response:
        assert "/w/" in str(response.url)
    await server.stop()
    assert not folder.exists()


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(0, 1000), min_size=1, max_size=50))
def test_ids_grow_whatever_the_clock_does(steps: list[float]) -> None:
    clock = Clock()
    ids = Snowflakes(clock)
    made = []
    for step in steps:
        clock.set(1_700_000_000 + step)
        made.append(int(ids.next()))
    assert made == sorted(set(made))
    assert moment_of(str(made[0])).startswith("2023-11-1")


async def test_waiting_ends_when_the_clock_is_moved() -> None:
    clock = Clock()
    waiting = asyncio.ensure_future(clock.sleep_until(clock.now() + 100))
    await asyncio.sleep(0)
    clock.advance(50)
    await asyncio.sleep(0.01)
    assert not waiting.done()
    clock.advance(50)
    await asyncio.wait_for(waiting, 1)
