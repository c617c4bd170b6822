"""What a class server's school has stated (country, minimum age) and which channels it uses for what."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from data.database import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptStatement:
    """`country`: ISO 3166-1, two capital letters; `min_age` in years."""

    country: str
    min_age: int
    stated_at: float


class Setups:
    """One statement and at most one channel a place, for each class server. No person is named in either."""

    def __init__(self, database: Database, *, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._clock = clock

    async def state(self, guild_id: str, country: str, min_age: int) -> None:
        """The last statement counts."""
        query = "INSERT OR REPLACE INTO setups (guild_id, country, min_age, stated_at) VALUES (?, ?, ?, ?)"
        values = (guild_id, country, min_age, self._clock())

        def unit(connection: sqlite3.Connection) -> None:
            connection.execute(query, values)

        await self._database.write(unit)

    async def stated(self, guild_id: str) -> KeptStatement | None:
        query = "SELECT country, min_age, stated_at FROM setups WHERE guild_id = ?"
        async with self._database.read() as connection:
            rows = list(await connection.execute_fetchall(query, (guild_id,)))
        return KeptStatement(country=rows[0][0], min_age=rows[0][1], stated_at=rows[0][2]) if rows else None

    async def choose(self, guild_id: str, channels: Mapping[str, str]) -> None:
        """Use these channels: place -> channel id. Places that are not named keep theirs."""
        query = "INSERT OR REPLACE INTO setup_places (guild_id, place, channel_id) VALUES (?, ?, ?)"
        rows = [(guild_id, place, channel) for place, channel in channels.items()]

        def unit(connection: sqlite3.Connection) -> None:
            connection.executemany(query, rows)

        await self._database.write(unit)

    async def places(self, guild_id: str) -> Mapping[str, str]:
        query = "SELECT place, channel_id FROM setup_places WHERE guild_id = ?"
        async with self._database.read() as connection:
            rows = await connection.execute_fetchall(query, (guild_id,))
        return {str(place): str(channel) for place, channel in rows}

    async def forget(self, guild_id: str) -> None:
        """The class server is not served any more."""

        def unit(connection: sqlite3.Connection) -> None:
            connection.execute("DELETE FROM setups WHERE guild_id = ?", (guild_id,))
            connection.execute("DELETE FROM setup_places WHERE guild_id = ?", (guild_id,))

        await self._database.write(unit)
