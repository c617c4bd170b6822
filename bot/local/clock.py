"""A clock that tests can move.

The class server asks this clock, never `time`, so that 15 minutes can pass at once. It runs with real time;
`advance` adds to it and wakes whoever waits for a moment that is now past.
"""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime


class Clock:
    """Unix seconds, real time plus an offset."""

    def __init__(self) -> None:
        self._offset = 0.0
        self._moved = asyncio.Event()

    def now(self) -> float:
        """Unix seconds."""
        return time.time() + self._offset

    def iso(self) -> str:
        """Now as Discord writes moments: ISO 8601 with microseconds and +00:00."""
        return iso(self.now())

    def advance(self, seconds: float) -> None:
        """Move the clock forward and wake those who wait."""
        self._offset += seconds
        self._wake()

    def set(self, moment: float) -> None:
        """Move the clock to a unix time; it runs on from there."""
        self._offset = moment - time.time()
        self._wake()

    async def sleep_until(self, moment: float) -> None:
        """Return once `now()` has reached the unix time `moment`."""
        while (left := moment - self.now()) > 0:
            moved = self._moved
            try:
                await asyncio.wait_for(moved.wait(), left)
            except TimeoutError:
                continue

    def _wake(self) -> None:
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()


def iso(moment: float) -> str:
    """A unix time as Discord writes it."""
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="microseconds")
