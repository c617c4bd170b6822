"""Where a job's answer goes while that is still possible. Opaque, short-lived, never logged."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable

from data.database import Database


class ReplyAddresses:
    """One address a job; gone with the move to posted, on `delete`, at its expiry and with the job."""

    def __init__(self, database: Database, *, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._clock = clock

    async def put(self, job_id: str, address: str, expires_at: float) -> None:
        """Keep or replace the address. `expires_at`: seconds since the epoch."""
        query = "INSERT OR REPLACE INTO reply_addresses (job, address, expires_at) VALUES (?, ?, ?)"

        def unit(connection: sqlite3.Connection) -> None:
            connection.execute(query, (job_id, address, expires_at))

        await self._database.write(unit)

    async def get(self, job_id: str) -> str | None:
        """The address, or None if there is none that is still valid."""
        query = "SELECT address FROM reply_addresses WHERE job = ? AND expires_at > ?"
        async with self._database.read() as connection:
            rows = list(await connection.execute_fetchall(query, (job_id, self._clock())))
        return str(rows[0][0]) if rows else None

    async def of_ended(self) -> list[str]:
        """Jobs that ended without a post and whose owners may not have been told: the bot stopped in between."""
        query = (
            "SELECT job FROM reply_addresses JOIN jobs ON jobs.id = job"
            " WHERE expires_at > ? AND state IN ('refused', 'failed', 'cancelled')"
        )
        async with self._database.read() as connection:
            return [str(row[0]) for row in await connection.execute_fetchall(query, (self._clock(),))]

    async def delete(self, job_id: str) -> None:
        def unit(connection: sqlite3.Connection) -> None:
            connection.execute("DELETE FROM reply_addresses WHERE job = ?", (job_id,))

        await self._database.write(unit)

    async def purge(self, now: float | None = None) -> int:
        """Delete what has expired, in the write-ahead log too; returns how many. Meant for once a minute."""
        moment = self._clock() if now is None else now

        def unit(connection: sqlite3.Connection) -> int:
            return connection.execute("DELETE FROM reply_addresses WHERE expires_at <= ?", (moment,)).rowcount

        gone = await self._database.write(unit)
        if gone:
            await self._database.scrub()
        return gone
