"""What is kept of one person, or of a whole class: how much, every row, every file. Reads only; follows `data_map`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from data.data_map import Table, owned, personal, table
from data.database import Database

SOMEBODY: Final = "somebody else"
_FILES: Final = {
    "artifacts": "SELECT job || '/' || name FROM artifacts WHERE name IS NOT NULL AND {owned} ORDER BY job, name",
    "uploads": "SELECT name FROM uploads WHERE name IS NOT NULL AND {owned} ORDER BY created_at",
    "voices": "SELECT name FROM clips WHERE {owned} UNION SELECT recording FROM phrases"
    " WHERE recording IS NOT NULL AND {phrases}",
}  # fmt: skip
_OWNER: Final = {"artifacts": "artifacts", "uploads": "uploads", "voices": "clips"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """Of a table with at least one row. `oldest`: seconds since the epoch, where the table knows."""

    table: str
    count: int
    oldest: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptFile:
    """`name`: its place below the data folder."""

    name: str
    path: Path


class Personal:
    """`person` "" is the whole class, everywhere. Methods raise StorageFailed."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def holdings(self, guild: str, person: str) -> list[Holding]:
        found = []
        async with self._database.read() as connection:
            for one in personal():
                since = one.since or "NULL"
                query = f"SELECT count(*), min({since}) FROM {one.name} WHERE {owned(one)}"  # noqa: S608
                (row,) = await connection.execute_fetchall(query, {"guild": guild, "person": person})
                if row[0]:
                    found.append(Holding(table=one.name, count=row[0], oldest=row[1]))
        return found

    async def rows(self, guild: str, person: str) -> dict[str, list[dict[str, Any]]]:
        """Every row by table, without secrets; other people are "somebody else", how many of them can be counted."""
        found: dict[str, list[dict[str, Any]]] = {}
        async with self._database.read() as connection:
            for one in personal():
                query = f"SELECT * FROM {one.name} WHERE {owned(one)}"  # noqa: S608
                rows = await connection.execute_fetchall(query, {"guild": guild, "person": person})
                if rows := list(rows):
                    found[one.name] = [dict(_shown(one, dict(row), person)) for row in rows]
        return found

    async def files(self, guild: str, person: str) -> list[KeptFile]:
        """Those that are there. Of a whole class no recording of a voice: only whose voice it is gets that."""
        found: list[KeptFile] = []
        folder = self._database.folder
        values = {"guild": guild, "person": person}
        async with self._database.read() as connection:
            for place, query in _FILES.items():
                if place == "voices" and not person:
                    continue
                whose = {"owned": owned(table(_OWNER[place])), "phrases": owned(table("phrases"))}
                rows = await connection.execute_fetchall(query.format(**whose), values)
                found += [
                    KeptFile(name=f"{place}/{row[0]}", path=folder / place / str(row[0])) for row in rows
                ]
        return [one for one in found if one.path.is_file()]


def _shown(one: Table, row: Mapping[str, Any], person: str) -> Iterator[tuple[str, Any]]:
    for name, value in row.items():
        if name in one.secret:
            continue
        plain = _read(value)
        if one.name == "jobs" and name == "params" and person:
            plain = _own_words(plain)
        yield name, (_masked(plain, person) if name in one.others else plain)


def _own_words(params: Any) -> Any:
    """In a conversation the model read what everybody had asked before; what is one's own of that is in `turns`."""
    if not isinstance(params, dict) or "conversation" not in params or not params.get("messages"):
        return params
    earlier, last = params["messages"][:-1], params["messages"][-1]
    told = [one for one in earlier if one.get("role") == "system"]
    return {**params, "messages": [*told, last]}


def _read(value: Any) -> Any:
    """A JSON column as what it holds."""
    if isinstance(value, str) and value[:1] in {"{", "["}:
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def _masked(value: Any, person: str) -> Any:
    if isinstance(value, list):
        return [_masked(one, person) for one in value]
    return value if value in {None, person} or not str(value).isdecimal() else SOMEBODY
