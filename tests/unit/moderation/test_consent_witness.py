from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.voice_records import OPERATOR, UNDECIDED_S, Answer, Check, Finding, VoiceState
from moderation.enrolment import (
    NEEDED,
    judge_agreement,
    judge_clips,
    judge_findings,
    judge_grant,
    open_questions,
)
from moderation.voice_evidence import SpeakerMatch, judge_marks, judge_speaker
from moderation.voice_names import BUNDLED, judge_name, judge_reference
from moderation.witness import judge_witness
from tests.unit.moderation.voices import FINDINGS, HASHES, NOW, consent, phrase, statement, voice

NONSENSE = (None, math.nan, math.inf, "", "yes", 1, [], object())
CLEAN = {"marked": False, "confidence": 0.02}


def witness(one: object, *, teacher: object = False, questions: tuple[Check, ...] = ()) -> Finding:
    return judge_witness(one, guild="class", owner="anna", owner_is_teacher=teacher, open_questions=questions)


@pytest.mark.parametrize(
    ("changes", "check"),
    [
        ({"person": "anna"}, Check.WITNESS_SELF),
        ({"person": ""}, Check.WITNESS_NONE),
        ({"guild": "other"}, Check.WITNESS_GUILD),
        ({"is_teacher": False}, Check.WITNESS_ROLE),
        ({"is_teacher": 1}, Check.WITNESS_ROLE),
        ({"person": OPERATOR}, Check.WITNESS_ROLE),
        ({"in_room": False}, Check.WITNESS_PRESENCE),
        ({"in_room": "yes"}, Check.WITNESS_PRESENCE),
        ({"under_16": None}, Check.AGE_UNKNOWN),
        ({"under_16": 0}, Check.AGE_UNKNOWN),
        ({"under_16": True}, Check.AGE_REFERENCE),
        ({"under_16": True, "parents_reference": "  "}, Check.AGE_REFERENCE),
        ({"under_16": True, "parents_reference": "x" * 201}, Check.AGE_REFERENCE),
        ({"decided": None}, Check.WITNESS_NONE),
    ],
)
def test_a_statement_that_carries_nothing(changes: dict[str, Any], check: Check) -> None:
    assert witness(statement()) == Finding.allow("witness")
    assert witness(statement(**changes)) == Finding.refuse(check)


def test_parents_and_open_questions() -> None:
    parents = statement(under_16=True, parents_reference="sheet 12 of 3 March")
    assert witness(parents).allowed
    asked = (Check.PHRASE_UNCHECKED, Check.SPEAKER_DIFFERS)
    half = statement(decided=frozenset({Check.PHRASE_UNCHECKED}))
    assert witness(half, questions=asked) == Finding.refuse(Check.SPEAKER_DIFFERS)
    assert witness(statement(decided=frozenset(asked)), questions=asked).allowed


def test_a_teachers_own_voice_is_the_operators() -> None:
    operator = statement(person=OPERATOR, is_teacher=False)
    assert witness(operator, teacher=True).allowed
    assert witness(statement(), teacher=True) == Finding.refuse(Check.WITNESS_OPERATOR)
    assert witness(statement(person="anna"), teacher=True) == Finding.refuse(Check.WITNESS_SELF)
    young = replace(operator, under_16=True, parents_reference="sheet 1")
    assert witness(young, teacher=True) == Finding.refuse(Check.AGE_REFERENCE)
    assert witness(statement(), teacher=None) == Finding.refuse(Check.WITNESS_ROLE)


@given(
    name=st.sampled_from(["person", "guild", "is_teacher", "in_room", "under_16", "decided"]), data=st.data()
)
def test_nonsense_in_a_statement_refuses(name: str, data: st.DataObject) -> None:
    value = data.draw(st.sampled_from(NONSENSE))
    if name == "person" and value == "yes":
        return
    assert not witness(replace(statement(), **{name: value})).allowed


def test_the_speaker() -> None:
    assert judge_speaker(SpeakerMatch(0.80, True)) == Finding.allow("speaker")
    assert judge_speaker(SpeakerMatch(0.79, True)) == Finding.ask(Check.SPEAKER_DIFFERS)
    assert judge_speaker(SpeakerMatch(0.85, True), threshold=0.9) == Finding.ask(Check.SPEAKER_DIFFERS)
    for match in (
        SpeakerMatch(0.99, False),
        SpeakerMatch(math.nan, True),
        SpeakerMatch(math.inf, True),
        SpeakerMatch(1.01, True),
        None,
        0.99,
    ):
        assert judge_speaker(match) == Finding.ask(Check.SPEAKER_UNMEASURED)
    for threshold in (0.0, 1.0, math.nan, -1.0, True):
        with pytest.raises(ValueError, match="threshold"):
            judge_speaker(SpeakerMatch(0.9, True), threshold=threshold)


def test_what_a_worker_says_of_speakers() -> None:
    good = {"usable": True, "similarity": {"min": 0.86, "mean": 0.9}, "why": None}
    assert SpeakerMatch.of(good) == SpeakerMatch(0.86, True)
    for wrong in (
        None,
        {},
        {"usable": False, "similarity": None, "why": "short"},
        {"usable": True, "similarity": 0.9},
        {"usable": True, "similarity": {"min": 0.9}},
        {"usable": 1, "similarity": {"min": 0.9, "mean": 0.9}},
        {"usable": True, "similarity": {"min": math.nan, "mean": 0.9}},
        {"usable": True, "similarity": {"min": 0.9, "mean": 0.8}},
    ):
        assert SpeakerMatch.of(wrong) is None


def test_our_own_mark() -> None:
    assert judge_marks([CLEAN, CLEAN], recordings=2) == Finding.allow("mark")
    found = {"marked": True, "confidence": math.nan}
    assert judge_marks([CLEAN, found], recordings=2) == Finding.refuse(Check.MARK_FOUND)
    for facts in (None, [], [CLEAN], [CLEAN, None], [CLEAN, {}], [CLEAN, {"marked": 0, "confidence": 0.1}]):
        assert judge_marks(facts, recordings=2) == Finding.refuse(Check.MARK_FAILED)
    for confidence in (None, math.nan, math.inf, -0.1, 1.1, True):
        one = {"marked": False, "confidence": confidence}
        assert judge_marks([CLEAN, one], recordings=2) == Finding.refuse(Check.MARK_FAILED)
    assert judge_marks([], recordings=0) == Finding.refuse(Check.MARK_FAILED)


def test_the_findings_together() -> None:
    assert judge_findings(FINDINGS) == Finding.allow("voice")
    asked = (Finding.ask(Check.PHRASE_UNCHECKED), Finding.ask(Check.SPEAKER_DIFFERS), FINDINGS[2])
    assert judge_findings(asked) == asked[0]
    assert open_questions(asked) == (Check.PHRASE_UNCHECKED, Check.SPEAKER_DIFFERS)
    assert judge_findings((*asked, Finding.refuse(Check.MARK_FOUND))) == Finding.refuse(Check.MARK_FOUND)
    for subject in NEEDED:
        lacking = tuple(one for one in FINDINGS if one.subject != subject)
        missing = judge_findings(lacking)
        assert missing.answer is Answer.REFUSED
        assert missing.subject == subject
    nonsense = judge_findings([None])  # type: ignore[list-item]
    assert nonsense == Finding.refuse(Check.PHRASE_FAILED)


def test_agreement_and_clips() -> None:
    assert judge_agreement(True).allowed
    for no in (False, None, 1, "yes"):
        assert judge_agreement(no) == Finding.refuse(Check.VOICE_AGREEMENT)
    assert judge_clips(HASHES).allowed
    for clips, check in (
        ((), Check.CLIP_COUNT),
        (("a" * 64,) * 4, Check.CLIP_COUNT),
        (None, Check.CLIP_COUNT),
        (("a" * 64,) * 2, Check.CLIP_TWICE),
        (("a" * 63,), Check.CLIP_CHANGED),
    ):
        assert judge_clips(clips) == Finding.refuse(check)


def grant(
    one: object = None, said: object = None, *, teacher: object = False, now: float = NOW + 90, **written: Any
) -> Finding:
    asked = consent(granted_at=NOW + 90, **written)
    return judge_grant(
        voice() if one is None else one,
        asked,
        statement() if said is None else said,
        owner_is_teacher=teacher,
        now=now,
        last_seen=NOW + 80,
    )


USED = phrase(used_at=NOW + 20, recording_sha256="c" * 64)


@pytest.mark.parametrize(
    ("changes", "check"),
    [
        *(({"state": state}, Check.VOICE_STEP) for state in VoiceState if state is not VoiceState.WAITING),
        ({"created_at": NOW + 90 - UNDECIDED_S}, Check.VOICE_LATE),
        *(({"created_at": time}, Check.VOICE_LATE) for time in (math.nan, math.inf, None)),
        ({"clips": ()}, Check.CLIP_COUNT),
        ({"clips": voice().clips[:1]}, Check.PHRASE_SAMPLES),
        ({"phrase": None}, Check.PHRASE_NONE),
        ({"phrase": phrase()}, Check.PHRASE_NONE),
        ({"phrase": replace(USED, recording_sha256=None)}, Check.PHRASE_NONE),
        ({"phrase": replace(USED, used_at=NOW + 181)}, Check.PHRASE_LATE),
        ({"phrase": replace(USED, guild="other")}, Check.PHRASE_GUILD),
        ({"phrase": replace(USED, person="ben")}, Check.PHRASE_PERSON),
        ({"phrase": replace(USED, voice="v2")}, Check.PHRASE_PERSON),
        ({"phrase": replace(USED, purpose="music")}, Check.PHRASE_PURPOSE),
        ({"phrase": replace(USED, model="other")}, Check.PHRASE_MODEL),
        ({"findings": ()}, Check.PHRASE_FAILED),
        ({"findings": FINDINGS[:2]}, Check.MARK_FAILED),
        ({"findings": (*FINDINGS, Finding.refuse(Check.PHRASE_WORDS))}, Check.PHRASE_WORDS),
        ({"findings": (*FINDINGS, Finding.ask(Check.SPEAKER_DIFFERS))}, Check.SPEAKER_DIFFERS),
    ],
)
def test_a_voice_that_gets_no_consent(changes: dict[str, Any], check: Check) -> None:
    assert grant() == Finding.allow("consent")
    assert grant(voice(**changes)) == Finding.refuse(check)


@pytest.mark.parametrize(
    ("written", "check"),
    [
        ({"voice": "v2"}, Check.CONSENT_BROKEN),
        ({"witness": "berg"}, Check.WITNESS_NONE),
        ({"under_16": True, "parents_reference": "x"}, Check.WITNESS_NONE),
        ({"guild": "other"}, Check.CONSENT_GUILD),
        ({"person": "ben"}, Check.CONSENT_PERSON),
        ({"purpose": "music"}, Check.CONSENT_PURPOSE),
        ({"model": "other"}, Check.CONSENT_MODEL),
        ({"sample_hashes": HASHES[:1]}, Check.CONSENT_SAMPLES),
        ({"until": NOW + 90}, Check.CONSENT_EXPIRED),
        ({"until": NOW + 40 * 86400}, Check.CONSENT_LONG),
        ({"revoked_at": NOW}, Check.CONSENT_REVOKED),
    ],
)
def test_what_is_written_is_what_was_stated(written: dict[str, Any], check: Check) -> None:
    assert grant(**written) == Finding.refuse(check)


def test_a_grant_needs_its_witness_and_a_clock() -> None:
    assert grant(said="yes") == Finding.refuse(Check.WITNESS_NONE)
    assert grant(teacher=True) == Finding.refuse(Check.WITNESS_OPERATOR)
    assert grant(now=NOW) == Finding.refuse(Check.CLOCK_BACK)
    assert grant("voice") == Finding.refuse(Check.VOICE_STEP)


@pytest.mark.parametrize(
    ("asked", "check"),
    [
        *((name, Check.VOICE_BUNDLED) for name in sorted(BUNDLED)),
        ("Tim Reynolds", Check.VOICE_BUNDLED),
        ("tom&emma", Check.VOICE_BLEND),
        ("0123456789abcdef&fedcba9876543210", Check.VOICE_BLEND),
        ("tom＆emma", Check.VOICE_BLEND),
        ("../../etc/passwd", Check.VOICE_PATH),
        ("C:\\voices", Check.VOICE_PATH),
        ("~root", Check.VOICE_PATH),
        ("latents.pth", Check.VOICE_FILE),
        ("clip.WAV", Check.VOICE_FILE),
        ("", Check.VOICE_UNKNOWN),
        (None, Check.VOICE_UNKNOWN),
        ("Annas Stimme", Check.VOICE_UNKNOWN),
        ("0123456789abcde", Check.VOICE_UNKNOWN),
        ("0123456789ABCDEF", Check.VOICE_UNKNOWN),
        ("0123456789abcdef\n", Check.VOICE_UNKNOWN),
    ],
)
def test_only_an_id_names_a_voice(asked: object, check: Check) -> None:
    assert judge_reference("0123456789abcdef").allowed
    assert judge_reference(asked) == Finding.refuse(check)


@pytest.mark.parametrize(
    ("name", "check"),
    [
        ("", Check.VOICE_NAME),
        ("   ", Check.VOICE_NAME),
        ("x" * 33, Check.VOICE_NAME),
        ("a\nb", Check.VOICE_NAME),
        ("a\u200bb", Check.VOICE_NAME),
        ("../x", Check.VOICE_NAME),
        ("@everyone", Check.VOICE_NAME),
        (None, Check.VOICE_NAME),
        ("Angela Merkel", Check.VOICE_FAMOUS),
        ("T r u m p", Check.VOICE_FAMOUS),
        ("D0nald Trump", Check.VOICE_FAMOUS),
        ("Τrump", Check.VOICE_FAMOUS),
        ("der Bundeskanzler", Check.VOICE_FAMOUS),
        ("MrBeast", Check.VOICE_FAMOUS),
        ("Billie Eilish 2", Check.VOICE_FAMOUS),
        ("nackte Anna", Check.VOICE_WORDS),
        ("Arschloch", Check.VOICE_WORDS),
        ("Ben ist d0of", Check.VOICE_WORDS),
        ("...", Check.VOICE_NAME),
        ("(-)", Check.VOICE_NAME),
        ("Z\u0337\u0322\u031balgo", Check.VOICE_NAME),
    ],
)
def test_names_of_voices(name: object, check: Check) -> None:
    assert judge_name(name) == Finding.refuse(check)


@pytest.mark.parametrize(
    "name",
    [
        "Anna",
        "Emma",
        "Tom (fröhlich)",
        "Jürgens Stimme",
        "Zoë 2",
        "Friedrich",
        "Leo",
        "Angela K.",
        "Łukasz",
        "Thị Ánh",
        "दिव्या",
        "Hurley",
    ],
)
def test_honest_names(name: str) -> None:
    assert judge_name(name).allowed
