"""Conversations, one a thread, and what each remembers: questions with the answers that were shown."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from data.database import Database

_COLUMNS: Final = (
    "id, guild_id, channel_id, parent_id, owner_id, model, locale, temperature, created_at, ended_at"
)
_SELECT: Final = f"SELECT {_COLUMNS} FROM conversations"  # noqa: S608
_INSERT: Final = f"INSERT INTO conversations ({_COLUMNS}) VALUES ({', '.join('?' * 10)})"  # noqa: S608
_OPEN: Final = "guild_id = ? AND owner_id = ? AND ended_at IS NULL"
# written like the index of unfinished jobs, so that SQLite uses it
_ANSWERING: Final = "state IN ('accepted', 'queued', 'running', 'checking', 'posting') AND state <> 'posting'"
# Each job holds all that its model read. Of an ended conversation it keeps the instruction and its own question.
FORGET_READ: Final = (
    "UPDATE jobs SET params = json_set(params, '$.messages', json_array("
    " json_extract(params, '$.messages[0]'), json_extract(params, '$.messages[#-1]')))"
    " WHERE medium = 'text' AND json_extract(params, '$.conversation') = ?"
    " AND json_array_length(params, '$.messages') > 2"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """`channel_id` is its thread, `parent_id` the channel above. Times are seconds since the epoch."""

    id: str
    guild_id: str
    channel_id: str
    parent_id: str
    owner_id: str
    model: str
    locale: str
    temperature: float
    created_at: float
    ended_at: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """A question and the answer that was shown to it."""

    question: str
    answer: str


class Conversations:
    """Every method that changes something returns after the commit."""

    def __init__(self, database: Database, *, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._clock = clock

    async def add(self, conversation: Conversation, *, limit: int | None = None) -> bool:
        """Store a new one. False, and nothing is stored, if its owner has `limit` open ones already."""
        row = _to_row(conversation)

        def unit(connection: sqlite3.Connection) -> bool:
            if limit is not None:
                count = f"SELECT count(*) FROM conversations WHERE {_OPEN}"  # noqa: S608
                values = (conversation.guild_id, conversation.owner_id)
                if connection.execute(count, values).fetchone()[0] >= limit:
                    return False
            connection.execute(_INSERT, row)
            return True

        return await self._database.write(unit)

    async def get(self, conversation_id: str) -> Conversation | None:
        found = await self._select("WHERE id = ?", (conversation_id,))
        return found[0] if found else None

    async def in_channel(self, channel_id: str) -> Conversation | None:
        """The conversation of this thread, ended or not."""
        found = await self._select("WHERE channel_id = ?", (channel_id,))
        return found[0] if found else None

    async def open_of(self, guild_id: str, owner_id: str) -> list[Conversation]:
        """A person's open conversations, oldest first."""
        return await self._select(f"WHERE {_OPEN} ORDER BY created_at", (guild_id, owner_id))

    async def answering(self, conversation_id: str) -> list[str]:
        """Jobs whose answers are still being written or checked."""
        query = (
            f"SELECT id FROM jobs WHERE {_ANSWERING}"  # noqa: S608
            " AND json_extract(params, '$.conversation') = ? ORDER BY position"
        )
        async with self._database.read() as connection:
            rows = await connection.execute_fetchall(query, (conversation_id,))
        return [str(row[0]) for row in rows]

    async def remember(self, job_id: str, conversation_id: str, *, question: str, answer: str) -> bool:
        """Keep a turn whose answer was approved. False if the conversation or the job is gone or has ended."""
        query = (
            "INSERT OR REPLACE INTO turns (job, conversation, question, answer)"
            " SELECT jobs.id, conversations.id, ?, ? FROM jobs, conversations"
            " WHERE jobs.id = ? AND conversations.id = ? AND ended_at IS NULL"
        )

        def unit(connection: sqlite3.Connection) -> bool:
            values = (question, answer, job_id, conversation_id)
            return connection.execute(query, values).rowcount > 0

        return await self._database.write(unit)

    async def turns(self, conversation_id: str) -> list[Turn]:
        """What was asked and shown, oldest first: never an answer that a check held back."""
        query = (
            "SELECT question, answer FROM turns JOIN jobs ON jobs.id = job"
            " WHERE conversation = ? AND state IN ('posting', 'posted') ORDER BY position"
        )
        async with self._database.read() as connection:
            rows = await connection.execute_fetchall(query, (conversation_id,))
        return [Turn(question=row[0], answer=row[1]) for row in rows]

    async def end(self, conversation_id: str) -> bool:
        """Forget what it remembers, also in what its jobs gave the model to read and in the write-ahead log.

        False if it had ended. The single questions and answers stay with their jobs, as those of `/text` do.
        """
        now = self._clock()

        def unit(connection: sqlite3.Connection) -> bool:
            query = "UPDATE conversations SET ended_at = ? WHERE id = ? AND ended_at IS NULL"
            ended = connection.execute(query, (now, conversation_id)).rowcount > 0
            connection.execute("DELETE FROM turns WHERE conversation = ?", (conversation_id,))
            connection.execute(FORGET_READ, (conversation_id,))
            return ended

        ended = await self._database.write(unit)
        await self._database.scrub()
        return ended

    async def _select(self, where: str, values: tuple[str, ...]) -> list[Conversation]:
        async with self._database.read() as connection:
            rows = await connection.execute_fetchall(f"{_SELECT} {where}", values)
        return [_to_conversation(row) for row in rows]


def _to_row(one: Conversation) -> tuple[str | float | None, ...]:
    return (
        one.id, one.guild_id, one.channel_id, one.parent_id, one.owner_id, one.model, one.locale,
        one.temperature, one.created_at, one.ended_at,
    )  # fmt: skip


def _to_conversation(row: sqlite3.Row) -> Conversation:
    return Conversation(
        id=row[0], guild_id=row[1], channel_id=row[2], parent_id=row[3], owner_id=row[4], model=row[5],
        locale=row[6], temperature=row[7], created_at=row[8], ended_at=row[9],
    )  # fmt: skip
