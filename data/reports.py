"""Posts that somebody reported: who, which, why, and what a teacher decided."""

from __future__ import annotations

import secrets
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from data.database import Database
from generation.errors import LimitReached

KEPT: Final = "kept"
TAKEN_DOWN: Final = "taken_down"
MOST_OPEN: Final = 20
"""Of one person, at the same time."""
_SELECT: Final = "SELECT id, job, person_id, reason, note, reported_at, decision FROM reports"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """`person` reported it, `reason` is a code, `note` their own words or "". `decision`: KEPT, TAKEN_DOWN or None."""

    id: str
    job: str
    person: str
    reason: str
    note: str
    reported_at: float
    decision: str | None


class ReportRows:
    """One a person and job."""

    def __init__(self, database: Database, *, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._clock = clock

    async def add(self, guild_id: str, job_id: str, person_id: str, reason: str, note: str) -> bool:
        """False: this person has reported it already. Raises LimitReached reports_many."""
        row = (secrets.token_hex(5), job_id, guild_id, person_id, reason, note, self._clock())

        def unit(connection: sqlite3.Connection) -> bool:
            query = "SELECT count(*) FROM reports WHERE guild_id = ? AND person_id = ? AND decision IS NULL"
            if connection.execute(query, (guild_id, person_id)).fetchone()[0] >= MOST_OPEN:
                raise LimitReached("reports_many", limit=MOST_OPEN)
            added = connection.execute(
                "INSERT OR IGNORE INTO reports (id, job, guild_id, person_id, reason, note, reported_at)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                row,
            )
            return bool(added.rowcount)

        return await self._database.write(unit)

    async def get(self, guild_id: str, report_id: str) -> Report | None:
        found = await self._select("WHERE guild_id = ? AND id = ?", guild_id, report_id)
        return found[0] if found else None

    async def waiting(self, guild_id: str) -> list[Report]:
        """Those that nobody has decided, the oldest first."""
        where = "WHERE guild_id = ? AND decision IS NULL ORDER BY reported_at, id"
        return await self._select(where, guild_id)

    async def decide(self, guild_id: str, job_id: str, by: str, decision: str) -> int:
        """For all who reported this post and wait; how many. 0: somebody else was quicker."""
        query = (
            "UPDATE reports SET decision = ?, decided_by = ?, decided_at = ?"
            " WHERE guild_id = ? AND job = ? AND decision IS NULL"
        )
        values = (decision, by, self._clock(), guild_id, job_id)

        def unit(connection: sqlite3.Connection) -> int:
            return connection.execute(query, values).rowcount

        return await self._database.write(unit)

    async def _select(self, where: str, *values: str) -> list[Report]:
        async with self._database.read() as connection:
            rows = await connection.execute_fetchall(f"{_SELECT} {where}", values)
        return [
            Report(
                id=row[0],
                job=row[1],
                person=row[2],
                reason=row[3],
                note=row[4],
                reported_at=row[5],
                decision=row[6],
            )
            for row in rows
        ]
