"""Windows fill every section, overlook no more than they may, and each goes on where the one before ended."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from generation.families.music import sections
from generation.families.music.windows import CONTEXT_SHARE, plan
from generation.music_params import MusicParams, Section

LIMITS = st.integers(4, 1500)


@given(lengths=st.lists(st.integers(1, 3000), min_size=1, max_size=8), limit=LIMITS, data=st.data())
def test_every_frame_is_made_once(lengths: list[int], limit: int, data: st.DataObject) -> None:
    before = data.draw(st.integers(0, limit // 2))
    windows = plan(lengths, limit=limit, before=before)

    here = before
    for window in windows:
        assert window.start == here
        assert window.frames > 0
        assert window.context + window.frames <= limit
        assert window.context <= window.start
        here += window.frames
    assert here == before + sum(lengths)
    for section, length in enumerate(lengths):
        assert sum(window.frames for window in windows if window.section == section) == length


@given(lengths=st.lists(st.integers(1, 3000), min_size=1, max_size=8), limit=LIMITS)
def test_later_windows_know_what_came_before(lengths: list[int], limit: int) -> None:
    first, *later = plan(lengths, limit=limit)

    assert first.context == 0
    assert all(window.context == min(window.start, int(limit * CONTEXT_SHARE)) for window in later)


def test_what_fits_is_one_window() -> None:
    (window,) = plan([1500], limit=1500)
    assert (window.start, window.context, window.frames) == (0, 0, 1500)


def test_thirty_four_seconds_of_musicgen() -> None:
    windows = plan([34 * 50], limit=30 * 50)
    assert [(one.context, one.frames) for one in windows] == [(0, 1500), (600, 200)]


def test_marks_become_words_and_verses_do_not() -> None:
    lyric = (Section("intro", "", 2), Section("verse", "secret words", 4))
    params = MusicParams(prompt="happy piano", seconds=6, sections=lyric)

    assert sections.prompts(params, marked=True) == ["happy piano, quiet intro", "happy piano, verse"]
    assert sections.prompts(params, marked=False) == ["happy piano"] * 2
    assert sections.lengths(params) == [2, 4]
    assert sections.places(params, after=1.5) == [
        {"mark": "intro", "start": 1.5, "seconds": 2},
        {"mark": "verse", "start": 3.5, "seconds": 4},
    ]
    assert sections.prompts(MusicParams(prompt="happy"), marked=True) == ["happy"]
