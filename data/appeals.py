"""Refusals that a pupil asked the teacher to look at again, and how often the lists were wrong."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from data.database import Database
from data.errors import StaleMove
from generation.errors import LimitReached

RIGHT: Final = "right"
WRONG: Final = "wrong"
MOST_OPEN: Final = 10
"""Of one pupil, at the same time."""
_SELECT: Final = "SELECT job, person_id, asked_at, decision FROM appeals"


@dataclass(frozen=True, slots=True, kw_only=True)
class Appeal:
    """`decision`: RIGHT, WRONG or None while nobody has looked."""

    job: str
    person: str
    asked_at: float
    decision: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusalCount:
    """How many refusals with this code a teacher has looked at, and how many of them were wrong."""

    code: str
    decided: int
    wrong: int


class AppealRows:
    """One a refused job. The counts name nobody and outlive the jobs."""

    def __init__(self, database: Database, *, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._clock = clock

    async def ask(self, guild_id: str, job_id: str, person_id: str) -> bool:
        """False: it was asked already. Raises LimitReached appeals_many."""
        now = self._clock()

        def unit(connection: sqlite3.Connection) -> bool:
            query = (
                "SELECT count(*) FROM appeals WHERE guild_id = ? AND person_id = ? AND decision IS NULL"
                " AND job <> ?"
            )
            waiting = connection.execute(query, (guild_id, person_id, job_id)).fetchone()[0]
            if waiting >= MOST_OPEN:
                raise LimitReached("appeals_many", limit=MOST_OPEN)
            added = connection.execute(
                "INSERT OR IGNORE INTO appeals (job, guild_id, person_id, asked_at) VALUES (?, ?, ?, ?)",
                (job_id, guild_id, person_id, now),
            )
            return bool(added.rowcount)

        return await self._database.write(unit)

    async def get(self, guild_id: str, job_id: str) -> Appeal | None:
        found = await self._select("WHERE guild_id = ? AND job = ?", guild_id, job_id)
        return found[0] if found else None

    async def waiting(self, guild_id: str) -> list[Appeal]:
        """Those that nobody has decided, the oldest first."""
        return await self._select("WHERE guild_id = ? AND decision IS NULL ORDER BY asked_at", guild_id)

    async def decide(
        self, guild_id: str, job_id: str, by: str, *, code: str, wrong: bool, entries: Sequence[str]
    ) -> None:
        """Once; `entries`: lines of the lists that were to blame. Raises StaleMove appeal_gone for a second time."""
        values = (WRONG if wrong else RIGHT, by, self._clock(), guild_id, job_id)

        def unit(connection: sqlite3.Connection) -> None:
            query = (
                "UPDATE appeals SET decision = ?, decided_by = ?, decided_at = ?"
                " WHERE guild_id = ? AND job = ? AND decision IS NULL"
            )
            if not connection.execute(query, values).rowcount:
                raise StaleMove("appeal_gone")
            connection.execute(
                "INSERT INTO refusal_counts (guild_id, code, decided, wrong) VALUES (?, ?, 1, ?)"
                " ON CONFLICT DO UPDATE SET decided = decided + 1, wrong = wrong + excluded.wrong",
                (guild_id, code, int(wrong)),
            )
            connection.executemany(
                "INSERT INTO refusal_entries (guild_id, entry, wrong) VALUES (?, ?, 1)"
                " ON CONFLICT DO UPDATE SET wrong = wrong + 1",
                [(guild_id, entry) for entry in entries] if wrong else [],
            )

        await self._database.write(unit)

    async def counts(self, guild_id: str) -> list[RefusalCount]:
        """The most often wrong first."""
        query = "SELECT code, decided, wrong FROM refusal_counts WHERE guild_id = ? ORDER BY wrong DESC, code"
        async with self._database.read() as connection:
            rows = await connection.execute_fetchall(query, (guild_id,))
        return [RefusalCount(code=row[0], decided=row[1], wrong=row[2]) for row in rows]

    async def blamed(self, guild_id: str, limit: int = 10) -> list[tuple[str, int]]:
        """Lines of the lists that refused wrongly, the most often first."""
        query = (
            "SELECT entry, wrong FROM refusal_entries WHERE guild_id = ? ORDER BY wrong DESC, entry LIMIT ?"
        )
        async with self._database.read() as connection:
            rows = await connection.execute_fetchall(query, (guild_id, limit))
        return [(str(entry), int(wrong)) for entry, wrong in rows]

    async def _select(self, where: str, *values: str) -> list[Appeal]:
        async with self._database.read() as connection:
            rows = await connection.execute_fetchall(f"{_SELECT} {where}", values)
        return [Appeal(job=row[0], person=row[1], asked_at=row[2], decision=row[3]) for row in rows]
