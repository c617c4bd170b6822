from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.services.typed_notes import LONGEST, SHORTEST, read_notes
from generation.errors import InvalidInput
from generation.music_params import Note, NotesParams

ENTCHEN = "C D E F G2 G2"


def pitches(typed: str, locale: str = "de") -> list[int]:
    return [note.pitch for note in read_notes(typed, locale)]


def test_the_first_bars_of_alle_meine_entchen() -> None:
    notes = read_notes(ENTCHEN, "de")
    assert [note.pitch for note in notes] == [60, 62, 64, 65, 67, 67]
    assert [note.start for note in notes] == [0, 1, 2, 3, 4, 6]
    assert [note.length for note in notes] == [1, 1, 1, 1, 2, 2]
    assert NotesParams(melody=notes).melody == notes


@pytest.mark.parametrize(
    ("typed", "locale", "found"),
    [
        ("C, D; E | F\n", "de", [60, 62, 64, 65]),
        ("c d e", "de", [60, 62, 64]),
        ("H B Bb", "de", [71, 70, 70]),
        ("H B Bb", "en", [71, 71, 70]),
        ("Fis fis F# f♯", "de", [66] * 4),
        ("es Es Eb e♭ ees", "de", [63] * 5),
        ("as Ab aes", "de", [68] * 3),
        ("des ges hes ces", "de", [61, 66, 70, 59]),
        ("c' c'' c’ C_", "de", [72, 84, 72, 48]),
        ("his' B#", "en", [84, 72]),
    ],
)
def test_names_of_notes(typed: str, locale: str, found: list[int]) -> None:
    assert pitches(typed, locale) == found


def test_lengths_and_rests() -> None:
    notes = read_notes("C2 -/2 D/2 E3/2", "en")
    assert [(note.start, note.length) for note in notes] == [(0, 2), (2.5, 0.5), (3, 1.5)]


@pytest.mark.parametrize(
    "typed", ["C D X", "C D Cs", "C D 7", "C D C/0", "C D C99", "C D C''''", "C D ♪", "C D /2"]
)
def test_what_is_no_note_is_told_with_its_place(typed: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        read_notes(typed, "de")
    assert (caught.value.code, caught.value.values) == ("note_unknown", {"place": 3})


@pytest.mark.parametrize(
    ("typed", "code"), [("", "melody_empty"), ("- | -", "melody_empty"), ("C " * 600, "melody_long")]
)
def test_no_melody_and_too_long_a_one(typed: str, code: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        read_notes(typed, "de")
    assert caught.value.code == code


WORDS = st.lists(st.text("cdefgahbis#es'_/-0123456789 ,|X", max_size=6), max_size=40)


@given(WORDS, st.sampled_from(["de", "en"]))
def test_every_text_is_a_melody_or_one_clear_error(words: list[str], locale: str) -> None:
    typed, code = " ".join(words), ""
    notes: tuple[Note, ...] = ()
    try:
        notes = read_notes(typed, locale)
    except InvalidInput as error:
        code = error.code
    assert code in {"", "note_unknown", "melody_empty"}
    assert bool(notes) == (not code)
    assert not notes or NotesParams(melody=notes).melody == notes
    assert all(SHORTEST <= note.length <= LONGEST for note in notes)
    for before, after in itertools.pairwise(notes):
        assert after.start >= before.start + before.length - 1e-9
