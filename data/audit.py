"""The log of what teachers, pupils and the bot itself did: only added to, each line chained to the one before.

A line holds pseudonyms, codes and numbers, never a name, a text or an id of Discord's. Who is behind a pseudonym stands
in one table, and is gone when that person's data is deleted: the chain stays whole, its lines are nobody's.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import secrets
import sqlite3
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from data.audit_head import UNKNOWN, Head, HeadFile
from data.database import Database
from data.voice_records import OPERATOR

HERE: Final = "atelier"
"""Who did it, where nobody did: time, a start, a chore."""
_NOBODY: Final = frozenset({"", HERE, OPERATOR})
_WHAT: Final = re.compile(r"[a-z]+([._][a-z]+)*\Z")
_CODE: Final = re.compile(r"[\w.:+/-]{0,64}\Z")
_COLUMNS: Final = "number, at, guild, actor, what, subject, detail, hash"
_LAST: Final = "SELECT number, hash FROM audit ORDER BY number DESC LIMIT 1"
_START: Final = "0" * 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A line. `at`: seconds since the epoch; `actor` and `subject`: pseudonyms, "atelier", "operator" or ""."""

    number: int
    at: float
    actor: str
    what: str
    subject: str
    detail: Mapping[str, str | int]
    hash: str


class Audit:
    """The log of all classes. `heads`: the folder, not the database's, for the number and hash of the last line.

    Methods raise StorageFailed.
    """

    def __init__(self, database: Database, heads: Path, *, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._head = HeadFile(heads)
        self._clock = clock
        self._lock = asyncio.Lock()
        self._latest = Head(0, _START)
        self._written: int | None = None

    async def note(
        self,
        guild: str,
        actor: str,
        what: str,
        subject: str = "",
        *,
        detail: Mapping[str, str | int] | None = None,
    ) -> None:
        """Add a line. `actor` did it, `subject` is whom it concerned: ids of people, "" for nobody. All else (a job,
        a code, a number) is a value of `detail`.

        Raises ValueError for what is not a code of at most 64 letters, digits and ._:+/-: texts do not belong here.
        """
        plain = _plain(what, detail or {})
        at = round(self._clock() * 1000)
        await self._begin()

        def unit(connection: sqlite3.Connection) -> Head:
            return _append(connection, guild, (actor, what, subject), plain, at)

        latest = await self._database.write(unit)
        if latest.number > self._latest.number:
            self._latest = latest
        async with self._lock:  # one file for all lines of a commit: who comes later finds it written
            if (self._written or 0) < latest.number:
                self._written = await self._write_head()

    async def keep_head(self) -> None:
        """For the start, and whenever others may have added lines in transactions of their own (`add_line`)."""
        await self._begin()
        latest = await self.head()
        if latest.number > self._latest.number:
            self._latest = latest
        async with self._lock:
            if (self._written or 0) < self._latest.number:
                self._written = await self._write_head()

    async def verify(self) -> int | None:
        """The number of the first line that is not what was written or is missing; None: all are as they were."""
        heads = await asyncio.to_thread(self._head.read)
        async with self._database.read() as connection:
            rows = list(await connection.execute_fetchall(f"SELECT {_COLUMNS} FROM audit ORDER BY number"))  # noqa: S608
        return await asyncio.to_thread(first_broken, [tuple(row) for row in rows], heads)

    async def head(self) -> Head:
        """The last line's number and hash, for whoever wants to keep it somewhere else."""
        async with self._database.read() as connection:
            rows = list(await connection.execute_fetchall(_LAST))
        return Head(int(rows[0][0]), str(rows[0][1])) if rows else Head(0, _START)

    async def entries(self, guild: str, *, person: str | None = None) -> list[Entry]:
        """A class's lines in order; with `person`, those that this person did or that concerned them."""
        names = await self._names(guild, ("",) if person is None else ("", person))
        if len(names) < (1 if person is None else 2):
            return []
        where = "" if person is None else " AND ? IN (actor, subject)"
        query = f"SELECT {_COLUMNS} FROM audit WHERE guild = ?{where} ORDER BY number"  # noqa: S608
        async with self._database.read() as connection:
            return [_entry(row) for row in await connection.execute_fetchall(query, tuple(names))]

    async def pseudonym(self, guild: str, person: str) -> str | None:
        """How this person is called in the class's log; None: they do not occur, or were forgotten."""
        found = await self._names(guild, (person,))
        return found[0] if found else None

    async def forget(self, guild: str, person: str | None = None, *, until: float | None = None) -> None:
        """From now on nobody can tell who this person in the log is; None: nor which class it was and who is in it.

        `until`: unless a later line names them.
        """
        where: str
        values: list[str | int]
        where, values = ("", [guild]) if person is None else (" AND person_id = ?", [guild, person])
        if until is not None:
            where, values = f"{where} AND seen_at <= ?", [*values, round(until * 1000)]
        await self._forget(f"DELETE FROM pseudonyms WHERE guild_id = ?{where}", values)  # noqa: S608

    async def forget_idle(self, before: float) -> int:
        """Forget who those are whom no line has named since then; returns how many people."""
        query = "DELETE FROM pseudonyms WHERE seen_at < ? AND person_id <> ''"
        return await self._forget(query, [round(before * 1000)])

    async def _forget(self, query: str, values: Sequence[str | int]) -> int:
        gone = await self._database.write(
            lambda connection: connection.execute(query, tuple(values)).rowcount
        )
        if gone:
            await self._database.scrub()
        return gone

    async def _names(self, guild: str, people: Sequence[str]) -> list[str]:
        query = "SELECT pseudonym FROM pseudonyms WHERE guild_id = ? AND person_id = ?"
        found: list[str] = []
        async with self._database.read() as connection:
            for person in people:
                rows = await connection.execute_fetchall(query, (guild, person))
                found += [str(row[0]) for row in rows]
        return found

    async def _begin(self) -> None:
        """Before the first line of this run: a file of heads that is missing beside lines was taken away. A new log has
        one at once, so that a crash right after its first line does not look like that."""
        async with self._lock:
            if self._written is None:
                last = (await self.head()).number
                if not await asyncio.to_thread(self._head.read):
                    first = Head(last + 1, UNKNOWN) if last else Head(0, _START)
                    await asyncio.to_thread(self._head.write, [first])
                self._written = 0

    async def _write_head(self) -> int:
        """Keep the head of the last line; where the chain does not go on from the kept one, keep that one as well."""
        latest = self._latest
        kept = await asyncio.to_thread(self._head.read)
        if not kept and self._written:
            kept = [Head(latest.number, UNKNOWN)]
        above = kept[:-1] if await self._goes_on(kept) else kept
        await asyncio.to_thread(self._head.write, [*above, latest])
        return latest.number

    async def _goes_on(self, kept: Sequence[Head]) -> bool:
        query = "SELECT 1 FROM audit WHERE number = ? AND hash = ?"
        if not kept or kept[-1].number == 0:
            return True
        async with self._database.read() as connection:
            return bool(list(await connection.execute_fetchall(query, kept[-1])))


def add_line(
    connection: sqlite3.Connection,
    guild: str,
    line: tuple[str, str, str],
    detail: Mapping[str, str | int],
    at: float,
) -> None:
    """Add a line (actor, what, subject) in the very transaction of what it tells. `at`: seconds since the epoch.

    Raises ValueError as `Audit.note` does. Somebody calls `Audit.keep_head` afterwards.
    """
    _append(connection, guild, line, _plain(line[1], detail), round(at * 1000))


def first_broken(rows: Iterable[tuple[Any, ...]], heads: Sequence[Head]) -> int | None:
    """The first line that does not follow from those before it, or is not where a kept head says it was.

    `rows`: all columns, in the order of their numbers.
    """
    previous, expected, wanted = _START, 1, {head.number: head.hash for head in reversed(heads)}
    for row in rows:
        if row[0] != expected or row[7] != _hash(previous, row[:7]) or wanted.get(expected, row[7]) != row[7]:
            return expected
        previous, expected = row[7], expected + 1
    if any(number >= expected for number in wanted):
        return expected
    # lines without any head: the file that is to tell whether they are all was taken away
    return expected if expected > 1 and not heads else None


def _hash(previous: str, values: tuple[Any, ...]) -> str:
    row = json.dumps(values, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(previous.encode() + row.encode()).hexdigest()


def _append(
    connection: sqlite3.Connection,
    guild: str,
    line: tuple[str, str, str],
    detail: str,
    at: int,
) -> Head:
    actor, what, subject = line
    last = connection.execute(_LAST).fetchone()
    before = Head(0, _START) if last is None else Head(int(last[0]), str(last[1]))
    row = (
        before.number + 1,
        at,
        _pseudonym(connection, guild, "", at),
        actor if actor in _NOBODY else _pseudonym(connection, guild, actor, at),
        what,
        subject if subject in _NOBODY else _pseudonym(connection, guild, subject, at),
        detail,
    )
    sha256 = _hash(before.hash, row)
    query = f"INSERT INTO audit ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608
    connection.execute(query, (*row, sha256))
    return Head(before.number + 1, sha256)


def _pseudonym(connection: sqlite3.Connection, guild: str, person: str, at: int) -> str:
    query = (
        "INSERT INTO pseudonyms (guild_id, person_id, pseudonym, seen_at) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (guild_id, person_id) DO UPDATE SET seen_at = excluded.seen_at RETURNING pseudonym"
    )
    new = f"{'p' if person else 'c'}-{secrets.token_hex(6)}"
    return str(connection.execute(query, (guild, person, new, at)).fetchall()[0][0])


def _plain(what: str, detail: Mapping[str, str | int]) -> str:
    texts = [*detail, *(value for value in detail.values() if isinstance(value, str))]
    if not _WHAT.match(what) or not all(_CODE.match(text) for text in texts):
        raise ValueError("the log takes codes and numbers only")
    return json.dumps(dict(detail), ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def _entry(row: sqlite3.Row) -> Entry:
    return Entry(
        number=row["number"],
        at=row["at"] / 1000,
        actor=row["actor"],
        what=row["what"],
        subject=row["subject"],
        detail=json.loads(row["detail"]),
        hash=row["hash"],
    )
