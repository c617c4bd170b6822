from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from generation.families.diffusion.frame_plan import batches, positions
from generation.video_params import Key, with_end


def keys_at(*frames: int) -> tuple[Key, ...]:
    return tuple(Key(frame=frame, prompt=f"p{frame}", seed=frame) for frame in frames)


scripts = st.tuples(st.integers(2, 90), st.sets(st.integers(1, 89), max_size=6)).map(
    lambda drawn: with_end(keys_at(0, *sorted(one for one in drawn[1] if one < drawn[0])), drawn[0])
)


@given(scripts, st.integers(1, 8))
def test_every_frame_is_made_once_between_its_two_keys(keys: tuple[Key, ...], at_once: int) -> None:
    planned = batches(keys, at_once)
    total = keys[-1].frame + 1

    assert sorted(itertools.chain(*(range(one.start, one.stop) for one in planned))) == list(range(total))
    assert [(one.start, one.stop) for one in planned[:2]] == [(0, 1), (total - 1, total)]
    for one in planned:
        assert 1 <= one.stop - one.start <= at_once
        assert one.before.frame <= one.start < one.stop <= one.after.frame + 1
        assert (one.before, one.after) in set(itertools.pairwise(keys))


@given(scripts)
def test_a_frame_at_a_key_shows_its_picture_and_the_way_rises_in_between(keys: tuple[Key, ...]) -> None:
    way = positions(keys)

    assert len(way) == keys[-1].frame + 1
    assert way[-1] == 1.0
    for before, after in itertools.pairwise(keys):
        part = way[before.frame : after.frame]
        assert part[0] == 0.0
        assert all(one < other for one, other in itertools.pairwise([*part, 1.0]))


def test_a_pace_is_asked_for_each_part_of_the_way() -> None:
    asked: list[tuple[int, int]] = []

    def pace(first: int, frames: int) -> list[float] | None:
        asked.append((first, frames))
        return [0.0, 0.9, 1.0] if first == 0 else None

    assert positions(keys_at(0, 2, 4), pace) == [0.0, 0.9, 0.0, 0.5, 1.0]
    assert asked == [(0, 2), (2, 2)]
