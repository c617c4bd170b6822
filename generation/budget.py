"""Who may hold how much of the accelerator's memory."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from generation.errors import OutOfMemory

PINNED = frozenset({"safety", "guard", "media"})


@dataclass(slots=True)
class _Holding:
    """One family's worker: `resident` is the model it has loaded, `users` counts the jobs per model."""

    resident: str | None = None
    sizes: dict[str, int] = field(default_factory=dict)
    users: dict[str, int] = field(default_factory=dict)
    used_at: int = 0

    @property
    def busy(self) -> bool:
        return bool(self.users)

    def memory_mb(self) -> int:
        kept = set(self.users)
        if not kept and self.resident is not None:
            kept = {self.resident}
        return sum(self.sizes.get(model, 0) for model in kept)

    def with_model(self, model: str, memory_mb: int) -> int:
        """MB held while `model` runs here: a family drops an idle model before it loads another."""
        return memory_mb + sum(self.sizes.get(other, 0) for other in self.users if other != model)


class MemoryBudget:
    """`total_mb` of accelerator memory, shared by all families' workers.

    What does not fit waits, first come first served, until busy workers are done; idle ones are ended, least
    recently used first. A job holds exactly one reservation, so nobody waits for two things and there is no
    deadlock. The `pinned` families (checks, composing) are counted but neither wait nor are ended.
    """

    def __init__(self, total_mb: int, *, pinned: frozenset[str] = PINNED) -> None:
        self.total_mb = total_mb
        self._pinned = pinned
        self._holdings: dict[str, _Holding] = {}
        self._turn = asyncio.Lock()
        self._changed = asyncio.Event()
        self._clock = 0

    def held_mb(self, family: str | None = None) -> int:
        """MB held by `family`, or by all."""
        return sum(one.memory_mb() for name, one in self._holdings.items() if family in {None, name})

    def is_busy(self, family: str) -> bool:
        return family in self._holdings and self._holdings[family].busy

    def fits_now(self, family: str, model: str, memory_mb: int) -> bool:
        """Whether `reserve` would answer without waiting for a busy worker: with room, or that there never is any."""
        if family in self._pinned or memory_mb > self._available():
            return True
        busy = sum(
            one.memory_mb()
            for name, one in self._holdings.items()
            if name != family and (one.busy or name in self._pinned)
        )
        return busy + self._holding(family).with_model(model, memory_mb) <= self.total_mb

    async def reserve(
        self, family: str, model: str, memory_mb: int, *, end_idle: Callable[[str], Awaitable[None]]
    ) -> None:
        """Hold `memory_mb` for one job of `family` with `model` until `release`.

        `end_idle(family)` ends that family's worker unless it has become busy. Raises OutOfMemory when it can
        never fit.
        """
        if family not in self._pinned:
            async with self._turn:
                await self._make_room(family, model, memory_mb, end_idle)
                self._hold(family, model, memory_mb)
        else:
            self._hold(family, model, memory_mb)

    def release(self, family: str, model: str) -> None:
        """The job is over; its model stays loaded until somebody needs the room."""
        users = self._holding(family).users
        users[model] -= 1
        if not users[model]:
            del users[model]
        self._changed.set()

    def forget(self, family: str) -> None:
        """The family's process is gone and its memory with it. Jobs still counted keep their reservation."""
        self._holding(family).resident = None
        self._changed.set()

    async def _make_room(
        self, family: str, model: str, memory_mb: int, end_idle: Callable[[str], Awaitable[None]]
    ) -> None:
        while True:
            if memory_mb > self._available():
                raise OutOfMemory(needed=memory_mb, available=self._available())
            needed = self._holding(family).with_model(model, memory_mb)
            others = sum(one.memory_mb() for name, one in self._holdings.items() if name != family)
            if needed + others <= self.total_mb:
                return
            self._changed.clear()
            idle = self._longest_idle(besides=family)
            if idle is not None:
                await end_idle(idle)
            else:
                await self._changed.wait()

    def _available(self) -> int:
        """MB that are not the checks' for ever."""
        return max(0, self.total_mb - sum(self._holding(name).memory_mb() for name in self._pinned))

    def _longest_idle(self, *, besides: str) -> str | None:
        idle = [
            (one.used_at, name)
            for name, one in self._holdings.items()
            if name != besides and name not in self._pinned and not one.busy and one.memory_mb()
        ]
        return min(idle)[1] if idle else None

    def _hold(self, family: str, model: str, memory_mb: int) -> None:
        holding = self._holding(family)
        self._clock += 1
        holding.used_at = self._clock
        holding.sizes[model] = memory_mb
        holding.users[model] = holding.users.get(model, 0) + 1
        holding.resident = model

    def _holding(self, family: str) -> _Holding:
        return self._holdings.setdefault(family, _Holding())
