"""Chains that are under way: what was asked for, and the jobs of the steps so far. One that ended is forgotten."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from data.database import Database

_CHAIN: Final = "id, guild_id, channel_id, person_id, locale, is_teacher, request, created_at"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainRow:
    """`request`: the plain form of what was asked for. `jobs`: those of the steps so far, in their order; `moved_at`:
    when the last of them was asked for."""

    id: str
    guild_id: str
    channel_id: str
    person_id: str
    locale: str
    is_teacher: bool
    request: Mapping[str, Any]
    created_at: float
    jobs: tuple[str, ...] = ()
    moved_at: float = 0.0


class Chains:
    """All chains of all servers. Methods raise StorageFailed."""

    def __init__(self, database: Database, *, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._clock = clock

    async def add(self, chain: ChainRow, *, most: int) -> bool:
        """Store a new one, unless its person has `most` under way in this server already: then False."""
        request = json.dumps(dict(chain.request), ensure_ascii=False, allow_nan=False)
        row = (
            chain.id, chain.guild_id, chain.channel_id, chain.person_id, chain.locale, int(chain.is_teacher),
            request, chain.created_at,
        )  # fmt: skip

        def unit(connection: sqlite3.Connection) -> bool:
            query = "SELECT count(*) FROM chains WHERE guild_id = ? AND person_id = ?"
            found = connection.execute(query, (chain.guild_id, chain.person_id)).fetchone()
            if found[0] >= most:
                return False
            connection.execute(f"INSERT INTO chains ({_CHAIN}) VALUES ({', '.join('?' * 8)})", row)  # noqa: S608
            return True

        return await self._database.write(unit)

    async def note(self, chain_id: str, job_id: str) -> None:
        """The next step is this job. A chain that has ended meanwhile stays ended."""
        now = self._clock()

        def unit(connection: sqlite3.Connection) -> None:
            connection.execute(
                "INSERT INTO chain_steps (chain, number, job, at)"
                " SELECT id, 1 + (SELECT count(*) FROM chain_steps WHERE chain = chains.id), ?, ?"
                " FROM chains WHERE id = ?",
                (job_id, now, chain_id),
            )

        await self._database.write(unit)

    async def open(self) -> list[str]:
        """Those under way, the oldest first."""
        async with self._database.read() as connection:
            rows = await connection.execute_fetchall("SELECT id FROM chains ORDER BY created_at, id")
        return [str(row[0]) for row in rows]

    async def get(self, chain_id: str) -> ChainRow | None:
        """None once it has ended."""

        def unit(connection: sqlite3.Connection) -> ChainRow | None:
            row = connection.execute(f"SELECT {_CHAIN} FROM chains WHERE id = ?", (chain_id,)).fetchone()  # noqa: S608
            query = "SELECT job, at FROM chain_steps WHERE chain = ? ORDER BY number"
            steps = connection.execute(query, (chain_id,)).fetchall()
            return None if row is None else _to_chain(row, steps)

        return await self._database.write(unit)

    async def end(self, chain_id: str) -> bool:
        """Forget a chain and what was written for it. False: somebody else has done so."""

        def unit(connection: sqlite3.Connection) -> bool:
            return connection.execute("DELETE FROM chains WHERE id = ?", (chain_id,)).rowcount == 1

        return await self._database.write(unit)


def _to_chain(row: Any, steps: list[tuple[str, float]]) -> ChainRow:
    return ChainRow(
        id=row[0],
        guild_id=row[1],
        channel_id=row[2],
        person_id=row[3],
        locale=row[4],
        is_teacher=bool(row[5]),
        request=json.loads(row[6]),
        created_at=row[7],
        jobs=tuple(job for job, _ in steps),
        moved_at=max((at for _, at in steps), default=row[7]),
    )
