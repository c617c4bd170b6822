"""What a notes model's table of words finds in a prompt: all that our prompts say, and nothing in other people's."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

import generation
from generation.families.music.notes_words import Asked, PromptWords
from generation.mini.notes import words
from generation.mini.notes.composer import Wish

FOLDER = Path(generation.__file__).parent / "mini" / "notes" / "weights"
TABLE = PromptWords.read(FOLDER)
NAMES = ("Mood", "Speed", "Beats", "Root", "Kind")


def found(text: str) -> Asked:
    assert TABLE is not None
    return TABLE.find(text)


def tokens(wish: Wish) -> tuple[str, ...]:
    values = (wish.mood, wish.tempo, wish.bpm, wish.root, wish.kind)
    return tuple(f"{name}_{value}" for name, value in zip(NAMES, values, strict=True) if value is not None)


@given(st.integers(0, 2**32), st.booleans())
def test_the_table_finds_what_a_prompt_says(seed: int, last: bool) -> None:
    rng = Random(seed)
    wish = words.random_wish(rng)

    assert found(words.prompt(rng, wish, held_out_frame=last)).tokens == tokens(wish)


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("Fröhliche Spieluhr", Asked(("Mood_happy",), ("fröhlich", "spieluhr"), 10)),
        ("es-Moll", Asked(("Root_3", "Kind_minor"), ("moll",))),
        ("in b flat major", Asked(("Root_10", "Kind_major"), ("major",))),
        ("100  BPM, langsam", Asked(("Speed_medium", "Beats_96"), ("100 bpm",))),
        ("happy, then sad", Asked(("Mood_happy",), ("happy",))),
        ("Wiegenlied, wild", Asked(("Mood_calm", "Speed_slow"), ("wiegenlied",))),
        ("Für Elise, Ludwig van Beethoven", Asked()),
        ("99 Luftballons", Asked()),
        ("unfröhlicherweise", Asked()),
        ("", Asked()),
    ],
)
def test_what_people_type_is_read(text: str, asked: Asked) -> None:
    assert found(text) == asked


@given(st.text(max_size=300))
def test_any_text_is_read(text: str) -> None:
    assert len(found(text).tokens) <= len(NAMES)


def test_a_model_without_a_table_knows_no_words(tmp_path: Path) -> None:
    assert PromptWords.read(tmp_path) is None
