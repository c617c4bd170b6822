"""Tokens of consents: what they are good for, and by which check everything else is refused."""

from __future__ import annotations

import base64
import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation import voice_token
from generation.families.speech.consent import Clock
from generation.voice_token import Claim, TokenCheck, TokenRefused, check_token, make_token
from generation.worker_environment import worker_environment

KEY = "ab" * 32
NOW = 1_800_000_000.0
SAMPLES = frozenset({"1" * 64, "2" * 64})
CLAIM = Claim(job="job1", voice="voice1", samples=SAMPLES, model="tortoise", until=NOW + 60)


def refusal(token: object, wanted: Claim = CLAIM, *, key: str | None = KEY, now: float = NOW) -> TokenCheck:
    with pytest.raises(TokenRefused) as caught:
        check_token(token, key, wanted, now=now)
    return caught.value.check


def test_a_token_is_good_for_what_it_was_made_for() -> None:
    assert check_token(make_token(CLAIM, KEY, now=NOW), KEY, replace(CLAIM, until=0.0), now=NOW) == NOW + 60


@pytest.mark.parametrize(
    ("check", "change"),
    [
        (TokenCheck.JOB, {"job": "job2"}),
        (TokenCheck.VOICE, {"voice": "voice2"}),
        (TokenCheck.SAMPLES, {"samples": frozenset({"1" * 64})}),
        (TokenCheck.SAMPLES, {"samples": SAMPLES | {"3" * 64}}),
        (TokenCheck.SAMPLES, {"samples": frozenset()}),
        (TokenCheck.MODEL, {"model": "other"}),
        (TokenCheck.PURPOSE, {"purpose": "enrolment"}),
    ],
    ids=str,
)
def test_anything_else_is_refused_by_the_check_it_belongs_to(
    check: TokenCheck, change: dict[str, Any]
) -> None:
    assert refusal(make_token(CLAIM, KEY, now=NOW), replace(CLAIM, **change)) is check


def test_time_runs_out_and_no_token_is_good_for_long() -> None:
    token = make_token(CLAIM, KEY, now=NOW)
    for_ever = make_token(replace(CLAIM, until=NOW * 2), KEY, now=NOW)

    assert refusal(token, now=NOW + 60) is TokenCheck.LATE
    assert check_token(for_ever, KEY, CLAIM, now=NOW) == NOW + voice_token.LONGEST_S
    assert refusal(for_ever, now=NOW - 1) is TokenCheck.LONG


@pytest.mark.parametrize("key", [None, "", "short", "zz" * 32, KEY.upper()])
def test_without_a_key_nothing_is_good(key: str | None) -> None:
    assert refusal(make_token(CLAIM, KEY, now=NOW), key=key) is TokenCheck.KEY


def test_another_key_is_another_bot_or_an_earlier_start() -> None:
    assert refusal(make_token(CLAIM, voice_token.new_key(), now=NOW)) is TokenCheck.SIGNATURE


@pytest.mark.parametrize("token", [None, "", 7, b"x"])
def test_no_token(token: object) -> None:
    assert refusal(token) is TokenCheck.NONE


@pytest.mark.parametrize("token", ["x", "a.b.c", ".", "ä.ä", "x" * 3000, "a b.c"])
def test_no_form_of_a_token(token: str) -> None:
    assert refusal(token) in {TokenCheck.FORM, TokenCheck.SIGNATURE}


@given(place=st.integers(min_value=0), letter=st.characters(min_codepoint=33, max_codepoint=126))
def test_a_token_with_one_letter_changed_is_none(place: int, letter: str) -> None:
    token = make_token(CLAIM, KEY, now=NOW)
    place %= len(token)
    changed = token[:place] + letter + token[place + 1 :]

    if changed != token:
        assert refusal(changed) in {TokenCheck.FORM, TokenCheck.SIGNATURE}


@pytest.mark.parametrize(
    "body", [b"[]", b"{}", b"x", b'{"job":"job1","voice":"v","model":"m","purpose":"speech","until":"x"}']
)
def test_a_signed_body_that_says_something_else_is_no_form(body: bytes) -> None:
    signed = voice_token._sign(body, KEY)
    token = ".".join(base64.urlsafe_b64encode(one).rstrip(b"=").decode() for one in (body, signed))

    assert refusal(token) is TokenCheck.FORM


@pytest.mark.parametrize(
    "change",
    [
        {"samples": frozenset()},
        {"samples": frozenset({"A" * 64})},
        {"samples": frozenset(f"{n}" * 64 for n in range(4))},
        {"job": ""},
        {"until": NOW},
        {"until": math.inf},
        {"until": math.nan},
    ],
    ids=str,
)
def test_what_nobody_can_allow_gets_no_token(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="a token needs"):
        make_token(replace(CLAIM, **change), KEY, now=NOW)


def test_a_refusal_tells_nothing_of_the_token() -> None:
    token = make_token(CLAIM, KEY, now=NOW)
    with pytest.raises(TokenRefused) as caught:
        check_token(token, KEY, replace(CLAIM, job="x"), now=NOW)

    assert str(caught.value) == "token.job"


def test_the_key_reaches_one_family_and_no_other_secret_does() -> None:
    inherited = {
        "PATH": "/bin",
        voice_token.KEY_VARIABLE: KEY,
        f"{voice_token.KEY_VARIABLE}_2": KEY,
        "DISCORD_TOKEN": "x",
    }
    seen = {
        family: worker_environment(inherited, family=family, heartbeat=1.0, family_lock=None)
        for family in ("speech", "voices", "listening", "music", "speech2", "")
    }

    assert [family for family, one in seen.items() if KEY in one.values()] == ["speech"]
    assert seen["speech"][voice_token.KEY_VARIABLE] == KEY
    assert not any("DISCORD_TOKEN" in one or f"{voice_token.KEY_VARIABLE}_2" in one for one in seen.values())


@pytest.mark.parametrize("turned", [lambda wall: wall - 3600, lambda wall: 0.0])
def test_a_clock_turned_back_gains_nothing(turned: Callable[[float], float]) -> None:
    times = {"wall": NOW, "steady": 5.0}
    clock = Clock(lambda: times["wall"], lambda: times["steady"])
    times.update(wall=turned(NOW), steady=65.0)

    assert clock.now() == NOW + 60
    times.update(wall=NOW + 500)
    assert clock.now() == NOW + 500
