"""A pupil adds a voice: nothing without agreement, each check has its line, the raw file is never kept."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.services.audio_ports import Upload
from data.database import Database
from data.enrolments import MOST_TRIES
from data.errors import VoiceRefused
from data.voice_records import Answer, Check, Phrase, VoiceState
from generation.errors import AtelierError, InvalidInput, LimitReached, ModelMissing, WorkerCrashed
from tests.fakes_voices import spoken
from tests.unit.bot.services.conftest import BEN
from tests.unit.bot.services.enrol_room import PUPIL, EnrolRoom
from tests.voice_room import Room

Spoil = Callable[[dict[str, Any]], dict[str, Any]]


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


def crash(_: dict[str, Any]) -> dict[str, Any]:
    raise WorkerCrashed


async def test_the_whole_way_to_a_waiting_witness(school: EnrolRoom) -> None:
    voice = await school.begun(name="  Anna  ")
    assert (voice.name, voice.state, voice.model, voice.purpose) == (
        "Anna", VoiceState.CLIPS, "tortoise", "speech"
    )  # fmt: skip
    voice = await school.enrol.add_clip(voice.id, spoken("more", by="anna"), "happy", PUPIL)
    assert [clip.mood for clip in voice.clips] == ["neutral", "happy"]
    checked = await school.read(voice)
    assert [(one.answer, one.subject) for one in checked.findings] == [
        (Answer.ALLOWED, "phrase"), (Answer.ALLOWED, "speaker"), (Answer.ALLOWED, "mark")
    ]  # fmt: skip
    assert checked.waits
    assert (await school.enrol.undecided(PUPIL)) == checked.voice
    assert len(school.ears.told("find_mark")) == 3, "the phrase and every clip"
    assert school.left_behind() == [], "nothing of what was sent stays behind"
    assert len(school.room.kept()) == 3


async def test_the_recogniser_is_never_told_the_words(school: EnrolRoom) -> None:
    checked = await school.read(await school.begun())
    (told,) = school.ears.told("hear")
    assert set(told) == {"file", "language", "vocabulary"}
    assert len(told["vocabulary"]) == 48
    assert checked.voice.phrase is not None
    assert list(checked.voice.phrase.words) != told["vocabulary"][:8]


@pytest.mark.parametrize("agreed", [False, None, "yes", 1])
async def test_without_agreement_nothing_is_even_looked_at(school: EnrolRoom, agreed: Any) -> None:
    assert await refused(school.begun(agreed=agreed)) == "refused_voice_agreement"
    assert school.ears.requests == []
    assert school.room.kept() == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"name": ""}, "refused_voice_name"),
        ({"name": "Angela Merkel"}, "refused_voice_famous"),
        ({"name": "x" * 40}, "refused_voice_name"),
        ({"language": "fr"}, "voice_language"),
        ({"mood": "furious"}, "mood_unknown"),
        ({"clip": spoken("hi", seconds=2.9)}, "clip_short"),
    ],
)
async def test_what_is_no_good_begins_nothing(school: EnrolRoom, changes: Any, code: str) -> None:
    assert await refused(school.begun(**changes)) == code
    assert await school.enrol.mine(PUPIL) == []
    assert school.room.kept() == []
    assert school.left_behind() == []


async def test_a_bad_file_leaves_what_was_begun_before(school: EnrolRoom) -> None:
    voice = await school.begun()

    async def lost() -> bytes:
        raise OSError("gone")

    for clip, code in ((Upload(name="x", size=3, read=lost), "upload_lost"),):
        assert await refused(school.begun(clip=clip)) == code
    assert await school.enrol.mine(PUPIL) == [voice]


async def test_without_the_family_it_is_said_at_once(database: Database, tmp_path: Path) -> None:
    school = EnrolRoom(Room(database, tmp_path), is_on=False)
    with pytest.raises(ModelMissing) as caught:
        await school.begun()
    assert caught.value.code == "medium_off"


@pytest.mark.parametrize(
    ("read", "check"),
    [
        ({"words": []}, Check.PHRASE_SILENT),
        ({"words": ["hello"] * 8}, Check.PHRASE_WORDS),
    ],
)
async def test_wrong_words_lead_to_other_words(school: EnrolRoom, read: Any, check: Check) -> None:
    checked = await school.read(await school.begun(), **read)
    assert checked.findings[0].check is check
    assert checked.may_repeat
    assert checked.tries_left == MOST_TRIES - 1
    assert len(school.room.kept()) == 1, "the recording is gone, the clip stays"
    assert (await school.read(checked.voice)).waits


async def test_tries_end(school: EnrolRoom) -> None:
    voice = await school.begun()
    for left in reversed(range(MOST_TRIES)):
        checked = await school.read(voice, words=["hello"] * 8)
        assert (checked.tries_left, checked.may_repeat) == (left, left > 0)
    assert checked.voice.state is VoiceState.REFUSED
    assert school.room.kept() == []


async def test_swapped_words_are_refused(school: EnrolRoom) -> None:
    voice = await school.begun()
    phrase = await school.enrol.issue(voice.id, PUPIL)
    words = list(phrase.words)
    first = next(place for place in range(7) if words[place] != words[place + 1])
    words[first], words[first + 1] = words[first + 1], words[first]
    checked = await school.enrol.take_phrase(voice.id, spoken(" ".join(words)), PUPIL)
    assert checked.findings[0].check is Check.PHRASE_ORDER


async def test_another_speaker_is_the_teachers_question(school: EnrolRoom) -> None:
    checked = await school.read(await school.begun(), by="ben")
    assert checked.findings[1].check is Check.SPEAKER_DIFFERS
    assert checked.findings[1].answer is Answer.OPEN
    assert checked.waits


async def test_a_german_phrase_is_the_teachers_question(school: EnrolRoom) -> None:
    checked = await school.read(await school.begun(language="de"))
    assert checked.findings[0].check is Check.PHRASE_UNCHECKED
    assert checked.waits


async def test_our_own_mark_ends_it(school: EnrolRoom) -> None:
    checked = await school.read(await school.begun(), marked=True)
    assert checked.findings[2].check is Check.MARK_FOUND
    assert (checked.voice.state, checked.may_repeat) == (VoiceState.REFUSED, False)
    assert school.room.kept() == []


async def test_a_marked_clip_ends_it_too(school: EnrolRoom) -> None:
    voice = await school.begun(clip=spoken("hello", marked=True))
    assert (await school.read(voice)).findings[2].check is Check.MARK_FOUND


@pytest.mark.parametrize(
    ("task", "spoil", "check"),
    [
        ("hear", crash, Check.PHRASE_FAILED),
        ("hear", lambda facts: {**facts, "words": None}, Check.PHRASE_FAILED),
        ("hear", lambda facts: {**facts, "speech_seconds": float("nan")}, Check.PHRASE_FAILED),
        ("hear", lambda facts: 1 / 0, Check.PHRASE_FAILED),
        ("compare", crash, Check.SPEAKER_UNMEASURED),
        ("compare", lambda facts: {**facts, "usable": False}, Check.SPEAKER_UNMEASURED),
        ("find_mark", crash, Check.MARK_FAILED),
        ("find_mark", lambda facts: {}, Check.MARK_FAILED),
    ],
)
async def test_a_check_that_cannot_tell_never_allows(
    school: EnrolRoom, task: str, spoil: Spoil, check: Check
) -> None:
    school.ears.broken[task] = spoil
    checked = await school.read(await school.begun())
    (finding,) = [one for one in checked.findings if one.check is not None]
    assert finding.check is check


async def test_the_time_is_over_after_180_seconds(school: EnrolRoom) -> None:
    voice = await school.begun()
    phrase = await school.enrol.issue(voice.id, PUPIL)
    assert phrase.expires_at - phrase.issued_at == 180.0
    school.room.clock.now = phrase.expires_at + 0.01
    taking = school.enrol.take_phrase(voice.id, spoken(" ".join(phrase.words)), PUPIL)
    assert await refused(taking) == "refused_phrase_late"
    assert (await school.read((await school.enrol.mine(PUPIL))[0])).waits, "other words help"


async def test_a_phrase_counts_once_and_only_the_latest(school: EnrolRoom) -> None:
    voice = await school.begun()
    old = await school.enrol.issue(voice.id, PUPIL)
    checked = await school.read(voice, words=old.words)
    assert checked.findings[0].check in {Check.PHRASE_WORDS, Check.PHRASE_ORDER}
    again = await school.read(voice)
    assert again.waits
    taking = school.enrol.take_phrase(voice.id, spoken(" ".join(old.words)), PUPIL)
    assert await refused(taking) == "refused_phrase_reused"


async def test_two_recordings_at_once_are_one(school: EnrolRoom) -> None:
    voice = await school.begun()
    phrase = await school.enrol.issue(voice.id, PUPIL)
    both = [school.enrol.take_phrase(voice.id, spoken(" ".join(phrase.words)), PUPIL) for _ in range(2)]
    first, second = await asyncio.gather(*both, return_exceptions=True)
    assert not isinstance(first, BaseException)
    assert first.waits
    assert isinstance(second, LimitReached)


async def test_a_file_that_is_no_sound_leaves_the_phrase_open(school: EnrolRoom) -> None:
    voice = await school.begun()
    phrase = await school.enrol.issue(voice.id, PUPIL)

    async def read() -> bytes:
        return b"broken"

    with pytest.raises(InvalidInput) as caught:
        await school.enrol.take_phrase(voice.id, Upload(name="x", size=6, read=read), PUPIL)
    assert caught.value.code == "audio_broken"
    assert (await school.enrol.take_phrase(voice.id, spoken(" ".join(phrase.words)), PUPIL)).waits


async def test_anothers_voice_is_unknown(school: EnrolRoom) -> None:
    voice = await school.begun()
    for who in (BEN, replace(PUPIL, guild_id="other")):
        for work in (
            school.enrol.issue(voice.id, who),
            school.enrol.take_phrase(voice.id, spoken("x"), who),
            school.enrol.add_clip(voice.id, spoken("x"), "sad", who),
            school.enrol.withdraw(voice.id, who),
        ):
            assert await refused(work) == "refused_voice_unknown"
    assert await school.enrol.mine(PUPIL) == [voice]


async def test_a_phrase_is_found_for_a_direct_message(school: EnrolRoom) -> None:
    assert await school.enrol.reading(["class", "other"], "anna") is None
    voice = await school.begun()
    assert await school.enrol.reading(["class"], "anna") is None, "no words were asked for yet"
    await school.enrol.issue(voice.id, PUPIL)
    other = replace(PUPIL, guild_id="other")
    found = await school.enrol.reading(["class", "other"], "anna")
    assert found is not None
    assert found.id == voice.id
    school.room.clock.now += 1
    second = await school.begun(other)
    await school.enrol.issue(second.id, other)
    found = await school.enrol.reading(["class", "other"], "anna")
    assert found is not None
    assert found.id == second.id
    assert await school.enrol.reading(["elsewhere"], "anna") is None


async def test_withdrawing_deletes_everything(school: EnrolRoom) -> None:
    voice = await school.waiting()
    assert len(school.room.kept()) == 2
    await school.enrol.withdraw(voice.id, PUPIL)
    assert school.room.kept() == []
    assert await refused(school.enrol.withdraw(voice.id, PUPIL)) == "refused_voice_step"


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32), missing=st.integers(0, 8))
async def test_how_many_words_may_be_missed(school: EnrolRoom, seed: int, missing: int) -> None:
    voice = await school.begun()
    phrase: Phrase = await school.enrol.issue(voice.id, PUPIL)
    left_out = random.Random(seed).sample(range(8), missing)
    words = [word for place, word in enumerate(phrase.words) if place not in left_out]
    checked = await school.enrol.take_phrase(voice.id, spoken(" ".join(words)), PUPIL)
    assert checked.waits == (missing <= 2)


async def test_refusals_leave_the_reason_in_the_decisions(school: EnrolRoom) -> None:
    await school.read(await school.begun(), marked=True)
    told = await school.room.consents.decisions("class")
    assert "mark.found" in {check for one in told for check in one.checks}
    with pytest.raises(VoiceRefused):
        await school.enrol.issue("0" * 16, PUPIL)
