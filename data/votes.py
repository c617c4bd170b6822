"""What a class votes for. Who voted for what is known until the votes are counted, and nowhere else."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable

from data.database import Database
from data.errors import StaleMove


class Votes:
    """One vote a person and job. `choice` is the piece of text that was voted for."""

    def __init__(self, database: Database, *, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._clock = clock

    async def cast(self, job_id: str, person_id: str, choice: str) -> int:
        """Vote, or vote anew; returns how many people have voted. Raises StaleMove when they are counted already."""
        query = "INSERT OR REPLACE INTO votes (job, person_id, choice) VALUES (?, ?, ?)"

        def unit(connection: sqlite3.Connection) -> int:
            if _is_closed(connection, job_id):
                raise StaleMove
            connection.execute(query, (job_id, person_id, choice))
            return int(
                connection.execute("SELECT count(*) FROM votes WHERE job = ?", (job_id,)).fetchone()[0]
            )

        return await self._database.write(unit)

    async def count(self, job_id: str) -> int:
        """How many people have voted so far, or had when they were counted."""
        query = (
            "SELECT (SELECT count(*) FROM votes WHERE job = ?)"
            " + (SELECT coalesce(sum(votes), 0) FROM vote_counts WHERE job = ?)"
        )
        async with self._database.read() as connection:
            rows = list(await connection.execute_fetchall(query, (job_id, job_id)))
        return int(rows[0][0])

    async def close(self, job_id: str) -> dict[str, int]:
        """Count the votes, the most frequent first, and forget who cast them; the same numbers at every later call."""
        now = self._clock()

        def unit(connection: sqlite3.Connection) -> dict[str, int]:
            if not _is_closed(connection, job_id):
                connection.execute("INSERT INTO closed_votes (job, closed_at) VALUES (?, ?)", (job_id, now))
                connection.execute(
                    "INSERT INTO vote_counts (job, choice, votes)"
                    " SELECT job, choice, count(*) FROM votes WHERE job = ? GROUP BY choice",
                    (job_id,),
                )
                connection.execute("DELETE FROM votes WHERE job = ?", (job_id,))
            query = "SELECT choice, votes FROM vote_counts WHERE job = ? ORDER BY votes DESC, choice"
            return {str(choice): int(votes) for choice, votes in connection.execute(query, (job_id,))}

        counted = await self._database.write(unit)
        await self._database.scrub()
        return counted


def _is_closed(connection: sqlite3.Connection, job_id: str) -> bool:
    return connection.execute("SELECT 1 FROM closed_votes WHERE job = ?", (job_id,)).fetchone() is not None
