"""`/meine-daten` and `/protokoll` over real sockets: seen by one person, in their language; the class by teachers."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bot.commands import sync_commands
from bot.local.errors import Json
from bot.local.visitor import Visitor
from bot.services.my_data import MyData
from bot.services.protocol import Protocol
from bot.services.retention import Times
from tests.end_to_end.discord_layer.conftest import Class, School
from tests.end_to_end.discord_layer.music_school import EPHEMERAL
from tests.unit.bot.local.openapi import Description
from tests.unit.bot.services.erasing_room import BEN, WORD, ErasingRoom

pytestmark = pytest.mark.usefixtures("commands")


@pytest.fixture(scope="module")
async def commands(school: School) -> AsyncIterator[None]:
    """Both are loaded by hand, until the bot's list names them."""
    bot: Any = school.bot
    names = [name for name in ("cogs.my_data", "cogs.protocol") if name not in bot.extensions]
    description = Description.find()
    if description is not None:
        school.server.observe(description.observe)
    for name in names:
        await bot.load_extension(name)
    await sync_commands(bot.tree, application_id=bot.application_id, guild_ids=(), memory=None)
    yield
    for name in names:
        await bot.unload_extension(name)
    await sync_commands(bot.tree, application_id=bot.application_id, guild_ids=(), memory=None)
    if description is not None:
        assert description.complaints == []


@dataclass
class Office:
    """The class and what is kept of it."""

    klass: Class
    room: ErasingRoom

    async def leave(self, visitor: Visitor) -> None:
        await self.room.leave(str(visitor.me["id"]), BEN)

    async def kept(self, visitor: Visitor) -> set[str]:
        return {
            one.table for one in await self.room.personal.holdings(self.room.guild, str(visitor.me["id"]))
        }


@pytest.fixture
async def office(klass: Class, tmp_path: Path) -> AsyncIterator[Office]:
    room = ErasingRoom(tmp_path, guild=klass.guild_id)
    await room.open()
    desk: Any = klass.desk
    sentences = klass.school.sentences
    desk.my_data = MyData(
        personal=room.personal,
        erasing=room.erasing,
        audit=room.audit,
        times=Times(),
        sentence=sentences.text,
        has=sentences.has,
    )
    desk.protocol = Protocol(audit=room.audit, sentence=sentences.text, has=sentences.has)
    yield Office(klass, room)
    await room.close()


async def asked(visitor: Visitor, command: str, **options: Any) -> Json:
    """The private answer, which may be a card alone."""
    handle = visitor.command(command, **options)
    return await handle.message(
        lambda one: bool(one["flags"] & EPHEMERAL and (one["content"] or one["embeds"]))
    )


@pytest.mark.parametrize(
    ("locale", "command", "word"),
    [("de", "meine-daten zeigen", "Aufträge"), ("en-GB", "my-data show", "requests")],
)
async def test_somebody_sees_what_is_kept_of_them(
    office: Office, locale: str, command: str, word: str
) -> None:
    ada = await office.klass.enter("Ada", locale)
    await office.leave(ada)
    (embed,) = (await asked(ada, command))["embeds"]
    assert embed["title"] == office.klass.say("my_data.title", locale)
    assert f"5 {word}" in embed["description"]
    assert WORD not in embed["description"]


async def test_somebody_takes_everything_with_them(office: Office) -> None:
    ada = await office.klass.enter("Ada")
    await office.leave(ada)
    first = await asked(ada, "meine-daten exportieren")
    assert first["content"] == office.klass.say("my_data.export_done", n=1)
    part = office.klass.say("my_data.export_part", part=1, parts=1)
    message = await ada.wait_for_message(lambda one: one["content"] == part)
    with zipfile.ZipFile(io.BytesIO(await ada.download(message["attachments"][0]))) as archive:
        plain = json.loads(archive.read("data.json"))
    assert WORD in json.dumps(plain["tables"]["jobs"]["rows"])


async def test_deleting_explains_first_and_then_deletes(office: Office) -> None:
    ada = await office.klass.enter("Ada")
    await office.leave(ada)
    said = await asked(ada, "meine-daten loeschen")
    assert said["content"].startswith(office.klass.say("my_data.delete_explain"))
    assert "jobs" in await office.kept(ada)
    said = await asked(ada, "meine-daten loeschen", wirklich=True)
    lines = said["content"].splitlines()
    assert lines[0] == office.klass.say("my_data.deleted")
    assert office.klass.say("my_data.deleted_voices", n=2) in lines
    assert await office.kept(ada) == set()


async def test_a_teacher_deletes_somebody_and_nobody_else(office: Office) -> None:
    ada, ben = await office.klass.enter("Ada"), await office.klass.enter("Ben")
    teacher = await office.klass.enter("Frau Sommer")
    await office.leave(ada)
    before = await office.kept(ben)
    refused = await asked(ben, "meine-daten loeschen", person="Ada", wirklich=True)
    assert refused["content"] == office.klass.say("error.teachers_only")
    both = await asked(teacher, "meine-daten loeschen", person="Ada", ganze_klasse=True, wirklich=True)
    assert both["content"] == office.klass.say("error.data_of_whom")
    told = await asked(teacher, "meine-daten loeschen", person="Ada")
    mention = f"<@{ada.me['id']}>"
    assert told["content"].startswith(office.klass.say("my_data.delete_explain_person", person=mention))
    assert "jobs" in await office.kept(ada)
    said = await asked(teacher, "meine-daten loeschen", person="Ada", wirklich=True)
    assert said["content"].startswith(office.klass.say("my_data.deleted"))
    assert await office.kept(ada) == set()
    assert await office.kept(ben) == before


@pytest.mark.parametrize("command", ["zeigen", "exportieren", "loeschen"])
async def test_the_class_is_not_a_pupils_affair(office: Office, command: str) -> None:
    ada = await office.klass.enter("Ada")
    await office.leave(ada)
    really = {"wirklich": True} if command == "loeschen" else {}
    said = await asked(ada, f"meine-daten {command}", ganze_klasse=True, **really)
    assert said["content"] == office.klass.say("error.teachers_only")
    assert "jobs" in await office.kept(ada)


async def test_a_teacher_deletes_the_class(office: Office) -> None:
    ada, teacher = await office.klass.enter("Ada"), await office.klass.enter("Frau Sommer")
    await office.leave(ada)
    said = await asked(teacher, "meine-daten loeschen", ganze_klasse=True)
    assert said["content"] == office.klass.say("my_data.delete_explain_class", days=30)
    said = await asked(teacher, "meine-daten loeschen", ganze_klasse=True, wirklich=True)
    assert said["content"].startswith(office.klass.say("my_data.deleted"))
    assert await office.kept(ada) == set()


@pytest.mark.parametrize(("person", "may"), [("Frau Sommer", True), ("Ada", False)])
async def test_the_log_is_a_file_for_teachers(office: Office, person: str, may: bool) -> None:
    ben, visitor = await office.klass.enter("Ben"), await office.klass.enter(person)
    await office.room.audit.note(office.klass.guild_id, str(visitor.me["id"]), "block", str(ben.me["id"]))
    said = await asked(visitor, "protokoll", person="Ben")
    if not may:
        assert said["content"] == office.klass.say("error.teachers_only")
        return
    assert said["content"].splitlines()[:2] == [
        office.klass.say("log.done", n=1), office.klass.say("log.unchanged")
    ]  # fmt: skip
    (file,) = said["attachments"]
    table = (await visitor.download(file)).decode("utf-8-sig")
    assert "Person gesperrt" in table
    assert str(ben.me["id"]) not in table
