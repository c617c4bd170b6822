"""The approved files of each job, kept in a folder of its own: copied, hashed, found again."""

from __future__ import annotations

import asyncio
import re
import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from data import files
from data.database import Database
from data.errors import storage_failure

_JOB_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")
_KIND: Final = re.compile(r"[a-z_]{1,32}\Z")
_SUFFIX: Final = re.compile(r"(\.[a-z0-9]{1,8})?\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewArtifact:
    """A file to keep. `path` is where it lies now; a flagged one has none and is kept as a fact only.

    `index` counts from 1 (0: the sheet). With `sha256` anything but exactly that file is refused.
    """

    index: int
    seed: int | None
    kind: str
    path: Path | None
    flagged: bool = False
    sha256: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """A kept file; `path`, `sha256` and `size` (bytes) are None for a flagged one."""

    job: str
    index: int
    seed: int | None
    kind: str
    path: Path | None
    sha256: str | None
    size: int | None
    flagged: bool


class Artifacts:
    """All kept files, under `<folder>/<job>/<kind>-<index><suffix>`."""

    def __init__(self, database: Database, folder: Path) -> None:
        self._database = database
        self._folder = folder

    async def store(self, job_id: str, new: Sequence[NewArtifact]) -> list[Artifact]:
        """Copy the files, flush them, then commit their rows, in place of what the job had before.

        Raises ArtifactChanged (missing, not a plain file, not the approved one), StorageFailed, ValueError.
        """
        kept = await asyncio.to_thread(self._copy, job_id, tuple(new))
        await self._database.write(lambda connection: _replace(connection, job_id, kept))
        return kept

    async def of_job(self, job_id: str) -> list[Artifact]:
        """Ordered by kind and index."""
        query = (
            "SELECT number, seed, kind, name, sha256, size, flagged FROM artifacts WHERE job = ?"
            " ORDER BY kind, number"
        )
        async with self._database.read() as connection:
            rows = await connection.execute_fetchall(query, (job_id,))
        return [self._artifact(job_id, row) for row in rows]

    async def verify(self, job_id: str) -> list[Path]:
        """The kept files that are missing or no longer what was stored."""
        kept = await self.of_job(job_id)
        return await asyncio.to_thread(
            lambda: [item.path for item in kept if item.path and files.digest(item.path) != item.sha256]
        )

    async def delete(self, job_id: str) -> None:
        """Delete a job's files, then their rows. Raises StorageFailed."""
        await asyncio.to_thread(_remove, self._folder_of(job_id))
        await self._database.write(lambda connection: _replace(connection, job_id, ()))

    async def sweep(self) -> int:
        """Delete folders that no row names (a crash, deleted jobs); returns how many. For start-up."""
        if not await asyncio.to_thread(self._folder.is_dir):
            return 0
        async with self._database.read() as connection:
            rows = await connection.execute_fetchall("SELECT DISTINCT job FROM artifacts")
        return await asyncio.to_thread(self._remove_others, {row[0] for row in rows})

    def _remove_others(self, known: set[str]) -> int:
        others = [folder for folder in self._folder.iterdir() if folder.name not in known]
        for folder in others:
            _remove(folder)
        return len(others)

    def _folder_of(self, job_id: str) -> Path:
        if not _JOB_ID.match(job_id):
            raise ValueError("not a job's id")
        return self._folder / job_id

    def _copy(self, job_id: str, new: Sequence[NewArtifact]) -> list[Artifact]:
        folder = self._folder_of(job_id)
        try:
            for made in (
                self._folder,
                folder,
            ):  # one by one: a parent made on the way gets the umask's rights
                made.mkdir(mode=0o700, exist_ok=True)
            kept = [_copy_one(job_id, item, folder) for item in new]
            files.flush_folder(folder)
        except OSError as error:
            raise storage_failure(error) or error from error
        return kept

    def _artifact(self, job_id: str, row: sqlite3.Row) -> Artifact:
        path = None if row["name"] is None else self._folder_of(job_id) / row["name"]
        return Artifact(
            job=job_id, index=row["number"], seed=row["seed"], kind=row["kind"], path=path,
            sha256=row["sha256"], size=row["size"], flagged=bool(row["flagged"]),
        )  # fmt: skip


def _copy_one(job_id: str, new: NewArtifact, folder: Path) -> Artifact:
    if (new.path is None) != new.flagged or not _KIND.match(new.kind) or new.index < 0:
        raise ValueError("a kept file has a path, a flagged one has none")
    target, sha256, size = None, None, None
    if new.path is not None:
        suffix = new.path.suffix.lower()
        if not _SUFFIX.match(suffix):
            raise ValueError("not a file name's suffix")
        target = folder / f"{new.kind}-{new.index}{suffix}"
        sha256, size = files.copy(new.path, target, expected=new.sha256)
    return Artifact(
        job=job_id, index=new.index, seed=new.seed, kind=new.kind, path=target, sha256=sha256, size=size,
        flagged=new.flagged,
    )  # fmt: skip


def _to_row(job_id: str, item: Artifact) -> tuple[Any, ...]:
    name = item.path.name if item.path else None
    return (job_id, item.kind, item.index, item.seed, name, item.sha256, item.size, item.flagged)


def _replace(connection: sqlite3.Connection, job_id: str, kept: Sequence[Artifact]) -> None:
    connection.execute("DELETE FROM artifacts WHERE job = ?", (job_id,))
    rows = [_to_row(job_id, item) for item in kept]
    query = (
        "INSERT INTO artifacts (job, kind, number, seed, name, sha256, size, flagged)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
    )
    connection.executemany(query, rows)


def _remove(folder: Path) -> None:
    try:
        if folder.is_dir() and not folder.is_symlink():
            while folder.exists():
                with suppress(FileNotFoundError):  # two who delete the same meet halfway
                    shutil.rmtree(folder)
        else:
            folder.unlink(missing_ok=True)
    except OSError as error:
        raise storage_failure(error) or error from error
