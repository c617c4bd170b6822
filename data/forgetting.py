"""What is forgotten after its time: texts of refused jobs, then whole jobs, then conversations without any."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

from data.database import Database
from data.traces import Traces
from data.voice_records import voice_of

FORGOTTEN: Final = "forgotten"
"""The medium of a job of which nothing but its ids is left: no command finds it."""
_TEXTS: Final = (
    "EXISTS (SELECT 1 FROM json_each(params) WHERE type IN ('text', 'array', 'object')"
    " AND key NOT IN ('voice', 'speech'))"
)
_ENDED: Final = (
    "id IN (SELECT value FROM json_each(:ids)) AND state IN ('posted', 'refused', 'failed', 'cancelled')"
)


class Forgetting:
    """Methods return how much went, and raise StorageFailed. Times are seconds since the epoch."""

    def __init__(self, database: Database, traces: Traces) -> None:
        self._database = database
        self._traces = traces

    async def refused(self, before: float) -> int:
        """Of jobs that were refused until then: only what says when, what kind of thing and why."""
        query = f"SELECT id FROM jobs WHERE state = 'refused' AND finished_at <= ? AND {_TEXTS}"  # noqa: S608

        def unit(connection: sqlite3.Connection) -> int:
            found = [str(row[0]) for row in connection.execute(query, (before,)).fetchall()]
            return strip(connection, found)

        return await self._scrubbed(await self._database.write(unit))

    async def ended(self, before: float) -> tuple[list[str], list[str]]:
        """The jobs that ended until then: those that can go, and those that hold somebody's voice. As long as that is
        known they must be found when it is withdrawn, so only what was typed can go."""
        query = "SELECT id, medium FROM jobs WHERE finished_at <= ? ORDER BY position"
        async with self._database.read() as connection:
            old = {str(row[0]): row[1] for row in await connection.execute_fetchall(query, (before,))}
            voices = [str(row[0]) for row in await connection.execute_fetchall("SELECT id FROM voices")]
        held: set[str] = set()
        for voice in voices if old else ():
            held |= {trace.job for trace in await self._traces.of_voice(voice)}
        full = [job for job in old if job in held and old[job] != FORGOTTEN]
        return [job for job in old if job not in held], full

    async def jobs(self, ids: Collection[str]) -> int:
        """Delete these jobs, if they have ended, with all their rows. Their files go first (`Artifacts.delete`)."""
        query = f"DELETE FROM jobs WHERE {_ENDED}"  # noqa: S608
        values = {"ids": json.dumps(list(ids))}
        gone = await self._database.write(lambda connection: connection.execute(query, values).rowcount)
        return await self._scrubbed(gone)

    async def texts(self, ids: Collection[str]) -> int:
        """Of these jobs, if they have ended, keep nothing but ids, numbers and times."""
        query = f"SELECT id FROM jobs WHERE {_ENDED} AND (medium <> ? OR {_TEXTS})".replace("?", ":medium")  # noqa: S608
        values = {"ids": json.dumps(list(ids)), "medium": FORGOTTEN}

        def unit(connection: sqlite3.Connection) -> int:
            found = [str(row[0]) for row in connection.execute(query, values).fetchall()]
            return strip(connection, found, medium=FORGOTTEN)

        return await self._scrubbed(await self._database.write(unit))

    async def conversations(self, before: float) -> int:
        """Those that ended until then, and older ones of which nothing is remembered any more."""
        query = (
            "DELETE FROM conversations WHERE ended_at <= :before OR (created_at <= :before AND NOT EXISTS"
            " (SELECT 1 FROM jobs WHERE json_extract(params, '$.conversation') = conversations.id))"
        )
        values = {"before": before}
        return await self._database.write(lambda connection: connection.execute(query, values).rowcount)

    async def scrub_again(self) -> None:
        """Where somebody was reading when something was deleted, copies of it may still be there."""
        if self._database.owes_scrub:
            await self._database.scrub()

    async def _scrubbed(self, gone: int) -> int:
        if gone:
            await self._database.scrub()
        return gone


def strip(connection: sqlite3.Connection, ids: Iterable[str], *, medium: str | None = None) -> int:
    """Take what was typed out of these jobs. With `medium` no command takes them for something to go on from."""
    rows = []
    for job in ids:
        for (params,) in connection.execute("SELECT params FROM jobs WHERE id = ?", (job,)).fetchall():
            rows.append((json.dumps(_bare(json.loads(params))), medium, job))
    update = "UPDATE jobs SET params = ?, notices = '[]', medium = coalesce(?, medium) WHERE id = ?"
    connection.executemany(update, rows)
    return len(rows)


def _bare(params: Mapping[str, Any]) -> dict[str, Any]:
    """Numbers, and by which a withdrawal finds the job: whose voice, made from which one."""
    bare: dict[str, Any] = {name: value for name, value in params.items() if isinstance(value, int | float)}
    if (voice := voice_of(params)) is not None:
        bare["voice"] = voice
    if isinstance(params.get("speech"), str):
        bare["speech"] = params["speech"]
    return bare
