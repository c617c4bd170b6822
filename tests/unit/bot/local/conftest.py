"""One class server and one bot for all tests of this folder; each test takes a class of its own."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import aiohttp
import discord
import pytest
import yarl

from bot.local.config import Limits
from bot.local.server import ClassServer
from bot.local.visitor import Visitor
from tests.unit.bot.local.example_bot import ExampleBot
from tests.unit.bot.local.openapi import Description

_numbers = count(1)


@pytest.fixture(scope="session")
async def server() -> AsyncIterator[ClassServer]:
    """Without rate limits, which would make the tests slow; the tests of the limits switch them on."""
    limits = Limits(channel_messages=None, interaction_webhook=None, everything=None)
    server = ClassServer(guilds=(), limits=limits)
    await server.start()
    yield server
    await server.stop()


@pytest.fixture(scope="session")
def description() -> Description | None:
    return Description.find()


@pytest.fixture(autouse=True)
def _endpoints(server: ClassServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The two values that decide which server discord.py speaks to; they are global, so set for each test anew."""
    monkeypatch.setattr(discord.http.Route, "BASE", server.api_base)
    monkeypatch.setattr(discord.gateway.DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(server.gateway_url))


@pytest.fixture(autouse=True)
def _as_described(server: ClassServer, description: Description | None) -> Iterator[None]:
    """After each test: nothing was asked that is not modelled, and all traffic was as Discord describes it."""
    if description is not None and description.observe not in server._world.traffic.observers:
        server.observe(description.observe)
    server.unmodelled.clear()
    if description is not None:
        description.complaints.clear()
    yield
    assert server.unmodelled == []
    if description is not None:
        assert description.complaints == []


@pytest.fixture(scope="session")
async def bot(server: ClassServer) -> AsyncIterator[ExampleBot]:
    """The bot, logged in once."""
    discord.http.Route.BASE = server.api_base
    discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(server.gateway_url)
    client = ExampleBot()
    task = asyncio.ensure_future(client.start(server.token))
    connected = asyncio.ensure_future(client.connected.wait())
    await asyncio.wait([task, connected], return_when=asyncio.FIRST_COMPLETED)
    if task.done():
        task.result()
    yield client
    await client.close()
    with contextlib.suppress(asyncio.CancelledError):
        await task


@dataclass
class Api:
    """The bot's side in the raw: requests with its token. Gives status and body."""

    server: ClassServer
    session: aiohttp.ClientSession
    guild: str

    async def __call__(self, method: str, path: str, **how: Any) -> tuple[int, Any]:
        async with self.raw(method, path, **how) as response:
            body = (
                await response.json()
                if response.content_type == "application/json"
                else await response.text()
            )
            return response.status, body

    def raw(self, method: str, path: str, *, token: str | None = None, **how: Any) -> Any:
        headers = {"Authorization": f"Bot {token or self.server.token}", **how.pop("headers", {})}
        if path.startswith(("/interactions", "/webhooks")):
            headers.pop("Authorization")
        return self.session.request(method, self.server.api_base + path, headers=headers, **how)

    def channel(self, name: str = "atelier") -> str:
        return self.server.channel_id(name, self.guild)

    def person(self, name: str) -> str:
        return self.server.person_id(name, self.guild)


@dataclass
class Classroom:
    """A class of its own for one test."""

    server: ClassServer
    id: str
    _visitors: list[Visitor] = field(default_factory=list)

    async def visit(self, name: str = "Ada", locale: str = "de") -> Visitor:
        visitor = await Visitor.enter(self.server.base_url, name, locale, guild=self.id, timeout=8)
        self._visitors.append(visitor)
        return visitor

    async def close(self) -> None:
        for visitor in self._visitors:
            await visitor.leave()


@pytest.fixture
async def classroom(server: ClassServer) -> AsyncIterator[Classroom]:
    room = Classroom(server, server.add_guild(f"Klasse {next(_numbers)}"))
    yield room
    await room.close()


@pytest.fixture
async def ada(classroom: Classroom, bot: ExampleBot) -> Visitor:
    return await classroom.visit("Ada")


@pytest.fixture
async def ben(classroom: Classroom, bot: ExampleBot) -> Visitor:
    return await classroom.visit("Ben")


@pytest.fixture
async def api(server: ClassServer, classroom: Classroom) -> AsyncIterator[Api]:
    async with aiohttp.ClientSession() as session:
        yield Api(server, session, classroom.id)
