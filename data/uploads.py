"""Uploaded melodies and songs: what is kept of them, the declaration of their person, the requests that wait for it.

Everything belongs to one person of one class: nobody finds another's upload or request.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import sqlite3
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal

from data import files
from data.database import Database
from data.errors import storage_failure
from generation.errors import NotFound

Kind = Literal["audio", "midi"]
UNDECIDED_S: Final = 24 * 3600.0
"""How long a file is kept whose person has not said why they may use it."""
_UPLOAD: Final = (
    "id, guild_id, person_id, kind, sha256, seconds, name, clean_sha256, notes, created_at, declaration,"
    " declared_at"
)
_REQUEST: Final = (
    "id, upload, guild_id, channel_id, person_id, locale, medium, model, params, seed, notices, created_at"
)
_UNDECIDED: Final = (
    "declaration IS NULL AND NOT EXISTS (SELECT 1 FROM upload_requests WHERE upload = uploads.id)"
)
_DROP: Final = f"DELETE FROM uploads WHERE id = ? AND {_UNDECIDED} RETURNING name"  # noqa: S608
_UNUSED: Final = (
    "NOT EXISTS (SELECT 1 FROM jobs WHERE uploads.id IN (json_extract(params, '$.melody'),"
    " json_extract(params, '$.prior'), json_extract(params, '$.upload'), json_extract(params, '$.song')))"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptUpload:
    """`sha256` is that of the file as it was sent. A sound has a clean `path`, a MIDI file the `notes` of its melody.

    `notes`: (pitch, start, length in beats) each. `declaration` None: not decided yet.
    """

    id: str
    guild_id: str
    person_id: str
    kind: Kind
    sha256: str
    seconds: float | None
    path: Path | None
    notes: tuple[tuple[int, float, float], ...]
    created_at: float
    declaration: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingRequest:
    """A request whose upload is not decided yet. `params` is the plain form of the medium's parameters."""

    id: str
    upload: str
    guild_id: str
    channel_id: str
    person_id: str
    locale: str
    medium: str
    model: str
    params: Mapping[str, Any]
    seed: int
    notices: tuple[str, ...]
    created_at: float


class KeptUploads:
    """All uploads of melodies and songs; the clean sounds lie in `folder` under their ids."""

    def __init__(self, database: Database, folder: Path, *, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._folder = folder
        self._clock = clock

    async def add_sound(
        self, guild_id: str, person_id: str, sha256: str, *, clean: Path, seconds: float
    ) -> KeptUpload:
        """Keep a copy of the `clean` sound of an uploaded file; in place of one that is known but lost its copy.

        Raises ArtifactChanged when `clean` is missing, StorageFailed.
        """
        upload = self._new(guild_id, person_id, "audio", sha256)
        path = self._folder / f"{upload.id}.wav"
        clean_sha256 = await asyncio.to_thread(self._copy, clean, path)
        try:
            return await self._add(replace(upload, seconds=seconds, path=path), clean_sha256)
        except Exception:
            await self._remove([path.name])
            raise

    async def add_notes(
        self, guild_id: str, person_id: str, sha256: str, notes: tuple[tuple[int, float, float], ...]
    ) -> KeptUpload:
        """Keep the melody of an uploaded MIDI file; nothing else of it is kept."""
        return await self._add(replace(self._new(guild_id, person_id, "midi", sha256), notes=notes), None)

    async def find(self, guild_id: str, person_id: str, kind: Kind, sha256: str) -> KeptUpload | None:
        """The same file, sent by the same person before; None also where its clean copy is not what was kept."""
        where = "guild_id = ? AND person_id = ? AND kind = ? AND sha256 = ?"
        return await self._one(where, (guild_id, person_id, kind, sha256))

    async def get(self, upload_id: str, guild_id: str, person_id: str) -> KeptUpload | None:
        """An upload of this person, unchanged. None for another's, one that is gone, one whose copy was changed."""
        return await self._one("id = ? AND guild_id = ? AND person_id = ?", (upload_id, guild_id, person_id))

    async def owner(self, upload_id: str, guild_id: str) -> str | None:
        """The person of this class who uploaded it, whatever became of the file."""
        query = "SELECT person_id FROM uploads WHERE id = ? AND guild_id = ?"
        async with self._database.read() as connection:
            rows = list(await connection.execute_fetchall(query, (upload_id, guild_id)))
        return str(rows[0][0]) if rows else None

    async def declare(self, upload_id: str, declaration: str) -> None:
        """Keep why its person may use it; a later answer counts."""
        query = "UPDATE uploads SET declaration = ?, declared_at = ? WHERE id = ?"
        values = (declaration, self._clock(), upload_id)
        await self._database.write(lambda connection: connection.execute(query, values).rowcount)

    async def wait(self, request: WaitingRequest, *, limit: int) -> bool:
        """Store a request. False if its person has `limit` waiting ones: then an undecided upload is not kept either.

        Raises NotFound upload_gone when its upload was forgotten meanwhile.
        """
        count = "SELECT count(*) FROM upload_requests WHERE guild_id = ? AND person_id = ?"
        insert = f"INSERT INTO upload_requests ({_REQUEST}) VALUES ({', '.join('?' * 12)})"  # noqa: S608

        def unit(connection: sqlite3.Connection) -> tuple[bool, list[str]]:
            if connection.execute(count, (request.guild_id, request.person_id)).fetchone()[0] >= limit:
                return False, _names(connection, _DROP, (request.upload,))
            if not connection.execute("SELECT 1 FROM uploads WHERE id = ?", (request.upload,)).fetchone():
                raise NotFound("upload_gone")
            connection.execute(insert, _request_row(request))
            return True, []

        stored, dropped = await self._database.write(unit)
        await self._remove(dropped)
        return stored

    async def waiting(self, request_id: str, guild_id: str, person_id: str) -> WaitingRequest | None:
        query = f"SELECT {_REQUEST} FROM upload_requests WHERE id = ? AND guild_id = ? AND person_id = ?"  # noqa: S608
        async with self._database.read() as connection:
            rows = list(await connection.execute_fetchall(query, (request_id, guild_id, person_id)))
        return _to_request(rows[0]) if rows else None

    async def forget(self, request_id: str) -> None:
        """Delete a request, and its upload with its file unless that was declared or another request waits for it."""

        def unit(connection: sqlite3.Connection) -> list[str]:
            rows = connection.execute(
                "DELETE FROM upload_requests WHERE id = ? RETURNING upload", (request_id,)
            ).fetchall()
            return _names(connection, _DROP, tuple(rows[0]) if rows else ("",))

        await self._remove(await self._database.write(unit))
        await self._database.scrub()

    async def purge(self) -> int:
        """Delete what has not been decided for a day, files at once; returns how many uploads. For once a minute."""
        before = self._clock() - UNDECIDED_S

        def unit(connection: sqlite3.Connection) -> tuple[int, list[str]]:
            requests = connection.execute("DELETE FROM upload_requests WHERE created_at < ?", (before,))
            query = f"DELETE FROM uploads WHERE created_at < ? AND {_UNDECIDED} RETURNING name"  # noqa: S608
            rows = connection.execute(query, (before,)).fetchall()
            return requests.rowcount + len(rows), [str(row[0]) for row in rows if row[0]]

        gone, names = await self._database.write(unit)
        await self._remove(names)
        if gone:
            await self._database.scrub()
        return gone

    async def sweep(self) -> None:
        """For the start: `purge`, forget declared uploads that no job uses any more, remove files without a row."""
        await self.purge()
        await self.forget_unused()
        async with self._database.read() as connection:
            rows = await connection.execute_fetchall("SELECT name FROM uploads WHERE name IS NOT NULL")
        await asyncio.to_thread(self._remove_others, {str(row[0]) for row in rows})

    async def forget_unused(self) -> None:
        """Forget what was declared a day ago and no job names (any more), files at once. For once an hour."""
        query = f"DELETE FROM uploads WHERE declared_at < ? AND {_UNUSED} RETURNING id, name"  # noqa: S608
        before = self._clock() - UNDECIDED_S
        gone = await self._database.write(
            lambda connection: [tuple(row) for row in connection.execute(query, (before,)).fetchall()]
        )
        await self._remove([str(name) for _, name in gone if name])
        if gone:
            await self._database.scrub()

    def _new(self, guild_id: str, person_id: str, kind: Kind, sha256: str) -> KeptUpload:
        return KeptUpload(
            id=secrets.token_hex(8),
            guild_id=guild_id,
            person_id=person_id,
            kind=kind,
            sha256=sha256,
            seconds=None,
            path=None,
            notes=(),
            created_at=self._clock(),
        )

    async def _add(self, upload: KeptUpload, clean_sha256: str | None) -> KeptUpload:
        """Of a file that is known, id and declaration stay: jobs name it."""
        row = _upload_row(upload, clean_sha256)
        insert = (
            f"INSERT INTO uploads ({_UPLOAD}) VALUES ({', '.join('?' * 12)})"  # noqa: S608
            " ON CONFLICT (guild_id, person_id, kind, sha256) DO UPDATE SET seconds = excluded.seconds,"
            " name = excluded.name, clean_sha256 = excluded.clean_sha256, notes = excluded.notes"
            f" RETURNING {_UPLOAD}"
        )
        same = (upload.guild_id, upload.person_id, upload.kind, upload.sha256)

        def unit(connection: sqlite3.Connection) -> tuple[list[str], tuple[Any, ...]]:
            query = (
                "SELECT name FROM uploads WHERE guild_id = ? AND person_id = ? AND kind = ? AND sha256 = ?"
            )
            old = [str(one[0]) for one in connection.execute(query, same) if one[0]]
            return old, connection.execute(insert, row).fetchall()[0]

        old, kept = await self._database.write(unit)
        await self._remove(old)
        return self._to_upload(kept)

    async def _one(self, where: str, values: tuple[str, ...]) -> KeptUpload | None:
        query = f"SELECT {_UPLOAD} FROM uploads WHERE {where}"  # noqa: S608
        async with self._database.read() as connection:
            rows = list(await connection.execute_fetchall(query, values))
        if not rows:
            return None
        upload = self._to_upload(rows[0])
        if upload.path is not None and await asyncio.to_thread(files.digest, upload.path) != rows[0][7]:
            return None
        return upload

    def _to_upload(self, row: sqlite3.Row | tuple[Any, ...]) -> KeptUpload:
        return KeptUpload(
            id=row[0], guild_id=row[1], person_id=row[2], kind=row[3], sha256=row[4], seconds=row[5],
            path=None if row[6] is None else self._folder / row[6],
            notes=tuple((one[0], one[1], one[2]) for one in json.loads(row[8] or "[]")),
            created_at=row[9], declaration=row[10],
        )  # fmt: skip

    def _copy(self, clean: Path, target: Path) -> str:
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            sha256, _ = files.copy(clean, target)
            files.flush_folder(self._folder)
        except OSError as error:
            raise storage_failure(error) or error from error
        return sha256

    async def _remove(self, names: list[str]) -> None:
        for name in names:
            await asyncio.to_thread(_unlink, self._folder / name)

    def _remove_others(self, known: set[str]) -> None:
        for file in self._folder.iterdir() if self._folder.is_dir() else ():
            if file.name not in known:
                _unlink(file)


def _unlink(file: Path) -> None:
    try:
        file.unlink(missing_ok=True)
    except OSError as error:
        raise storage_failure(error) or error from error


def _names(connection: sqlite3.Connection, query: str, values: tuple[Any, ...]) -> list[str]:
    return [str(row[0]) for row in connection.execute(query, values).fetchall() if row[0]]


def _upload_row(one: KeptUpload, clean_sha256: str | None) -> tuple[Any, ...]:
    notes = json.dumps(one.notes, allow_nan=False) if one.kind == "midi" else None
    return (
        one.id, one.guild_id, one.person_id, one.kind, one.sha256, one.seconds,
        None if one.path is None else one.path.name, clean_sha256, notes, one.created_at, one.declaration, None,
    )  # fmt: skip


def _request_row(one: WaitingRequest) -> tuple[Any, ...]:
    params = json.dumps(dict(one.params), ensure_ascii=False, allow_nan=False)
    return (
        one.id, one.upload, one.guild_id, one.channel_id, one.person_id, one.locale, one.medium, one.model,
        params, one.seed, json.dumps(list(one.notices)), one.created_at,
    )  # fmt: skip


def _to_request(row: sqlite3.Row) -> WaitingRequest:
    return WaitingRequest(
        id=row[0], upload=row[1], guild_id=row[2], channel_id=row[3], person_id=row[4], locale=row[5],
        medium=row[6], model=row[7], params=json.loads(row[8]), seed=row[9],
        notices=tuple(json.loads(row[10])), created_at=row[11],
    )  # fmt: skip
