"""One SQLite file in a locked folder: one writer, a few readers that cannot write."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import Final, Self, TypeVar

import aiosqlite
from filelock import FileLock, Timeout

from data import migrations
from data.errors import DataFolderLocked, StorageClosed, storage_failure
from data.writer import Unit, Writer, thread_call

T = TypeVar("T")

FILE_NAME: Final = "atelier.sqlite"
LOCK_NAME: Final = "atelier.lock"
READERS: Final = 2
_BUSY_MILLISECONDS: Final = 5000
_FILE_SUFFIXES: Final = frozenset({".sqlite", ".db"})


class Database:
    """An open database. `await Database.open(folder)`; an async context manager that closes it.

    SQLite before 3.51.3 can corrupt a file when two connections checkpoint at the same time. So only the
    writer commits and checkpoints, the readers are closed before it, and the folder's lock keeps other
    processes out.
    """

    def __init__(
        self, *, path: Path, lock: FileLock, connection: sqlite3.Connection, thread: ThreadPoolExecutor
    ) -> None:
        self.path = path
        self._lock = lock
        self._connection = connection
        self._thread = thread
        self._writer = Writer(connection, thread)
        self._readers: asyncio.Queue[aiosqlite.Connection] = asyncio.Queue()
        self._reader_count = 0
        self._closed = False
        self.owes_scrub = False
        """The last `scrub` was in vain."""

    @classmethod
    async def open(cls, location: Path | str) -> Self:
        """Open the database of a data folder, made if missing; a name in .sqlite or .db is the file itself.

        Raises DataFolderLocked, DatabaseNewer, StorageFailed.
        """
        path = _file_of(Path(location))
        thread = ThreadPoolExecutor(1, thread_name_prefix="database-writer")
        try:
            lock, connection = await thread_call(thread, lambda: _open_for_writing(path))
        except BaseException:
            thread.shutdown(wait=False)
            raise
        database = cls(path=path, lock=lock, connection=connection, thread=thread)
        try:
            for _ in range(READERS):
                database._readers.put_nowait(await _open_reader(path))
                database._reader_count += 1
        except BaseException:
            await database.close()
            raise
        return database

    @property
    def folder(self) -> Path:
        return self.path.parent

    @property
    def commits(self) -> int:
        """Transactions committed since opening."""
        return self._writer.commits

    async def write(self, unit: Unit[T]) -> T:
        """Run `unit(connection)` in a savepoint; its answer, after the commit. See `Writer.write`."""
        return await self._writer.write(unit)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[aiosqlite.Connection]:
        """A connection that sees what is committed and cannot write. Waits while all are in use.

        Raises StorageClosed.
        """
        if self._closed:
            raise StorageClosed
        connection = await self._readers.get()
        try:
            yield connection
        finally:
            try:
                if connection.in_transaction:  # it would hold back the checkpoint for ever
                    await connection.rollback()
            finally:
                self._readers.put_nowait(connection)

    async def scrub(self) -> bool:
        """Overwrite the copies of deleted rows that the write-ahead log still holds. False: somebody, maybe another
        process, reads an older state, which keeps them; then it is to be tried again. Raises StorageFailed."""

        def checkpoint() -> bool:
            try:
                ((is_busy, _, _),) = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            except sqlite3.Error as error:
                raise storage_failure(error) or error from None
            return not is_busy

        self.owes_scrub = not await thread_call(self._thread, checkpoint)
        return not self.owes_scrub

    async def close(self) -> None:
        """Write what waits, close the readers, then the writer (it checkpoints), then release the folder."""
        if self._closed:
            return
        self._closed = True
        try:
            await self._writer.close()
            for _ in range(self._reader_count):
                await (await self._readers.get()).close()
        finally:
            await thread_call(self._thread, self._connection.close)
            self._thread.shutdown(wait=False)
            self._lock.release()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


def _file_of(location: Path) -> Path:
    return location if location.suffix in _FILE_SUFFIXES else location / FILE_NAME


def _open_for_writing(path: Path) -> tuple[FileLock, sqlite3.Connection]:
    """Lock the folder, open the file, bring it up to date. In the writer's thread."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = _lock(path.parent / LOCK_NAME)
        try:
            return lock, _connect(path)
        except BaseException:
            lock.release()
            raise
    except (OSError, sqlite3.Error) as error:
        raise storage_failure(error) or error from error


def _lock(file: Path) -> FileLock:
    # No soft lock as a way out: it survives a crash and would lock the class out.
    lock = FileLock(file, blocking=False, thread_local=False, fallback_to_soft=False, preserve_lock_file=True)
    try:
        lock.acquire()
    except Timeout:
        raise DataFolderLocked from None
    return lock


def _connect(path: Path) -> sqlite3.Connection:
    # Made by us so that SQLite does not give it the umask's rights: pupils' prompts are in it.
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        connection.execute(f"PRAGMA busy_timeout={_BUSY_MILLISECONDS}")
        connection.execute("PRAGMA secure_delete=ON")
        connection.execute("PRAGMA journal_mode=WAL").fetchall()
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("PRAGMA temp_store=MEMORY")
        migrations.apply(connection, backups=path.parent / "backups")
    except BaseException:
        connection.close()
        raise
    return connection


async def _open_reader(path: Path) -> aiosqlite.Connection:
    connection = await aiosqlite.connect(path, isolation_level=None)
    try:
        for setting in (f"busy_timeout={_BUSY_MILLISECONDS}", "query_only=ON", "wal_autocheckpoint=0"):
            await connection.execute_fetchall(f"PRAGMA {setting}")
    except BaseException:
        await connection.close()
        raise
    connection.row_factory = sqlite3.Row
    return connection
