"""The whole product: class server, the unmodified bot as a process, real workers with the mini models."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from bot.bot_process import BotProcess, bot_variables
from bot.families import environments_of
from bot.i18n import Sentences
from bot.local.server import ClassServer
from bot.local.traffic import Dispatched, Exchange
from bot.local.visitor import Handle, Visitor
from bot.settings import Settings
from generation.errors import EnvironmentFailed
from tests.unit.bot.local.openapi import Description

LOADING, EPHEMERAL = 1 << 7, 1 << 6
PATIENCE = 180.0


@dataclass
class Klass:
    """A class at work; `traffic` holds every request of the bot and its answer."""

    server: ClassServer
    bot: BotProcess
    data_dir: Path
    sentences: Sentences
    traffic: list[Exchange] = field(default_factory=list)
    dispatched: list[Dispatched] = field(default_factory=list)
    visitors: dict[str, Visitor] = field(default_factory=dict)

    def __getattr__(self, name: str) -> Visitor:
        try:
            return self.__dict__["visitors"][name]
        except KeyError:
            raise AttributeError(name) from None

    async def result(self, handle: Handle) -> dict[str, Any]:
        """The post with the pictures."""
        message = await self.answer(handle)
        assert message["attachments"], message["content"]
        return message

    async def answer(self, handle: Handle) -> dict[str, Any]:
        """Whatever ends the interaction: pictures, or words without a cancel button."""
        return await handle.message(_settled, timeout=PATIENCE)

    async def pictures(self, message: dict[str, Any]) -> list[bytes]:
        """The single pictures in order; the sheet comes first among the attachments."""
        return [await self.ada.download(one) for one in message["attachments"][1:]]

    def calls_about(self, handle: Handle) -> list[Exchange]:
        """What the bot asked of the server because of this command: its first answer and its webhook."""
        interaction = handle.interaction_id
        token = next(
            one.data["token"]
            for one in self.dispatched
            if one.name == "INTERACTION_CREATE" and one.data["id"] == interaction
        )
        return [call for call in self.traffic if token in call.path]

    async def online(self) -> None:
        """Wait until the bot has its commands and is connected."""
        async with asyncio.timeout(60):
            while not ((state := await self.ada.refresh())["bot"]["online"] and state["commands"]):
                await asyncio.sleep(0.05)
        for visitor in self.visitors.values():
            await visitor.refresh()


def _settled(message: dict[str, Any]) -> bool:
    if message["flags"] & LOADING:
        return False
    result = message["attachments"] or message["embeds"] or message["flags"] & EPHEMERAL
    return bool(result) or not message["components"]


@pytest.fixture(scope="session")
def settings() -> Settings:
    return Settings(_env_file=None)  # type: ignore[call-arg]


@pytest.fixture(scope="session")
async def environments(settings: Settings) -> None:
    """Every environment is there; made now if need be, with what is done told in the test's output."""
    made = environments_of(settings, report=print)
    for family in ("media", "safety", "diffusion"):
        await made.ensure(family)


@pytest.fixture(scope="session")
async def text_python(settings: Settings) -> Path:
    """The text family's interpreter; what needs it is skipped where nothing can compile its library."""
    made = environments_of(settings, report=print)
    try:
        await made.ensure("text")
        return made.python("text")
    except EnvironmentFailed as error:
        if error.code != "no_compiler":
            raise
        pytest.skip("no compiler on this machine: the text family cannot be made")
    finally:
        await made.close()


@pytest.fixture(scope="session")
async def music(settings: Settings, environments: None) -> None:
    """The music family's environment is there, too."""
    await environments_of(settings, report=print).ensure("music")


@pytest.fixture(scope="session")
def description() -> Description | None:
    """Discord's published description of its API, where it is present."""
    return Description.find()


@asynccontextmanager
async def open_class(
    settings: Settings, folder: Path, description: Description | None, **more: str
) -> AsyncIterator[Klass]:
    """A class with its bot, both of its own; `more`: variables that the bot sees besides."""
    server = ClassServer()
    server.limits.channel_messages = None
    await server.start()
    variables = bot_variables(
        settings,
        token=server.token,
        api_base=server.api_base,
        gateway_url=server.gateway_url,
        data_dir=folder / "data",
    )
    variables |= {"ATELIER_WORKER_THREADS": "1", "ATELIER_LIMIT_WAITING": "4"}
    bot = BotProcess(variables | more, log=folder / "bot.log")
    klass = Klass(server, bot, folder / "data", Sentences.load(strict=True))
    server.observe(
        lambda seen: (klass.traffic if isinstance(seen, Exchange) else klass.dispatched).append(seen)
    )
    if description is not None:
        server.observe(description.observe)
    for name, person, locale in (
        ("ada", "Ada", "de"),
        ("ben", "Ben", "en-US"),
        ("chiara", "Chiara", "de"),
        ("teacher", "Frau Sommer", "de"),
    ):
        klass.visitors[name] = await Visitor.enter(server.base_url, person=person, locale=locale, timeout=60)
    await bot.start()
    try:
        await klass.online()
        yield klass
    finally:
        for visitor in klass.visitors.values():
            await visitor.leave()
        await bot.stop()
        await server.stop()
        print(bot.last_lines(40))


@pytest.fixture(scope="session")
async def klass(
    settings: Settings,
    environments: None,
    description: Description | None,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Klass]:
    async with open_class(settings, tmp_path_factory.mktemp("whole"), description) as klass:
        yield klass


@pytest.fixture
def say(klass: Klass) -> Callable[..., str]:
    """`say(key, locale, **values)`: the sentence that a person should read."""
    return klass.sentences.text


Play = Callable[..., Awaitable[dict[str, Any]]]
