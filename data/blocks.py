"""Pupils who may not ask for anything for a while."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass

from data.database import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """`since` and `until` in seconds since the epoch."""

    person: str
    since: float
    until: float


class BlockRows:
    """At most one a person and class server; one that has run out counts as none."""

    def __init__(self, database: Database, *, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._clock = clock

    async def put(self, guild_id: str, person_id: str, by: str, seconds: float) -> Block:
        """From now on for so long; in place of one that is there."""
        now = self._clock()
        query = (
            "INSERT OR REPLACE INTO blocks (guild_id, person_id, blocked_by, since, until)"
            " VALUES (?, ?, ?, ?, ?)"
        )

        def unit(connection: sqlite3.Connection) -> None:
            connection.execute(query, (guild_id, person_id, by, now, now + seconds))

        await self._database.write(unit)
        return Block(person=person_id, since=now, until=now + seconds)

    async def drop(self, guild_id: str, person_id: str) -> bool:
        """Whether there was one that had not run out."""
        query = "DELETE FROM blocks WHERE guild_id = ? AND person_id = ? RETURNING until"
        now = self._clock()

        def unit(connection: sqlite3.Connection) -> bool:
            gone = connection.execute(query, (guild_id, person_id)).fetchall()
            return any(row[0] > now for row in gone)

        return await self._database.write(unit)

    async def of_person(self, guild_id: str, person_id: str) -> Block | None:
        found = await self._select("AND person_id = ?", guild_id, person_id)
        return found[0] if found else None

    async def of_class(self, guild_id: str) -> list[Block]:
        """Those that have not run out, the first to end first."""
        return await self._select("ORDER BY until", guild_id)

    async def purge(self) -> int:
        """Delete those that have run out; how many."""
        now = self._clock()

        def unit(connection: sqlite3.Connection) -> int:
            return connection.execute("DELETE FROM blocks WHERE until <= ?", (now,)).rowcount

        return await self._database.write(unit)

    async def _select(self, more: str, guild_id: str, *values: str) -> list[Block]:
        query = f"SELECT person_id, since, until FROM blocks WHERE guild_id = ? AND until > ? {more}"  # noqa: S608
        async with self._database.read() as connection:
            rows = await connection.execute_fetchall(query, (guild_id, self._clock(), *values))
        return [Block(person=row[0], since=row[1], until=row[2]) for row in rows]
