from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from generation.job import ENDED, MOVES, SEED_LIMIT, JobState, draw_seed, may_move, new_job_id, seed_of


def test_every_state_has_its_row_and_can_be_reached() -> None:
    assert set(MOVES) == set(JobState)
    reached, frontier = {JobState.ACCEPTED}, {JobState.ACCEPTED}
    while frontier:
        frontier = {new for old in frontier for new in MOVES[old]} - reached
        reached |= frontier
    assert reached == set(JobState)


def test_what_has_ended_never_moves_again() -> None:
    assert {JobState.POSTED, JobState.REFUSED, JobState.FAILED, JobState.CANCELLED} == ENDED
    assert not any(may_move(old, new) for old in ENDED for new in JobState)


def test_nothing_is_posted_without_having_been_checked() -> None:
    assert [old for old in JobState if may_move(old, JobState.POSTED)] == [JobState.POSTING]
    assert [old for old in JobState if may_move(old, JobState.POSTING)] == [JobState.CHECKING]


@given(seed=st.integers(0, SEED_LIMIT - 1), index=st.integers(1, 4))
def test_the_seed_of_a_picture_alone_is_its_first_seed(seed: int, index: int) -> None:
    printed = seed_of(seed, index)
    assert 0 <= printed < SEED_LIMIT
    assert seed_of(printed, 1) == printed


def test_seeds_and_ids_are_drawn_afresh() -> None:
    assert len({draw_seed() for _ in range(100)}) > 90
    assert len({new_job_id() for _ in range(1000)}) == 1000
    assert all(id_.isalnum() and len(id_) == 10 for id_ in (new_job_id() for _ in range(100)))
