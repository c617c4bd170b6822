"""The teachers' cards about reports and questions: planned, then sent, then noted, so that each is sent once."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from data.database import Database


class CardKind(StrEnum):
    REPORT = "report"
    QUESTION = "question"


@dataclass(frozen=True, slots=True, kw_only=True)
class CareCard:
    """About a job. `marker`: the id that its button names, by which it is found. `message`: None while it is not known
    whether it was sent."""

    kind: CardKind
    job: str
    guild: str
    marker: str
    channel: str
    message: str | None = None


_SELECT: Final = "SELECT kind, job, guild_id, marker, channel_id, message_id FROM care_cards"
_WAITING: Final = (
    "WITH waiting (kind, guild_id, job) AS ("
    " SELECT DISTINCT 'report', guild_id, job FROM reports WHERE decision IS NULL"
    " UNION ALL SELECT 'question', guild_id, job FROM appeals WHERE decision IS NULL)"
)
_MISSING: Final = (
    f"{_WAITING} SELECT kind, guild_id, job FROM waiting WHERE NOT EXISTS"  # noqa: S608
    " (SELECT 1 FROM care_cards AS c"
    " WHERE c.kind = waiting.kind AND c.job = waiting.job AND c.message_id IS NOT NULL)"
)
_OVER: Final = (
    f"{_WAITING} {_SELECT} AS c WHERE NOT EXISTS (SELECT 1 FROM waiting"  # noqa: S608
    " WHERE waiting.kind = c.kind AND waiting.job = c.job)"
)


class CareCardRows:
    """At most one a job and kind. No person is named in it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def plan(self, card: CareCard) -> None:
        """Before it is sent; in place of an earlier plan."""
        query = "INSERT OR REPLACE INTO care_cards VALUES (?, ?, ?, ?, ?, NULL)"
        values = (card.kind, card.job, card.guild, card.marker, card.channel)

        def unit(connection: sqlite3.Connection) -> None:
            connection.execute(query, values)

        await self._database.write(unit)

    async def sent(self, card: CareCard, message: str) -> None:
        query = "UPDATE care_cards SET message_id = ? WHERE kind = ? AND job = ?"

        def unit(connection: sqlite3.Connection) -> None:
            connection.execute(query, (message, card.kind, card.job))

        await self._database.write(unit)

    async def forget(self, card: CareCard) -> None:
        query = "DELETE FROM care_cards WHERE kind = ? AND job = ?"

        def unit(connection: sqlite3.Connection) -> None:
            connection.execute(query, (card.kind, card.job))

        await self._database.write(unit)

    async def get(self, kind: CardKind, job: str) -> CareCard | None:
        found = await self._select(f"{_SELECT} WHERE kind = ? AND job = ?", kind, job)
        return found[0] if found else None

    async def missing(self) -> list[tuple[CardKind, str, str]]:
        """Kind, class server and job of what waits without a card that is known to stand."""
        async with self._database.read() as connection:
            rows = await connection.execute_fetchall(_MISSING)
        return [(CardKind(kind), str(guild), str(job)) for kind, guild, job in rows]

    async def over(self) -> list[CareCard]:
        """Cards about what waits no longer: decided, or deleted with its job."""
        return await self._select(_OVER)

    async def _select(self, query: str, *values: str) -> list[CareCard]:
        async with self._database.read() as connection:
            rows = await connection.execute_fetchall(query, values)
        return [
            CareCard(
                kind=CardKind(row[0]), job=row[1], guild=row[2], marker=row[3], channel=row[4], message=row[5]
            )
            for row in rows
        ]
