"""What people have used up since some moment: generated items, and seconds in workers, from the jobs' moves."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from data.database import Database
from generation.job import JobState

_ITEMS: Final = """
    SELECT owner_id, sum(max(1, coalesce(json_extract(params, '$.count'), 1))) FROM jobs
    WHERE guild_id = ? AND created_at >= ? AND created_at <= ? AND (? = '' OR owner_id = ?)
      AND state NOT IN ('refused', 'failed', 'cancelled')
    GROUP BY owner_id
"""
# while the bot was down nobody used the card: how long an attempt had run before a crash nobody knows
_SPANS: Final = """
    SELECT owner_id, at, coalesce(until, ?), state <> 'failed' AND coalesce(next, '') <> 'queued' FROM (
        SELECT owner_id, new, at, jobs.state AS state, lead(at) OVER job AS until, lead(new) OVER job AS next,
            lead(job_events.code) OVER job AS why
        FROM job_events JOIN jobs ON jobs.id = job_events.job
        WHERE guild_id = ? AND created_at >= ? AND created_at <= ? AND (? = '' OR owner_id = ?)
        WINDOW job AS (PARTITION BY job_events.job ORDER BY number)
    ) WHERE new = 'running' AND coalesce(why, '') <> 'restarted'
"""
_COUNTS: Final = """
    SELECT medium, state, count(*) FROM jobs WHERE guild_id = ? AND created_at >= ? AND created_at <= ?
    GROUP BY medium, state
"""
EVER: Final = float("inf")


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """`items`: made or still to come, whatever was refused or failed does not count; `seconds` in a worker, but for
    what failed and for attempts that had to be made again: nobody pays for the machine's mistakes."""

    items: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Somebody's job was in a worker from `begin` to `end`, seconds since the epoch. `counts`: for the person, too."""

    person: str
    begin: float
    end: float
    counts: bool = True


class Spendings:
    """Reads only, of what was asked for between `since` and `until`. Methods raise StorageFailed."""

    def __init__(self, database: Database, *, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._clock = clock

    async def of(self, guild: str, person: str, since: float) -> Spent:
        return (await self._spent(guild, since, person)).get(person, Spent())

    async def of_all(self, guild: str, since: float, until: float = EVER) -> Mapping[str, Spent]:
        """By person, without those who asked for nothing."""
        return await self._spent(guild, since, until=until)

    async def spans(self, guild: str, since: float, person: str = "", *, until: float = EVER) -> list[Span]:
        """Every attempt of the class's jobs that were asked for since then; one that runs ends now."""
        rows = await self._rows(_SPANS, (self._clock(), guild, since, until, person, person))
        return [Span(person=row[0], begin=row[1], end=row[2], counts=bool(row[3])) for row in rows]

    async def waiting(self, guild: str, person: str, since: float) -> list[tuple[str, Mapping[str, Any]]]:
        """Model and parameters of a person's jobs that no worker has had yet."""
        query = (
            "SELECT model, params FROM jobs WHERE guild_id = ? AND owner_id = ? AND created_at >= ?"
            " AND state IN ('accepted', 'queued') ORDER BY position"
        )
        return [(row[0], json.loads(row[1])) for row in await self._rows(query, (guild, person, since))]

    async def counts(
        self, guild: str, since: float, until: float = EVER
    ) -> Mapping[tuple[str, JobState], int]:
        """How many jobs, by medium and state."""
        rows = await self._rows(_COUNTS, (guild, since, until))
        return {(str(row[0]), JobState(row[1])): int(row[2]) for row in rows}

    async def asked_at(self, guild: str, since: float) -> list[float]:
        """When each job was asked for."""
        query = "SELECT created_at FROM jobs WHERE guild_id = ? AND created_at >= ? ORDER BY created_at"
        return [float(row[0]) for row in await self._rows(query, (guild, since))]

    async def _spent(
        self, guild: str, since: float, person: str = "", *, until: float = EVER
    ) -> dict[str, Spent]:
        values = (guild, since, until, person, person)
        items = {row[0]: int(row[1]) for row in await self._rows(_ITEMS, values)}
        seconds: defaultdict[str, float] = defaultdict(float)
        for span in await self.spans(guild, since, person, until=until):
            seconds[span.person] += max(0.0, span.end - span.begin) if span.counts else 0.0
        return {
            one: Spent(items=items.get(one, 0), seconds=seconds[one]) for one in sorted({*items, *seconds})
        }

    async def _rows(self, query: str, values: tuple[Any, ...]) -> list[Any]:
        async with self._database.read() as connection:
            return list(await connection.execute_fetchall(query, values))
