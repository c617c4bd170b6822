"""Prompts of the effects model: every kind in both languages, and what the scores ask with is never trained."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation.mini.music.effects_phrases import HELD_OUT, TRAINED
from generation.mini.music.effects_words import AXES, KINDS, LANGUAGES, Sound, draw, prompt, sentences

seeds = st.integers(0, 2**32)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_held_out_phrases_are_not_trained(language: str, kind: str) -> None:
    trained = {phrase.lower() for phrase, _ in TRAINED[language][kind]}

    assert trained.isdisjoint(phrase.lower() for phrase, _ in HELD_OUT[language][kind])


@given(seeds)
def test_a_drawn_sound_has_only_its_own_attributes(seed: int) -> None:
    sound = draw(Random(seed))

    assert all(sound.value(axis) == 0 for axis in ("pace", "pitch", "level") if axis not in AXES[sound.kind])


@given(seeds, st.sampled_from(KINDS), st.sampled_from(LANGUAGES), st.booleans())
def test_what_is_asked_for_is_said(seed: int, kind: str, language: str, held_out: bool) -> None:
    plain = prompt(Sound(kind), language, Random(seed), held_out=held_out)
    loud = prompt(Sound(kind, level=1), language, Random(seed), held_out=held_out)
    quiet = prompt(Sound(kind, level=-1), language, Random(seed), held_out=held_out)

    assert len({plain, loud, quiet}) == 3


def test_adjectives_take_the_ending_of_their_noun() -> None:
    said = {prompt(Sound("steps", pace=-1), "de", Random(seed)).lower() for seed in range(400)}

    assert "langsame schritte auf holz" in said
    assert "schritte auf holz, langsam" in said


def test_sentences_are_the_same_for_the_same_seed() -> None:
    assert sentences(5, 40) == sentences(5, 40)
    assert sentences(5, 40) != sentences(6, 40)
