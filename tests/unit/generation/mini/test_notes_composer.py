"""Our own composer: in key, in range, in time, with a form, and as asked; its prompts say what was asked."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation.mini.notes import words
from generation.mini.notes.composer import (
    BEATS,
    BPM,
    HIGHEST,
    KINDS,
    LOWEST,
    MOODS,
    ROOTS,
    TEMPI,
    TIMBRES,
    Scale,
    Wish,
    compose,
    tempo_of,
)

seeds = st.integers(0, 2**32)
wishes = st.builds(
    Wish,
    mood=st.none() | st.sampled_from(MOODS),
    tempo=st.none() | st.sampled_from(tuple(TEMPI)),
    root=st.none() | st.sampled_from(tuple(ROOTS.values())),
    kind=st.none() | st.sampled_from(tuple(KINDS)),
    timbre=st.none() | st.sampled_from(TIMBRES),
)


@given(seeds, wishes, st.integers(1, 20))
def test_a_piece_is_in_key_in_range_without_gaps_and_ends_on_its_root(
    seed: int, wish: Wish, bars: int
) -> None:
    piece = compose(Random(seed), wish, bars)

    assert {note.pitch % 12 for note in piece.melody} <= piece.scale.classes
    assert all(LOWEST <= note.pitch <= HIGHEST for note in piece.melody)
    assert [note.start for note in piece.melody[1:]] == [note.end for note in piece.melody[:-1]]
    assert (piece.melody[0].start, piece.melody[-1].end, piece.beats) == (0, bars * BEATS, bars * BEATS)
    assert piece.melody[-1].pitch % 12 == piece.scale.root
    assert all((2 * note.length).is_integer() for note in piece.melody)
    assert [note.start for note in piece.bass] == [bar * BEATS for bar in range(bars)]


@given(seeds, wishes)
def test_a_piece_is_what_was_asked(seed: int, wish: Wish) -> None:
    piece = compose(Random(seed), wish)

    made = Wish(piece.mood, tempo_of(piece.bpm), None, piece.scale.root, piece.scale.kind, piece.timbre)
    for name in ("mood", "tempo", "root", "kind", "timbre"):
        assert getattr(wish, name) in (None, getattr(made, name))
    assert compose(Random(seed), Wish(bpm=120)).bpm == 120
    assert compose(Random(seed), wish) == piece


def test_phrases_come_back_and_moods_differ() -> None:
    returned, pitches = 0, dict.fromkeys(MOODS, 0.0)
    for seed in range(100):
        piece = compose(Random(seed))
        bars = [tuple(note.length for note in piece.melody if note.start // BEATS == bar) for bar in range(8)]
        returned += bars[0:2] == bars[2:4] and bars[0] == bars[6]
    for mood in MOODS:
        notes = [note.pitch for seed in range(50) for note in compose(Random(seed), Wish(mood=mood)).melody]
        pitches[mood] = sum(notes) / len(notes)

    assert returned == 100
    assert pitches["happy"] > pitches["sad"] + 5


def test_an_eighth_is_a_whole_number_of_frames_at_every_tempo() -> None:
    assert all((16 * 60 / bpm / 2).is_integer() for bpm in BPM)


@given(seeds, st.sampled_from(words.LANGUAGES), st.booleans())
def test_a_prompt_says_what_was_asked_and_nothing_else(seed: int, language: str, last: bool) -> None:
    rng = Random(seed)
    wish = words.random_wish(rng)

    assert words.read(words.prompt(rng, wish, language, held_out_frame=last)) == wish


@given(seeds, st.sampled_from(words.LANGUAGES))
def test_a_genre_says_several_things(seed: int, language: str) -> None:
    text, wish = words.titled(Random(seed), language)

    assert words.read(text) == wish


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        ("FRÖHLICHES Lied", Wish(mood="happy")),
        ("eine sehr traurige Flötenmelodie", Wish(mood="sad")),
        ("ein Wiegenlied in F-Dur", Wish(mood="calm", tempo="slow", root=5, kind="major")),
        ("a happy, slow tune in A minor, 160 bpm", Wish("happy", "fast", 160, 9, "minor")),
        ("119 beats per minute", Wish(tempo="fast", bpm=120)),
        ("Majoran und Mollusken, wilder Wein", Wish(mood="wild")),
        ("Bohemian Rhapsody", Wish()),
        ("", Wish()),
    ],
)
def test_what_people_type_is_read(text: str, wish: Wish) -> None:
    assert words.read(text) == wish


def test_what_is_held_out_is_never_trained() -> None:
    trained = {words.trained_wish(Random(seed)) for seed in range(3000)}

    assert not any(words.held_out(wish) for wish in trained)
    assert sum(words.held_out(words.random_wish(Random(seed))) for seed in range(1000)) > 50


def test_a_scale_has_its_pitches() -> None:
    assert Scale(2, "major").pitches(60, 72) == (61, 62, 64, 66, 67, 69, 71)
