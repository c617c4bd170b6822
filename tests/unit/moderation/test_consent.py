from __future__ import annotations

import math
from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.voice_records import OPERATOR, Check, Consent, Finding
from moderation.consent import (
    DEFAULT_S,
    LONGEST_S,
    default_until,
    judge_job,
    judge_revocation,
    judge_until,
    judge_use,
    needs_consent,
)
from tests.fakes_dispatch import make_job
from tests.unit.moderation.voices import HASHES, NOW, SOUND, consent

LATER = NOW + 60
NONSENSE = (None, math.nan, math.inf, -math.inf, "", " ", b"x", 0, True, (), [], object())


def judge(one: object = None, **changes: Any) -> Finding:
    asked: dict[str, Any] = {**SOUND, "now": LATER, "last_seen": NOW, **changes}
    return judge_use(consent() if one is None else one, **asked)


def test_a_living_consent_allows_its_owner() -> None:
    assert judge() == Finding.allow("consent")
    assert judge(sample_hashes=tuple(reversed(HASHES))).allowed
    assert judge(now=NOW + 3600 - 0.001).allowed


@pytest.mark.parametrize(
    ("changes", "check"),
    [
        ({"guild": "other"}, Check.CONSENT_GUILD),
        ({"person": "ben"}, Check.CONSENT_PERSON),
        ({"person": "sommer"}, Check.CONSENT_PERSON),
        ({"purpose": "music"}, Check.CONSENT_PURPOSE),
        ({"model": "other"}, Check.CONSENT_MODEL),
        ({"sample_hashes": HASHES[:1]}, Check.CONSENT_SAMPLES),
        ({"sample_hashes": (*HASHES, "c" * 64)}, Check.CONSENT_SAMPLES),
        ({"sample_hashes": ("a" * 64, "c" * 64)}, Check.CONSENT_SAMPLES),
        ({"sample_hashes": "a" * 64}, Check.CONSENT_SAMPLES),
        ({"now": NOW + 3600}, Check.CONSENT_EXPIRED),
        # the clock was set back: the end is compared with the latest time that was seen
        ({"now": NOW + 3598, "last_seen": NOW + 3601}, Check.CONSENT_EXPIRED),
        ({"now": NOW + 10, "last_seen": NOW + 16}, Check.CLOCK_BACK),
        ({"now": NOW - 10, "last_seen": NOW - 20}, Check.CLOCK_BACK),
    ],
)
def test_asked_for_something_else(changes: dict[str, Any], check: Check) -> None:
    assert judge(**changes) == Finding.refuse(check)


@pytest.mark.parametrize(
    ("changes", "check"),
    [
        ({"revoked_at": NOW + 1}, Check.CONSENT_REVOKED),
        ({"revoked_at": NOW + 9e9}, Check.CONSENT_REVOKED),
        ({"revoked_at": math.nan}, Check.CONSENT_REVOKED),
        ({"until": NOW + LONGEST_S + 1}, Check.CONSENT_LONG),
        ({"until": math.inf}, Check.CONSENT_BROKEN),
        ({"until": math.nan}, Check.CONSENT_BROKEN),
        ({"granted_at": math.nan}, Check.CONSENT_BROKEN),
        ({"sample_hashes": ()}, Check.CONSENT_BROKEN),
        ({"sample_hashes": ("a", "b")}, Check.CONSENT_BROKEN),
        ({"allowed": "anna"}, Check.CONSENT_BROKEN),
        ({"witness": ""}, Check.CONSENT_BROKEN),
        ({"witness": "anna"}, Check.WITNESS_SELF),
        ({"under_16": None}, Check.AGE_UNKNOWN),
        ({"under_16": 0}, Check.AGE_UNKNOWN),
        ({"under_16": True}, Check.AGE_REFERENCE),
        ({"under_16": True, "parents_reference": " "}, Check.AGE_REFERENCE),
        ({"under_16": True, "parents_reference": "sheet 4", "witness": OPERATOR}, Check.AGE_REFERENCE),
    ],
)
def test_a_row_that_is_no_consent_of_ours(changes: dict[str, Any], check: Check) -> None:
    assert judge(consent(**changes)) == Finding.refuse(check)


def test_no_consent_and_something_else_in_its_place() -> None:
    asked: dict[str, Any] = {**SOUND, "now": LATER, "last_seen": NOW}
    assert judge_use(None, **asked) == Finding.refuse(Check.CONSENT_NONE)
    for one in (True, {"until": NOW + 9}, "yes"):
        assert judge_use(one, **asked) == Finding.refuse(Check.CONSENT_BROKEN)


def test_only_who_is_named_may_use_it_besides_its_owner() -> None:
    shared = consent(allowed=("ben",))
    assert judge(shared, person="ben").allowed
    assert judge(shared).allowed
    assert judge(shared, person="cleo") == Finding.refuse(Check.CONSENT_PERSON)


@given(name=st.sampled_from([*SOUND, "now", "last_seen"]), value=st.sampled_from(NONSENSE))
def test_nonsense_in_any_argument_refuses(name: str, value: object) -> None:
    if name == "last_seen" and value == 0 and not isinstance(value, bool):
        return  # nothing was judged before
    assert not judge(**{name: value}).allowed


MAY = {"allowed": ((),), "revoked_at": (None,), "parents_reference": NONSENSE}


@given(name=st.sampled_from([field.name for field in fields(Consent)]), value=st.sampled_from(NONSENSE))
def test_nonsense_in_any_column_refuses(name: str, value: object) -> None:
    if any(value is one or value == one for one in MAY.get(name, ())) or (
        name == "granted_at" and value == 0
    ):
        return
    assert not judge(replace(consent(), **{name: value})).allowed


@given(
    now=st.floats(allow_nan=True, allow_infinity=True),
    seen=st.floats(allow_nan=True, allow_infinity=True),
    length=st.floats(min_value=1, max_value=LONGEST_S),
)
def test_whatever_the_times_nothing_lives_outside_its_own(now: float, seen: float, length: float) -> None:
    one = consent(until=NOW + length)
    if judge(one, now=now, last_seen=seen).allowed:
        assert NOW <= max(now, seen) < NOW + length
        assert now >= seen - 5


def test_the_rule_for_jobs_reads_who_and_what_from_the_job() -> None:
    job = make_job("anna", medium="speech", family="speech", model="tortoise", params={"voice": "v1"})
    assert judge_job(job, consent(), HASHES, LATER, NOW).allowed
    for change, check in (
        ({"owner_id": "ben"}, Check.CONSENT_PERSON),
        ({"guild_id": "other"}, Check.CONSENT_GUILD),
        ({"model": "other"}, Check.CONSENT_MODEL),
    ):
        assert judge_job(replace(job, **change), consent(), HASHES, LATER, NOW) == Finding.refuse(check)
    assert judge_job(job, None, (), LATER, NOW) == Finding.refuse(Check.CONSENT_NONE)


def test_nobodys_voice_and_other_media_need_no_consent() -> None:
    for medium, family, needed in (
        ("speech", "speech", True),
        ("speech", "something new", True),
        ("speech", "voices", False),
        ("image", "diffusion", False),
    ):
        job = make_job(medium=medium, family=family)
        assert needs_consent(job) is needed
        assert judge_job(job, None, (), LATER, NOW).allowed is not needed


def test_until_when() -> None:
    assert default_until(NOW, NOW + 600) == NOW + 600
    assert (
        default_until(NOW, None)
        == default_until(NOW, NOW - 1)
        == default_until(NOW, math.nan)
        == NOW + DEFAULT_S
    )
    assert default_until(NOW, NOW + LONGEST_S * 2) == NOW + LONGEST_S
    assert judge_until(NOW + LONGEST_S, now=NOW).allowed
    assert judge_until(NOW + LONGEST_S + 1, now=NOW) == Finding.refuse(Check.CONSENT_LONG)
    for until in (NOW, NOW - 1, None, math.nan, math.inf, True, "tomorrow"):
        assert judge_until(until, now=NOW) == Finding.refuse(Check.CONSENT_EXPIRED)


def test_who_may_revoke() -> None:
    def revoke(person: object, guild: object = "class", is_teacher: object = False) -> Finding:
        return judge_revocation(consent(), guild=guild, person=person, is_teacher=is_teacher)

    assert revoke("anna").allowed
    assert revoke("sommer", is_teacher=True).allowed
    assert revoke("ben") == Finding.refuse(Check.CONSENT_PERSON)
    assert revoke("ben", is_teacher=1) == Finding.refuse(Check.CONSENT_PERSON)
    assert revoke("anna", guild="other") == Finding.refuse(Check.CONSENT_GUILD)
    nothing = judge_revocation(None, guild="class", person="anna", is_teacher=True)
    assert nothing == Finding.refuse(Check.CONSENT_NONE)


def test_a_finding_says_one_thing() -> None:
    with pytest.raises(ValueError, match="names its check"):
        Finding(Finding.allow("x").answer, "x", Check.CLOCK_BACK)
    with pytest.raises(ValueError, match="names its check"):
        Finding(Finding.refuse(Check.CLOCK_BACK).answer, "x")
    with pytest.raises(TypeError):
        Finding(True, "x")  # type: ignore[arg-type]
    assert Check.CONSENT_NONE.code == "refused_consent_none"


@given(now=st.floats(min_value=0, max_value=1e10))
def test_thirty_days_are_thirty_days_however_they_are_rounded(now: float) -> None:
    assert judge_until(default_until(now, now + 9e9), now=now).allowed
    assert judge_until(now + LONGEST_S, now=now).allowed
    assert not judge_until(now + LONGEST_S + 1, now=now).allowed
