"""The real services with a model that writes what the test says, behind the bot of the class server."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

from bot.client import AtelierBot
from bot.local.errors import Json
from bot.local.visitor import Visitor
from bot.publisher import DiscordPublisher
from bot.services.desk import Desk
from cogs import EXTENSIONS
from tests.end_to_end.discord_layer.conftest import PATIENCE_S, Class, School
from tests.fakes import Workshop
from tests.fakes_text import TextWorkshop
from tests.unit.bot.services.conftest import Room

TYPING = "POST /channels/{channel_id}/typing"


def writers() -> Workshop:
    return TextWorkshop(write=lambda request: f"Antwort auf: {request.params['prompt']}")


@dataclass
class TalkingSchool:
    """The school's bot, exchanged for one with real services. `restart` keeps what is in the database."""

    school: School
    room: Room
    make_workers: Callable[[], Workshop] = writers
    bot: AtelierBot = field(init=False)

    @property
    def desk(self) -> Desk:
        return self.room.desk

    @property
    def writers(self) -> TextWorkshop:
        return cast("TextWorkshop", self.room.workers)

    async def connect(self) -> None:
        publisher = DiscordPublisher(sentences=self.school.sentences, clock=self.school.server.clock.now)
        self.room.discord = cast("Any", publisher)
        self.room.workers = self.make_workers()
        await self.room.open()
        self.bot = AtelierBot(
            desk=self.room.desk,
            publisher=publisher,
            sentences=self.school.sentences,
            teacher_role="Lehrkraft",
            extensions=EXTENSIONS,
        )
        self.school.bot = self.bot  # the test's class is new to it
        self._task = asyncio.create_task(self.bot.start(self.school.server.token))
        async with asyncio.timeout(PATIENCE_S):
            await self.bot.logged_in.wait()
            await self.bot.wait_until_ready()
        await self.room.atelier.recovery.run()

    async def disconnect(self) -> None:
        await self.room.close()
        await self.bot.close()
        await self._task

    async def restart(self) -> None:
        await self.disconnect()
        await self.connect()


@dataclass
class Talk:
    """A class, its bot, and a conversation that is open in it."""

    klass: Class
    talking: TalkingSchool
    thread: Json
    intro: Json

    def say(self, key: str, locale: str = "de", **values: Any) -> str:
        return self.klass.say(key, locale, **values)

    @property
    def place(self) -> str:
        return str(self.thread["id"])

    async def answer(self, visitor: Visitor, question: str, *, since: int = 0) -> Json:
        """The post in the thread that answers this question."""
        return await visitor.wait_for_message(
            lambda one: answers(one, question), channel=self.place, since=since
        )

    async def words(self, visitor: Visitor) -> list[str]:
        return [one["content"] for one in await visitor.messages(self.place)]


def answers(message: Json, question: str) -> bool:
    return any(f"Antwort auf: {question}" in (embed.get("description") or "") for embed in message["embeds"])


async def begin(klass: Class, talking: TalkingSchool, visitor: Visitor, **options: Any) -> Talk:
    """`/chat`, until its thread with the introduction is there."""
    known = {one["id"] for one in visitor.threads()}
    (link,) = await visitor.command("chat", **options)
    async with asyncio.timeout(PATIENCE_S):
        while not (new := [one for one in visitor.threads() if one["id"] not in known]):
            await asyncio.sleep(0.01)
    assert f"<#{new[0]['id']}>" in link["content"]
    intro = await visitor.wait_for_message(lambda one: bool(one["components"]), channel=str(new[0]["id"]))
    return Talk(klass, talking, new[0], intro)
