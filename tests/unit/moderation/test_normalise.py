import string
import time
import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from moderation.letters import look_alikes
from moderation.normalise import clean, read
from moderation.words import WordCheck

# The machine is shared: a slow example says nothing.
PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
ANY_TEXT = st.text(st.characters(), max_size=80)
HOSTILE: dict[str, Callable[[int], str]] = {
    "digits of several readings": lambda length: "a" + "1571" * (length // 4),
    "hidden letters": lambda length: "*" * (length - 1) + "a",
    "single letters": lambda length: "n a c k " * (length // 8),
    "separators": lambda length: "a." * (length // 2),
    "combining marks": lambda length: "a" + "\u0301" * length,
    "one long word": lambda length: "pornsexnackt" * (length // 12),
    "repeated letters": lambda length: "s" * length,
    "phrases": lambda length: "bombe bauen " * (length // 12),
    "several readings each": lambda length: "рхüß" * (length // 4),
    "capitals and small": lambda length: "aB" * (length // 2),
}


def spelled_out(text: str) -> list[str]:
    """The first reading of every word of the first sequence."""
    return ["".join(readings[0] for readings in word.variants[0]) for word in read(text)[0]]


@PATIENT
@given(ANY_TEXT)
@example("İ\u0307ß\u0308ǰ")
@example("\u0345\u1fb3")
@example("\ufdfa")
def test_clean_is_idempotent(text: str) -> None:
    once = clean(text)
    assert clean(once) == once


@PATIENT
@given(ANY_TEXT)
def test_clean_leaves_nothing_invisible(text: str) -> None:
    assert not [character for character in clean(text) if unicodedata.category(character)[0] in "MC"]


@PATIENT
@given(ANY_TEXT)
def test_reading_never_raises_and_yields_words(text: str) -> None:
    for sequence in read(text):
        for word in sequence:
            assert word.variants
            assert all(readings and all(readings) for variant in word.variants for readings in variant)


@PATIENT
@given(st.lists(st.text(string.ascii_lowercase, min_size=2, max_size=8), min_size=1, max_size=6))
def test_ordinary_words_stay_what_they_are(words: list[str]) -> None:
    assert spelled_out(" ".join(words)) == words
    assert [word.plain for word in read(", ".join(words))[0]] == words


@PATIENT
@given(st.text(string.ascii_letters + "äöüßÄÖÜ", min_size=1, max_size=12).filter(str.islower))
def test_a_disguised_word_is_never_plain(word: str) -> None:
    (typed,) = read(word)[0]
    assert typed.plain
    assert not any(found.plain for found in read(word + "4")[0])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Ein Fuchs, rot!", ["ein", "fuchs", "rot"]),
        ("Grüße aus Köln", ["gruesse", "aus", "koeln"]),
        ("ｎａｃｋｔ", ["nackt"]),
        ("𝔫𝔞𝔠𝔨𝔱", ["nackt"]),
        ("ɴᴀᴄᴋᴛ", ["nackt"]),
        ("🅝🅐🅒🅚🅣", ["nackt"]),
        ("🇳🇦🇨🇰🇹", ["nackt"]),
        ("n\u200ba\u00adc\u202ek\ufe0ft", ["nackt"]),
        ("n\u0336a\u0336c\u0336k\u0336t\u0336", ["nackt"]),
        ("rotesHaus", ["rotes", "haus"]),
        ("rot_haus/am-see", ["rot", "haus", "am", "see"]),
        ("don't", ["dont"]),
        ("10 000 !!", []),
        ("k4ff33", ["kaffee"]),
        ("", []),
        ("\ud800 a", ["a"]),
    ],
)
def test_readings_of_disguises(text: str, words: list[str]) -> None:
    assert spelled_out(text) == words


def test_several_readings_are_kept() -> None:
    (word,) = read("р1ü")[0]
    assert (("p", "r"), ("i", "l"), ("ue", "u")) in word.variants


def test_look_alikes_are_single_characters_read_as_latin() -> None:
    for character, readings in look_alikes().items():
        assert len(character) == 1
        assert character not in string.ascii_letters
        assert all(reading and set(reading) <= set(string.ascii_lowercase) for reading in readings)


def seconds(check: WordCheck, text: str) -> float:
    """The best of three: a busy machine only ever adds."""
    taken = []
    for _ in range(3):
        start = time.process_time()
        check.check(text)
        taken.append(time.process_time() - start)
    return min(taken)


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_text_takes_linear_time(kind: str) -> None:
    check = WordCheck()
    short, long = (seconds(check, HOSTILE[kind](length)) for length in (1_200, 4_800))
    # Four times the length: quadratic would be sixteen times the time.
    assert long < 9 * max(short, 0.005)
    assert long < 1.0


@settings(max_examples=50, deadline=None)
@given(st.text(st.sampled_from("nackt 4@.*-\u200b\u0301рü1$"), max_size=200))
def test_the_check_never_raises(text: str) -> None:
    assert WORDS.check(text).check == "words"


WORDS = WordCheck()
