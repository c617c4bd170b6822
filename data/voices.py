"""The voices that are kept, whatever their step: reading them, and forgetting what is over.

Reading goes through the writer: what is answered is what the next unit of work will find.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any, Final

from data import voice_rows as rows
from data.database import Database
from data.errors import VoiceRefused
from data.traces import Traces
from data.voice_files import VoiceFiles
from data.voice_records import UNDECIDED, UNDECIDED_S, Check, Clip, Voice, VoiceState

_OPEN: Final = f"state IN ({', '.join(repr(state.value) for state in sorted(UNDECIDED))})"
_OVER: Final = (
    "SELECT voices.id, voices.guild_id FROM voices LEFT JOIN consents ON consents.voice = voices.id"
    " WHERE state = 'granted' AND (until IS NULL OR revoked_at IS NOT NULL OR until <= ?)"
)
_HERE: Final = "atelier"
"""Who did it, where time did."""


class Voices:
    """All voices of all servers. Raises StorageFailed."""

    def __init__(
        self, database: Database, files: VoiceFiles, *, clock: Callable[[], float] = time.time
    ) -> None:
        self._database = database
        self._files = files
        self._clock = clock

    async def get(self, voice_id: str, guild: str) -> Voice | None:
        """A voice of this server."""
        voice = await self._database.write(
            lambda connection: rows.read_voice(connection, voice_id, self._files.folder)
        )
        return voice if voice is not None and voice.guild == guild else None

    async def of_person(self, guild: str, person: str) -> list[Voice]:
        """Somebody's voices in this server that have not ended, oldest first."""
        states = (*UNDECIDED, VoiceState.GRANTED)
        return await self._select("guild_id = ? AND person_id = ?", (guild, person), states)

    async def waiting(self, guild: str) -> list[Voice]:
        """The voices of this server for which a witness is asked, oldest first."""
        return await self._select("guild_id = ?", (guild,), (VoiceState.WAITING,))

    async def guilds(self) -> list[str]:
        """The servers of which there are voices, for the operator."""
        query = "SELECT DISTINCT guild_id FROM voices ORDER BY guild_id"
        async with self._database.read() as connection:
            return [str(row[0]) for row in await connection.execute_fetchall(query)]

    async def clips(self, voice_id: str, guild: str) -> tuple[Clip, ...]:
        """The clips of a voice as they were kept. Raises VoiceRefused clip.changed when a file is not (any more)."""
        voice = await self.get(voice_id, guild)
        clips = () if voice is None else voice.clips
        if not await self._files.are_unchanged([(clip.path, clip.sha256) for clip in clips]):
            raise VoiceRefused(Check.CLIP_CHANGED)
        return clips

    async def recording(self, voice_id: str, guild: str) -> Path:
        """The recording of the voice's phrase as it was kept, until it is decided. Raises VoiceRefused."""
        voice = await self.get(voice_id, guild)
        phrase = None if voice is None else voice.phrase
        if phrase is None or phrase.recording is None or phrase.recording_sha256 is None:
            raise VoiceRefused(Check.PHRASE_NONE)
        if not await self._files.are_unchanged([(phrase.recording, phrase.recording_sha256)]):
            raise VoiceRefused(Check.CLIP_CHANGED)
        return phrase.recording

    async def purge(self) -> int:
        """Delete what has not been decided for a day, and the recordings of consents that are over; returns how many
        voices. For once a minute, and at the start."""
        now = self._clock()
        # the same sum as `Voice.decide_before`, or the two would differ in their last digits
        undecided = f"SELECT id, guild_id FROM voices WHERE {_OPEN} AND created_at + ? <= ?"  # noqa: S608

        def unit(connection: sqlite3.Connection) -> tuple[int, list[str]]:
            rows.touch(connection, now)
            time = rows.last_seen(connection)
            old = connection.execute(undecided, (UNDECIDED_S, time)).fetchall()
            over = connection.execute(_OVER, (time,)).fetchall()
            names = [name for one, guild in old for name in rows.expire(connection, one, guild, now, _HERE)]
            names += [name for one, guild in over for name in rows.end(connection, one, guild, now, _HERE)]
            return len(old) + len(over), names

        count, names = await self._database.write(unit)
        await self._files.remove(names)
        await self._files.remove_others(await self._named())
        if count:
            await self._database.scrub()
        return count

    async def sweep(self) -> None:
        """For the start, before anybody adds a voice: `purge`, and remove all files that no row names."""
        await self.purge()
        await self._files.remove_others(await self._named(), older_s=0.0)

    async def _named(self) -> set[str]:
        """The files that rows name."""
        query = "SELECT name FROM clips UNION SELECT recording FROM phrases WHERE recording IS NOT NULL"
        async with self._database.read() as connection:
            return {str(row[0]) for row in await connection.execute_fetchall(query)}

    async def forget(self, before: float, traces: Traces) -> int:
        """Delete voices, consents and decisions that were over before that time; returns how many voices.

        Never one that was withdrawn and of which something is left (`traces`): it must still be found.
        """
        over = "SELECT id FROM voices WHERE changed_at < ? AND state IN ('refused', 'expired', 'ended')"
        events = "DELETE FROM voice_events WHERE at < ? AND voice NOT IN (SELECT id FROM voices)"

        def unit(connection: sqlite3.Connection) -> int:
            left = traces.unfinished_now(connection)
            gone = [row[0] for row in connection.execute(over, (before,)).fetchall() if row[0] not in left]
            connection.executemany("DELETE FROM voices WHERE id = ?", [(one,) for one in gone])
            connection.execute(events, (before,))
            return len(gone)

        count = await self._database.write(unit)
        await self._database.scrub()
        return count

    async def _select(
        self, where: str, values: tuple[Any, ...], states: Collection[VoiceState]
    ) -> list[Voice]:
        query = f"SELECT id FROM voices WHERE {where} ORDER BY created_at, id"  # noqa: S608

        def unit(connection: sqlite3.Connection) -> list[Voice]:
            ids = [row[0] for row in connection.execute(query, values).fetchall()]
            found = [rows.read_voice(connection, one, self._files.folder) for one in ids]
            return [voice for voice in found if voice is not None and voice.state in states]

        return await self._database.write(unit)
