"""Who holds accelerator memory, who waits and who is ended."""

from __future__ import annotations

import asyncio

import pytest

from generation.budget import MemoryBudget
from generation.errors import OutOfMemory


class Ended:
    """Ends idle workers as the supervisor does, and remembers which."""

    def __init__(self, budget: MemoryBudget) -> None:
        self.budget = budget
        self.families: list[str] = []

    async def __call__(self, family: str) -> None:
        await asyncio.sleep(0)
        if not self.budget.is_busy(family):
            self.families.append(family)
            self.budget.forget(family)


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_a_job_for_the_loaded_model_needs_no_more_room() -> None:
    budget = MemoryBudget(8000)
    ended = Ended(budget)

    await budget.reserve("a", "m", 6000, end_idle=ended)
    await budget.reserve("a", "m", 6000, end_idle=ended)

    assert budget.held_mb() == 6000
    budget.release("a", "m")
    assert budget.is_busy("a")
    budget.release("a", "m")
    assert not budget.is_busy("a")
    assert budget.held_mb("a") == 6000  # stays loaded


async def test_an_idle_worker_is_ended_for_another_family() -> None:
    budget = MemoryBudget(8000)
    ended = Ended(budget)
    await budget.reserve("a", "m", 6000, end_idle=ended)
    budget.release("a", "m")

    await budget.reserve("b", "m", 6000, end_idle=ended)

    assert ended.families == ["a"]
    assert budget.held_mb() == 6000


async def test_the_least_recently_used_one_is_ended_first_and_no_more_than_needed() -> None:
    budget = MemoryBudget(9000)
    ended = Ended(budget)
    for family in ("old", "older", "new"):
        await budget.reserve(family, "m", 3000, end_idle=ended)
        budget.release(family, "m")
    await budget.reserve("old", "m", 3000, end_idle=ended)
    budget.release("old", "m")

    await budget.reserve("d", "m", 3000, end_idle=ended)

    assert ended.families == ["older"]


async def test_a_busy_worker_is_waited_for() -> None:
    budget = MemoryBudget(8000)
    ended = Ended(budget)
    await budget.reserve("a", "m", 6000, end_idle=ended)
    waiting = asyncio.create_task(budget.reserve("b", "m", 6000, end_idle=ended))
    await settle()
    assert not waiting.done()
    assert not budget.fits_now("b", "m", 6000)

    budget.release("a", "m")
    await asyncio.wait_for(waiting, 1)

    assert ended.families == ["a"]


async def test_first_come_first_served() -> None:
    """A stream of jobs for the loaded model must not starve another family."""
    budget = MemoryBudget(8000)
    ended = Ended(budget)
    await budget.reserve("a", "m", 6000, end_idle=ended)
    other = asyncio.create_task(budget.reserve("b", "m", 6000, end_idle=ended))
    await settle()
    late = asyncio.create_task(budget.reserve("a", "m", 6000, end_idle=ended))
    await settle()
    assert not late.done()

    budget.release("a", "m")
    await asyncio.wait_for(other, 1)
    assert not late.done()

    budget.release("b", "m")
    await asyncio.wait_for(late, 1)


async def test_one_that_waits_can_be_cancelled_and_the_next_goes_on() -> None:
    budget = MemoryBudget(8000)
    ended = Ended(budget)
    await budget.reserve("a", "m", 6000, end_idle=ended)
    first = asyncio.create_task(budget.reserve("b", "m", 6000, end_idle=ended))
    second = asyncio.create_task(budget.reserve("c", "m", 2000, end_idle=ended))
    await settle()

    first.cancel()
    await asyncio.wait_for(second, 1)

    assert budget.held_mb() == 8000
    assert not budget.is_busy("b")


async def test_another_model_of_the_same_family_takes_the_idle_ones_place() -> None:
    budget = MemoryBudget(8000)
    ended = Ended(budget)
    await budget.reserve("a", "small", 3000, end_idle=ended)
    assert not budget.fits_now("a", "large", 6000)  # both would be in use at once
    budget.release("a", "small")

    await budget.reserve("a", "large", 6000, end_idle=ended)

    assert ended.families == []
    assert budget.held_mb() == 6000


async def test_what_can_never_fit_is_said_at_once() -> None:
    budget = MemoryBudget(8000)
    ended = Ended(budget)

    with pytest.raises(OutOfMemory) as caught:
        await asyncio.wait_for(budget.reserve("a", "m", 8001, end_idle=ended), 1)

    assert caught.value.values == {"needed": 8001, "available": 8000}
    assert budget.fits_now("a", "m", 8001)  # so that the queue lets it come here and fail


async def test_checks_neither_wait_nor_are_ended() -> None:
    budget = MemoryBudget(8000)
    ended = Ended(budget)
    await budget.reserve("a", "m", 8000, end_idle=ended)

    await asyncio.wait_for(budget.reserve("safety", "checker", 1000, end_idle=ended), 1)
    budget.release("safety", "checker")
    budget.release("a", "m")

    with pytest.raises(OutOfMemory):  # the checker's part is never free
        await budget.reserve("b", "m", 7500, end_idle=ended)
    await budget.reserve("b", "m", 7000, end_idle=ended)
    assert ended.families == ["a"]


async def test_a_crash_gives_the_memory_back() -> None:
    budget = MemoryBudget(8000)
    ended = Ended(budget)
    await budget.reserve("a", "m", 6000, end_idle=ended)
    budget.forget("a")
    budget.release("a", "m")

    assert budget.held_mb() == 0
