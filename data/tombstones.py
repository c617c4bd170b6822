"""Whose data was deleted, kept outside the database: a restored backup must not bring anybody back.

Nobody can be read from it: a line holds a salted hash of server and person, which only fits who is already known.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import secrets
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from data import files
from data.errors import storage_failure

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
    """`folder`: where they lie, best where no backup of the database goes. Methods raise StorageFailed."""

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

    def _put(self, guild: str, person: str, at: float, done: bool) -> None:
        salt, stones = self._read()
        stone = Tombstone(who=_hash(salt, guild, person), at=at, done=done)
        oldest = self._clock() - KEPT_S
        kept = [one for one in stones if one.at >= oldest and (one.who != stone.who or one.at > at)]
        lines = [json.dumps({"salt": salt}), *(json.dumps(asdict(one)) for one in (*kept, stone))]
        try:
            files.write("\n".join(lines) + "\n", self._file)
        except OSError as error:
            raise storage_failure(error) or error from error

    def _read(self) -> tuple[str, list[Tombstone]]:
        try:
            lines = self._file.read_text("utf-8").splitlines()
        except FileNotFoundError:
            lines = []
        except OSError as error:
            raise storage_failure(error) or error from error
        if not lines:
            return secrets.token_hex(16), []
        plain: list[dict[str, Any]] = [json.loads(line) for line in lines]
        return str(plain[0]["salt"]), [Tombstone(**one) for one in plain[1:]]


def _hash(salt: str, guild: str, person: str) -> str:
    # slow on purpose: ids of Discord's are few enough to be tried one after the other
    return hashlib.pbkdf2_hmac("sha256", f"{guild}/{person}".encode(), bytes.fromhex(salt), 20_000).hex()
