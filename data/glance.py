"""Reading a database that a running bot has open: a connection that can neither write nor checkpoint."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Self, TypeVar

import aiosqlite

from data.database import FILE_NAME
from data.errors import storage_failure

T = TypeVar("T")


def ask_once(folder: Path, question: Callable[[sqlite3.Connection], T]) -> T:
    """Answer a question that only reads, on a connection of its own. Reads the disk. Raises sqlite3.Error."""
    with closing(sqlite3.connect(_address(folder), uri=True)) as connection:
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA query_only=ON")
        return question(connection)


def _address(folder: Path) -> str:
    return f"{(folder / FILE_NAME).absolute().as_uri()}?mode=ro"


class Glance:
    """The reading half of `Database`, for another process. An async context manager."""

    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._connection = connection

    @classmethod
    async def open(cls, folder: Path) -> Self:
        """Raises StorageFailed."""
        try:
            connection = await aiosqlite.connect(_address(folder), uri=True, isolation_level=None)
        except sqlite3.Error as error:
            raise storage_failure(error) or error from None
        await connection.execute_fetchall("PRAGMA query_only=ON")
        await connection.execute_fetchall("PRAGMA wal_autocheckpoint=0")
        connection.row_factory = sqlite3.Row
        return cls(connection)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[aiosqlite.Connection]:
        yield self._connection

    async def close(self) -> None:
        await self._connection.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()
