"""What has ended stays ended: a line of the log in the very transaction, and a tombstone that a backup cannot undo."""

from __future__ import annotations

import json
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from data.audit import Audit
from data.database import Database
from data.errors import RecordsDamaged
from data.lesson_voices import LessonVoices
from data.tombstones import FILE_NAME, KEPT_S, Tombstones
from data.voice_ends import VoiceEnds
from data.voice_records import OPERATOR, UNDECIDED_S, VoiceState
from moderation.consent import judge_revocation
from tests.voice_room import Clock, Room

ANNA, SOMMER, CLASS = "778899001122334455", "556677889900112233", "900000000000000001"


@dataclass
class Place:
    """A data folder, and beside it the records; a backup is a copy of the former."""

    folder: Path
    clock: Clock

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[Place]:
        async with await Database.open(self.folder / "data") as database:
            self.room = Room(database, self.folder / "data", clock=self.clock)
            self.audit = Audit(database, self.folder / "records", clock=self.clock)
            stones = Tombstones(self.folder / "records", clock=self.clock)
            self.ends = VoiceEnds(
                database, self.room.files, tombstones=stones, audit=self.audit, clock=self.clock
            )
            await self.audit.keep_head()  # as at every start
            yield self

    def back_up(self) -> None:
        shutil.copytree(self.folder / "data", self.folder / "backup")

    def restore(self) -> None:
        shutil.rmtree(self.folder / "data")
        shutil.copytree(self.folder / "backup", self.folder / "data")

    async def said(self) -> list[tuple[str, str, str]]:
        """The log as who did what to whom."""
        names = {await self.audit.pseudonym(CLASS, one): one for one in (ANNA, SOMMER)}
        lines = await self.audit.entries(CLASS)
        return [(names.get(one.actor, one.actor), one.what, names.get(one.subject, "")) for one in lines]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path, Clock())


def kept(place: Place) -> list[str]:
    return [name for name in place.room.kept() if not name.startswith("sent")]


async def test_giving_and_withdrawing_are_lines_without_a_word(place: Place) -> None:
    async with place.opened():
        room = place.room
        voice = await room.waiting(ANNA, CLASS)
        consent = await room.grant(voice, room.statement(voice, person=SOMMER))
        await room.revoke(consent)
        await room.revoke(consent)
        assert await place.said() == [(SOMMER, "voice.granted", ANNA), (ANNA, "voice.revoked", ANNA)]
        assert all(line.detail == {"voice": voice.id} for line in await place.audit.entries(CLASS))
        await place.ends.remember()
        assert await place.audit.verify() is None
        (head,) = (place.folder / "records" / "audit-heads.jsonl").read_text().splitlines()
        assert json.loads(head)[0] == 2


async def test_so_are_those_of_a_teacher_of_the_operator_and_of_time(place: Place) -> None:
    async with place.opened():
        room = place.room
        by_teacher, by_operator = await room.granted(ANNA, CLASS), await room.granted(ANNA, CLASS)
        await room.revoke(by_teacher, SOMMER, is_teacher=True)
        await room.consents.revoke(
            by_operator.voice,
            OPERATOR,
            lambda one: judge_revocation(one, guild=CLASS, person=OPERATOR, is_teacher=True),
        )
        await room.granted(ANNA, CLASS)
        await room.consents.accept_clock(OPERATOR)
        short = await room.granted(ANNA, CLASS, lasts=60)
        await LessonVoices(room.database, room.files, clock=place.clock).end(CLASS, short.until)
        await room.granted(ANNA, CLASS, lasts=60)
        place.clock.now += 61
        await room.voices.purge()
        waiting = await room.waiting(ANNA, CLASS)
        await room.consents.refuse(waiting.id, CLASS, SOMMER)
        told = [line for line in await place.said() if line[1] != "voice.granted"]
        assert told == [
            (SOMMER, "voice.revoked", ANNA),
            (OPERATOR, "voice.revoked", ANNA),
            (OPERATOR, "voice.revoked", ANNA),
            ("atelier", "voice.ended", ANNA),
            ("atelier", "voice.ended", ANNA),
            (SOMMER, "voice.refused", ANNA),
        ]


async def test_what_no_commit_followed_is_no_line(place: Place) -> None:
    """A consent that is refused leaves none: only what happened is told."""
    async with place.opened():
        voice = await place.room.waiting(ANNA, CLASS)
        with pytest.raises(Exception, match=r"witness\.presence|refused"):
            await place.room.grant(voice, place.room.statement(voice, person=SOMMER, in_room=False))
        assert await place.said() == []


async def test_a_withdrawn_consent_stays_withdrawn_in_a_restored_backup(place: Place) -> None:
    async with place.opened():
        consent = await place.room.granted(ANNA, CLASS, lasts=86400 * 20)
        other = await place.room.granted("ben", CLASS, lasts=86400 * 20)
        before = kept(place)
    place.back_up()
    place.clock.now += 60
    async with place.opened():
        await place.room.revoke(consent)
        await place.ends.remember()
    place.restore()
    place.clock.now += 60
    async with place.opened():
        assert kept(place) == before, "the copy has the recordings again"
        assert await place.ends.enforce() == 1
        found, left = (
            await place.room.consents.of_voice(consent.voice),
            await place.room.consents.of_voice(other.voice),
        )
        assert found is not None
        assert found.revoked_at == pytest.approx(place.clock.now - 60)
        assert left is not None
        assert left.revoked_at is None
        assert len(kept(place)) == len(before) - 1
        ended = await place.room.voices.get(consent.voice, CLASS)
        assert ended is not None
        assert ended.state is VoiceState.ENDED
        # the copy's log has not got the line of the withdrawal any more, only that of what was done now
        assert (await place.said())[-1] == ("atelier", "voice.revoked", ANNA)
        assert await place.ends.enforce() == 0


async def test_what_was_given_up_or_refused_is_not_waiting_again(place: Place) -> None:
    async with place.opened():
        waiting, refused = await place.room.waiting(ANNA, CLASS), await place.room.waiting("ben", CLASS)
    place.back_up()
    async with place.opened():
        await place.room.enrolments.withdraw(waiting.id, CLASS, ANNA)
        await place.room.consents.refuse(refused.id, CLASS, SOMMER)
        await place.ends.remember()
    place.restore()
    async with place.opened():
        assert kept(place)
        assert await place.ends.enforce() == 2
        assert kept(place) == []
        assert await place.room.voices.waiting(CLASS) == []


async def test_what_a_lesson_ended_is_over_but_not_withdrawn(place: Place) -> None:
    """What was posted under it stays: nobody took the consent back."""
    async with place.opened():
        consent = await place.room.granted(ANNA, CLASS)
    place.back_up()
    async with place.opened():
        await LessonVoices(place.room.database, place.room.files, clock=place.clock).end(CLASS, consent.until)
        await place.ends.remember()
    place.restore()
    async with place.opened():
        assert await place.ends.enforce() == 1
        found = await place.room.consents.of_voice(consent.voice)
        assert found is not None
        assert found.revoked_at is None
        ended = await place.room.voices.get(consent.voice, CLASS)
        assert ended is not None
        assert ended.state is VoiceState.ENDED
        assert kept(place) == []


async def test_a_tombstone_tells_nobody_which_voice_it_was_and_is_gone_after_its_time(place: Place) -> None:
    async with place.opened():
        consent = await place.room.granted(ANNA, CLASS)
        await place.room.revoke(consent)
        await place.ends.remember()
        await place.ends.remember()
        text = (place.folder / "records" / FILE_NAME).read_text()
        assert len(text.splitlines()) == 2
        assert not any(word in text for word in (consent.voice, ANNA, CLASS))
        place.clock.now += KEPT_S + UNDECIDED_S
        later = await place.room.granted("ben", CLASS)
        await place.room.revoke(later)
        await place.ends.remember()
        assert len((place.folder / "records" / FILE_NAME).read_text().splitlines()) == 2


@pytest.mark.parametrize("spoilt", [b"\xff\xfe", b"{", b'{"salt": "00"}\n{"who": "x"}\n', b'{"who": "x"}\n'])
async def test_nothing_begins_where_nobody_can_tell_what_was_withdrawn(place: Place, spoilt: bytes) -> None:
    async with place.opened():
        await place.room.granted(ANNA, CLASS)
        (place.folder / "records" / FILE_NAME).write_bytes(spoilt)
        with pytest.raises(RecordsDamaged):
            await place.ends.enforce()
