from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation.clip_params import LONGEST_S, SHORTEST_S, ClipParams, Step, seconds_of
from generation.errors import InvalidInput
from generation.params import work_units

IDS = st.from_regex(r"[0-9a-f]{10}", fullmatch=True)
PIECES = st.builds(lambda job, index: f"{job}/{index}", IDS, st.integers(1, 9))


@given(
    pictures=st.lists(PIECES, min_size=1, max_size=4),
    song=st.none() | IDS | PIECES,
    speech=st.none() | IDS,
    subtitles=st.sampled_from(["burned", "track"]),
    title=st.text("abcäöü ", max_size=60),
    chain=st.lists(st.builds(lambda job, parents: Step(job=job, parents=tuple(parents)), IDS, st.lists(IDS))),
)
def test_plain_and_back(pictures: list[str], chain: list[Step], **more: Any) -> None:
    params = ClipParams(pictures=tuple(pictures), chain=tuple(chain[:8]), **more)
    plain = params.to_plain()
    assert ClipParams.from_plain(plain) == params
    assert plain.get("speech") == params.speech
    assert work_units(plain) == 1


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({}, "clip_empty"),
        ({"video": "a", "pictures": ("a/1",)}, "clip_both"),
        ({"pictures": ("a/1",) * 5}, "clip_pictures"),
        ({"pictures": ("a",)}, "clip_reference"),
        ({"pictures": ("a/0",)}, "clip_reference"),
        ({"video": "a/b"}, "clip_reference"),
        ({"video": ""}, "clip_reference"),
        ({"video": "a", "song": "../../x"}, "clip_reference"),
        ({"video": "a", "speech": "a/1"}, "clip_reference"),
        ({"video": "a", "title": "x" * 81}, "clip_title"),
        ({"video": "a", "title": "a\u200bb\u0007"}, "prompt_control"),
        ({"video": "a", "subtitles": "loud"}, "subtitles_unknown"),
        ({"video": "a", "declaration": "because"}, "declaration_unknown"),
        ({"video": "a", "chain": (Step(job="a"),) * 9}, "clip_reference"),
        ({"video": "a", "chain": (Step(job="a", parents=("/",)),)}, "clip_reference"),
    ],
)
def test_what_is_wrong_is_named(values: dict[str, Any], code: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        ClipParams(**values)
    assert raised.value.code == code


@given(st.lists(st.text(max_size=300), max_size=1), st.integers(1, 4))
def test_pictures_stand_about_as_long_as_somebody_speaks(texts: list[str], count: int) -> None:
    seconds = seconds_of(texts, count)
    assert math.isfinite(seconds)
    assert SHORTEST_S <= seconds <= LONGEST_S
