"""The witness: another person with the role, who answers every question; the overview and its export."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import AsyncIterator, Awaitable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.services.witnessing import LASTINGS, give_consent
from data.database import Database
from data.voice_records import OPERATOR, Check, VoiceState
from generation.errors import AtelierError
from moderation.consent import DEFAULT_S, LONGEST_S
from moderation.witness import Statement
from tests.unit.bot.services.conftest import BEN, STRANGER, TEACHER
from tests.unit.bot.services.enrol_room import PUPIL, YES, EnrolRoom
from tests.voice_room import Room


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with await Database.open(tmp_path / "data") as opened:
        yield opened


@pytest.fixture
def school(database: Database, tmp_path: Path) -> EnrolRoom:
    return EnrolRoom(Room(database, tmp_path))


async def refused(work: Awaitable[object]) -> str:
    with pytest.raises(AtelierError) as caught:
        await work
    return caught.value.code


async def test_a_consent_is_given_for_ninety_minutes_and_nobody_else(school: EnrolRoom) -> None:
    consent = await school.granted()
    assert (consent.person, consent.witness, consent.allowed) == ("anna", "sommer", ())
    assert (consent.purpose, consent.model) == ("speech", "tortoise")
    assert consent.until - consent.granted_at == DEFAULT_S
    assert len(school.room.kept()) == 1, "what was read is deleted at the decision"
    overview = await school.witnessing.overview(TEACHER)
    assert overview.waiting == ()
    assert overview.consents == ((consent, "Annas Stimme"),)


async def test_it_ends_with_the_lesson(school: EnrolRoom) -> None:
    school.lesson = school.room.clock.now + 600
    assert (await school.granted()).until == school.lesson


@pytest.mark.parametrize("lasting", [one for one, seconds in LASTINGS.items() if seconds])
async def test_longer_consents(school: EnrolRoom, lasting: str) -> None:
    consent = await school.granted(replace(YES, lasting=lasting))
    assert consent.until - consent.granted_at == LASTINGS[lasting]
    assert consent.until - consent.granted_at <= LONGEST_S


async def test_others_are_named_once_and_never_the_owner(school: EnrolRoom) -> None:
    consent = await school.granted(replace(YES, allowed=("ben", "anna", "ben")))
    assert consent.allowed == ("ben",)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"in_room": False}, "refused_witness_presence"),
        ({"under_16": None}, "refused_age_unknown"),
        ({"under_16": True}, "refused_age_reference"),
        ({"under_16": True, "parents_reference": "   "}, "refused_age_reference"),
        ({"lasting": "forever"}, "lasting_unknown"),
    ],
)
async def test_a_statement_that_is_not_whole_grants_nothing(
    school: EnrolRoom, change: dict[str, Any], code: str
) -> None:
    voice = await school.waiting()
    granting = school.witnessing.grant(voice.id, replace(YES, **change), TEACHER, owner_is_teacher=False)
    assert await refused(granting) == code
    assert (await school.witnessing.overview(TEACHER)).waiting[0].id == voice.id, "it still waits"


async def test_under_16_the_parents_reference_is_kept_and_above_it_is_not(school: EnrolRoom) -> None:
    young = await school.granted(replace(YES, under_16=True, parents_reference=" Ordner 7b "))
    assert (young.under_16, young.parents_reference) == (True, "Ordner 7b")
    older = await school.granted(replace(YES, parents_reference="not needed"), who=BEN)
    assert (older.under_16, older.parents_reference) == (False, None)


async def test_nobody_but_a_teacher_of_this_class(school: EnrolRoom) -> None:
    voice = await school.waiting()
    for work in (
        school.witnessing.overview(BEN),
        school.witnessing.look(voice.id, BEN),
        school.witnessing.grant(voice.id, YES, BEN, owner_is_teacher=False),
        school.witnessing.refuse(voice.id, BEN),
        school.witnessing.export("csv", {}, BEN),
        school.witnessing.persons(BEN),
    ):
        assert await refused(work) == "teachers_only"
    for work in (
        school.witnessing.look(voice.id, STRANGER),
        school.witnessing.grant(voice.id, YES, STRANGER, owner_is_teacher=False),
        school.witnessing.refuse(voice.id, STRANGER),
    ):
        assert await refused(work) == "refused_voice_unknown"
    assert (await school.witnessing.overview(STRANGER)).waiting == ()


async def test_nobody_confirms_themselves(school: EnrolRoom) -> None:
    voice = await school.waiting(TEACHER)
    assert await refused(school.witnessing.look(voice.id, TEACHER)) == "refused_witness_self"
    granting = school.witnessing.grant(voice.id, YES, TEACHER, owner_is_teacher=True)
    assert await refused(granting) == "refused_witness_self"


@pytest.mark.parametrize(("teaches", "check"), [(True, "witness_operator"), (None, "witness_role")])
async def test_a_teachers_voice_is_for_the_operator(
    school: EnrolRoom, teaches: bool | None, check: str
) -> None:
    voice = await school.waiting(BEN)
    granting = school.witnessing.grant(voice.id, YES, TEACHER, owner_is_teacher=teaches)
    assert await refused(granting) == f"refused_{check}"


async def test_the_operator_confirms_a_teachers_voice_and_no_pupils(school: EnrolRoom) -> None:
    voice = await school.waiting(TEACHER)
    statement = Statement(person=OPERATOR, guild="class", is_teacher=False, in_room=True, under_16=False)
    until = school.room.clock.now + 60
    pupils = give_consent(school.room.consents, voice.id, statement, until, owner_is_teacher=False)
    assert await refused(pupils) == "refused_witness_role"
    given = await give_consent(school.room.consents, voice.id, statement, until, owner_is_teacher=True)
    assert given.witness == OPERATOR


async def test_every_open_question_needs_a_yes(school: EnrolRoom) -> None:
    checked = await school.read(await school.begun(language="de"), by="ben")
    asked = await school.witnessing.look(checked.voice.id, TEACHER)
    assert asked.questions == (Check.PHRASE_UNCHECKED, Check.SPEAKER_DIFFERS)
    assert checked.voice.phrase is not None
    assert asked.words == checked.voice.phrase.words, "nothing else checked the words"
    for decided, code in ((0, "phrase_unchecked"), (1, "speaker_differs")):
        granting = school.witnessing.grant(
            asked.voice.id, replace(YES, decided=decided), TEACHER, owner_is_teacher=False
        )
        assert await refused(granting) == f"refused_{code}"
    consent = await school.witnessing.grant(
        asked.voice.id, replace(YES, decided=2), TEACHER, owner_is_teacher=False
    )
    assert consent.witness == "sommer"


async def test_the_witness_hears_everything_until_the_decision(school: EnrolRoom) -> None:
    voice = await school.waiting()
    asked = await school.witnessing.look(voice.id, TEACHER)
    assert voice.phrase is not None
    assert " ".join(voice.phrase.words).encode() in asked.recording.read_bytes()
    assert [path.read_bytes() for path in asked.clips] == [b"anna|8.0|False|hello there"]
    assert asked.words == (), "the recogniser was measured: the words are not shown"
    await school.witnessing.grant(voice.id, YES, TEACHER, owner_is_teacher=False)
    assert not asked.recording.exists()
    assert await refused(school.witnessing.look(voice.id, TEACHER)) == "refused_voice_step"


async def test_an_exchanged_file_is_neither_heard_nor_granted(school: EnrolRoom) -> None:
    voice = await school.waiting()
    voice.clips[0].path.write_bytes(b"somebody else")
    assert await refused(school.witnessing.look(voice.id, TEACHER)) == "refused_clip_changed"
    granting = school.witnessing.grant(voice.id, YES, TEACHER, owner_is_teacher=False)
    assert await refused(granting) == "refused_clip_changed"


async def test_refusing_deletes_everything(school: EnrolRoom) -> None:
    voice = await school.waiting()
    assert (await school.witnessing.refuse(voice.id, TEACHER)).state is VoiceState.REFUSED
    assert school.room.kept() == []
    assert await school.enrol.mine(PUPIL) == []
    assert await refused(school.witnessing.refuse(voice.id, TEACHER)) == "refused_voice_step"


async def test_both_exports_say_who_what_until_when_and_every_decision(school: EnrolRoom) -> None:
    await school.granted(replace(YES, under_16=True, parents_reference='=HYPERLINK("x")', allowed=("ben",)))
    names = {"anna": "Anna; A.", "sommer": "Frau Sommer"}
    made = await school.witnessing.export("json", names, TEACHER)
    plain = json.loads(made["consents.json"])
    (row,) = plain["consents"]
    assert (row["person_name"], row["witness_name"], row["allowed"]) == ("Anna; A.", "Frau Sommer", ["ben"])
    assert row["parents_reference"] == '=HYPERLINK("x")'
    assert [one["what"] for one in plain["decisions"]][-1] == "granted"

    made = await school.witnessing.export("csv", names, TEACHER)
    assert set(made) == {"consents.csv", "decisions.csv"}
    table = list(csv.DictReader(io.StringIO(made["consents.csv"].decode("utf-8-sig")), delimiter=";"))
    assert (table[0]["person_name"], table[0]["under_16"]) == ("Anna; A.", "True")
    assert table[0]["parents_reference"] == '\'=HYPERLINK("x")', "a spreadsheet must not run it"
    english = await school.witnessing.export("csv", names, replace(TEACHER, locale="en"))
    assert b"voice,name,person" in english["consents.csv"]
    assert await refused(school.witnessing.export("xlsx", {}, TEACHER)) == "format_unknown"
    taken = [one for one in await school.audit.entries(TEACHER.guild_id) if one.what == "data.exported"]
    assert [one.detail for one in taken] == [{"what": "consents"}] * 3
    assert {one.actor for one in taken} == {await school.audit.pseudonym(TEACHER.guild_id, TEACHER.person_id)}


async def test_an_export_of_another_class_is_empty(school: EnrolRoom) -> None:
    await school.granted()
    made = await school.witnessing.export("json", {}, STRANGER)
    assert json.loads(made["consents.json"]) == {"consents": [], "decisions": []}
    assert await school.witnessing.persons(STRANGER) == []


async def test_only_ids_are_looked_up_for_an_export(school: EnrolRoom) -> None:
    await school.granted(replace(YES, allowed=("12345",)))
    assert await school.witnessing.persons(TEACHER) == ["12345"]
