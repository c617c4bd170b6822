"""The mini text model's grammar: what it writes it recognises, what it did not write it does not, nothing leaks."""

from __future__ import annotations

import struct
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation.mini.text import facts, lexicon, unknown
from generation.mini.text.documents import acceptor, conversation, document, plain
from generation.mini.text.grammar import fill

ACCEPTOR = acceptor()
WEIGHTS = lexicon.__file__.replace("lexicon.py", "weights/mini-text.gguf")


@given(st.integers(0, 10**9))
def test_every_plain_text_and_every_answer_is_accepted(seed: int) -> None:
    made = document(Random(seed))
    texts = [made] if isinstance(made, str) else [text for role, text in made if role == "assistant"]
    assert [one for text in texts for one in ACCEPTOR.sentences(text) if not ACCEPTOR.accepts(one)] == []


@pytest.mark.parametrize(
    "sentence",
    [
        "Der Katze ist grau.",
        "Die Frosch ist grün.",
        "Die Farbe der Frosches ist grün.",
        "Frosch der ist grün.",
        "Ein Hund lebt im.",
        "The frog are green.",
        "Der Hase läuft mit der Wolf um die Wette und gewinnt.",
        "Der Frosch sitzt still im Sonnenschein,\nso möchte sie für immer sein.",
        "Der Frosch ist grün. Der Hund bellt.",
        "der Frosch ist grün",
        "",
    ],
)
def test_what_is_no_sentence_of_the_grammar_is_refused(sentence: str) -> None:
    assert not ACCEPTOR.accepts(sentence)


@pytest.mark.parametrize(
    "sentence", ["Der Frosch ist grün.", "The lion roars.", "Du heißt Wendelin.", "[chorus]"]
)
def test_a_sentence_of_the_grammar_is_accepted(sentence: str) -> None:
    assert ACCEPTOR.accepts(sentence)


def test_a_held_out_pair_is_never_asked_but_its_fact_is_told() -> None:
    colour = next(kind for kind in facts.KINDS if kind.name == "colour")
    held = [binding for binding in colour.bindings if facts.held_out(colour, binding, "de")]
    assert held
    forbidden = {
        fill(wording, binding).lower().rstrip("?") for wording in colour.questions["de"] for binding in held
    }
    told = {fill(colour.answers["de"][0], binding) for binding in held}
    rng = Random(11)
    talks = [conversation("de", rng) for _ in range(4000)]
    asked = {text.lower().rstrip("?") for talk in talks for role, text in talk if role == "user"}
    statements = " ".join(plain("de", rng) for _ in range(12_000))
    assert not asked & forbidden
    assert all(sentence in statements for sentence in told)


def test_about_an_eighth_is_held_out_and_both_languages_have_enough() -> None:
    for language in ("de", "en"):
        held = [facts.held_out(kind, binding, language) for kind in facts.KINDS for binding in kind.bindings]
        assert 0.1 < sum(held) / len(held) < 0.15
        assert sum(held) > 200


def test_the_words_for_the_scores_are_not_those_of_the_training() -> None:
    for language in ("de", "en"):
        for items in (unknown.WORDS[language], unknown.FRAMES[language]):
            scored = set(unknown.split(items, scored=True))
            assert len(scored) >= 9
            assert not scored & set(unknown.split(items, scored=False))


def test_the_stored_model_is_a_gguf_file_below_the_limit() -> None:
    with open(WEIGHTS, "rb") as file:  # noqa: PTH123
        data = file.read()
    assert data[:4] == b"GGUF"
    assert struct.unpack("<I", data[4:8])[0] == 3
    assert len(data) <= 5_500_000
