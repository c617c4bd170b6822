"""What somebody is shown and given of their data: all of it, nobody else's, and the class's only to a teacher."""

from __future__ import annotations

import io
import json
import sqlite3
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.i18n import Sentences
from bot.services.my_data import Export, MyData, _packed
from bot.services.ports import Requester
from bot.services.protocol import Protocol
from bot.services.retention import Times
from data.data_map import personal
from data.personal import SOMEBODY, KeptFile
from generation.errors import NotAllowed
from tests.unit.bot.services.erasing_room import ANNA, BEN, CLASS, SAID, TEACHER, WORD, ErasingRoom

SENTENCES = Sentences.load(strict=True)
LIMIT = 10_000_000
GUIDE = ("LIESMICH.txt", b"x" * 500)
LEAVES = {
    "jobs", "job_events", "reply_addresses", "artifacts", "posts", "conversations", "turns", "votes", "uploads",
    "upload_requests", "voices", "clips", "phrases", "consents", "voice_events",
}  # fmt: skip


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[ErasingRoom]:
    made = ErasingRoom(tmp_path)
    await made.open()
    yield made
    await made.close()


def my_data_of(room: ErasingRoom) -> MyData:
    return MyData(
        personal=room.personal,
        erasing=room.erasing,
        audit=room.audit,
        times=Times(),
        sentence=SENTENCES.text,
        has=SENTENCES.has,
    )


def who(person: str, *, is_teacher: bool = False, guild: str = CLASS, locale: str = "de") -> Requester:
    return Requester(guild_id=guild, channel_id="1", person_id=person, locale=locale, is_teacher=is_teacher)


def contents(made: Export) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for index in range(len(made.parts)):
        with zipfile.ZipFile(io.BytesIO(made.archive(index))) as archive:
            found |= {name: archive.read(name) for name in archive.namelist()}
    return found


@pytest.mark.parametrize("locale", ["de", "en"])
def test_every_table_with_somebodys_data_has_its_sentence(locale: str) -> None:
    missing = [one.name for one in personal() if f"my_data.table_{one.name}" not in SENTENCES.keys(locale)]
    assert missing == []


async def test_everything_is_shown_with_its_number_and_its_end(room: ErasingRoom) -> None:
    await room.leave(ANNA, BEN)
    assert {one.table for one in await room.personal.holdings(CLASS, ANNA)} >= LEAVES
    lines = await my_data_of(room).show(who(ANNA))
    assert any("5 Aufträge" in line and "30 Tage" in line for line in lines)
    assert any("2 Stimmen:" in line and "365" in line for line in lines)
    assert any("Protokoll" in line for line in lines)
    assert not any(WORD in line for line in lines)


async def test_who_has_nothing_is_shown_their_line_in_the_log_alone(room: ErasingRoom) -> None:
    await room.leave(BEN, TEACHER)
    assert len(await my_data_of(room).show(who(ANNA))) == 1


async def test_an_export_holds_all_of_mine_and_nothing_of_others(room: ErasingRoom) -> None:
    await room.leave(ANNA, BEN)
    made = contents(await my_data_of(room).export(who(ANNA), limit=LIMIT))
    plain = json.loads(made["data.json"])
    assert set(plain["tables"]) >= LEAVES
    prompts = [row["params"].get("prompt", "") for row in plain["tables"]["jobs"]["rows"]]
    assert f"{WORD} von {ANNA}" in prompts
    assert f"{WORD} verboten" in prompts
    assert "Aufträge" in plain["tables"]["jobs"]["what"]
    (consent,) = plain["tables"]["consents"]["rows"]
    assert consent["allowed"] == [SOMEBODY]
    assert "address" not in plain["tables"]["reply_addresses"]["rows"][0]
    everything = b"".join(made.values())
    assert SAID.encode() not in everything
    assert BEN.encode() not in everything
    assert WORD.encode() in next(content for name, content in made.items() if name.startswith("uploads/"))
    assert len([name for name in made if name.startswith("artifacts/")]) == 3
    assert len([name for name in made if name.startswith("voices/")]) >= 2


async def test_who_has_reported_a_post_is_not_told(room: ErasingRoom) -> None:
    """Not even under the name that the log has for them; a teacher reads it."""
    await room.audit.note(CLASS, BEN, "report", ANNA, detail={"job": "x", "code": "hurtful"})
    await room.audit.note(CLASS, ANNA, "data.shown")
    made = contents(await my_data_of(room).export(who(ANNA), limit=LIMIT))
    told = [(one["what"], one["who"]) for one in json.loads(made["data.json"])["log"]]
    alias = await room.audit.pseudonym(CLASS, ANNA)
    assert told == [("report", SOMEBODY), ("data.shown", alias), ("data.exported", alias)]
    other = str(await room.audit.pseudonym(CLASS, BEN)).encode()
    assert other not in b"".join(made.values())
    teacher = who(TEACHER, is_teacher=True)
    assert other in contents(await my_data_of(room).export(teacher, limit=LIMIT, whole=True))["data.json"]


@pytest.mark.parametrize(("locale", "name"), [("de", "LIESMICH.txt"), ("en", "README.txt")])
async def test_an_export_says_in_its_readers_language_what_is_what(
    room: ErasingRoom, locale: str, name: str
) -> None:
    await room.leave(ANNA, BEN)
    made = contents(await my_data_of(room).export(who(ANNA, locale=locale), limit=LIMIT))
    assert next(iter(made)) == name
    guide = made[name].decode("utf-8-sig")
    plain = json.loads(made["data.json"])
    for table, told in plain["tables"].items():
        assert f"- {table}: {told['what']}" in guide
    assert SENTENCES.text("my_data.guide_words", locale) in guide
    alias = await room.audit.pseudonym(CLASS, ANNA)
    assert str(alias) in {line["whom"] for line in plain["log"]}
    assert SENTENCES.text("my_data.guide_alias", locale, alias=alias) in guide
    (row, *_) = plain["tables"]["jobs"]["rows"]
    assert row["created_at"].endswith("+00:00")
    assert plain["tables"]["voices"]["rows"][0]["changed_at"][:4].isdecimal()


async def test_what_others_asked_in_a_conversation_is_theirs(room: ErasingRoom) -> None:
    """A model has read it before it answered; the one who asks for their data gets their own questions."""
    await room.leave(ANNA, BEN)
    made = contents(await my_data_of(room).export(who(BEN), limit=LIMIT))
    everything = b"".join(made.values()).decode("utf-8", "replace")
    assert WORD not in everything
    talks = [row["params"] for row in json.loads(made["data.json"])["tables"]["jobs"]["rows"]]
    asked = [one["messages"] for one in talks if "messages" in one]
    assert [[line["text"] for line in lines] for lines in asked] == [["hilf", "Regen?"]] * 2
    turns = json.loads(made["data.json"])["tables"]["turns"]["rows"]
    assert {row["question"] for row in turns} == {"Regen?"}


async def test_a_class_is_a_teachers_affair_and_without_recordings(room: ErasingRoom) -> None:
    await room.leave(ANNA, BEN)
    mine = my_data_of(room)
    for asked in (
        mine.show(who(ANNA), whole=True),
        mine.export(who(ANNA), limit=LIMIT, whole=True),
        mine.delete(who(ANNA), whole=True),
    ):
        with pytest.raises(NotAllowed) as caught:
            await asked
        assert caught.value.code == "teachers_only"
    assert await room.erasures.pending() == []
    teacher = who(TEACHER, is_teacher=True)
    made = contents(await mine.export(teacher, limit=LIMIT, whole=True))
    shown = await mine.show(teacher, whole=True)
    entries = len(await room.audit.entries(CLASS))
    assert SENTENCES.text("my_data.log_class", "de", n=entries) in shown
    owners = {row["owner_id"] for row in json.loads(made["data.json"])["tables"]["jobs"]["rows"]}
    assert owners == {ANNA, BEN}
    assert not [name for name in made if name.startswith("voices/")]
    assert (await mine.delete(teacher, whole=True)).is_done
    assert await room.personal.holdings(CLASS, "") == []


async def test_another_class_sees_nothing(room: ErasingRoom) -> None:
    await room.leave(ANNA, BEN)
    made = await my_data_of(room).export(who(TEACHER, is_teacher=True, guild="901"), limit=LIMIT, whole=True)
    assert json.loads(contents(made)["data.json"])["tables"] == {}


async def test_deleting_is_deleting(room: ErasingRoom) -> None:
    await room.leave(ANNA, BEN)
    assert (await my_data_of(room).delete(who(ANNA))).is_done
    assert room.traces([WORD, ANNA]) == {}


def test_archives_keep_their_limit_and_name_what_does_not_fit(tmp_path: Path) -> None:
    files = []
    for number, size in enumerate((40_000, 70_000, 200_000, 10)):
        path = tmp_path / str(number)
        path.write_bytes(b"x" * size)
        files.append(KeptFile(name=f"artifacts/{number}", path=path))
    made = _packed(b"{}" * 1000, GUIDE, files, 100_000)
    assert made.left_out == ("artifacts/2",)
    assert [[file.name[-1] for file in part] for part in made.parts] == [["0"], ["1", "3"]]
    assert all(len(made.archive(index)) <= 100_000 for index in range(len(made.parts)))
    many = _packed(b"{}", GUIDE, files[1:2] * 30, 100_000)
    assert len(many.parts) == 10
    assert len(many.left_out) == 20


def protocol_of(room: ErasingRoom) -> Protocol:
    return Protocol(audit=room.audit, sentence=SENTENCES.text, has=SENTENCES.has)


async def test_the_log_is_a_table_for_teachers(room: ErasingRoom) -> None:
    await room.audit.note(CLASS, TEACHER, "block", ANNA, detail={"minutes": 10})
    await room.audit.note(CLASS, TEACHER, "something.new")
    await room.audit.note("901", BEN, "data.shown")
    protocol = protocol_of(room)
    with pytest.raises(NotAllowed):
        await protocol.export(who(ANNA))
    made = await protocol.export(who(TEACHER, is_teacher=True))
    lines = made.content.decode("utf-8-sig").splitlines()
    assert made.lines == 2 == len(lines) - 1
    assert "Person gesperrt" in lines[1]
    assert "minutes=10" in lines[1]
    assert "something.new" in lines[2]
    assert lines[1].count(";") == 6
    assert not any(one in made.content.decode() for one in (ANNA, TEACHER, CLASS))
    assert made.broken is None
    assert made.head == await room.audit.head()
    about = await protocol.export(who(TEACHER, is_teacher=True, locale="en"), person=ANNA)
    assert about.lines == 1
    assert "person blocked" in about.content.decode()
    assert (await protocol.export(who(TEACHER, is_teacher=True), person=BEN)).lines == 0
    assert await room.audit.pseudonym(CLASS, BEN) is None, "asking about somebody makes them known to nobody"


async def test_a_changed_log_is_told(room: ErasingRoom) -> None:
    await room.audit.note(CLASS, TEACHER, "block", ANNA)
    await room.audit.note(CLASS, TEACHER, "unblock", ANNA)

    def unit(connection: sqlite3.Connection) -> None:
        connection.execute("DROP TRIGGER audit_is_not_deleted")
        connection.execute("DELETE FROM audit WHERE number = 1")

    await room.stage.database.write(unit)
    assert (await protocol_of(room).export(who(TEACHER, is_teacher=True))).broken == 1
