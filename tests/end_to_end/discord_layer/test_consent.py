"""A voice on its way to a consent, over real sockets: forms with files, a voice message, the witness's questions.

The services are the real ones on a real database; a recording is a line of text that says what is in it.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.local.errors import Json
from bot.local.visitor import VisitError, Visitor
from bot.services.ports import Requester
from bot.services.revoke import Revoked
from data.database import Database
from data.voice_records import VoiceState
from tests.end_to_end.discord_layer.conftest import Class, School
from tests.end_to_end.discord_layer.music_school import EPHEMERAL, forged, labels, names, private
from tests.unit.bot.local.openapi import Description
from tests.unit.bot.services.enrol_room import EnrolRoom
from tests.voice_room import Clock, Room

NAMES = {
    "de": ("stimme-aufnehmen", "einwilligungen"),
    "en": ("record-voice", "consents"),
}


class Pupil:
    """A visitor with a voice; `recorded` makes the files that they give."""

    def __init__(self, klass: Class, visitor: Visitor, folder: Path, locale: str) -> None:
        self.klass, self.visitor, self.folder, self.locale = klass, visitor, folder, locale

    def say(self, key: str, **values: Any) -> str:
        return self.klass.say(key, self.locale, **values)

    def recorded(self, words: str, *, by: str = "ada", name: str = "aufnahme.ogg") -> Path:
        file = self.folder / name
        file.write_text(f"{by}|8.0|False|{words}", "utf-8")
        return file

    async def asked(self) -> Json:
        """The private answer of /stimme-aufnehmen."""
        return await private(self.visitor.command(NAMES[self.locale][0]))

    async def press(self, message: Json, key: str) -> Json:
        return await private(self.visitor.press(message, label=self.say(f"button.{key}")))

    async def fill(self, message: Json, key: str, **fields: Any) -> Json:
        """Press a button that opens a form, and send it; the private answer."""
        form = await self.visitor.open_form(self.visitor.press(message, label=self.say(f"button.{key}")))
        return await private(self.visitor.fill_in(form, **fields))

    async def begun(self, language: str = "en", by: str = "ada") -> Json:
        start = await self.asked()
        clip = self.recorded("hello there", by=by)
        return await self.fill(
            start, "voice_agree", name="Adas Stimme", language=[language], mood=["happy"], file=clip
        )

    async def words(self, card: Json) -> tuple[Json, str]:
        """The message with the words to read, and the words."""
        message = await self.press(card, "voice_phrase")
        found = re.search(r"(?m)^# (.+)$", message["content"])
        assert found is not None
        return message, found[1].replace(" · ", " ")

    async def waiting(self, language: str = "en", by: str = "ada") -> Json:
        message, words = await self.words(await self.begun(language))
        said = await self.fill(message, "voice_give", file=self.recorded(words, by=by))
        assert self.say("consent.next_witness") in said["content"]
        return said


@pytest.fixture(scope="module")
async def listening(school: School, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[EnrolRoom]:
    folder = tmp_path_factory.mktemp("listening")
    description = Description.find()
    if description is not None:
        school.server.observe(description.observe)
    async with await Database.open(folder / "data") as database:
        yield EnrolRoom(Room(database, folder, clock=Clock(now=time.time())))
    if description is not None:
        assert description.complaints == []


@pytest.fixture
async def klass(listening: EnrolRoom, klass: Class) -> Class:
    desk: Any = klass.desk
    desk.enrol, desk.witnessing = listening.enrol, listening.witnessing
    return klass


@pytest.fixture
async def ada(klass: Class, tmp_path: Path) -> Pupil:
    return Pupil(klass, await klass.enter(), tmp_path, "de")


@pytest.fixture
async def teacher(klass: Class, tmp_path: Path) -> Pupil:
    return Pupil(klass, await klass.enter("Frau Sommer"), tmp_path, "de")


async def overview(teacher: Pupil) -> Json:
    return await private(teacher.visitor.command(NAMES[teacher.locale][1]))


async def seen(teacher: Pupil, name: str = "Adas Stimme") -> Json:
    """The card of a voice that waits, with its recordings."""
    message = await overview(teacher)
    label = teacher.say("button.witness_see", name=name)
    return await private(teacher.visitor.press(message, label=label))


def stated(**changes: Any) -> dict[str, Any]:
    return {"in_room": ["yes"], "under_16": ["no"], **changes}


@pytest.mark.parametrize(("locale", "person"), [("de", "Ada"), ("en-GB", "Ben")])
async def test_the_whole_way_is_private_and_in_ones_language(
    klass: Class, tmp_path: Path, listening: EnrolRoom, locale: str, person: str
) -> None:
    spoken = locale[:2]
    ada = Pupil(klass, await klass.enter(person, locale), tmp_path, spoken)
    teacher = Pupil(klass, await klass.enter("Frau Sommer", locale), tmp_path, spoken)
    chiara = await klass.enter("Chiara")

    start = await ada.asked()
    assert start["content"] == ada.say("consent.start")
    card = await ada.begun()
    assert ada.say("consent.mood_happy") in card["content"]
    clip = ada.recorded("how are you", name="second.m4a")
    card = await ada.fill(card, "voice_clip", mood=["sad"], file=clip)
    assert ada.say("consent.mood_sad") in card["content"]

    message, words = await ada.words(card)
    assert len(words.split()) == 8
    assert re.search(r"<t:\d+:R>", message["content"]), "Discord counts down by itself"
    said = await ada.fill(message, "voice_give", file=ada.recorded(words))
    for key in ("ok_phrase", "ok_speaker", "ok_mark", "next_witness"):
        assert ada.say(f"consent.{key}") in said["content"]
    closed = await ada.visitor.wait_for_message(
        lambda one: one["id"] == message["id"] and one["content"] == ada.say("consent.taken")
    )
    assert closed["components"] == []

    look = await seen(teacher)
    assert [name.rsplit(".", 1)[-1] for name in names(look)] == ["wav"] * 3
    heard = await teacher.visitor.download(look["attachments"][0])
    assert words in heard.decode()
    assert words not in look["content"], "the recogniser was measured: the words are not shown"
    granted = await teacher.fill(look, "witness_confirm", **stated())
    assert teacher.say("witness.nobody_else") in granted["content"]
    assert ada.visitor.me["id"] in granted["content"]
    empty = await teacher.visitor.wait_for_message(
        lambda one: one["id"] == look["id"] and one["content"] == teacher.say("witness.decided")
    )
    assert (empty["attachments"], empty["components"]) == ([], [])

    until = re.search(r"<t:\d+:f>", told := (await ada.asked())["content"])
    assert until is not None
    assert (
        ada.say("consent.own", name="Adas Stimme", until=until[0], others=ada.say("witness.nobody_else"))
        in told
    )
    table = (await overview(teacher))["embeds"][0]["description"]
    assert f"<@{ada.visitor.me['id']}>" in table
    assert chiara.seen == {}, "nobody else saw anything of it"
    assert listening.left_behind() == []


@pytest.mark.parametrize(("locale", "person"), [("de", "Ada"), ("en-GB", "Ben")])
async def test_a_voice_message_to_the_bot_counts_for_the_words(
    klass: Class, tmp_path: Path, listening: EnrolRoom, locale: str, person: str
) -> None:
    ada = Pupil(klass, await klass.enter(person, locale), tmp_path, locale[:2])
    _, words = await ada.words(await ada.begun())
    file = ada.recorded(words, name="voice-message.ogg")
    await ada.visitor.voice_message(file, seconds=8.0, waveform=bytes(16))
    said = await ada.visitor.wait_for_message(lambda one: ada.say("consent.ok_phrase") in one["content"])
    assert ada.say("consent.next_witness") in said["content"]
    assert ada.say("consent.direct_after") in said["content"]
    waiting = await listening.room.voices.waiting(ada.klass.guild_id)
    assert [one.state for one in waiting] == [VoiceState.WAITING]


async def test_a_direct_message_without_open_words_gets_a_hint(ada: Pupil) -> None:
    await ada.visitor.direct_message(files=[ada.recorded("hello", name="hello.mp3")])
    hint = ada.say("consent.direct_none")
    assert await ada.visitor.wait_for_message(lambda one: one["content"] == hint)


async def test_late_words_are_told_in_a_direct_message_too(ada: Pupil, listening: EnrolRoom) -> None:
    _, words = await ada.words(await ada.begun())
    listening.room.clock.now += 181
    await ada.visitor.voice_message(ada.recorded(words, name="voice-message.ogg"), seconds=8.0)
    late = ada.say("error.refused_phrase_late")
    assert await ada.visitor.wait_for_message(lambda one: one["content"] == late)


async def test_wrong_words_offer_new_ones(ada: Pupil) -> None:
    message, _ = await ada.words(await ada.begun())
    said = await ada.fill(message, "voice_give", file=ada.recorded("hello hello hello hello"))
    assert ada.say("error.refused_phrase_words") in said["content"]
    assert ada.say("consent.once_more", n=4) in said["content"]
    message, words = await ada.words(said)
    said = await ada.fill(message, "voice_give", file=ada.recorded(words))
    assert ada.say("consent.next_witness") in said["content"]


async def test_german_words_and_another_speaker_are_asked_one_by_one(ada: Pupil, teacher: Pupil) -> None:
    await ada.waiting("de", by="somebody")
    look = await seen(teacher)
    assert re.search(r"\*\*\w+( · \w+){7}\*\*", look["content"]), "the witness sees the words"
    assert teacher.say("witness.question", index=1, n=2) in look["content"]
    assert labels(look) == [[teacher.say("button.yes"), teacher.say("button.no")]]

    def edited(key: str) -> Any:
        return lambda one: one["id"] == look["id"] and teacher.say(key) in one["content"]

    teacher.visitor.press(look, label=teacher.say("button.yes"))
    second = await teacher.visitor.wait_for_message(edited("witness.ask_speaker_differs"))
    assert second["attachments"], "the recordings stay until the decision"
    teacher.visitor.press(second, label=teacher.say("button.yes"))
    last = await teacher.visitor.wait_for_message(edited("witness.decide"))
    assert "✅" in (await teacher.fill(last, "witness_confirm", **stated()))["content"]


async def test_a_no_ends_in_refusing(ada: Pupil, teacher: Pupil, listening: EnrolRoom) -> None:
    await ada.waiting("de")
    look = await seen(teacher)
    teacher.visitor.press(look, label=teacher.say("button.no"))
    denied = await teacher.visitor.wait_for_message(
        lambda one: one["id"] == look["id"] and one["content"] == teacher.say("witness.denied")
    )
    teacher.visitor.press(denied, label=teacher.say("button.witness_refuse"))
    over = await teacher.visitor.wait_for_message(
        lambda one: one["id"] == look["id"] and one["content"] == teacher.say("witness.refused")
    )
    assert (over["attachments"], over["components"]) == ([], [])
    assert await listening.room.voices.waiting(ada.klass.guild_id) == []


async def test_under_16_a_reference_is_asked_for_and_the_card_stays(ada: Pupil, teacher: Pupil) -> None:
    await ada.waiting()
    look = await seen(teacher)
    said = await teacher.fill(look, "witness_confirm", **stated(under_16=["yes"]))
    assert said["content"] == teacher.say("error.refused_age_reference")
    granted = await teacher.fill(
        look, "witness_confirm", **stated(under_16=["yes"], parents="Ordner 7b", lasting=["week"])
    )
    assert "✅" in granted["content"]


async def test_others_may_be_named(ada: Pupil, teacher: Pupil, listening: EnrolRoom) -> None:
    ben = await ada.klass.enter("Ben", "en-GB")
    await ada.waiting()
    look = await seen(teacher)
    granted = await teacher.fill(look, "witness_confirm", **stated(allowed=[ben.me["id"]]))
    assert f"<@{ben.me['id']}>" in granted["content"]
    ((consent, _),) = await listening.room.consents.overview(ada.klass.guild_id)
    assert consent.allowed == (ben.me["id"],)


async def test_pupils_see_no_consents_and_forged_presses_do_nothing(
    ada: Pupil, teacher: Pupil, listening: EnrolRoom
) -> None:
    await ada.waiting()
    assert (await overview(ada))["content"] == ada.say("error.teachers_only")
    (voice,) = await listening.room.voices.waiting(ada.klass.guild_id)
    for action, code in (
        (f"witsee:{voice.id}", "teachers_only"),
        (f"witform:{voice.id}:3", "teachers_only"),
        (f"witrefuse:{voice.id}", "teachers_only"),
        ("witexport:csv", "teachers_only"),
    ):
        said = await private(
            ada.visitor.press(await forged(ada.klass, ada.visitor, f"ka:{action}"), label="x")
        )
        assert said["content"] == ada.say(f"error.{code}")
    # and a voice is nobody else's
    ben = await ada.klass.enter("Ben", "de")
    for action in ("voicephrase", "voicegive", "voicedrop", "voiceclip"):
        message = await forged(ada.klass, ben, f"ka:{action}:{voice.id}")
        said = await private(ben.press(message, label="x"))
        assert said["content"] == ada.say("error.refused_voice_unknown")
    assert await listening.room.voices.waiting(ada.klass.guild_id) == [voice]


async def test_a_teachers_own_voice_names_the_operator(
    teacher: Pupil, klass: Class, listening: EnrolRoom
) -> None:
    message, words = await teacher.words(await teacher.begun())
    said = await teacher.fill(message, "voice_give", file=teacher.recorded(words))
    (voice,) = await listening.room.voices.waiting(klass.guild_id)
    assert f"atelier consent confirm {voice.id}" in said["content"]
    look = await seen(teacher)
    assert look["content"] == teacher.say("error.refused_witness_self")


async def test_the_export_is_a_private_file_with_names(ada: Pupil, teacher: Pupil) -> None:
    await ada.waiting()
    await teacher.fill(await seen(teacher), "witness_confirm", **stated())
    message = await overview(teacher)
    label = teacher.say("button.witness_export", form="JSON")
    made = await private(teacher.visitor.press(message, label=label))
    assert made["flags"] & EPHEMERAL
    plain = json.loads(await teacher.visitor.download(made["attachments"][0]))
    (row,) = plain["consents"]
    assert (row["person_name"], row["witness_name"]) == ("Ada", "Frau Sommer")
    label = teacher.say("button.witness_export", form="CSV")
    made = await private(teacher.visitor.press(message, label=label))
    assert names(made) == ["consents.csv", "decisions.csv"]


async def test_dropping_deletes_everything(ada: Pupil, listening: EnrolRoom) -> None:
    before = listening.room.kept()
    said = await ada.waiting()
    ada.visitor.press(said, label=ada.say("button.voice_drop"))
    dropped = ada.say("consent.dropped")
    await ada.visitor.wait_for_message(lambda one: one["id"] == said["id"] and one["content"] == dropped)
    assert listening.room.kept() == before
    assert (await ada.asked())["content"].startswith(ada.say("consent.start"))


class Ending:
    """Ends consents in the real database; messages are the business of other tests."""

    def __init__(self, room: Room) -> None:
        self._room = room

    async def revoke(self, voice_id: str, who: Requester) -> Revoked:
        consent = await self._room.consents.of_voice(voice_id)
        assert consent is not None
        await self._room.revoke(consent, who.person_id)
        return Revoked(voice=voice_id, person=consent.person)


async def test_dropping_after_a_teacher_has_confirmed_ends_the_consent(
    ada: Pupil, teacher: Pupil, listening: EnrolRoom
) -> None:
    before = listening.room.kept()
    desk: Any = ada.klass.desk
    desk.revoke = Ending(listening.room)
    said = await ada.waiting()
    await teacher.fill(await seen(teacher), "witness_confirm", **stated())
    ended = await private(ada.visitor.press(said, label=ada.say("button.voice_drop")))
    done, copies = ended["content"].splitlines()
    assert (done, copies) == (ada.say("revoke.done"), ada.say("revoke.copies"))
    assert listening.room.kept() == before
    (consent, _), *_ = await listening.room.consents.overview(ada.klass.guild_id)
    assert consent.revoked_at is not None


async def test_a_name_that_is_too_long_cannot_be_sent(ada: Pupil) -> None:
    form = await ada.visitor.open_form(
        ada.visitor.press(await ada.asked(), label=ada.say("button.voice_agree"))
    )
    clip = ada.recorded("hello there")
    with pytest.raises(VisitError):
        await ada.visitor.fill_in(form, name="x" * 33, language=["en"], mood=["happy"], file=clip)
