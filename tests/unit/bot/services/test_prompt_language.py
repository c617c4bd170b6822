"""German or English, and the one line out of an answer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.i18n import Sentences
from bot.services.answer_line import line_of
from bot.services.prompt_language import language_of_prompt
from bot.views import EXAMPLES
from generation.errors import WorkerGarbage
from generation.params import clean_prompt

SENTENCES = Sentences.load(strict=True)


@pytest.mark.parametrize("locale", ["de", "en"])
@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_is_read_as_what_it_is(example: str, language: str, locale: str) -> None:
    assert language_of_prompt(SENTENCES.text(f"examples.{example}", language), locale) == language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Ein Hund", "de"),
        ("FUCHS, SCHNEE, ÜBER DEN WOLKEN", "de"),
        ("schöne Stadt", "de"),
        ("eine Katze im Cyberpunk style", "de"),
        ("a cat", "en"),
        ("the Zugspitze at night, detailed", "en"),
        ("portrait of a girl in München", "en"),
        ("cyberpunk city, neon, rain", "en"),
    ],
)
def test_one_language_whatever_the_persons_own(text: str, language: str) -> None:
    assert {language_of_prompt(text, locale) for locale in ("de", "en")} == {language}


@pytest.mark.parametrize("text", ["Steampunk, 4k", "", "123", "猫", "Bauhaus"])
def test_a_draw_is_decided_by_the_persons_language(text: str) -> None:
    assert [language_of_prompt(text, locale) for locale in ("de", "en", "fr")] == ["de", "en", "en"]


@pytest.mark.parametrize(
    ("answer", "line"),
    [
        ("a red house", "a red house"),
        ('"a red house"', "a red house"),
        ("„ein rotes Haus“", "ein rotes Haus"),
        ("Translation: a red house", "a red house"),
        ("**Translation:** a red house", "a red house"),
        ('Sure! Here is the translation:\n\n"a red house"\n\nI hope this helps.', "a red house"),
        ("Hier ist ein genauerer Vorschlag:\n- ein rotes Haus, Abendlicht", "ein rotes Haus, Abendlicht"),
        ("1. a red house\n2. a blue house", "a red house"),
        ("```\na red house\n```", "a red house"),
        ("a `red`  house\t", "a 'red' house"),
        ("a red\u200b house\u202e", "a red house"),
        ("<think>\nThe user wants…\n</think>\n\na red house", "a red house"),
        ("a house: red, old", "a house: red, old"),
        ("Portrait: a girl, oil", "Portrait: a girl, oil"),
    ],
)
def test_the_line_that_is_wanted(answer: str, line: str) -> None:
    assert line_of(answer, 100) == line


@pytest.mark.parametrize(
    "answer",
    ["", "\n \n", "...", '""', "```\n```", "Translation:", "<think>so", "Sure, here it is:\n\n", "\u200b"],
)
def test_nothing_is_no_answer(answer: str) -> None:
    with pytest.raises(WorkerGarbage):
        line_of(answer, 100)


def test_a_long_line_ends_with_a_clause_or_a_word() -> None:
    assert line_of("ein Haus, ein See, ein Berg, ein Tal", 30) == "ein Haus, ein See, ein Berg"
    assert line_of("wort " * 20, 12) == "wort wort"
    assert line_of("x" * 50, 10) == "x" * 10


@given(st.text(max_size=300), st.integers(10, 200))
def test_what_comes_out_is_a_prompt(answer: str, limit: int) -> None:
    try:
        line = line_of(answer, limit)
    except WorkerGarbage:
        return
    assert 0 < len(line) <= limit
    assert clean_prompt(line) == line
