"""The words that a class has on top of the lists. Nobody is named: who added one stands in the log as a pseudonym."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Mapping
from typing import Final

from data.database import Database
from generation.errors import LimitReached

REFUSED: Final = "refused"
ALLOWED: Final = "allowed"
MOST: Final = 500
"""Words of one class."""


class ClassWordRows:
    """word -> kind (REFUSED or ALLOWED), for each class server."""

    def __init__(self, database: Database, *, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._clock = clock

    async def put(self, guild_id: str, word: str, kind: str) -> Mapping[str, str]:
        """Add it, or change what kind it is; the words of the class as they are now. Raises LimitReached words_many."""
        now = self._clock()

        def unit(connection: sqlite3.Connection) -> Mapping[str, str]:
            connection.execute(
                "INSERT OR REPLACE INTO class_words (guild_id, word, kind, added_at) VALUES (?, ?, ?, ?)",
                (guild_id, word, kind, now),
            )
            words = _words(connection, guild_id)
            if len(words) > MOST:
                raise LimitReached("words_many", limit=MOST)
            return words

        return await self._database.write(unit)

    async def drop(self, guild_id: str, word: str) -> Mapping[str, str] | None:
        """Take it away; the words that are left, or None if it was not there."""
        query = "DELETE FROM class_words WHERE guild_id = ? AND word = ?"

        def unit(connection: sqlite3.Connection) -> Mapping[str, str] | None:
            gone = connection.execute(query, (guild_id, word)).rowcount
            return _words(connection, guild_id) if gone else None

        return await self._database.write(unit)

    async def of(self, guild_id: str) -> Mapping[str, str]:
        return (await self.all()).get(guild_id, {})

    async def all(self) -> Mapping[str, Mapping[str, str]]:
        """The words of all classes, by class server."""
        found: dict[str, dict[str, str]] = {}
        async with self._database.read() as connection:
            rows = await connection.execute_fetchall(
                "SELECT guild_id, word, kind FROM class_words ORDER BY word"
            )
        for guild_id, word, kind in rows:
            found.setdefault(str(guild_id), {})[str(word)] = str(kind)
        return found


def _words(connection: sqlite3.Connection, guild_id: str) -> Mapping[str, str]:
    query = "SELECT word, kind FROM class_words WHERE guild_id = ? ORDER BY word"
    return {str(word): str(kind) for word, kind in connection.execute(query, (guild_id,))}
