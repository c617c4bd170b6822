"""What is taken out of a model's text, and above all what is left alone."""

from __future__ import annotations

import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generation.mini.text import documents
from moderation.text_rules import GAP, PRIVACY, REPETITION, AnswerRules, tidy
from tests.unit.moderation import harmless


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("Mehr steht auf https://example.org/seite?x=1 im Netz.", "example"),
        ("Mehr steht auf www.example.org.", "example"),
        ("Mehr steht auf klexikon.de und anderswo.", "klexikon"),
        ("Komm zu discord.gg/abc123 mit.", "gg"),
        ("Schreib an lea.muster+x@schule.example.de, bitte.", "lea"),
        ("Ruf mich an: 0151 23456789.", "2345"),
        ("Ruf mich an: 030/1234567", "1234"),
        ("Ruf mich an: (030) 12 34 56 78 abends", "34"),
        ("Ruf mich an: +49 170 1234567!", "1234"),
        ("Call me: 555-123-4567.", "4567"),
        ("Sie wohnt in der Lindenstraße 12a, 12345 Berlin.", "Linden"),
        ("Sie wohnt Am Alten Weg 3, 80331 München.", "80331"),
        ("He lives at 12 Baker Street, London NW1 6XE.", "Baker"),
    ],
)
def test_contacts_are_taken_out(text: str, secret: str) -> None:
    made = tidy(text)
    assert secret not in made.text
    assert GAP in made.text
    assert made.removed == (PRIVACY,)
    assert AnswerRules()(text).code == PRIVACY
    assert AnswerRules()(made.text).allowed


@pytest.mark.parametrize(
    "text",
    [
        "Am 01.02.2024 um 10:30 Uhr, also am 2024-02-01 oder 01/02/2024.",
        "Pi ist 3,14159265, und 0,000123456 ist klein. 1.000.000 und 10 000 000 sind groß.",
        "Die Nummer gegen Kummer ist 116 111, die Telefonseelsorge 0800 1110111 oder 0800 111 0 222.",
        "In Notfällen 110 oder 112.",
        "Sherlock Holmes wohnt in der Baker Street 221B.",
        "Wir treffen uns in der Schulstraße 5 am Bahnhof.",
        "z.B. Hund und/oder Katze, bzw. usw.Auch ohne Leerzeichen.",
        "Der Satz endet.Am nächsten Tag regnet es.",
        "Julia bekam 2006 einen Brief mit 12345 Punkten.",
        "def f(x): return x.com + 1",
        "[verse]\nNa na na na na na na na\nHey hey hey\n[chorus]\nLa la la",
        "Ha! " * 10,
        "Der Mond ist aufgegangen.\n" * 4,
        "\n\n".join([f"Strophe {number}\nO Tannenbaum, o Tannenbaum\nWie grün" for number in range(9)]),
        "1, 2, 3, 4, 5, 6, 7, 8, 9, 10",
        "-" * 200,
        "Das ist soooooooo schön, hahahahahaha!",
        "10" + "0" * 100 + " ist ein Googol.",
        "",
    ],
)
def test_harmless_texts_stay_as_they_are(text: str) -> None:
    assert tidy(text).text == text
    assert AnswerRules()(text).allowed


@pytest.mark.parametrize(
    "text",
    [
        "Der Hund läuft. " * 40,
        "ja " * 200,
        "Es war einmal ein König. Er hatte drei Töchter und ein großes Schloss. " * 6 + "Ende.",
        "Am Anfang.\n" + "Ich weiß es nicht genau.\n" * 20,
        "\n".join(f"Der Hund schläft im Haus.\nZeile {number}" for number in range(30)),
        "a" * 400,
        "haha" * 100,
    ],
)
def test_endless_repetition_is_cut_and_what_is_around_it_stays(text: str) -> None:
    made = tidy(text)
    assert made.removed == (REPETITION,)
    assert made.text[:1] == text[:1]
    assert len(made.text) < 0.6 * len(text)
    assert made.text.endswith("Ende.") == text.endswith("Ende.")
    assert AnswerRules()(text).code == REPETITION
    assert AnswerRules()(made.text).allowed


def test_two_hundred_harmless_texts_of_the_grammar_are_left_alone() -> None:
    rng = random.Random(4)
    sentences = harmless.generated(rng, 1000)
    texts = ["\n".join(rng.choices(sentences, k=rng.randint(1, 12))) for _ in range(200)]
    assert [text for text in texts if tidy(text).removed] == []


def test_two_hundred_texts_of_the_rehearsal_models_grammar_are_left_alone() -> None:
    rng = random.Random(5)
    texts = [documents.plain(("de", "en")[number % 2], rng) for number in range(200)]
    assert [text for text in texts if tidy(text).removed] == []


PIECES = st.sampled_from(
    [
        "ha ",
        "Der Hund läuft. ",
        "\n",
        "https://a.de/b ",
        "lea@b.de ",
        "0151 23456789 ",
        "a" * 40,
        "… ",
        "x",
        "10",
    ]
)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(PIECES, st.integers(1, 30)), max_size=12) | st.lists(st.tuples(st.text(), st.just(1)))
)
def test_what_is_tidy_stays_tidy(parts: list[tuple[str, int]]) -> None:
    text = "".join(piece * times for piece, times in parts)
    made = tidy(text)
    assert bool(made.text) == bool(text)
    assert tidy(made.text).removed == ()


def test_the_longest_answer_takes_no_second() -> None:
    texts = [
        "Der Hund. " * 6000,
        "a" * 64_000,
        "1 2 " * 16_000,
        "0123 " * 12_000,
        "A b" * 20_000,
        "Ab-" * 20_000,
    ]
    for text in texts:
        start = time.perf_counter()
        tidy(text)
        assert time.perf_counter() - start < 5
