"""How long each model takes on this machine: the last measurements, and their medians kept at hand."""

from __future__ import annotations

import math
import sqlite3
from collections import defaultdict, deque
from statistics import median
from typing import Final, Literal, Self

from data.database import Database

KEPT: Final = 50
What = Literal["unit", "load"]


class Timings:
    """Measured seconds per unit of work (steps x count x pixels) and per loading of a model.

    `await Timings.open(database)`. Asking is cheap and waits for nothing: every ticket shows a time.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._seconds: defaultdict[tuple[str, str], deque[float]] = defaultdict(lambda: deque(maxlen=KEPT))
        self._medians: dict[tuple[str, str], float] = {}

    @classmethod
    async def open(cls, database: Database) -> Self:
        timings = cls(database)
        async with database.read() as connection:
            rows = await connection.execute_fetchall(
                "SELECT model, what, seconds FROM timings ORDER BY number"
            )
        for model, what, seconds in rows:
            timings._remember(model, what, seconds)
        return timings

    def expected(self, model: str, work_units: float) -> float | None:
        """Seconds that so much work takes with this model; None when it was never measured."""
        unit = self._median(model, "unit")
        return None if unit is None else unit * work_units

    def expected_load(self, model: str) -> float | None:
        """Seconds until this model is in memory; None when it was never measured."""
        return self._median(model, "load")

    async def add(self, model: str, work_units: float, seconds: float) -> None:
        """Note that a job with so much work took so long. Figures that make no sense are left out."""
        if work_units > 0:
            await self._add(model, "unit", seconds / work_units)

    async def add_load(self, model: str, seconds: float) -> None:
        await self._add(model, "load", seconds)

    async def _add(self, model: str, what: What, seconds: float) -> None:
        if not math.isfinite(seconds) or seconds <= 0:
            return
        self._remember(model, what, seconds)

        def unit(connection: sqlite3.Connection) -> None:
            values = (model, what, seconds)
            connection.execute("INSERT INTO timings (model, what, seconds) VALUES (?, ?, ?)", values)
            connection.execute(
                "DELETE FROM timings WHERE model = ?1 AND what = ?2 AND number <= (SELECT number FROM timings"
                " WHERE model = ?1 AND what = ?2 ORDER BY number DESC LIMIT 1 OFFSET ?3)",
                (model, what, KEPT),
            )

        await self._database.write(unit)

    def _remember(self, model: str, what: str, seconds: float) -> None:
        self._seconds[model, what].append(seconds)
        self._medians.pop((model, what), None)

    def _median(self, model: str, what: What) -> float | None:
        key = (model, what)
        if key not in self._medians and key in self._seconds:
            self._medians[key] = median(self._seconds[key])
        return self._medians.get(key)
