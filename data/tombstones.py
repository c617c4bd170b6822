"""Whose data was deleted and which voices are over, kept outside the database: a restored backup must not bring
anybody's data, or a consent, back.

Nobody can be read from it: a line holds a salted hash of server and person, which only fits who is already known.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import secrets
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from data import files
from data.errors import RecordsDamaged, storage_failure

FILE_NAME: Final = "tombstones.jsonl"
KEPT_S: Final = 400 * 24 * 3600.0
"""Longer than anybody keeps a backup of a class."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tombstone:
    """`at`: what was made until then is deleted. `done` False: it was asked for, and may not be finished."""

    who: str
    at: float
    done: bool


class Tombstones:
    """`folder`: where they lie, best where no backup of the database goes. Methods raise StorageFailed, and
    RecordsDamaged where nobody can tell any more who was deleted."""

    def __init__(self, folder: Path, *, clock: Callable[[], float] = time.time) -> None:
        self._file = folder / FILE_NAME
        self._clock = clock
        self._lock = asyncio.Lock()

    async def put(self, guild: str, person: str, at: float, *, done: bool) -> None:
        """`person` "" for a whole class."""
        async with self._lock:
            await asyncio.to_thread(self._put, guild, person, at, done)

    async def find(self, guild: str, person: str) -> Tombstone | None:
        """The latest of this person; None: nothing of theirs was deleted."""
        salt, stones = await asyncio.to_thread(self._read)
        mine = [stone for stone in stones if stone.who == _hash(salt, guild, person)]
        return max(mine, key=lambda stone: (stone.at, stone.done), default=None)

    async def put_voices(self, voices: Mapping[str, float], *, kind: str) -> None:
        """Voices by their ids, each with when it ended. `kind`: how; those that have a tombstone keep it."""
        async with self._lock:
            await asyncio.to_thread(self._put_voices, voices, kind)

    async def voices(self, ids: Collection[str], *, kind: str) -> dict[str, float]:
        """Which of these voices have a tombstone of this kind, and when they ended."""
        salt, stones = await asyncio.to_thread(self._read)
        known = {stone.who: stone.at for stone in stones}
        named = {one: _voice_hash(salt, one, kind) for one in ids}
        return {one: known[name] for one, name in named.items() if name in known}

    def _put(self, guild: str, person: str, at: float, done: bool) -> None:
        salt, stones = self._read()
        stone = Tombstone(who=_hash(salt, guild, person), at=at, done=done)
        self._write(salt, [*(one for one in stones if one.who != stone.who or one.at > at), stone])

    def _put_voices(self, voices: Mapping[str, float], kind: str) -> None:
        salt, stones = self._read()
        known, oldest = {stone.who for stone in stones}, self._clock() - KEPT_S
        made = [
            Tombstone(who=_voice_hash(salt, one, kind), at=at, done=True)
            for one, at in voices.items()
            if at >= oldest
        ]
        if new := [stone for stone in made if stone.who not in known]:
            self._write(salt, [*stones, *new])

    def _write(self, salt: str, stones: list[Tombstone]) -> None:
        oldest = self._clock() - KEPT_S
        kept = [json.dumps(asdict(one)) for one in stones if one.at >= oldest]
        lines = [json.dumps({"salt": salt}), *kept]
        try:
            files.write("\n".join(lines) + "\n", self._file)
        except OSError as error:
            raise storage_failure(error) or error from error

    def _read(self) -> tuple[str, list[Tombstone]]:
        try:
            lines = self._file.read_text("utf-8").splitlines()
        except FileNotFoundError:
            lines = []
        except UnicodeDecodeError:
            raise RecordsDamaged(file=str(self._file)) from None
        except OSError as error:
            raise storage_failure(error) or error from error
        if not lines:
            return secrets.token_hex(16), []
        try:
            plain: list[dict[str, Any]] = [json.loads(line) for line in lines]
            return str(plain[0]["salt"]), [Tombstone(**one) for one in plain[1:]]
        except (ValueError, KeyError, TypeError):
            raise RecordsDamaged(file=str(self._file)) from None


def _hash(salt: str, guild: str, person: str) -> str:
    # slow on purpose: ids of Discord's are few enough to be tried one after the other
    return hashlib.pbkdf2_hmac("sha256", f"{guild}/{person}".encode(), bytes.fromhex(salt), 20_000).hex()


def _voice_hash(salt: str, voice: str, kind: str) -> str:
    # quick: a voice's id is drawn from more than could be tried
    return hashlib.sha256(f"{salt}/{kind}/{voice}".encode()).hexdigest()
