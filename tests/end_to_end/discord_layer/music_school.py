"""A school whose bot has the real services for music, with workers that make sounds at once; and small helpers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import discord

from bot.local.errors import Json
from bot.local.visitor import Handle, Visitor
from generation.supervisor import Request
from tests.end_to_end.discord_layer.chat_room import TalkingSchool
from tests.end_to_end.discord_layer.conftest import Class, School
from tests.fakes_music import MusicWorkshop, music_catalog
from tests.unit.bot.local.openapi import Description
from tests.unit.bot.services.music_room import MusicRoom

EPHEMERAL = 64


class PlayingSchool(TalkingSchool):
    @property
    def band(self) -> MusicWorkshop:
        return cast("MusicWorkshop", self.room.workers)

    @property
    def stage(self) -> MusicRoom:
        return cast("MusicRoom", self.room)

    def asked(self, task: str = "music") -> Request:
        """What the worker was asked for last."""
        return next(one for one in reversed(self.band.requests) if one.task == task)


def _players() -> MusicWorkshop:
    workers = MusicWorkshop()
    workers.on_start = lambda request: None  # nothing waits for the test
    return workers


@asynccontextmanager
async def playing_school(school: School, folder: Path) -> AsyncIterator[PlayingSchool]:
    """In place of the school's own bot; what goes over the wire is held against Discord's description."""
    await school.disconnect()
    description = Description.find()
    if description is not None:
        school.server.observe(description.observe)
    made = PlayingSchool(school, MusicRoom(folder, catalog=music_catalog(), limit=20), _players)
    await made.connect()
    try:
        yield made
    finally:
        await made.disconnect()
        await school.restart()
    if description is not None:
        assert description.complaints == []


def has_files(message: Json) -> bool:
    return bool(message["attachments"])


def is_private(message: Json) -> bool:
    return bool(message["flags"] & EPHEMERAL and message["content"])


async def private(handle: Handle) -> Json:
    """The sentence that only this person sees."""
    return await handle.message(is_private)


async def played(visitor: Visitor, command: str, **options: Any) -> Json:
    """The post that a command ends in."""
    return await visitor.command(command, **options).message(has_files)


def names(message: Json) -> list[str]:
    return [one["filename"] for one in message["attachments"]]


EVERYWHERE = {"Melden", "Report", "Für die Galerie", "For the gallery"}


def labels(message: Json) -> list[list[str]]:
    """Of every row, without the buttons that every post has at its end: for the gallery, and reporting it."""
    rows = [[one["label"] for one in row["components"]] for row in message["components"]]
    return [kept for row in rows if (kept := [one for one in row if one not in EVERYWHERE])]


def facts(message: Json) -> dict[str, str]:
    return {one["name"]: one["value"] for one in message["embeds"][0]["fields"]}


def told(message: Json) -> str:
    """Everything that the post says in words."""
    return "\n".join([message["content"], *(one.get("description") or "" for one in message["embeds"])])


async def forged(klass: Class, visitor: Visitor, custom_id: str) -> Json:
    """A message of the bot's with a button that nobody made."""
    channel: Any = klass.school.bot.get_channel(int(visitor.channel_id("atelier")))
    view = discord.ui.View(timeout=None)
    view.add_item(discord.ui.Button(label="x", custom_id=custom_id))
    view.stop()
    sent = await channel.send("?", view=view)
    return await visitor.wait_for_message(lambda one: one["id"] == str(sent.id))
