from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation.errors import InvalidInput
from generation.music_params import (
    LYRIC_LIMIT,
    MARKS,
    NOTES_LIMIT,
    MusicParams,
    Note,
    NotesParams,
    Section,
    SoundParams,
    read_params,
)
from generation.params import work_units

SECTIONS = (Section("intro", "", 4), Section("verse", "la\nla", 6))
NOTES = (Note(60, 0.0, 1.0), Note(62, 1.0, 0.5))


@pytest.mark.parametrize(
    ("medium", "params"),
    [
        ("music", MusicParams(prompt="fröhlich")),
        ("music", MusicParams(prompt="x", sections=SECTIONS, melody="id", declaration="own", original="y")),
        ("sound", SoundParams(prompt="Regen", seconds=3, count=2, format="mp3")),
        ("notes", NotesParams(prompt="Ruhig")),
        ("notes", NotesParams(melody=NOTES, declaration="permission", upload="id", count=6)),
    ],
)
def test_the_plain_form_is_json_and_comes_back(
    medium: str, params: MusicParams | SoundParams | NotesParams
) -> None:
    plain = json.loads(json.dumps(params.to_plain(), allow_nan=False))
    assert plain == params.to_plain()
    assert read_params(medium, plain) == params


def test_facts_that_there_are_not_are_left_out() -> None:
    assert MusicParams(prompt="x").to_plain() == {
        "prompt": "x",
        "seconds": 10,
        "count": 1,
        "melody": None,
        "prior": None,
        "sections": [],
        "format": "ogg",
    }


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"prompt": ""}, "prompt_empty"),
        ({"seconds": 0}, "seconds_invalid"),
        ({"seconds": 61}, "seconds_invalid"),
        ({"seconds": 2.5}, "seconds_invalid"),
        ({"seconds": True}, "seconds_invalid"),
        ({"count": 0}, "takes_invalid"),
        ({"count": 5}, "takes_invalid"),
        ({"format": "wav"}, "format_unknown"),
        ({"declaration": "stolen"}, "declaration_unknown"),
        ({"sections": (Section("verse", "", 9),)}, "seconds_invalid"),
        ({"sections": (Section("bridge", "", 10),)}, "section_unknown"),  # type: ignore[arg-type]
        ({"sections": (Section("verse", "", 0), Section("solo", "", 10))}, "seconds_invalid"),
        ({"sections": (Section("verse", "a\0b", 10),)}, "prompt_control"),
        (
            {
                "sections": (
                    Section("verse", "x" * LYRIC_LIMIT, 5),
                    Section("verse", "x", 5),
                )
            },
            "lyric_long",
        ),
    ],
)
def test_what_music_cannot_be(changes: dict[str, Any], code: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        MusicParams(**{"prompt": "x", **changes})
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"prompt": ""}, "notes_empty"),
        ({"tokens": 15}, "tokens_invalid"),
        ({"count": 7}, "takes_invalid"),
        ({"temperature": 0.0}, "notes_temperature"),
        ({"temperature": math.nan}, "notes_temperature"),
        ({"temperature": True}, "notes_temperature"),
        ({"melody": (Note(128, 0, 1),)}, "note_range"),
        ({"melody": (Note(60, -1, 1),)}, "note_length"),
        ({"melody": (Note(60, 0, 0),)}, "note_length"),
        ({"melody": (Note(60, math.inf, 1),)}, "note_length"),
        ({"melody": NOTES * NOTES_LIMIT}, "midi_long"),
        ({"melody": (Note(60, 250.0, 6.5),)}, "midi_long"),
    ],
)
def test_what_notes_cannot_be(changes: dict[str, Any], code: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        NotesParams(**{"prompt": "x", **changes})
    assert caught.value.code == code


def test_all_that_was_written_is_there_to_be_checked() -> None:
    music = MusicParams(prompt="happy", original="fröhlich", sections=SECTIONS)
    assert music.texts == ("happy", "fröhlich", "la\nla")
    assert SoundParams(prompt="rain").texts == ("rain",)
    assert NotesParams(melody=NOTES).texts == ()


def test_there_is_more_to_do_for_longer_and_for_more() -> None:
    assert work_units(MusicParams(prompt="x", seconds=20, count=3).to_plain()) == 60
    assert work_units(NotesParams(prompt="x", tokens=64, count=2).to_plain()) == 128


@given(
    st.lists(
        st.tuples(st.sampled_from(MARKS), st.text(max_size=40), st.integers(1, 20)), min_size=1, max_size=6
    )
)
def test_sections_come_back_as_they_were_or_are_refused(given_: list[Any]) -> None:
    sections = tuple(Section(*one) for one in given_)
    seconds = sum(one.seconds for one in sections)
    code = ""
    try:
        params = MusicParams(prompt="x", seconds=seconds, sections=sections)
    except InvalidInput as error:
        code = error.code
    else:
        assert MusicParams.from_plain(json.loads(json.dumps(params.to_plain()))) == params
    assert code in {"", "seconds_invalid", "prompt_control", "prompt_empty"}
