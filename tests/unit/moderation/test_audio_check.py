from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderation.audio_check import BROKEN, CLIPPED, LENGTH, SILENT, Bounds, check_audio
from moderation.verdict import CHECK_FAILED
from tests.unit.moderation.faults import AUDIO_FAULTS, BOUNDS, SOUND

ANYTHING = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=True, allow_infinity=True)
    | st.text(max_size=3)
)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, ""),
        ({"loudness_lufs": None}, ""),
        ({"seconds": 9.0}, ""),
        ({"seconds": 11}, ""),
        ({"silent_share": 0.9}, ""),
        ({"finite": False}, BROKEN),
        ({"finite": False, "seconds": 0.0}, BROKEN),
        ({"seconds": 8.9}, LENGTH),
        ({"seconds": 11.1}, LENGTH),
        ({"peak": 0.001}, SILENT),
        ({"rms_db": -61.0}, SILENT),
        ({"silent_share": 1.0}, SILENT),
        ({"clipped": 0.01}, CLIPPED),
        ({"peak": math.nan}, CHECK_FAILED),
    ],
)
def test_each_rule(changes: dict[str, Any], code: str) -> None:
    assert check_audio({**SOUND, **changes}, BOUNDS).code == code


@pytest.mark.parametrize("name", AUDIO_FAULTS)
def test_every_fault_refuses(name: str) -> None:
    assert not check_audio(AUDIO_FAULTS[name], BOUNDS).allowed


@given(st.dictionaries(st.sampled_from(sorted(SOUND)), ANYTHING))
def test_whatever_comes_is_judged_and_only_good_numbers_pass(changes: dict[str, Any]) -> None:
    measured = {**SOUND, **changes}
    if check_audio(measured, BOUNDS).allowed:
        assert measured["finite"] is True
        assert 9.0 <= measured["seconds"] <= 11.0
        assert measured["peak"] >= 0.003
        assert measured["rms_db"] >= -60.0
        assert 0.0 <= measured["clipped"] <= 0.001
        assert 0.0 <= measured["silent_share"] <= 0.98


@pytest.mark.parametrize(("shortest", "longest"), [(0.0, 1.0), (2.0, 1.0), (1.0, math.inf), (math.nan, 1.0)])
def test_bounds_that_bound_nothing_cannot_be_made(shortest: float, longest: float) -> None:
    with pytest.raises(ValueError, match="bounds"):
        Bounds(shortest, longest)
