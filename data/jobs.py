"""Jobs and the only way their state changes: one row here and one in `job_events`, in one transaction."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from data.database import Database
from data.errors import StaleMove
from generation.errors import MoveRefused
from generation.job import ENDED, Job, JobState, may_move

_COLUMNS: Final = (
    "id, guild_id, channel_id, owner_id, medium, family, model, params, seed, locale, created_at, state,"
    " attempt, parent, parent_index, started_at, finished_at, error_code, notices"
)
_INSERT: Final = f"INSERT INTO jobs ({_COLUMNS}) VALUES ({', '.join('?' * 19)})"  # noqa: S608
_SELECT: Final = f"SELECT {_COLUMNS} FROM jobs"  # noqa: S608
_UNFINISHED: Final = "state IN ('accepted', 'queued', 'running', 'checking', 'posting')"
_EVENT: Final = "INSERT INTO job_events (job, old, new, at, code) VALUES (?, ?, ?, ?, ?)"
_ADDABLE: Final = frozenset({JobState.ACCEPTED, JobState.QUEUED})

GATED: Final = frozenset({JobState.QUEUED, JobState.RUNNING, JobState.CHECKING, JobState.POSTING})
"""Moves to these pass the gate. `posted` only notes down what everybody sees already."""

Gate = Callable[[sqlite3.Connection, Job], str]
"""Reads what a job must not be without (a living consent) inside the transaction of its move: "" lets the move happen,
a code sends the job to `refused` with it. A gate that raises stops the move and changes nothing."""
Guard = Callable[[Job], None]
"""A rule that reads the job as it stands inside the transaction and refuses the move by raising."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobEvent:
    """One move. `old` is None for the first. `code` is the error's, if it had one."""

    job: str
    old: JobState | None
    new: JobState
    at: float
    code: str | None


class Jobs:
    """All jobs of the class. Every method that changes something returns after the commit.

    `gate` is asked at every move to one of GATED, whoever makes it: no caller can forget it.
    """

    def __init__(
        self, database: Database, *, clock: Callable[[], float] = time.time, gate: Gate | None = None
    ) -> None:
        self._database = database
        self._clock = clock
        self._gate = gate

    async def add(self, job: Job, address: str | None = None, expires_at: float | None = None) -> Job:
        """Store a new job that is accepted or already queued, with where its answer goes (never logged).

        Raises ValueError for another state or an address without an expiry, MoveRefused when the gate refuses a
        queued one: it is stored as refused then, without the address.
        """
        if job.state not in _ADDABLE or (address is None) != (expires_at is None):
            raise ValueError("a new job is accepted or queued, and an address has an expiry")
        now = self._clock()

        def unit(connection: sqlite3.Connection) -> Job:
            code = _ask(self._gate, connection, job, job.state)
            stored = _refused(job, code, now) if code else job
            connection.execute(_INSERT, _to_row(stored))
            connection.execute(_EVENT, (job.id, None, JobState.ACCEPTED, now, None))
            if stored.state is not JobState.ACCEPTED:
                connection.execute(_EVENT, (job.id, JobState.ACCEPTED, stored.state, now, code or None))
            if address is not None and not code:
                connection.execute(
                    "INSERT INTO reply_addresses VALUES (?, ?, ?)", (job.id, address, expires_at)
                )
            return stored

        return _demand(await self._database.write(unit), job.state)

    async def move(
        self,
        job_id: str,
        to: JobState,
        *,
        expect: JobState | None = None,
        error_code: str | None = None,
        attempt: int | None = None,
        notices: Iterable[str] | None = None,
        params: Mapping[str, Any] | None = None,
        guard: Guard | None = None,
    ) -> Job:
        """Move a job along `generation.job.MOVES` and return it as it is now.

        `expect` is the state it must be in (None: any from which the move is allowed). Moving to running sets
        `started_at` and adds one to `attempt`, unless given; ending sets `finished_at`; posted deletes the
        reply address. `guard` is called with the stored job inside the transaction.
        Raises StaleMove when the job is gone or somebody else moved it first, ValueError for a move that is
        not in the table, whatever `guard` raises, and MoveRefused when the gate refused: the job is `refused` then,
        and keeps its reply address so that its owner can be told.
        """
        if expect is not None and not may_move(expect, to):
            raise ValueError(f"{expect} -> {to} is no move")
        changes: dict[str, Any] = {"error_code": error_code}
        if attempt is not None:
            changes["attempt"] = attempt
        if notices is not None:
            changes["notices"] = json.dumps(list(notices), ensure_ascii=False)
        if params is not None:
            changes["params"] = json.dumps(dict(params), ensure_ascii=False, allow_nan=False)
        move = _Move(job_id, to, expect, changes, self._clock(), guard, self._gate)
        return _demand(await self._database.write(move), to)

    async def recheck(self, job_id: str) -> Job:
        """Ask the gate about a job that is already `posting`, before it is shown once more. Raises like `move`."""
        move = _Recheck(job_id, JobState.POSTING, None, {"error_code": None}, self._clock(), None, self._gate)
        return _demand(await self._database.write(move), JobState.POSTING)

    async def get(self, job_id: str) -> Job | None:
        found = await self._select("WHERE id = ?", (job_id,))
        return found[0] if found else None

    async def of_owner(self, guild_id: str, owner_id: str, limit: int = 20) -> list[Job]:
        """A person's latest jobs, newest first."""
        where = "WHERE guild_id = ? AND owner_id = ? ORDER BY position DESC LIMIT ?"
        return await self._select(where, (guild_id, owner_id, limit))

    async def of_medium(self, guild_id: str, medium: str, limit: int = 20) -> list[Job]:
        """The class's latest posted jobs of this medium of which a file is kept, newest first."""
        where = (
            "WHERE guild_id = ? AND medium = ? AND state = 'posted' AND EXISTS"
            " (SELECT 1 FROM artifacts WHERE job = jobs.id AND name IS NOT NULL)"
            " ORDER BY position DESC LIMIT ?"
        )
        return await self._select(where, (guild_id, medium, limit))

    async def unfinished(self) -> list[Job]:
        """Every job that has not ended, in order of arrival."""
        return await self._select(f"WHERE {_UNFINISHED} ORDER BY position")

    async def count_active(self, guild_id: str, owner_id: str) -> int:
        """How many jobs of this person have not ended."""
        query = f"SELECT count(*) FROM jobs WHERE guild_id = ? AND owner_id = ? AND {_UNFINISHED}"  # noqa: S608
        async with self._database.read() as connection:
            rows = list(await connection.execute_fetchall(query, (guild_id, owner_id)))
        return int(rows[0][0])

    async def recent_refusals(self, guild_id: str, limit: int = 20) -> list[Job]:
        """The class's latest refused jobs, newest first."""
        where = "WHERE guild_id = ? AND state = 'refused' ORDER BY finished_at DESC LIMIT ?"
        return await self._select(where, (guild_id, limit))

    async def events(self, job_id: str) -> list[JobEvent]:
        """A job's moves, oldest first."""
        query = "SELECT job, old, new, at, code FROM job_events WHERE job = ? ORDER BY number"
        async with self._database.read() as connection:
            rows = await connection.execute_fetchall(query, (job_id,))
        return [_event(row) for row in rows]

    async def purge(self, before: float) -> list[str]:
        """Delete the jobs that ended before that time, with all their rows; returns their ids."""
        query = "DELETE FROM jobs WHERE finished_at < ? RETURNING id"
        return await self._database.write(
            lambda connection: [row[0] for row in connection.execute(query, (before,)).fetchall()]
        )

    async def _select(self, where: str, values: tuple[Any, ...] = ()) -> list[Job]:
        async with self._database.read() as connection:
            return [_to_job(row) for row in await connection.execute_fetchall(f"{_SELECT} {where}", values)]


@dataclass(frozen=True, slots=True)
class _Move:
    """One move as a unit of work."""

    job_id: str
    to: JobState
    expect: JobState | None
    changes: Mapping[str, Any]
    now: float
    guard: Guard | None
    gate: Gate | None

    def __call__(self, connection: sqlite3.Connection) -> Job:
        job = self._stored(connection)
        if self.guard is not None:
            self.guard(job)
        if code := _ask(self.gate, connection, self._following(job), self.to):
            refusal = _Move(job.id, JobState.REFUSED, job.state, {"error_code": code}, self.now, None, None)
            return refusal(connection)
        return self._moved(connection, job)

    def _following(self, job: Job) -> Job:
        """The job as it would go on: a retry may come with other parameters."""
        params = self.changes.get("params")
        return job if params is None else replace(job, params=json.loads(params))

    def _moved(self, connection: sqlite3.Connection, job: Job) -> Job:
        changes = {"state": self.to, **self._counted(job), **self.changes}
        assignments = ", ".join(f"{column} = ?" for column in changes)
        # the old state once more: whoever comes second changes no row
        update = f"UPDATE jobs SET {assignments} WHERE id = ? AND state = ? RETURNING {_COLUMNS}"  # noqa: S608
        rows = connection.execute(update, (*changes.values(), self.job_id, job.state)).fetchall()
        if not rows:
            raise StaleMove
        event = (self.job_id, job.state, self.to, self.now, self.changes["error_code"])
        connection.execute(_EVENT, event)
        if self.to is JobState.POSTED:
            connection.execute("DELETE FROM reply_addresses WHERE job = ?", (self.job_id,))
        return _to_job(rows[0])

    def _stored(self, connection: sqlite3.Connection) -> Job:
        row = connection.execute(f"{_SELECT} WHERE id = ?", (self.job_id,)).fetchone()
        if row is None:
            raise StaleMove
        job = _to_job(row)
        expected = self.expect is None or job.state is self.expect
        if not expected or not may_move(job.state, self.to):
            raise StaleMove(state=job.state.value)
        return job

    def _counted(self, job: Job) -> dict[str, Any]:
        if self.to is JobState.RUNNING:
            return {"attempt": job.attempt + 1, "started_at": self.now}
        return {"finished_at": self.now} if self.to in ENDED else {}


class _Recheck(_Move):
    """The gate's question without a move."""

    __slots__ = ()

    def _stored(self, connection: sqlite3.Connection) -> Job:
        row = connection.execute(f"{_SELECT} WHERE id = ?", (self.job_id,)).fetchone()
        if row is None or row[11] != self.to:
            raise StaleMove
        return _to_job(row)

    def _moved(self, connection: sqlite3.Connection, job: Job) -> Job:
        return job


def _ask(gate: Gate | None, connection: sqlite3.Connection, job: Job, to: JobState) -> str:
    return gate(connection, job) if gate is not None and to in GATED else ""


def _refused(job: Job, code: str, now: float) -> Job:
    return replace(job, state=JobState.REFUSED, finished_at=now, error_code=code)


def _demand(job: Job, wanted: JobState) -> Job:
    if job.state is not wanted:
        raise MoveRefused(job.error_code or "", job_id=job.id)
    return job


def _to_row(job: Job) -> tuple[Any, ...]:
    params = json.dumps(dict(job.params), ensure_ascii=False, allow_nan=False)
    notices = json.dumps(list(job.notices), ensure_ascii=False)
    return (
        job.id, job.guild_id, job.channel_id, job.owner_id, job.medium, job.family, job.model, params,
        job.seed, job.locale, job.created_at, job.state, job.attempt, job.parent, job.parent_index,
        job.started_at, job.finished_at, job.error_code, notices,
    )  # fmt: skip


def _to_job(row: tuple[Any, ...] | sqlite3.Row) -> Job:
    return Job(
        id=row[0], guild_id=row[1], channel_id=row[2], owner_id=row[3], medium=row[4], family=row[5],
        model=row[6], params=json.loads(row[7]), seed=row[8], locale=row[9], created_at=row[10],
        state=JobState(row[11]), attempt=row[12], parent=row[13], parent_index=row[14], started_at=row[15],
        finished_at=row[16], error_code=row[17], notices=tuple(json.loads(row[18])),
    )  # fmt: skip


def _event(row: sqlite3.Row) -> JobEvent:
    old = JobState(row[1]) if row[1] is not None else None
    return JobEvent(job=row[0], old=old, new=JobState(row[2]), at=row[3], code=row[4])
