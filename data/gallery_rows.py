"""The gallery's SQL: what reads and writes one row. Rules stand in `gallery.py`."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import astuple, replace
from typing import Any, Final

from data.errors import StaleMove
from data.gallery_records import (
    GALLERY_MOVES,
    Entry,
    Filter,
    GalleryDecision,
    GalleryMessage,
    GalleryPlace,
    GalleryState,
    Listed,
    ShownFile,
    Starred,
)

_COLUMNS: Final = "id, guild_id, person_id, named, name, medium, state, round, submitted_at, changed_at"
_WIDTH: Final = 10
ENTRIES: Final = f"SELECT {_COLUMNS} FROM gallery"  # noqa: S608
MESSAGES: Final = "SELECT job, place, round, channel_id, message_id FROM gallery_messages"
HISTORY: Final = """
WITH RECURSIVE line (id, depth) AS (
    SELECT ?, 0
    UNION
    SELECT parent, depth + 1 FROM jobs JOIN line ON jobs.id = line.id
    WHERE parent IS NOT NULL AND depth < 20
)
SELECT job, round, at, by_id, state, reason FROM gallery_decisions
WHERE job IN (SELECT id FROM line) ORDER BY number
"""
UNFINISHED: Final = """
SELECT gallery.id FROM gallery
LEFT JOIN jobs ON jobs.id = gallery.id
LEFT JOIN gallery_messages AS card ON card.job = gallery.id AND card.place = 'review'
LEFT JOIN gallery_messages AS hung ON hung.job = gallery.id AND hung.place = 'gallery'
WHERE jobs.id IS NULL
    OR gallery.person_id = ''
    OR (gallery.state = 'waiting' AND (card.message_id IS NULL OR card.round <> gallery.round))
    OR (gallery.state = 'accepted' AND (hung.message_id IS NULL OR hung.round <> gallery.round))
    OR (gallery.state <> 'accepted' AND hung.job IS NOT NULL)
    OR (gallery.state IN ('withdrawn', 'taken_down') AND card.job IS NOT NULL)
    OR (gallery.state <> 'waiting' AND card.job IS NOT NULL AND card.message_id IS NULL)
ORDER BY gallery.submitted_at, gallery.id
"""


def read(connection: sqlite3.Connection, job_id: str) -> Entry | None:
    row = connection.execute(f"{ENTRIES} WHERE id = ?", (job_id,)).fetchone()
    return None if row is None else entry(row)


def write(connection: sqlite3.Connection, new: Entry) -> None:
    query = (
        f"INSERT INTO gallery ({_COLUMNS}) VALUES ({', '.join('?' * _WIDTH)}) ON CONFLICT (id) DO UPDATE SET"  # noqa: S608
        " named = excluded.named, name = excluded.name, state = excluded.state, round = excluded.round,"
        " submitted_at = excluded.submitted_at, changed_at = excluded.changed_at"
    )
    connection.execute(query, astuple(new))


def move(
    connection: sqlite3.Connection,
    old: Entry,
    to: GalleryState,
    *,
    by: str,
    reason: str,
    now: float,
    untold: bool,
) -> Entry:
    """Move it along `GALLERY_MOVES` and note who did it, and whether its pupil is to be told. Raises StaleMove."""
    if to not in GALLERY_MOVES[old.state]:
        raise StaleMove
    named = old.named and to in {GalleryState.ACCEPTED, GalleryState.CHANGE}
    new = replace(old, state=to, changed_at=now, named=named, name=old.name if named else "")
    write(connection, new)
    if to in {GalleryState.WITHDRAWN, GalleryState.TAKEN_DOWN}:
        connection.execute("DELETE FROM gallery_stars WHERE job = ?", (old.job,))
    connection.execute(
        "INSERT INTO gallery_decisions (job, round, at, by_id, state, reason, told)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (old.job, old.round, now, by, to, reason, not untold),
    )
    return new


def is_posted(connection: sqlite3.Connection, job_id: str) -> bool:
    query = "SELECT 1 FROM jobs WHERE id = ? AND state = 'posted'"
    return connection.execute(query, (job_id,)).fetchone() is not None


def is_unseen(connection: sqlite3.Connection, of: Entry) -> bool:
    """Whether nobody has reviewed this round, and it does not hang."""
    decided = "SELECT 1 FROM gallery_decisions WHERE job = ? AND round = ? AND state = 'accepted'"
    hung = "SELECT 1 FROM gallery_messages WHERE job = ? AND place = 'gallery' AND message_id IS NOT NULL"
    return (
        connection.execute(decided, (of.job, of.round)).fetchone() is None
        and connection.execute(hung, (of.job,)).fetchone() is None
    )


def count_waiting(connection: sqlite3.Connection, guild: str, person: str) -> int:
    query = "SELECT count(*) FROM gallery WHERE guild_id = ? AND person_id = ? AND state = 'waiting'"
    return int(connection.execute(query, (guild, person)).fetchone()[0])


def messages(connection: sqlite3.Connection, job_id: str) -> list[GalleryMessage]:
    return [message(row) for row in connection.execute(f"{MESSAGES} WHERE job = ?", (job_id,))]


def forget_person(connection: sqlite3.Connection, job_id: str) -> None:
    """Only where a message stands that must still be deleted is kept, for whoever is to delete it."""
    query = (
        "UPDATE gallery SET person_id = '', named = 0, name = '',"
        " state = CASE WHEN state = 'withdrawn' THEN state ELSE 'taken_down' END WHERE id = ?"
    )
    connection.execute(query, (job_id,))
    for table in ("gallery_decisions", "gallery_files", "gallery_stars"):
        connection.execute(f"DELETE FROM {table} WHERE job = ?", (job_id,))  # noqa: S608


def write_files(connection: sqlite3.Connection, job_id: str, files: Sequence[ShownFile]) -> None:
    connection.execute("DELETE FROM gallery_files WHERE job = ?", (job_id,))
    connection.executemany(
        "INSERT INTO gallery_files (job, position, name, sha256, alt) VALUES (?, ?, ?, ?, ?)",
        [(job_id, place, file.name, file.sha256, file.alt) for place, file in enumerate(files)],
    )


def turn_star(connection: sqlite3.Connection, job_id: str, person: str) -> Starred:
    values = (job_id, person)
    taken = connection.execute("DELETE FROM gallery_stars WHERE job = ? AND person_id = ?", values)
    mine = taken.rowcount == 0
    if mine:
        connection.execute("INSERT INTO gallery_stars (job, person_id) VALUES (?, ?)", values)
    query = "SELECT count(*) FROM gallery_stars WHERE job = ?"
    return Starred(stars=int(connection.execute(query, (job_id,)).fetchone()[0]), mine=mine)


def finding(guild: str, wanted: Filter) -> tuple[str, tuple[Any, ...]]:
    """The query and its values. Whoever looks for a person finds what hangs with that person's name."""
    order = "stars DESC, changed_at DESC" if wanted.by_stars else "changed_at DESC"
    query = (
        f"SELECT {', '.join(f'gallery.{one}' for one in _COLUMNS.split(', '))},"  # noqa: S608
        " (SELECT count(*) FROM gallery_stars WHERE gallery_stars.job = gallery.id) AS stars,"
        " (SELECT reason FROM gallery_decisions WHERE gallery_decisions.job = gallery.id"
        " ORDER BY number DESC LIMIT 1) AS reason,"
        " hung.round, hung.channel_id, hung.message_id FROM gallery"
        " LEFT JOIN gallery_messages AS hung ON hung.job = gallery.id AND hung.place = 'gallery'"
        " WHERE guild_id = ? AND state IN (SELECT value FROM json_each(?))"
        " AND (? IS NULL OR medium = ?) AND (? IS NULL OR (person_id = ? AND (named OR ?)))"
        f" ORDER BY {order}, gallery.id LIMIT ? OFFSET ?"
    )
    states = json.dumps(sorted(wanted.states))
    return query, (
        guild, states, wanted.medium, wanted.medium, wanted.person, wanted.person, wanted.own,
        wanted.limit, wanted.offset,
    )  # fmt: skip


def entry(row: tuple[Any, ...] | sqlite3.Row) -> Entry:
    return Entry(
        job=row[0], guild=row[1], person=row[2], named=bool(row[3]), name=row[4], medium=row[5],
        state=GalleryState(row[6]), round=row[7], submitted_at=row[8], changed_at=row[9],
    )  # fmt: skip


def message(row: tuple[Any, ...] | sqlite3.Row) -> GalleryMessage:
    return GalleryMessage(
        job=row[0], place=GalleryPlace(row[1]), round=row[2], channel=row[3], message=row[4]
    )


def decision(row: sqlite3.Row) -> GalleryDecision:
    return GalleryDecision(
        job=row[0], round=row[1], at=row[2], by=row[3], state=GalleryState(row[4]), reason=row[5]
    )


def listed(row: tuple[Any, ...] | sqlite3.Row) -> Listed:
    found = entry(row)
    stars, reason, *where = row[_WIDTH:]
    hung = None if where[0] is None else message((found.job, GalleryPlace.GALLERY, *where))
    return Listed(entry=found, stars=int(stars), message=hung, reason=reason or "")
