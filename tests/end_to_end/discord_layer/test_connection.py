"""Starting, staying connected and closing, against servers that are late, gone, or not what they should be."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.client import AtelierBot
from bot.endpoints import point_to
from bot.errors import NeedsMoreIntents, WrongServer, WrongToken
from bot.i18n import Sentences
from bot.local.server import ClassServer
from bot.local.visitor import Visitor
from tests.end_to_end.discord_layer.conftest import make_bot, real_addresses

SENTENCES = Sentences.load(strict=True)
PATIENCE_S = 15.0


class Memory:
    """A command memory in a variable."""

    def __init__(self) -> None:
        self.kept: str | None = None

    async def recall(self) -> str | None:
        return self.kept

    async def remember(self, fingerprint: str) -> None:
        self.kept = fingerprint


@asynccontextmanager
async def running(bot: AtelierBot, token: str) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(bot.start(token))
    try:
        yield task
    finally:
        await bot.close()
        await asyncio.wait([task])


async def ready(bot: AtelierBot) -> None:
    async with asyncio.timeout(PATIENCE_S):
        await bot.logged_in.wait()
        await bot.wait_until_ready()


@pytest.fixture
async def server() -> AsyncIterator[ClassServer]:
    async with ClassServer() as server, real_addresses():
        point_to(api_base=server.api_base, gateway_url=server.gateway_url)
        yield server


def fresh(server: ClassServer, tmp_path: Path) -> AtelierBot:
    return make_bot(server, SENTENCES, tmp_path)[1]


async def test_the_gateway_comes_later(
    server: ClassServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    server.gateway.open = False
    bot = fresh(server, tmp_path)
    async with running(bot, server.token):
        await bot.logged_in.wait()
        await asyncio.sleep(0.5)
        server.gateway.open = True
        await ready(bot)
        async with await Visitor.enter(server.base_url, "Ada", "de", timeout=PATIENCE_S) as ada:
            await ada.command("hilfe")
    lines = [record for record in caplog.records if "trying again" in record.getMessage()]
    assert lines
    assert all(record.exc_info is None for record in lines)


async def test_nothing_is_there_at_first(
    server: ClassServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    server.faults.add("GET", "/users/@me", close=True)
    server.faults.add("GET", "/users/@me", status=503)
    server.faults.add("GET", "/oauth2/applications/@me", close=True)
    bot = fresh(server, tmp_path)
    async with running(bot, server.token):
        await ready(bot)
    assert "Discord is not there yet" in caplog.text


async def test_a_refused_port_is_waited_for(server: ClassServer, tmp_path: Path) -> None:
    point_to(api_base="http://127.0.0.1:9", gateway_url=None)
    bot = fresh(server, tmp_path)
    async with running(bot, server.token):
        await asyncio.sleep(0.1)
        assert not bot.logged_in.is_set()
        point_to(api_base=server.api_base, gateway_url=None)
        await ready(bot)


async def test_a_lost_gateway_is_found_again(server: ClassServer, tmp_path: Path) -> None:
    bot, resumed = fresh(server, tmp_path), asyncio.Event()

    async def on_resumed() -> None:
        resumed.set()

    bot.add_listener(on_resumed)
    async with running(bot, server.token):
        await ready(bot)
        async with await Visitor.enter(server.base_url, "Ada", "de", timeout=PATIENCE_S) as ada:
            server.gateway.ask_reconnect()
            await asyncio.wait_for(resumed.wait(), PATIENCE_S)
            handle = ada.command("hilfe")
            assert await handle


@pytest.mark.parametrize("token", ["", "   ", "no token", "a\nb", "ümlaut", "x.y.z"])
async def test_a_wrong_token_is_said_at_once(server: ClassServer, tmp_path: Path, token: str) -> None:
    bot = fresh(server, tmp_path)
    with pytest.raises(WrongToken):
        await bot.start(token)
    await bot.close()


@pytest.mark.parametrize(
    ("code", "error"), [(4004, WrongToken), (4013, WrongServer), (4014, NeedsMoreIntents)]
)
async def test_a_gateway_that_says_no(
    server: ClassServer, tmp_path: Path, code: int, error: type[Exception]
) -> None:
    bot = fresh(server, tmp_path)
    async with running(bot, server.token) as task:
        await ready(bot)
        await server.gateway.drop(code=code)
        async with asyncio.timeout(PATIENCE_S):
            await asyncio.wait([task])
        with pytest.raises(error):
            task.result()


async def test_something_else_at_the_address(server: ClassServer, tmp_path: Path) -> None:
    point_to(api_base=server.base_url + "/elsewhere", gateway_url=None)
    bot = fresh(server, tmp_path)
    with pytest.raises(WrongServer):
        await bot.start(server.token)
    await bot.close()


async def test_commands_are_sent_once(server: ClassServer, tmp_path: Path) -> None:
    memory, told = Memory(), []
    server.observe(lambda seen: told.append(seen) if getattr(seen, "method", "") == "PUT" else None)
    for _ in range(2):
        bot = fresh(server, tmp_path)
        bot._memory = memory
        async with running(bot, server.token):
            await ready(bot)
    assert len(told) == 1
    assert memory.kept


async def test_commands_for_one_class_only(server: ClassServer, tmp_path: Path) -> None:
    bot = fresh(server, tmp_path)
    (guild_id,) = server.state.guilds
    bot._guild_ids = (int(guild_id),)
    async with running(bot, server.token):
        await ready(bot)
        async with await Visitor.enter(server.base_url, "Ada", "de", timeout=PATIENCE_S) as ada:
            names = [one["name"] for one in ada.state["commands"]]
            assert set(names) >= {"glossary", "help", "image", "queue", "text"}
            await ada.command("hilfe")


async def test_commands_that_cannot_be_sent_do_not_stop_the_bot(
    server: ClassServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    memory = Memory()
    server.faults.add("PUT", "/applications/*/commands", status=403)
    bot = fresh(server, tmp_path)
    bot._memory = memory
    with caplog.at_level(logging.WARNING):
        async with running(bot, server.token):
            await ready(bot)
    assert memory.kept is None
    assert "could not be sent" in caplog.text


async def test_closing_before_anything_was_reached(server: ClassServer, tmp_path: Path) -> None:
    server.gateway.open = False
    bot = fresh(server, tmp_path)
    async with running(bot, server.token):
        await bot.logged_in.wait()
        await asyncio.sleep(0.1)


async def test_closing_while_nothing_answers(server: ClassServer, tmp_path: Path) -> None:
    server.faults.add("GET", "/users/@me", times=99, delay=0.1, status=503)
    bot = fresh(server, tmp_path)
    async with running(bot, server.token) as task:
        await asyncio.sleep(0.15)
    assert task.exception() is None
    assert bot.is_closed()
