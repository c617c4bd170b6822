from __future__ import annotations

import itertools
import math
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.voice_records import Answer, Check, Finding, Phrase
from moderation.phrase import (
    LANGUAGES,
    LEAST_BITS,
    LIST_WORDS,
    PHRASE_WORDS,
    Hearing,
    Tolerance,
    draw_phrase,
    judge_phrase,
    judge_words,
    phrase_bits,
    phrase_words,
    plain,
)
from moderation.wordlist import WordListError
from moderation.words import WordCheck
from tests.unit.moderation.voices import HASHES, NOW, SOUND, WORDS, hearing, phrase

OTHERS = tuple(word for word in phrase_words("en") if word not in WORDS)


def judge(one: object, **changes: Any) -> Finding:
    asked: dict[str, Any] = {**SOUND, "now": NOW + 20, "last_seen": NOW, **changes}
    return judge_phrase(one, **asked)


def heard(*words: str, **changes: Any) -> Finding:
    return judge_words(hearing(words, **changes), phrase(), measured={"en"})


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_lists_are_whole_harmless_and_unlike(language: str) -> None:
    words = phrase_words(language)
    assert len(words) == LIST_WORDS
    check = WordCheck()
    assert [word for word in words if not check.check(word).allowed] == []
    assert [
        pair
        for pair in itertools.combinations([plain(word) for word in words], 2)
        if pair[0] in pair[1] or pair[1] in pair[0] or pair[0][:4] == pair[1][:4]
    ] == []


def test_english_words_can_be_a_grammar() -> None:
    assert all(word.isascii() and word.islower() and word.isalpha() for word in phrase_words("en"))


def test_another_language_has_no_list() -> None:
    with pytest.raises(WordListError):
        phrase_words("fr")
    with pytest.raises(WordListError):
        phrase_words("../wordlists/en")


def test_a_phrase_has_its_bits_and_is_drawn_afresh() -> None:
    assert phrase_bits() >= LEAST_BITS
    drawn = {draw_phrase(language) for language in LANGUAGES for _ in range(100)}
    assert len(drawn) == 200
    for words in drawn:
        assert len(words) == PHRASE_WORDS
        assert all(word != following for word, following in itertools.pairwise(words))
    rng = random.Random(5)
    places = [draw_phrase("en", choose=rng.choice) for _ in range(3000)]
    for place in range(PHRASE_WORDS):
        assert {words[place] for words in places} == set(phrase_words("en"))


def test_in_time_and_by_its_owner() -> None:
    assert judge(phrase()) == Finding.allow("phrase")
    assert judge(phrase(), now=NOW + 180, sample_hashes=tuple(reversed(HASHES))).allowed


@pytest.mark.parametrize(
    ("one", "changes", "check"),
    [
        (None, {}, Check.PHRASE_NONE),
        ("words", {}, Check.PHRASE_NONE),
        (phrase(words=WORDS[:7]), {}, Check.PHRASE_NONE),
        (phrase(words=(*WORDS[:7], "anything")), {}, Check.PHRASE_NONE),
        (phrase(words=list(WORDS)), {}, Check.PHRASE_NONE),
        (phrase(language="fr"), {}, Check.PHRASE_NONE),
        (phrase(expires_at=NOW + 181), {}, Check.PHRASE_NONE),
        (phrase(expires_at=math.inf), {}, Check.PHRASE_NONE),
        (phrase(expires_at=NOW), {}, Check.PHRASE_NONE),
        (phrase(issued_at=math.nan), {}, Check.PHRASE_NONE),
        (phrase(used_at=NOW + 1), {}, Check.PHRASE_REUSED),
        (phrase(), {"now": NOW + 180.1}, Check.PHRASE_LATE),
        (phrase(), {"now": NOW + 178, "last_seen": NOW + 181}, Check.PHRASE_LATE),
        (phrase(), {"now": NOW - 1, "last_seen": 0}, Check.CLOCK_BACK),
        (phrase(), {"now": NOW, "last_seen": NOW + 6}, Check.CLOCK_BACK),
        (phrase(), {"now": math.nan}, Check.CLOCK_INVALID),
        (phrase(), {"guild": "other"}, Check.PHRASE_GUILD),
        (phrase(), {"person": "ben"}, Check.PHRASE_PERSON),
        (phrase(), {"purpose": "music"}, Check.PHRASE_PURPOSE),
        (phrase(), {"model": "other"}, Check.PHRASE_MODEL),
        (phrase(), {"sample_hashes": HASHES[:1]}, Check.PHRASE_SAMPLES),
        (phrase(sample_hashes=()), {"sample_hashes": ()}, Check.PHRASE_SAMPLES),
        # a stranger does not learn that it was used
        (phrase(used_at=NOW + 1), {"person": "ben"}, Check.PHRASE_PERSON),
    ],
)
def test_a_phrase_that_may_not_be_given(one: object, changes: dict[str, Any], check: Check) -> None:
    assert judge(one, **changes) == Finding.refuse(check)


def test_six_of_eight_words_in_order_are_enough() -> None:
    assert heard(*WORDS) == Finding.allow("phrase")
    assert heard(*(word.upper() for word in WORDS)).allowed
    assert heard(*WORDS[:3], *WORDS[5:], OTHERS[0]).allowed
    assert heard(OTHERS[0], *WORDS, OTHERS[1]).allowed
    strict = Tolerance(missed=0, extra=0)
    assert judge_words(hearing(), phrase(), measured={"en"}, tolerance=strict).allowed
    missed = judge_words(hearing(WORDS[:7]), phrase(), measured={"en"}, tolerance=strict)
    assert missed == Finding.refuse(Check.PHRASE_WORDS)


@pytest.mark.parametrize(
    ("words", "check"),
    [
        (WORDS[:5], Check.PHRASE_WORDS),
        ((*WORDS[:5], *OTHERS[:3]), Check.PHRASE_WORDS),
        ((), Check.PHRASE_WORDS),
        ((WORDS[1], WORDS[0], *WORDS[2:]), Check.PHRASE_ORDER),
        ((*WORDS[1:], WORDS[0]), Check.PHRASE_ORDER),
        (tuple(reversed(WORDS)), Check.PHRASE_ORDER),
        ((*WORDS, *OTHERS[:3]), Check.PHRASE_EXTRA),
        (phrase_words("en") * 8, Check.PHRASE_EXTRA),
        ((*WORDS[:7], "something"), Check.PHRASE_FAILED),
    ],
)
def test_other_words_another_order_or_too_many(words: tuple[str, ...], check: Check) -> None:
    assert heard(*words) == Finding.refuse(check)


@given(
    missed=st.integers(0, 2),
    extra=st.integers(0, 2),
    words=st.lists(st.sampled_from(phrase_words("en")), max_size=12),
)
def test_what_passes_has_enough_words_in_order_and_few_others(
    missed: int, extra: int, words: list[str]
) -> None:
    answer = judge_words(
        hearing(tuple(words)), phrase(), measured={"en"}, tolerance=Tolerance(missed=missed, extra=extra)
    )
    rows = {
        row
        for size in range(PHRASE_WORDS - missed, PHRASE_WORDS + 1)
        for row in itertools.combinations(WORDS, size)
        if _is_in(row, words)
    }
    if answer.allowed:
        assert rows
        assert len(words) <= PHRASE_WORDS + extra


def _is_in(row: tuple[str, ...], words: list[str]) -> bool:
    remaining = iter(words)
    return all(word in remaining for word in row)


@given(data=st.data())
def test_a_phrase_with_up_to_two_words_misheard_passes(data: st.DataObject) -> None:
    places = data.draw(st.sets(st.integers(0, 7), max_size=2))
    instead = data.draw(st.lists(st.sampled_from([None, *OTHERS]), min_size=8, max_size=8))
    words = [instead[place] if place in places else word for place, word in enumerate(WORDS)]
    assert heard(*(word for word in words if word is not None)).allowed


@pytest.mark.parametrize("nothing", [None, "", {"words": []}, math.nan, WORDS])
def test_a_recogniser_that_gave_nothing_refuses_in_every_language(nothing: object) -> None:
    for language in LANGUAGES:
        one = phrase(language=language, words=phrase_words(language)[:8])
        assert judge_words(nothing, one, measured={"en"}) == Finding.refuse(Check.PHRASE_FAILED)


@pytest.mark.parametrize(
    ("seconds", "check"),
    [
        (0.0, Check.PHRASE_SILENT),
        (1.4, Check.PHRASE_SILENT),
        (61.0, Check.PHRASE_SILENT),
        (math.nan, Check.PHRASE_FAILED),
        (math.inf, Check.PHRASE_FAILED),
        (None, Check.PHRASE_FAILED),
    ],
)
def test_voice_activity_comes_first(seconds: Any, check: Check) -> None:
    assert heard(*WORDS, speech_s=seconds) == Finding.refuse(check)


def test_a_language_without_a_measured_recogniser_is_the_witness_question() -> None:
    german = phrase(language="de", words=phrase_words("de")[:8])
    said = Hearing((), 6.0, measured=False)
    assert judge_words(said, german, measured={"en"}) == Finding.ask(Check.PHRASE_UNCHECKED)
    assert judge_words(said, phrase(), measured=()).answer is Answer.OPEN
    silent = Hearing((), 0.0, measured=False)
    assert judge_words(silent, german, measured={"en"}) == Finding.refuse(Check.PHRASE_SILENT)
    # where there is one, it must not fall away
    assert heard(*WORDS, measured=False) == Finding.refuse(Check.PHRASE_FAILED)


@pytest.mark.parametrize(
    "facts",
    [
        None,
        [],
        {},
        {"words": ["a"], "speech_seconds": 5.0},
        {"words": "apple", "speech_seconds": 5.0, "measured": True},
        {"words": ["apple", None], "speech_seconds": 5.0, "measured": True},
        {"words": ["apple"], "speech_seconds": math.nan, "measured": True},
        {"words": ["apple"], "speech_seconds": -1, "measured": True},
        {"words": ["apple"], "speech_seconds": True, "measured": True},
        {"words": ["apple"], "speech_seconds": 5.0, "measured": 1},
    ],
)
def test_facts_that_say_nothing(facts: object) -> None:
    assert Hearing.of(facts) is None


def test_facts_are_read() -> None:
    facts = {"words": ["apple"], "speech_seconds": 5, "measured": True, "level_db": -20.0}
    assert Hearing.of(facts) == Hearing(("apple",), 5.0, True)


def test_the_tolerance_has_bounds_and_a_chance() -> None:
    for wrong in (
        {"missed": 3},
        {"missed": -1},
        {"extra": 5},
        {"least_speech_s": math.nan},
        {"most_speech_s": 0},
    ):
        with pytest.raises(ValueError, match=r"must be heard|seconds"):
            Tolerance(**wrong)
    assert Tolerance(missed=0, extra=0).chance == pytest.approx(47.0**-8)
    # 28 * 210 ways to have six words in order among ten
    assert Tolerance().chance == pytest.approx(5880 / 47**6)


def test_random_words_do_not_pass() -> None:
    rng = random.Random(11)
    passed = 0
    for _ in range(2000):
        said = draw_phrase("en", choose=rng.choice)
        other = Phrase(**{**_plain(phrase()), "words": draw_phrase("en", choose=rng.choice)})
        passed += judge_words(hearing(said), other, measured={"en"}).allowed
    assert passed == 0


def _plain(one: Phrase) -> dict[str, Any]:
    return {name: getattr(one, name) for name in one.__slots__}
