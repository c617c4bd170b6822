"""The whole bot on a data folder that was copied earlier and put back: who was deleted, what was withdrawn stays so."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pytest

from data.errors import RecordsDamaged
from data.tombstones import FILE_NAME
from data.voice_records import Consent
from generation.job import JobState
from tests.unit.bot.services.conftest import ANNA, BEN, Room
from tests.voice_room import Room as VoiceRoom

CANARY = "a kingfisher"


async def granted(room: Room) -> Consent:
    voices = VoiceRoom(room.database, room.folder / "data")
    voices.clock.now = time.time()
    return await voices.granted(ANNA.person_id, ANNA.guild_id)


def put_back(room: Room) -> None:
    shutil.rmtree(room.folder / "data")
    shutil.copytree(room.folder / "copy", room.folder / "data")


async def copied(room: Room) -> None:
    await room.close()
    shutil.copytree(room.folder / "data", room.folder / "copy")
    await room.open()


async def test_nothing_comes_back_with_a_copy_of_the_whole_data_folder(room: Room) -> None:
    await room.end(await room.ask(CANARY))
    other = await room.end(await room.ask("a blue house", BEN))
    mine = await granted(room)
    await copied(room)
    assert room.kept(other.id)
    assert (await room.desk.my_data.delete(ANNA)).is_done
    await room.close()
    put_back(room)
    assert CANARY.encode() in (room.folder / "data" / "atelier.sqlite").read_bytes()
    await room.open()
    left = [file for file in room.folder.rglob("*") if file.is_file() and "copy" not in file.parts]
    assert [file for file in left if CANARY.encode() in file.read_bytes()] == []
    assert [one.id for one in await room.jobs.of_owner(ANNA.guild_id, ANNA.person_id)] == []
    assert await room.state(other.id) is JobState.POSTED
    assert mine.voice not in {one.id for one in await room.desk.revoke.offered(ANNA)}


async def test_a_withdrawn_voice_is_withdrawn_again_before_anything_begins(room: Room) -> None:
    consent = await granted(room)
    await copied(room)
    folder = room.folder / "data" / "voices"
    assert list(folder.iterdir())
    await room.desk.revoke.revoke(consent.voice, ANNA)
    await room.close()
    put_back(room)
    assert list(folder.iterdir())
    await room.open()
    assert list(folder.iterdir()) == []
    assert await room.desk.witnessing.living(ANNA) == []


async def test_a_bot_that_cannot_tell_does_not_start(room: Room, tmp_path: Path) -> None:
    await granted(room)
    await room.close()
    (tmp_path / "data-records" / FILE_NAME).write_text("{")
    with pytest.raises(RecordsDamaged):
        await room.open()
