"""Where a job's result is about to be posted, and where it then stands."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass

from data.database import Database
from data.errors import StaleMove


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """`message_id` is None until it is known that the message stands."""

    job: str
    channel_id: str
    nonce: str
    message_id: str | None = None
    posted_at: float | None = None


class Posts:
    """One post a job."""

    def __init__(self, database: Database, *, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._clock = clock

    async def plan(self, job_id: str, channel_id: str, nonce: str) -> None:
        """Say before posting where it will stand and by which nonce it can be found again."""
        query = (
            "INSERT INTO posts (job, channel_id, nonce) VALUES (?, ?, ?)"
            " ON CONFLICT (job) DO UPDATE SET channel_id = excluded.channel_id, nonce = excluded.nonce"
        )

        def unit(connection: sqlite3.Connection) -> None:
            connection.execute(query, (job_id, channel_id, nonce))

        await self._database.write(unit)

    async def done(self, job_id: str, channel_id: str, message_id: str) -> None:
        """Say that it stands there now. Raises StaleMove when it was never planned."""
        query = "UPDATE posts SET channel_id = ?, message_id = ?, posted_at = ? WHERE job = ?"
        now = self._clock()

        def unit(connection: sqlite3.Connection) -> None:
            if connection.execute(query, (channel_id, message_id, now, job_id)).rowcount == 0:
                raise StaleMove

        await self._database.write(unit)

    async def forget(self, job_id: str) -> None:
        """It stands nowhere any more."""

        def unit(connection: sqlite3.Connection) -> None:
            connection.execute("DELETE FROM posts WHERE job = ?", (job_id,))

        await self._database.write(unit)

    async def of_job(self, job_id: str) -> Post | None:
        query = "SELECT job, channel_id, nonce, message_id, posted_at FROM posts WHERE job = ?"
        async with self._database.read() as connection:
            rows = list(await connection.execute_fetchall(query, (job_id,)))
        if not rows:
            return None
        job, channel_id, nonce, message_id, posted_at = rows[0]
        return Post(job=job, channel_id=channel_id, nonce=nonce, message_id=message_id, posted_at=posted_at)
