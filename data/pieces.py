"""Which results hold another one: combined pieces of pictures, videos, music and speech, a video to a song, a piece of
music that continues another."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Final

from data.database import Database
from generation.clip_params import CLIP

_LINKS: Final = """
WITH RECURSIVE
named (id, reference, holds) AS MATERIALIZED (
    SELECT jobs.id, value, 1 FROM jobs, json_each(params, '$.pictures') WHERE medium = :clip AND type = 'text'
    UNION ALL
    SELECT jobs.id, value, key <> 'melody' FROM jobs, json_each(params)
    WHERE type = 'text' AND (
        (key IN ('song', 'prior', 'melody') AND instr(value, '/') > 0)
        OR (key IN ('video', 'speech') AND medium = :clip)
    )
    UNION ALL
    SELECT id, parent, 0 FROM jobs WHERE parent IS NOT NULL
    UNION ALL
    SELECT jobs.id, json_extract(value, '$.job'), 0 FROM jobs, json_each(params, '$.chain')
    WHERE medium = :clip AND type = 'object'
),
links (id, source, holds) AS MATERIALIZED (
    SELECT id, substr(reference, 1, instr(reference || '/', '/') - 1), holds FROM named
)
"""
"""An upload is named without a number behind it, a result as "job/number", a video and a speech as their job."""
_PIECES: Final = f"""{_LINKS},
made (id, holds) AS (
    SELECT value, 1 FROM json_each(:jobs)
    UNION
    SELECT links.id, min(links.holds, made.holds) FROM links JOIN made ON links.source = made.id
)
SELECT DISTINCT jobs.id FROM made JOIN jobs ON jobs.id = made.id
WHERE (holds = 1 OR (:telling AND medium = :clip)) AND jobs.id NOT IN (SELECT value FROM json_each(:jobs))
ORDER BY position
"""  # noqa: S608
_HELD: Final = f"""{_LINKS},
held (id) AS (
    SELECT source FROM links WHERE holds AND id NOT IN (SELECT value FROM json_each(:jobs))
    UNION
    SELECT links.source FROM links JOIN held ON links.id = held.id WHERE holds
)
SELECT value FROM json_each(:jobs) WHERE value IN held
"""  # noqa: S608


class PieceLinks:
    """Reads only. Raises StorageFailed."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, jobs: Collection[str], *, telling: bool = False) -> list[str]:
        """The jobs whose results hold one of these results, also by way of others, in order of arrival.

        `telling`: those too whose recipe only tells of one of them, with what was typed for it: of a combined piece it
        names all jobs back to the first.
        """
        values = {"jobs": json.dumps(list(jobs)), "telling": int(telling), "clip": CLIP}
        async with self._database.read() as connection:
            return [str(row[0]) for row in await connection.execute_fetchall(_PIECES, values)]

    async def held(self, jobs: Collection[str]) -> set[str]:
        """Those of these jobs whose results are in a piece that is not among them, also by way of others."""
        values = {"jobs": json.dumps(list(jobs)), "clip": CLIP}
        async with self._database.read() as connection:
            return {str(row[0]) for row in await connection.execute_fetchall(_HELD, values)}
