"""Voices that are over stay over: what ended is remembered outside the database, and ends again in a restored backup.

A consent that was withdrawn is withdrawn again, so that what was made with the voice is taken back; a voice whose time
was over, that was refused or given up, loses its recordings.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from typing import Final

from data import voice_rows as rows
from data.audit import HERE, Audit
from data.database import Database
from data.tombstones import Tombstones
from data.voice_files import VoiceFiles
from data.voice_records import VoiceState

WITHDRAWN: Final = "voice withdrawn"
OVER: Final = "voice over"
_ENDED: Final = (
    "SELECT voices.id, changed_at, revoked_at IS NOT NULL FROM voices LEFT JOIN consents"
    " ON consents.voice = voices.id WHERE state IN ('refused', 'expired', 'ended')"
)
_LIVING: Final = "SELECT id FROM voices WHERE state NOT IN ('refused', 'expired', 'ended')"


class VoiceEnds:
    """Methods raise StorageFailed."""

    def __init__(
        self,
        database: Database,
        files: VoiceFiles,
        *,
        tombstones: Tombstones,
        audit: Audit,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._database = database
        self._files = files
        self._tombstones = tombstones
        self._audit = audit
        self._clock = clock

    async def remember(self) -> None:
        """A tombstone for each voice that is over and has none, and the log's head: right after an end, and once a
        minute for those that nobody waited for."""
        async with self._database.read() as connection:
            found = [tuple(row) for row in await connection.execute_fetchall(_ENDED)]
        for kind, withdrawn in ((WITHDRAWN, True), (OVER, False)):
            voices = {str(voice): float(at) for voice, at, revoked in found if bool(revoked) is withdrawn}
            if voices:
                await self._tombstones.put_voices(voices, kind=kind)
        await self._audit.keep_head()

    async def enforce(self) -> int:
        """For the start, before any job runs: what has a tombstone and lives came with a restored backup, and ends.

        Returns how many voices did.
        """
        await self._audit.keep_head()
        async with self._database.read() as connection:
            living = [str(row[0]) for row in await connection.execute_fetchall(_LIVING)]
        if not living:
            return 0
        withdrawn = await self._tombstones.voices(living, kind=WITHDRAWN)
        over = {**await self._tombstones.voices(living, kind=OVER), **withdrawn}
        if not over:
            return 0
        now = self._clock()

        def unit(connection: sqlite3.Connection) -> list[str]:
            return [
                name
                for voice in over
                for name in _end(connection, voice, now, withdrawn=withdrawn.get(voice))
            ]

        await self._files.remove(await self._database.write(unit))
        await self._database.scrub()
        return len(over)


def _end(connection: sqlite3.Connection, voice: str, now: float, *, withdrawn: float | None) -> list[str]:
    """Returns the names of the files to remove. `withdrawn`: since when. Where nobody has decided it is given up."""
    query = "SELECT guild_id, state FROM voices WHERE id = ?"
    guild, state = connection.execute(query, (voice,)).fetchone()
    if state != VoiceState.GRANTED:
        return rows.expire(connection, voice, guild, now, HERE)
    if withdrawn is not None:
        update = "UPDATE consents SET revoked_at = ?, revoked_by = ? WHERE voice = ? AND revoked_at IS NULL"
        if connection.execute(update, (withdrawn, HERE, voice)).rowcount:
            rows.note(connection, voice, guild, now, HERE, "revoked")
    return rows.end(connection, voice, guild, now, HERE)
