"""At the end of a lesson the voices go that were confirmed for it: as if their time had run out, none is withdrawn."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from data import voice_rows as rows
from data.database import Database
from data.voice_files import VoiceFiles
from data.voice_records import UNDECIDED

_OPEN: Final = f"state IN ({', '.join(repr(state.value) for state in sorted(UNDECIDED))})"
_UNDECIDED: Final = f"SELECT id FROM voices WHERE guild_id = ? AND {_OPEN} ORDER BY id"  # noqa: S608
_GRANTED: Final = (
    "SELECT voices.id, until FROM voices LEFT JOIN consents ON consents.voice = voices.id"
    " WHERE voices.guild_id = ? AND state = 'granted' ORDER BY voices.id"
)
_HERE: Final = "atelier"


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedVoices:
    """`ended`: voices whose recordings are gone; `kept`: how many were confirmed for longer than the lesson."""

    ended: tuple[str, ...]
    kept: int


class LessonVoices:
    """Raises StorageFailed."""

    def __init__(
        self, database: Database, files: VoiceFiles, *, clock: Callable[[], float] = time.time
    ) -> None:
        self._database = database
        self._files = files
        self._clock = clock

    async def end(self, guild: str, until: float) -> EndedVoices:
        """End what nobody has decided about, and what was confirmed until then at the latest.

        What was posted stays: its consent was not withdrawn, its time is over.
        """
        now = self._clock()

        def unit(connection: sqlite3.Connection) -> tuple[EndedVoices, list[str]]:
            undecided = [str(row[0]) for row in connection.execute(_UNDECIDED, (guild,)).fetchall()]
            granted = connection.execute(_GRANTED, (guild,)).fetchall()
            over = [str(one) for one, lasts in granted if lasts is None or lasts <= until]
            names = [name for one in undecided for name in rows.expire(connection, one, guild, now, _HERE)]
            names += [name for one in over for name in rows.end(connection, one, guild, now, _HERE)]
            return EndedVoices(ended=(*undecided, *over), kept=len(granted) - len(over)), names

        answer, names = await self._database.write(unit)
        await self._files.remove(names)
        if names:
            await self._database.scrub()
        return answer
