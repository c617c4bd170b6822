"""The prompt builder: what was asked stays, the rest is drawn, and the rehearsal model knows the words."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.i18n import LANGUAGES, Sentences
from bot.posts.music_kit import name_of, names_of
from bot.services.music_kit import FREE_LIMIT, GENRES, MOODS, PARTS, SMALL, TABLES, TEMPI, read_part, suggest
from generation.errors import InvalidInput
from generation.mini.notes.words import read
from generation.params import PROMPT_LIMIT

SENTENCES = Sentences.load(strict=True)
NAMES = names_of(SENTENCES)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("part", PARTS)
def test_every_entry_has_a_name_and_is_found_by_it(part: str, language: str) -> None:
    named = {key: name_of(part, key, SENTENCES, language) for key in TABLES[part]}
    assert len(set(named.values())) == len(named)
    for key, name in named.items():
        assert read_part(part, name.upper(), NAMES) == (key,)


def test_instruments_are_a_list() -> None:
    assert read_part("instruments", "Klavier, geige und Ukulele", NAMES) == ("piano", "violin", "Ukulele")
    assert read_part("instruments", "piano & drums; harp + flute, organ", NAMES) == (
        "piano",
        "drums",
        "harp",
        "flute",
    )
    assert read_part("genre", "Rock und Pop", NAMES) == ("Rock und Pop",)
    assert read_part("genre", "  ", NAMES) == ()
    assert read_part("mood", None, NAMES) == ()


@pytest.mark.parametrize(
    ("typed", "code"), [("x" * (FREE_LIMIT + 1), "kit_long"), ("a\x07", "prompt_control")]
)
def test_what_cannot_be_read(typed: str, code: str) -> None:
    with pytest.raises(InvalidInput, match=code):
        read_part("genre", typed, NAMES)


@given(
    seed=st.integers(0, 10**6),
    genre=st.sampled_from(["", *GENRES, "Zwölftonmusik"]),
    mood=st.sampled_from(["", *MOODS, "hungrig"]),
    tempo=st.sampled_from(["", *TEMPI, "presto"]),
    instruments=st.lists(st.sampled_from([*TABLES["instruments"], "Ukulele"]), max_size=4, unique=True),
)
def test_what_was_asked_stays(seed: int, genre: str, mood: str, tempo: str, instruments: list[str]) -> None:
    asked = {
        part: (value,) for part, value in (("genre", genre), ("mood", mood), ("tempo", tempo)) if value
    } | {"instruments": tuple(instruments)}
    found = suggest(asked, Random(seed))
    for part in PARTS:
        assert found.parts[part]
        assert (part in found.drawn) is not bool(asked.get(part))
        assert found.parts[part] == asked.get(part) or part in found.drawn
    assert len(found.prompt) <= PROMPT_LIMIT
    for own in ("Zwölftonmusik", "hungrig", "presto", "Ukulele"):
        assert (own in found.prompt) is any(own in entries for entries in found.parts.values())
    assert suggest(asked, Random(seed)) == found


@given(
    seed=st.integers(0, 10**6),
    genre=st.sampled_from(["", "metal", "Zwölftonmusik"]),
    mood=st.sampled_from(["", "epic", "sad"]),
)
def test_for_a_small_model_only_what_it_knows_is_drawn(seed: int, genre: str, mood: str) -> None:
    asked = {part: (value,) for part, value in (("genre", genre), ("mood", mood)) if value}
    found = suggest(asked, Random(seed), small=True)
    for part, known in SMALL.items():
        assert part not in found.drawn or set(found.parts[part]) <= known
    wish = read(found.prompt)
    assert wish.tempo == found.parts["tempo"][0]
    assert genre or wish.timbre is not None
    assert mood == "epic" or wish.mood == found.parts["mood"][0]


def test_the_next_suggestion_is_another_one() -> None:
    asked = {"genre": ("rock",), "mood": ("wild",), "tempo": ("fast",), "instruments": ("drums",)}
    first = suggest(asked, Random(1))
    assert suggest(asked, Random(1), but_not=first.prompt).prompt != first.prompt


@pytest.mark.parametrize("mood", ["happy", "sad", "calm", "wild"])
@pytest.mark.parametrize("instrument", ["flute", "organ", "guitar", "bell", "chip"])
@pytest.mark.parametrize("tempo", list(TEMPI))
def test_the_rehearsal_model_knows_these_words(mood: str, instrument: str, tempo: str) -> None:
    # a genre may say a mood or an instrument of its own; one that says nothing to small models shows the rest
    asked = {"genre": ("folk",), "mood": (mood,), "tempo": (tempo,), "instruments": (instrument,)}
    for seed in range(20):
        wish = read(suggest(asked, Random(seed)).prompt)
        assert (wish.mood, wish.tempo, wish.timbre) == (mood, tempo, instrument)
