"""One class server and one bot for all tests of the folder; each test takes a class (guild) of its own."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest

from bot.client import AtelierBot
from bot.endpoints import point_to
from bot.i18n import Sentences
from bot.local.server import ClassServer
from bot.local.traffic import Dispatched, Exchange
from bot.local.visitor import Visitor
from bot.publisher import DiscordPublisher
from cogs import EXTENSIONS
from tests.end_to_end.discord_layer.fakes import FakeDesk

PATIENCE_S = 10.0


@dataclass
class School:
    """The server and the bot that is connected to it at the moment."""

    server: ClassServer
    sentences: Sentences
    folder: Path
    desk: FakeDesk
    bot: AtelierBot
    exchanges: list[Exchange] = field(default_factory=list)
    _task: asyncio.Task[None] | None = None

    def see(self, happening: Exchange | Dispatched) -> None:
        if isinstance(happening, Exchange):
            self.exchanges.append(happening)

    def calls(self) -> list[str]:
        """What the bot asked of the server since the list was cleared; ids and tokens left out."""
        return [f"{one.method} {one.template}" for one in self.exchanges]

    async def connect(self) -> None:
        self._task = asyncio.create_task(self.bot.start(self.server.token))
        async with asyncio.timeout(PATIENCE_S):
            await self.bot.logged_in.wait()
            await self.bot.wait_until_ready()

    async def disconnect(self) -> None:
        await self.bot.close()
        if self._task is not None:
            await self._task
            self._task = None

    async def restart(self) -> None:
        """Another bot with another publisher and the same jobs: what a restart keeps is in the database."""
        await self.disconnect()
        jobs, addresses = self.desk.jobs, self.desk.addresses
        self.desk, self.bot = make_bot(self.server, self.sentences, self.folder)
        self.desk.jobs, self.desk.addresses = jobs, addresses
        await self.connect()


def make_bot(server: ClassServer, sentences: Sentences, folder: Path) -> tuple[FakeDesk, AtelierBot]:
    publisher = DiscordPublisher(sentences=sentences, clock=server.clock.now)
    desk = FakeDesk(publisher, folder)
    bot = AtelierBot(
        desk=cast("Any", desk),
        publisher=publisher,
        sentences=sentences,
        teacher_role="Lehrkraft",
        extensions=EXTENSIONS,
    )
    return desk, bot


@asynccontextmanager
async def real_addresses() -> AsyncIterator[None]:
    """discord.py keeps its addresses for the whole process: put them back."""
    from discord.gateway import DiscordWebSocket
    from discord.http import Route

    base, gateway = Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY
    try:
        yield
    finally:
        Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = base, gateway


@pytest.fixture(scope="session")
async def school(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[School]:
    sentences = Sentences.load(strict=True)
    folder = tmp_path_factory.mktemp("atelier")
    async with ClassServer(guilds=()) as server, real_addresses():
        server.limits.channel_messages = server.limits.interaction_webhook = server.limits.everything = None
        point_to(api_base=server.api_base, gateway_url=server.gateway_url)
        desk, bot = make_bot(server, sentences, folder)
        school = School(server, sentences, folder, desk, bot)
        server.observe(school.see)
        await school.connect()
        yield school
        await school.disconnect()
        assert server.unmodelled == []


@dataclass
class Class:
    """A guild of its own: nobody else's messages, jobs or calls."""

    school: School
    guild_id: str
    visitors: list[Visitor] = field(default_factory=list)

    async def enter(self, person: str = "Ada", locale: str = "de") -> Visitor:
        visitor = await Visitor.enter(
            self.school.server.base_url, person, locale, guild=self.guild_id, timeout=PATIENCE_S
        )
        self.visitors.append(visitor)
        return visitor

    def say(self, key: str, locale: str = "de", **values: Any) -> str:
        return self.school.sentences.text(key, locale, **values)

    @property
    def desk(self) -> FakeDesk:
        return self.school.desk


@pytest.fixture
async def klass(school: School, request: pytest.FixtureRequest) -> AsyncIterator[Class]:
    guild_id = school.server.add_guild(request.node.name[:90])
    async with asyncio.timeout(PATIENCE_S):
        while school.bot.get_guild(int(guild_id)) is None:
            await asyncio.sleep(0.005)
    school.desk.jobs.clear()
    school.desk.break_with = None
    school.desk.waiting_limit = 20
    school.exchanges.clear()
    klass = Class(school, guild_id)
    yield klass
    school.server.faults.clear()
    school.server.clock.set(time.time())
    for visitor in klass.visitors:
        await visitor.leave()
