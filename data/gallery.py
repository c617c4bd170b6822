"""The works of the gallery: sent in, decided about, hung, taken down, each as one transaction.

Two teachers who decide at once, or a pupil who withdraws meanwhile: the first wins, the other hears StaleMove.
"""

from __future__ import annotations

import json
import math
import sqlite3
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from data import gallery_rows as rows
from data.database import Database
from data.errors import StaleMove
from data.gallery_records import (
    DECISIONS,
    RESUBMITTED,
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
from data.jobs import Gate
from generation.errors import LimitReached, Refused
from generation.job import Job


class GalleryEntries:
    """`gate`: the one of `data.jobs.Jobs`, asked in the transaction that sends a work in or accepts it.

    Methods raise StorageFailed.
    """

    def __init__(
        self, database: Database, *, clock: Callable[[], float] = time.time, gate: Gate | None = None
    ) -> None:
        self._database = database
        self._clock = clock
        self._gate = gate

    # -- a work's way --

    async def submit(self, job: Job, *, named: bool, name: str, to: GalleryState, limit: int) -> Entry:
        """Send a posted job in: `to` is waiting, or accepted where nobody reviews. `limit`: works waiting per pupil.

        Raises StaleMove (not posted any more, or sent in already), LimitReached gallery_limit, Refused.
        """
        now, shown = self._clock(), name if named else ""

        def unit(connection: sqlite3.Connection) -> Entry:
            if not rows.is_posted(connection, job.id):
                raise StaleMove
            self._ask(connection, job)
            old = rows.read(connection, job.id)
            if old is not None and old.state not in RESUBMITTED:
                raise StaleMove
            if rows.count_waiting(connection, job.guild_id, job.owner_id) >= limit:
                raise LimitReached("gallery_limit", limit=limit)
            entry = Entry(
                job=job.id, guild=job.guild_id, person=job.owner_id, named=named, name=shown,
                medium=job.medium, state=to, round=1 if old is None else old.round + 1, submitted_at=now,
                changed_at=now,
            )  # fmt: skip
            rows.write(connection, entry)
            return entry

        return await self._database.write(unit)

    async def decide(
        self, job: Job, round_: int, to: GalleryState, *, by: str, reason: str = "", names: bool = True
    ) -> Entry:
        """A review of that round. Without `names` none appears, whatever was wished for.

        Raises StaleMove when it was decided, withdrawn or sent in anew, Refused.
        """
        if to not in DECISIONS:
            raise ValueError(f"{to} is no review")

        def unit(connection: sqlite3.Connection) -> Entry:
            old = rows.read(connection, job.id)
            if old is None or old.state is not GalleryState.WAITING or old.round != round_:
                raise StaleMove
            if to is GalleryState.ACCEPTED:
                if not rows.is_posted(connection, job.id):
                    raise StaleMove
                self._ask(connection, job)
                if not names:
                    old = replace(old, named=False)
            untold = by != old.person
            return rows.move(connection, old, to, by=by, reason=reason, now=now, untold=untold)

        now = self._clock()
        return await self._database.write(unit)

    async def hold_back(self, job_id: str) -> Entry | None:
        """The work as it is now: one that was taken without anybody's review and stands nowhere waits for a review."""

        def unit(connection: sqlite3.Connection) -> Entry | None:
            old = rows.read(connection, job_id)
            if old is None or old.state is not GalleryState.ACCEPTED or not rows.is_unseen(connection, old):
                return old
            new = replace(old, state=GalleryState.WAITING, changed_at=self._clock())
            rows.write(connection, new)
            return new

        return await self._database.write(unit)

    async def is_allowed(self, job: Job) -> bool:
        """Whether the gate has nothing against this job now."""

        def unit(connection: sqlite3.Connection) -> bool:
            return self._gate is None or not self._gate(connection, job)

        return await self._database.write(unit)

    async def end(
        self, job_id: str, to: GalleryState, *, by: str, reason: str = "", telling: bool = False
    ) -> Entry:
        """Withdrawn by its pupil, or taken down, by nobody with `by` "": then its pupil is to be told if `telling`.

        Raises StaleMove when there is nothing to end (any more).
        """
        if to not in {GalleryState.WITHDRAWN, GalleryState.TAKEN_DOWN}:
            raise ValueError(f"{to} is no end")
        now = self._clock()

        def unit(connection: sqlite3.Connection) -> Entry:
            old = rows.read(connection, job_id)
            if old is None:
                raise StaleMove
            untold = telling or by not in {"", old.person}
            return rows.move(connection, old, to, by=by, reason=reason, now=now, untold=untold)

        return await self._database.write(unit)

    async def told(self, job_id: str) -> None:
        """Its pupil knows of all that was decided."""
        query = "UPDATE gallery_decisions SET told = 1 WHERE job = ? AND told = 0"

        def unit(connection: sqlite3.Connection) -> None:
            connection.execute(query, (job_id,))

        await self._database.write(unit)

    async def untold(self, job_id: str | None = None) -> list[str]:
        """The jobs, or whether this one is among them, of whose last decisions their pupils have not been told."""
        query = "SELECT DISTINCT job FROM gallery_decisions WHERE told = 0 AND (? IS NULL OR job = ?) ORDER BY job"
        async with self._database.read() as connection:
            found = await connection.execute_fetchall(query, (job_id, job_id))
        return [str(row[0]) for row in found]

    async def forget(self, job_id: str) -> bool:
        """Delete all that is known of a work. False while a message of it stands: then only its person is forgotten."""

        def unit(connection: sqlite3.Connection) -> bool:
            if rows.messages(connection, job_id):
                rows.forget_person(connection, job_id)
                return False
            connection.execute("DELETE FROM gallery WHERE id = ?", (job_id,))
            return True

        gone = await self._database.write(unit)
        await self._database.scrub()
        return gone

    async def forget_stars(self, guild: str, person: str) -> None:
        """The stars that this person gave in this class."""
        query = (
            "DELETE FROM gallery_stars WHERE person_id = ?"
            " AND job IN (SELECT id FROM gallery WHERE guild_id = ?)"
        )

        def unit(connection: sqlite3.Connection) -> None:
            connection.execute(query, (person, guild))

        await self._database.write(unit)
        await self._database.scrub()

    # -- messages and files --

    async def plan(self, job_id: str, place: GalleryPlace, channel: str) -> None:
        """Say before sending where it will stand."""
        query = (
            "INSERT INTO gallery_messages (job, place, round, channel_id) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (job, place) DO UPDATE SET round = excluded.round,"
            " channel_id = excluded.channel_id, message_id = NULL"
        )

        def unit(connection: sqlite3.Connection) -> None:
            entry = rows.read(connection, job_id)
            if entry is None:
                raise StaleMove
            connection.execute(query, (job_id, place, entry.round, channel))

        await self._database.write(unit)

    async def done(self, sent: GalleryMessage, files: Sequence[ShownFile] = ()) -> None:
        """Say that it stands there now, with these files. Raises StaleMove when it was never planned."""
        query = "UPDATE gallery_messages SET channel_id = ?, message_id = ? WHERE job = ? AND place = ?"

        def unit(connection: sqlite3.Connection) -> None:
            values = (sent.channel, sent.message, sent.job, sent.place)
            if connection.execute(query, values).rowcount == 0:
                raise StaleMove
            if sent.place is GalleryPlace.GALLERY:
                rows.write_files(connection, sent.job, files)

        await self._database.write(unit)

    async def gone(self, job_id: str, place: GalleryPlace) -> None:
        """That message stands nowhere any more."""

        def unit(connection: sqlite3.Connection) -> None:
            connection.execute("DELETE FROM gallery_messages WHERE job = ? AND place = ?", (job_id, place))
            if place is GalleryPlace.GALLERY:
                rows.write_files(connection, job_id, ())

        await self._database.write(unit)

    async def messages(self, job_id: str) -> list[GalleryMessage]:
        query = f"{rows.MESSAGES} WHERE job = ? ORDER BY place"
        async with self._database.read() as connection:
            return [rows.message(row) for row in await connection.execute_fetchall(query, (job_id,))]

    async def files(self, job_id: str) -> list[ShownFile]:
        """Those that hang, in order."""
        query = "SELECT name, sha256, alt FROM gallery_files WHERE job = ? ORDER BY position"
        async with self._database.read() as connection:
            found = await connection.execute_fetchall(query, (job_id,))
        return [ShownFile(name=row[0], sha256=row[1], alt=row[2]) for row in found]

    # -- stars --

    async def star(self, job_id: str, guild: str, person: str) -> Starred:
        """Give a star, or take one's own back. Raises StaleMove when the work does not hang in this class."""

        def unit(connection: sqlite3.Connection) -> Starred:
            entry = rows.read(connection, job_id)
            if entry is None or entry.guild != guild or entry.state is not GalleryState.ACCEPTED:
                raise StaleMove
            return rows.turn_star(connection, job_id, person)

        return await self._database.write(unit)

    async def stars(self, job_id: str) -> int:
        """How many the class has given."""
        query = "SELECT count(*) FROM gallery_stars WHERE job = ?"
        async with self._database.read() as connection:
            return int(next(row[0] for row in await connection.execute_fetchall(query, (job_id,))))

    # -- looking --

    async def get(self, job_id: str) -> Entry | None:
        async with self._database.read() as connection:
            found = list(await connection.execute_fetchall(f"{rows.ENTRIES} WHERE id = ?", (job_id,)))
        return rows.entry(found[0]) if found else None

    async def decisions(self, job_id: str) -> list[GalleryDecision]:
        """About this work and those it was made from, oldest first."""
        async with self._database.read() as connection:
            found = await connection.execute_fetchall(rows.HISTORY, (job_id,))
        return [rows.decision(row) for row in found]

    async def find(self, guild: str, wanted: Filter) -> list[Listed]:
        """A class's works that fit, the latest or the most starred first."""
        query, values = rows.finding(guild, wanted)
        async with self._database.read() as connection:
            return [rows.listed(row) for row in await connection.execute_fetchall(query, values)]

    async def of_person(self, guild: str, person: str | None = None, *, until: float = math.inf) -> list[str]:
        """The jobs of the works that a person, or with None anybody, had sent in until then, ended ones too."""
        query = (
            "SELECT id FROM gallery WHERE guild_id = ? AND (? IS NULL OR person_id = ?) AND submitted_at <= ?"
            " ORDER BY submitted_at, id"
        )
        async with self._database.read() as connection:
            found = await connection.execute_fetchall(query, (guild, person, person, until))
        return [str(row[0]) for row in found]

    async def kept(self) -> list[str]:
        """The jobs that wait or hang: their files are needed for as long."""
        query = "SELECT id FROM gallery WHERE state IN ('waiting', 'change', 'accepted') ORDER BY id"
        async with self._database.read() as connection:
            return [str(row[0]) for row in await connection.execute_fetchall(query)]

    async def with_voices(self) -> list[str]:
        """The jobs among them in which a voice can be heard: it may be somebody's, whose consent ends."""
        query = (
            "SELECT gallery.id FROM gallery JOIN jobs ON jobs.id = gallery.id"
            " WHERE gallery.state IN ('waiting', 'change', 'accepted') AND"
            " coalesce(json_extract(params, '$.voice'), json_extract(params, '$.speech')) IS NOT NULL"
            " ORDER BY gallery.id"
        )
        async with self._database.read() as connection:
            return [str(row[0]) for row in await connection.execute_fetchall(query)]

    async def hanging_at(self, guild: str, messages: Collection[str]) -> list[str]:
        """The jobs of the works that hang in one of these messages."""
        query = (
            "SELECT gallery.id FROM gallery JOIN gallery_messages AS hung ON hung.job = gallery.id"
            " WHERE gallery.guild_id = ? AND gallery.state = 'accepted' AND hung.place = 'gallery'"
            " AND hung.round = gallery.round AND hung.message_id IN (SELECT value FROM json_each(?))"
            " ORDER BY gallery.id"
        )
        async with self._database.read() as connection:
            found = await connection.execute_fetchall(query, (guild, json.dumps(list(messages))))
        return [str(row[0]) for row in found]

    async def guilds(self) -> list[str]:
        """The classes that have works."""
        async with self._database.read() as connection:
            found = await connection.execute_fetchall(
                "SELECT DISTINCT guild_id FROM gallery ORDER BY guild_id"
            )
        return [str(row[0]) for row in found]

    async def unfinished(self) -> list[str]:
        """The jobs of which a message is missing, stands without being known, or stands too long; or that are gone."""
        async with self._database.read() as connection:
            return [str(row[0]) for row in await connection.execute_fetchall(rows.UNFINISHED)]

    def _ask(self, connection: sqlite3.Connection, job: Job) -> None:
        code = "" if self._gate is None else self._gate(connection, job)
        if code:
            raise Refused(code)
