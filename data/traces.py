"""What stands, and what is kept, of somebody's voice: the jobs that used it and those that were made from them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

from data.database import Database
from generation.job import ENDED, JobState

_MADE: Final = """
WITH RECURSIVE
links (id, source) AS MATERIALIZED (
    SELECT id, parent FROM jobs
    WHERE parent IS NOT NULL AND family NOT IN (SELECT value FROM json_each(:unaffected))
    UNION
    SELECT id, substr(speech, 1, instr(speech || '/', '/') - 1)
    FROM (SELECT id, family, json_extract(params, '$.speech') AS speech FROM jobs)
    WHERE speech IS NOT NULL AND family NOT IN (SELECT value FROM json_each(:unaffected))
),
made (id, voice) AS (
    SELECT jobs.id, voices.id FROM jobs JOIN voices
    -- `$.voice` is an id, or an object that has one: see `voice_records.voice_of`
    ON voices.id IN (json_extract(params, '$.voice'), json_extract(params, '$.voice.id'))
    LEFT JOIN consents ON consents.voice = voices.id
    WHERE CASE WHEN :voice IS NULL THEN revoked_at IS NOT NULL ELSE voices.id = :voice END
    UNION
    SELECT links.id, made.voice FROM links JOIN made ON links.source = made.id
)
SELECT made.voice, jobs.id, jobs.state,
    posts.job IS NOT NULL
    OR EXISTS (SELECT 1 FROM gallery_messages WHERE gallery_messages.job = jobs.id)
    OR EXISTS (
        SELECT 1 FROM gallery WHERE gallery.id = jobs.id AND gallery.state IN ('waiting', 'change', 'accepted')
    ),
    EXISTS (SELECT 1 FROM artifacts WHERE artifacts.job = jobs.id)
FROM made JOIN jobs ON jobs.id = made.id LEFT JOIN posts ON posts.job = jobs.id
ORDER BY jobs.position
"""
"""`$.speech` names the job (or "job/take") whose sound was used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """A job with a voice in it. `kept`: files of it are kept.

    `stands`: a post is noted or was planned, in the gallery or before its reviewers too, or is about to be.
    """

    voice: str
    job: str
    state: JobState
    stands: bool
    kept: bool

    @property
    def is_clear(self) -> bool:
        return self.state in ENDED and not self.stands and not self.kept


class Traces:
    """Reads only. `unaffected`: families whose jobs hold no voice of somebody, whatever they were made from."""

    def __init__(self, database: Database, *, unaffected: Collection[str] = ()) -> None:
        self._database = database
        self._unaffected = tuple(unaffected)

    async def of_voice(self, voice_id: str) -> list[Trace]:
        """In order of arrival."""
        return await self._select(voice_id)

    async def unfinished(self) -> list[str]:
        """The voices that were withdrawn, and of which something is left all the same."""
        left = [trace.voice for trace in await self._select(None) if not trace.is_clear]
        return list(dict.fromkeys(left))

    def unfinished_now(self, connection: sqlite3.Connection) -> list[str]:
        """The same inside a unit of work, for whoever must not delete them."""
        rows = connection.execute(
            _MADE, {"voice": None, "unaffected": json.dumps(self._unaffected)}
        ).fetchall()
        return list(dict.fromkeys(trace.voice for trace in map(_trace, rows) if not trace.is_clear))

    async def ended_since(self, at: float) -> list[str]:
        """The voices whose consent ran out or was withdrawn since then."""
        query = "SELECT id FROM voices WHERE state = 'ended' AND changed_at >= ? ORDER BY changed_at, id"
        async with self._database.read() as connection:
            return [str(row[0]) for row in await connection.execute_fetchall(query, (at,))]

    async def _select(self, voice_id: str | None) -> list[Trace]:
        """Those of a voice; None: of all that were withdrawn."""
        values = {"voice": voice_id, "unaffected": json.dumps(self._unaffected)}
        async with self._database.read() as connection:
            rows = await connection.execute_fetchall(_MADE, values)
        return [_trace(row) for row in rows]


def _trace(row: Any) -> Trace:
    return Trace(voice=row[0], job=row[1], state=JobState(row[2]), stands=bool(row[3]), kept=bool(row[4]))
