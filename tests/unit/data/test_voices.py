from __future__ import annotations

import asyncio
import errno
import math
import os
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from data.database import Database
from data.errors import ArtifactChanged, StorageFailed, VoiceRefused
from data.traces import Traces
from data.voice_records import (
    MOST_CLIPS,
    UNDECIDED,
    UNDECIDED_S,
    VOICE_MOVES,
    Check,
    Finding,
    Phrase,
    Voice,
    VoiceState,
)
from moderation.phrase import phrase_words
from tests.voice_room import Room

WORDS = phrase_words("en")[:8]


@pytest.fixture
def room(database: Database, tmp_path: Path) -> Room:
    return Room(database, tmp_path)


async def refused(work: Any) -> Check:
    with pytest.raises(VoiceRefused) as caught:
        await work
    assert caught.value.code == caught.value.check.code
    return caught.value.check


async def now(room: Room, voice: Voice) -> Voice:
    found = await room.voices.get(voice.id, voice.guild)
    assert found is not None
    return found


def test_the_table_of_moves_reaches_everything_and_ends() -> None:
    assert set(VOICE_MOVES) == set(VoiceState)
    reached, frontier = {VoiceState.STARTED}, {VoiceState.STARTED}
    while frontier:
        frontier = {new for old in frontier for new in VOICE_MOVES[old]} - reached
        reached |= frontier
    assert reached == set(VoiceState)
    assert [old for old, following in VOICE_MOVES.items() if VoiceState.GRANTED in following] == [
        VoiceState.WAITING
    ]
    assert VoiceState.WAITING in UNDECIDED
    assert VoiceState.GRANTED not in UNDECIDED


async def test_the_whole_way_to_a_consent(room: Room, tmp_path: Path) -> None:
    voice = await room.start()
    assert (voice.state, voice.clips, voice.phrase) == (VoiceState.STARTED, (), None)
    voice = await room.clip(voice, mood="happy", content=b"first")
    assert (voice.state, voice.clips[0].mood, voice.clips[0].path.read_bytes()) == (
        VoiceState.CLIPS,
        "happy",
        b"first",
    )
    assert (voice.clips[0].path.stat().st_mode & 0o777, room.files.folder.stat().st_mode & 0o777) == (
        0o600,
        0o700,
    )
    phrase = await room.phrase(voice)
    assert phrase.sample_hashes == voice.sample_hashes
    assert phrase.expires_at - phrase.issued_at == 180
    room.clock.now += 30
    voice = await room.record(phrase)
    assert (voice.state, len(room.kept())) == (VoiceState.RECORDED, 2)
    assert voice.phrase is not None
    assert voice.phrase.recording == await room.voices.recording(voice.id, "class")
    voice = await room.enrolments.note_checks(voice.id, room.listen(voice))
    assert (voice.state, voice.findings) == (VoiceState.CHECKED, tuple(room.listen(voice)))
    voice = await room.enrolments.ask(voice.id)
    assert await room.voices.waiting("class") == [voice]
    assert await room.voices.waiting("other") == []
    consent = await room.grant(voice)
    assert await room.consents.of_voice(voice.id) == consent
    assert (consent.person, consent.witness, consent.sample_hashes) == ("anna", "sommer", voice.sample_hashes)
    assert (await now(room, voice)).state is VoiceState.GRANTED
    # the recording of the phrase is deleted at the decision, the clips stay
    assert room.kept() == [voice.clips[0].path.name]
    assert await refused(room.voices.recording(voice.id, "class")) is Check.PHRASE_NONE
    assert await room.voices.clips(voice.id, "class") == voice.clips
    what = [(one.who, one.what) for one in await room.consents.decisions("class")]
    assert what == [("anna", "agreed"), ("anna", "checked"), ("sommer", "granted")]


async def test_without_a_yes_nothing_begins(room: Room) -> None:
    for agreed in (False, None, 1):
        assert await refused(room.start(agreed=agreed)) is Check.VOICE_AGREEMENT


async def test_nobody_goes_on_with_anothers_voice(room: Room) -> None:
    voice = await room.clip(await room.start())
    for guild, person in (("class", "ben"), ("other", "anna")):
        add = room.enrolments.add_clip(voice.id, guild, person, room.sound(), seconds=1.0)
        assert await refused(add) is Check.VOICE_UNKNOWN
        issue = room.enrolments.issue(voice.id, guild, person, WORDS, lifetime_s=180)
        assert await refused(issue) is Check.VOICE_UNKNOWN
        assert await refused(room.enrolments.withdraw(voice.id, guild, person)) is Check.VOICE_UNKNOWN
    assert await room.voices.get(voice.id, "other") is None
    assert await refused(room.enrolments.ask("nothing")) is Check.VOICE_UNKNOWN
    assert await now(room, voice) == voice
    assert len(room.kept()) == 1


async def test_one_to_three_different_clips(room: Room) -> None:
    voice = await room.start()
    assert await refused(room.phrase(voice)) is Check.VOICE_STEP
    for _ in range(MOST_CLIPS):
        voice = await room.clip(voice)
    assert await refused(room.clip(voice)) is Check.CLIP_COUNT
    other = await room.clip(await room.start("ben"), content=b"same")
    assert await refused(room.clip(other, content=b"same")) is Check.CLIP_TWICE
    assert len(room.kept()) == MOST_CLIPS + 1
    with pytest.raises(ArtifactChanged):
        await room.enrolments.add_clip(other.id, "class", "ben", room.folder / "nothing.wav", seconds=1.0)


async def test_no_clip_after_the_phrase(room: Room) -> None:
    voice = await room.clip(await room.start())
    phrase = await room.phrase(voice)
    assert await refused(room.clip(voice)) is Check.VOICE_STEP
    await room.record(phrase)
    assert await refused(room.clip(voice)) is Check.VOICE_STEP
    assert len(room.kept()) == 2


async def test_a_phrase_is_used_once_whoever_is_first(room: Room) -> None:
    voice = await room.clip(await room.start())
    phrase = await room.phrase(voice)
    answers = await asyncio.gather(*(room.record(phrase) for _ in range(10)), return_exceptions=True)
    assert sum(isinstance(answer, Voice) for answer in answers) == 1
    assert {answer.check for answer in answers if isinstance(answer, VoiceRefused)} == {Check.PHRASE_REUSED}
    assert len(room.kept()) == 2


async def test_a_rule_that_forgets_cannot_use_a_phrase_twice(room: Room) -> None:
    voice = await room.clip(await room.start())
    phrase = await room.phrase(voice)
    await room.record(phrase)

    def always(*_: object) -> Finding:
        return Finding.allow("phrase")

    assert await refused(room.enrolments.record(phrase.id, room.sound(), always)) is Check.VOICE_STEP
    voice = await room.enrolments.note_checks(voice.id, [Finding.refuse(Check.PHRASE_WORDS)])
    await room.phrase(voice)
    assert await refused(room.enrolments.record(phrase.id, room.sound(), always)) is Check.PHRASE_REUSED


async def test_the_database_itself_keeps_phrases_and_consents_as_they_are(room: Room) -> None:
    consent = await room.granted()
    await room.revoke(consent)
    voice = await room.clip(await room.start("ben"))
    await room.phrase(voice)
    for statement in (
        "UPDATE phrases SET used_at = NULL WHERE used_at IS NOT NULL",
        "UPDATE phrases SET words = '[]'",
        "UPDATE phrases SET samples = '[]'",
        "UPDATE phrases SET expires_at = expires_at + 1",
        "UPDATE consents SET revoked_at = NULL, revoked_by = NULL",
        "UPDATE consents SET revoked_at = 9",
        "UPDATE consents SET until = until + 1",
        "UPDATE consents SET samples = '[\"x\"]'",
        "UPDATE consents SET person_id = 'ben'",
        "UPDATE voice_events SET who = 'ben'",
    ):
        with pytest.raises(sqlite3.IntegrityError):
            await room.database.write(lambda connection, text=statement: connection.execute(text).rowcount)


async def test_late_is_used_up_and_another_may_be_asked_for(room: Room) -> None:
    voice = await room.clip(await room.start())
    phrase = await room.phrase(voice)
    room.clock.now += 180.1
    assert await refused(room.record(phrase)) is Check.PHRASE_LATE
    assert await refused(room.record(phrase)) is Check.PHRASE_REUSED
    assert (await now(room, voice)).state is VoiceState.CLIPS
    assert len(room.kept()) == 1
    second = await room.phrase(voice)
    assert (await room.record(second)).state is VoiceState.RECORDED


async def test_a_stranger_cannot_use_up_a_phrase(room: Room) -> None:
    phrase = await room.phrase(await room.clip(await room.start()))
    assert await refused(room.record(phrase, person="ben")) is Check.PHRASE_PERSON
    assert await refused(room.record(phrase, guild="other")) is Check.PHRASE_GUILD
    assert (await room.record(phrase)).state is VoiceState.RECORDED


async def test_a_new_phrase_voids_the_one_before_and_five_are_enough(room: Room) -> None:
    voice = await room.clip(await room.start())
    phrases = [await room.phrase(voice) for _ in range(5)]
    assert len({one.words for one in phrases}) == 5
    for one in phrases[:-1]:
        assert await refused(room.record(one)) is Check.PHRASE_REUSED
    assert await refused(room.phrase(voice)) is Check.PHRASE_TRIES
    assert (await room.record(phrases[-1])).state is VoiceState.RECORDED


async def test_a_phrase_that_nobody_knows(room: Room) -> None:
    voice = await room.clip(await room.start())
    phrase = await room.phrase(voice)
    unknown = Phrase(**{**{name: getattr(phrase, name) for name in phrase.__slots__}, "id": "nothing"})
    assert await refused(room.record(unknown)) is Check.PHRASE_NONE
    assert len(room.kept()) == 1


async def test_a_rule_that_fails_refuses(room: Room) -> None:
    phrase = await room.phrase(await room.clip(await room.start()))

    def broken(*_: object) -> Finding:
        raise RuntimeError

    def silent(*_: object) -> Any:
        return True

    for rule in (broken, silent):
        assert await refused(room.enrolments.record(phrase.id, room.sound(), rule)) is Check.PHRASE_FAILED
    voice = await room.waiting("ben")
    for other in (broken, silent):
        with pytest.raises(VoiceRefused, match="consent_broken"):
            await room.consents.grant(voice.id, _terms(room), other)
    assert await room.consents.of_voice(voice.id) is None


def _terms(room: Room) -> Any:
    from data.consents import Terms

    return Terms(witness="sommer", under_16=False, parents_reference=None, until=room.clock.now + 60)


async def test_words_that_were_not_met_lead_back_and_anything_else_ends(room: Room) -> None:
    voice = await room.clip(await room.start())
    for number in range(1, 6):
        voice = await room.record(await room.phrase(voice))
        voice = await room.enrolments.note_checks(voice.id, [Finding.refuse(Check.PHRASE_WORDS)])
        assert voice.state is (VoiceState.CLIPS if number < 5 else VoiceState.REFUSED)
        assert voice.findings == ()
        assert len(room.kept()) == (1 if number < 5 else 0)
    other = await room.clip(await room.start("ben"))
    other = await room.record(await room.phrase(other))
    marked = {"marks": [{"marked": True, "confidence": 1.0}] * 2}
    other = await room.enrolments.note_checks(other.id, room.listen(other, marked))
    assert (other.state, room.kept()) == (VoiceState.REFUSED, [])


async def test_open_questions_wait_with_the_voice(room: Room) -> None:
    voice = await room.waiting(alike=None)
    assert Finding.ask(Check.SPEAKER_UNMEASURED) in voice.findings
    unread = room.statement(voice, decided=frozenset())
    assert await refused(room.grant(voice, unread)) is Check.SPEAKER_UNMEASURED
    assert (await now(room, voice)).state is VoiceState.WAITING
    assert (await room.grant(voice)).voice == voice.id
    last = (await room.consents.decisions("class"))[-2:]
    assert [(one.what, one.checks) for one in last] == [
        ("not granted", ("speaker.unmeasured",)),
        ("granted", ("speaker.unmeasured",)),
    ]


async def test_a_teacher_says_no(room: Room) -> None:
    voice = await room.waiting()
    assert await refused(room.consents.refuse(voice.id, "other", "sommer")) is Check.WITNESS_GUILD
    assert (await room.consents.refuse(voice.id, "class", "sommer")).state is VoiceState.REFUSED
    assert room.kept() == []
    assert await refused(room.grant(voice)) is Check.CLIP_CHANGED
    assert await refused(room.consents.refuse(voice.id, "class", "sommer")) is Check.VOICE_STEP


async def test_its_owner_thinks_better_of_it_or_begins_again(room: Room) -> None:
    voice = await room.waiting()
    await room.enrolments.withdraw(voice.id, "class", "anna")
    assert (await now(room, voice)).state is VoiceState.EXPIRED
    assert room.kept() == []
    first = await room.waiting()
    second = await room.start()
    assert (await now(room, first)).state is VoiceState.EXPIRED
    assert await room.voices.of_person("class", "anna") == [second]
    assert room.kept() == []


async def test_a_day_without_a_decision_deletes_everything(room: Room) -> None:
    waiting = await room.waiting()
    room.clock.now += UNDECIDED_S - 1
    fresh = await room.clip(await room.start("ben"))
    assert await room.voices.purge() == 0
    room.clock.now += 1
    assert await room.voices.purge() == 1
    assert (await now(room, waiting)).state is VoiceState.EXPIRED
    assert (await now(room, waiting)).clips == ()
    assert room.kept() == [fresh.clips[0].path.name]
    assert await room.voices.purge() == 0


@pytest.mark.parametrize("begun", [1_000_000.1, 1_763_720_000.123457, 1_763_720_000.7, 3e9 + 1 / 3])
async def test_the_day_ends_at_one_moment_for_clearing_away_and_for_the_witness(
    room: Room, begun: float
) -> None:
    room.clock.now = begun
    in_time, judged = await room.waiting(), await room.waiting("ben")
    assert in_time.decide_before == judged.decide_before == begun + UNDECIDED_S
    room.clock.now = math.nextafter(begun + UNDECIDED_S, 0.0)
    assert await room.voices.purge() == 0
    await room.grant(in_time)
    room.clock.now = begun + UNDECIDED_S
    assert await refused(room.grant(judged)) is Check.VOICE_LATE, "though nobody has cleared away yet"
    assert (await now(room, judged)).state is VoiceState.WAITING
    assert await room.voices.purge() == 1
    assert (await now(room, judged)).state is VoiceState.EXPIRED


async def test_the_clips_go_with_the_consent(room: Room) -> None:
    consent = await room.granted(lasts=60.0)
    await room.granted("ben", lasts=61.0)
    room.clock.now = consent.until
    assert await room.voices.purge() == 1
    voice = await room.voices.get(consent.voice, "class")
    assert voice is not None
    assert (voice.state, voice.clips) == (VoiceState.ENDED, ())
    assert len(room.kept()) == 1
    assert await room.consents.of_voice(consent.voice) == consent, "what was agreed stays known"


async def test_the_start_removes_what_a_crash_left(room: Room) -> None:
    await room.voices.sweep()
    voice = await room.waiting()
    (room.files.folder / "left.wav").write_bytes(b"of a crash")
    kept = room.kept()
    await room.voices.sweep()
    assert room.kept() == [name for name in kept if name != "left.wav"]
    assert await room.voices.clips(voice.id, "class") == voice.clips


async def test_a_file_that_the_disk_would_not_give_up_goes_a_minute_later(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    consent = await room.granted()
    (name,) = room.kept()
    unlink = Path.unlink

    def refuse(file: Path, missing_ok: bool = False) -> None:
        raise PermissionError(errno.EACCES, "no")

    monkeypatch.setattr(Path, "unlink", refuse)
    with pytest.raises(StorageFailed):
        await room.revoke(consent)
    monkeypatch.setattr(Path, "unlink", unlink)
    stored = await room.consents.of_voice(consent.voice)
    assert stored is not None
    assert stored.revoked_at is not None, "the consent is over all the same"
    (room.files.folder / "fresh.wav").write_bytes(b"its row is on the way")
    file = room.files.folder / name
    os.utime(file, (file.stat().st_mtime - 61,) * 2)
    await room.voices.purge()
    assert room.kept() == ["fresh.wav"]


async def test_a_file_that_was_exchanged_is_noticed(room: Room) -> None:
    voice = await room.waiting()
    voice.clips[0].path.write_bytes(b"another voice")
    assert await refused(room.voices.clips(voice.id, "class")) is Check.CLIP_CHANGED
    assert await refused(room.grant(voice)) is Check.CLIP_CHANGED
    voice.clips[0].path.unlink()
    assert await refused(room.voices.clips(voice.id, "class")) is Check.CLIP_CHANGED
    assert voice.phrase is not None
    assert voice.phrase.recording is not None
    voice.phrase.recording.write_bytes(b"spliced")
    assert await refused(room.voices.recording(voice.id, "class")) is Check.CLIP_CHANGED


async def test_nothing_of_the_voice_is_left_in_the_database(room: Room) -> None:
    voice = await room.start(name="Kanarienvogel")
    voice = await room.clip(voice)
    voice = await room.record(await room.phrase(voice))
    assert voice.phrase is not None
    canaries = [b"Kanarienvogel", voice.clips[0].path.name.encode(), voice.clips[0].sha256.encode()]
    await room.enrolments.withdraw(voice.id, "class", "anna")
    assert await room.voices.forget(room.clock.now + 1, Traces(room.database)) == 1
    for file in room.database.folder.rglob("*"):
        content = file.read_bytes() if file.is_file() else b""
        assert not [canary for canary in canaries if canary in content], file.name
    assert await room.consents.decisions("class") == []
