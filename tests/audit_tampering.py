"""Somebody with the database in hands changes the log: `python -m tests.audit_tampering -n 1000`.

Edits of every column, deletions, reorderings, insertions and cut ends, also with the hashes of everything behind made
to fit, also with lines added afterwards by a bot that knows of nothing. The head lies outside and stays. Prints
what was not found and ends with 1 if anything was not.

A line more behind the last one changes nothing of what was written, and looks as one does that the bot has committed
and not yet noted outside when it was killed: it is no kind of tampering here, and not found.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import secrets
import sqlite3
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from data.audit import HERE, Audit, _hash
from data.database import Database

CLASS = "900"
LINES = (6, 40)
Row = list[int | str]
Change = Callable[[list[Row], random.Random], None]


def edit(rows: list[Row], rng: random.Random) -> None:
    """One value of one line becomes another: a letter, a digit, somebody else's, another time."""
    row = rng.choice(rows)
    column = rng.randrange(1, 8)
    old = row[column]
    if isinstance(old, int):
        row[column] = old + rng.choice((-1, 1, 1000, -86_400_000))
        return
    other = rng.choice(rows)[column]
    spoilt = old[:-1] + ("0" if old[-1:] != "0" else "1") if old else "x"
    if column == 6:
        spoilt = f'{{"n":{rng.randrange(1000, 10**6)}}}'
    row[column] = other if other != old and rng.random() < 0.5 else spoilt


def delete(rows: list[Row], rng: random.Random) -> None:
    """One or a few lines in the middle or at the beginning."""
    start = rng.randrange(len(rows) - 1)
    del rows[start : min(start + rng.randint(1, 3), len(rows) - 1)]


def reorder(rows: list[Row], rng: random.Random) -> None:
    one, other = rng.sample(range(len(rows)), 2)
    rows[one], rows[other] = rows[other], rows[one]
    rows[one][0], rows[other][0] = rows[other][0], rows[one][0]


def cut(rows: list[Row], rng: random.Random) -> None:
    del rows[-rng.randint(1, len(rows)) :]


def insert(rows: list[Row], rng: random.Random) -> None:
    rows.insert(rng.randrange(len(rows)), [0, *rng.choice(rows)[1:]])
    renumber(rows, rng)


def renumber(rows: list[Row], rng: random.Random) -> None:
    for number, row in enumerate(rows, 1):
        row[0] = number


def rehash(rows: list[Row], rng: random.Random) -> None:
    """Make every hash fit again, as the program itself would."""
    previous = "0" * 64
    for row in rows:
        row[7] = previous = _hash(previous, tuple(row[:7]))


CHANGES: dict[str, Change] = {
    "edited": edit,
    "deleted": delete,
    "reordered": reorder,
    "cut": cut,
    "inserted": insert,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    kind: str
    number: int | None


async def tampering(folder: Path, rng: random.Random) -> Found:
    """One log, one change. `number` None: it was not noticed."""
    async with await Database.open(folder) as database:
        database._connection.execute("PRAGMA synchronous=OFF")
        audit = Audit(database, folder / "records")
        await _write(audit, rng, rng.randint(*LINES))
        if (early := await audit.verify()) is not None:
            return Found(kind=f"an untouched log was called broken at {early}", number=None)
        async with database.read() as connection:
            written = await connection.execute_fetchall("SELECT * FROM audit ORDER BY number")
        rows, kind = changed([list(row) for row in written], rng)
        await _put(database, rows)
        if rng.random() < 0.3:
            kind += ", added to"
            await _write(Audit(database, folder / "records"), rng, rng.randint(1, 5))
        return Found(kind=kind, number=await Audit(database, folder / "records").verify())


def changed(written: list[Row], rng: random.Random) -> tuple[list[Row], str]:
    """The lines after a change, and its name. A change that fits all hashes again may change nothing, or make the last
    line a second time: then another."""
    while True:
        rows = [list(row) for row in written]
        kind, change = rng.choice(list(CHANGES.items()))
        change(rows, rng)
        for name, further in (("renumbered", renumber), ("rehashed", rehash)):
            if rng.random() < 0.5:
                further(rows, rng)
                kind += f", {name}"
        if rows[: len(written)] != written:
            return rows, kind


async def _write(audit: Audit, rng: random.Random, count: int) -> None:
    for _ in range(count):
        person, other = str(rng.randrange(100, 104)), rng.choice(("", str(rng.randrange(100, 104))))
        what = rng.choice(("lesson.start", "block", "data.shown", "gallery.accept"))
        await audit.note(CLASS, rng.choice((person, HERE)), what, other, detail={"n": rng.randrange(10)})


async def _put(database: Database, rows: list[Row]) -> None:
    def unit(connection: sqlite3.Connection) -> None:
        connection.execute("DROP TRIGGER audit_is_not_changed")
        connection.execute("DROP TRIGGER audit_is_not_deleted")
        connection.execute("DELETE FROM audit")
        connection.executemany("INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)

    await database.write(unit)


async def run(count: int, seed: int) -> tuple[Counter[str], list[str]]:
    """How many of each kind, and those that were not found."""
    rng, kinds, missed = random.Random(seed), Counter[str](), []
    with tempfile.TemporaryDirectory() as folder:
        for number in range(count):
            found = await tampering(Path(folder) / str(number), rng)
            kinds[found.kind.partition(",")[0]] += 1
            if found.number is None:
                missed.append(f"{number}: {found.kind}")
    return kinds, missed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=None)
    options = parser.parse_args()
    seed = secrets.randbits(32) if options.seed is None else options.seed
    kinds, missed = asyncio.run(run(options.n, seed))
    print(f"seed {seed}: found {options.n - len(missed)} of {options.n} ({dict(kinds)})")
    print(*missed, sep="\n")
    sys.exit(bool(missed))


if __name__ == "__main__":
    main()
