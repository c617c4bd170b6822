"""What holds a class: a pause, or the emergency stop. A committed row each, so that no crash ends it."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable
from enum import StrEnum
from typing import Final, Self

from data.database import Database
from data.jobs import Gate
from generation.job import Job

EMERGENCY_CODE: Final = "emergency"
"""Of every job that the emergency stop has ended."""


class Stop(StrEnum):
    PAUSE = "pause"
    """Running jobs end and wait, nothing is shown, nothing starts."""
    EMERGENCY = "emergency"
    """Nothing goes on, and nothing begins, until a teacher lifts it."""


class Stops:
    """The stops of all classes: read once at the start, then known without asking the database.

    A stop holds from the moment it is set, before its row is on the disk; it ends after the row is gone.
    """

    def __init__(
        self,
        database: Database,
        held: dict[tuple[str, Stop], float] | None = None,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._database = database
        self._held = dict(held or {})
        self._clock = clock
        self._lock = asyncio.Lock()

    @classmethod
    async def open(cls, database: Database, *, clock: Callable[[], float] = time.time) -> Self:
        """Raises StorageFailed."""
        async with database.read() as connection:
            rows = await connection.execute_fetchall("SELECT guild_id, kind, since FROM stops")
        return cls(database, {(str(row[0]), Stop(row[1])): float(row[2]) for row in rows}, clock=clock)

    def since(self, guild: str, kind: Stop) -> float | None:
        """When it was set, seconds since the epoch; None: it does not hold."""
        return self._held.get((guild, kind))

    def is_held(self, guild: str) -> bool:
        """Whether nothing of this class may start or be shown."""
        return any((guild, kind) in self._held for kind in Stop)

    def held(self, kind: Stop) -> list[str]:
        """The classes for which it holds."""
        return sorted(guild for guild, held in self._held if held is kind)

    async def set(self, guild: str, kind: Stop) -> bool:
        """Stop the class now. False: it was already, and the row stood.

        Raises StorageFailed: then it holds only until the bot ends.
        """
        now = self._held.setdefault((guild, kind), self._clock())
        query = "INSERT INTO stops (guild_id, kind, since) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"

        def unit(connection: sqlite3.Connection) -> bool:
            return connection.execute(query, (guild, kind, now)).rowcount == 1

        async with self._lock:
            is_new = await self._database.write(unit)
            self._held.setdefault(
                (guild, kind), now
            )  # somebody has lifted it in between: this one came later
            return is_new

    async def keep(self) -> None:
        """Write down again whatever holds: the disk may have refused it. Raises StorageFailed."""
        query = "INSERT INTO stops (guild_id, kind, since) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
        async with self._lock:
            held = [(guild, kind, since) for (guild, kind), since in self._held.items()]
            await self._database.write(lambda connection: connection.executemany(query, held).rowcount)

    async def lift(self, guild: str, kind: Stop) -> bool:
        """End it. False: it did not hold. Raises StorageFailed: then it still holds."""
        query = "DELETE FROM stops WHERE guild_id = ? AND kind = ?"

        def unit(connection: sqlite3.Connection) -> bool:
            return connection.execute(query, (guild, kind)).rowcount == 1

        async with self._lock:
            there_was = await self._database.write(unit)
            return self._held.pop((guild, kind), None) is not None or there_was

    async def emergency_jobs(self) -> list[str]:
        """Jobs that an emergency stop has ended and whose post may still stand somewhere."""
        query = (
            "SELECT posts.job FROM posts JOIN jobs ON jobs.id = posts.job"
            " WHERE error_code = ? AND state <> 'posted' ORDER BY position"
        )
        async with self._database.read() as connection:
            return [str(row[0]) for row in await connection.execute_fetchall(query, (EMERGENCY_CODE,))]

    @staticmethod
    def gate(connection: sqlite3.Connection, job: Job) -> str:
        """For `data.jobs.Jobs`: while the emergency stop of its class stands no job moves on, whoever moves it."""
        query = "SELECT 1 FROM stops WHERE guild_id = ? AND kind = 'emergency'"
        stands = connection.execute(query, (job.guild_id,)).fetchone() is not None
        return EMERGENCY_CODE if stands else ""


def in_turn(*gates: Gate) -> Gate:
    """One gate of several: the first that refuses gives the code."""

    def gate(connection: sqlite3.Connection, job: Job) -> str:
        return next((code for one in gates if (code := one(connection, job))), "")

    return gate
