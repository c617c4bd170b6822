"""Deleting everything of one person, or of a whole class: rows by the map, files, and what others' jobs have read.

Whoever is being deleted stands in a row until nothing is left, so a crash ends no deletion halfway.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from data.conversations import FORGET_READ
from data.data_map import TABLES, Erased, Table, owned, personal, signatures, table
from data.database import Database
from data.errors import storage_failure
from data.forgetting import FORGOTTEN, strip
from data.traces import Traces

EVERYBODY: Final = ""
"""In place of a person's id: the whole class."""
_MINE: Final = f"SELECT id FROM jobs WHERE {owned(table('jobs'), aged=True)}"  # noqa: S608
_READ: Final = (
    f"SELECT conversation FROM turns WHERE job IN ({_MINE}) UNION"  # noqa: S608
    f" SELECT id FROM conversations WHERE {owned(table('conversations'), aged=True)}"
)
_UPLOADS: Final = f"SELECT name FROM uploads WHERE name IS NOT NULL AND {owned(table('uploads'), aged=True)}"  # noqa: S608
_RECORDINGS: Final = (
    f"SELECT name FROM clips WHERE {owned(table('clips'), aged=True)} UNION SELECT recording FROM phrases"  # noqa: S608
    f" WHERE recording IS NOT NULL AND {owned(table('phrases'), aged=True)}"
)


_SIGNED: Final = tuple(one for one in TABLES if one.signed is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """`person` EVERYBODY is the whole class. What was made after `asked_at` (seconds since the epoch) stays."""

    guild: str
    person: str
    asked_at: float

    @property
    def values(self) -> dict[str, object]:
        return {"guild": self.guild, "person": self.person, "until": self.asked_at}


class Erasures:
    """`traces` say which withdrawn voices still stand somewhere. Methods raise StorageFailed."""

    def __init__(self, database: Database, traces: Traces) -> None:
        self._database = database
        self._traces = traces

    async def ask(self, guild: str, person: str, at: float) -> Erasure:
        """From this commit on it is done, whatever happens in between; asked for again, the later time counts."""
        query = (
            "INSERT INTO erasures (guild_id, person_id, asked_at) VALUES (?, ?, ?) ON CONFLICT (guild_id, person_id)"
            " DO UPDATE SET asked_at = max(asked_at, excluded.asked_at)"
        )
        await self._database.write(lambda connection: connection.execute(query, (guild, person, at)).rowcount)
        return Erasure(guild=guild, person=person, asked_at=at)

    async def pending(self) -> list[Erasure]:
        query = "SELECT guild_id, person_id, asked_at FROM erasures ORDER BY asked_at, guild_id, person_id"
        async with self._database.read() as connection:
            rows = await connection.execute_fetchall(query)
        return [Erasure(guild=row[0], person=row[1], asked_at=row[2]) for row in rows]

    async def end(self, erasure: Erasure) -> None:
        """Nothing is left. One that was asked for again meanwhile goes on."""
        query = "DELETE FROM erasures WHERE guild_id = :guild AND person_id = :person AND asked_at <= :until"
        await self._database.write(lambda connection: connection.execute(query, erasure.values).rowcount)
        await self._database.scrub()

    async def jobs(self, erasure: Erasure) -> list[str]:
        """In order of arrival."""
        async with self._database.read() as connection:
            rows = await connection.execute_fetchall(f"{_MINE} ORDER BY position", erasure.values)
        return [str(row[0]) for row in rows]

    async def voices(self, erasure: Erasure) -> list[str]:
        query = f"SELECT id FROM voices WHERE {owned(table('voices'), aged=True)} ORDER BY created_at, id"  # noqa: S608
        async with self._database.read() as connection:
            return [str(row[0]) for row in await connection.execute_fetchall(query, erasure.values)]

    async def is_kept(self, erasure: Erasure) -> bool:
        """Whether anything of it is there."""
        queries = [f"SELECT 1 FROM {one.name} WHERE {owned(one, aged=True)}" for one in personal()]  # noqa: S608
        queries += [f"SELECT 1 FROM {one.name} WHERE {signatures(one)}" for one in _SIGNED]  # noqa: S608
        async with self._database.read() as connection:
            for query in queries:
                if list(await connection.execute_fetchall(f"{query} LIMIT 1", erasure.values)):
                    return True
        return False

    async def people(self) -> list[tuple[str, str]]:
        """Every (class, person) of whom there is a row or a decision, and every (class, EVERYBODY)."""
        owners = [(one, one.person) for one in TABLES if one.person is not None and one.name != "erasures"]
        signers = [(one, one.signed[0]) for one in TABLES if one.signed is not None]
        queries = [_people_in(one, column) for one, column in (*owners, *signers)]
        async with self._database.read() as connection:
            rows = await connection.execute_fetchall(" UNION ".join(queries))
        found = {(str(row[0]), str(row[1])) for row in rows}
        return sorted(found | {(guild, EVERYBODY) for guild, _ in found})

    async def erase(self, erasure: Erasure, spared: Collection[str] = ()) -> tuple[int, bool]:
        """Delete all rows but those of the `spared` jobs and of voices that still stand somewhere, of which only ids
        stay; then the files of voices and uploads, the copies in the write-ahead log and the backups.

        Returns how many rows went, and whether nothing had to be spared and no copy is left.
        """

        def unit(connection: sqlite3.Connection) -> tuple[int, bool, list[str], list[str]]:
            held = self._held(connection, erasure)
            for (conversation,) in connection.execute(_READ, erasure.values).fetchall():
                connection.execute(FORGET_READ, (conversation,))
            uploads, recordings = (
                [str(row[0]) for row in connection.execute(query, erasure.values).fetchall()]
                for query in (_UPLOADS, _RECORDINGS)
            )
            strip(connection, spared, medium=FORGOTTEN)
            before = connection.total_changes
            for query in _deletions(spared, held):
                connection.execute(query, erasure.values)
            for one in _SIGNED:
                query = f"UPDATE {one.name} SET {_column(one)} = '' WHERE {signatures(one)}"  # noqa: S608
                connection.execute(query, erasure.values)
            return connection.total_changes - before, not (spared or held), uploads, recordings

        rows, is_all, uploads, recordings = await self._database.write(unit)
        folder = self._database.folder
        gone = [folder / "uploads" / name for name in uploads] + [
            folder / "voices" / name for name in recordings
        ]
        await asyncio.to_thread(_remove, gone, folder / "backups")
        return rows, await self._database.scrub() and is_all

    def _held(self, connection: sqlite3.Connection, erasure: Erasure) -> list[str]:
        query = f"SELECT id FROM voices WHERE {owned(table('voices'), aged=True)}"  # noqa: S608
        mine = {str(row[0]) for row in connection.execute(query, erasure.values).fetchall()}
        return [voice for voice in self._traces.unfinished_now(connection) if voice in mine]


def _deletions(spared: Collection[str], held: Collection[str]) -> Iterator[str]:
    """Those first that only another row says whose they are."""
    for name in ("turns", "reply_addresses"):  # of spared jobs too
        yield f"DELETE FROM {name} WHERE {owned(table(name), aged=True)}"  # noqa: S608
    rows = (one for one in TABLES if one.erased is Erased.ROWS)
    for one in sorted(rows, key=_depth, reverse=True):
        query = f"DELETE FROM {one.name} WHERE {owned(one, aged=True)}"  # noqa: S608
        if one.name == "jobs":
            query += f" AND id NOT IN ({_listed(spared)})"
        elif one.name == "voices":
            query += f" AND id NOT IN ({_listed(held)})"
        elif one.of is not None and one.of[1] == "voices":
            query += f" AND {one.of[0]} NOT IN ({_listed(held)})"
        yield query


def _column(one: Table) -> str:
    return "" if one.signed is None else one.signed[0]


def _people_in(one: Table, column: str) -> str:
    """(class, person) of its rows; which class it is, another row may say."""
    guild = one.guild
    if guild is None:
        own, parent = one.of or ("", "")
        guild = f"(SELECT {table(parent).guild} FROM {parent} WHERE id = {one.name}.{own})"  # noqa: S608
    return f"SELECT {guild}, {column} FROM {one.name} WHERE {column} <> ''"  # noqa: S608


def _listed(ids: Collection[str]) -> str:
    """Ids are drawn by us; what is not one of them is no id."""
    return ", ".join(f"'{one}'" for one in ids if one.replace("-", "").replace("_", "").isalnum())


def _depth(one: Table) -> int:
    return 0 if one.of is None else 1 + _depth(table(one.of[1]))


def _remove(gone: list[Path], backups: Path) -> None:
    try:
        for file in (*gone, *(backups.iterdir() if backups.is_dir() else ())):
            file.unlink(missing_ok=True)
    except OSError as error:
        raise storage_failure(error) or error from error
