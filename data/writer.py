"""The one task that writes: units of work in, one commit for everything that waits, answers afterwards.

A commit costs the disk a flush, whether it holds one row or a hundred. While one group is being flushed the
next one gathers, so thirty pupils at once cost about as many flushes as one. Each unit has its own savepoint.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final, TypeVar, cast

from data.errors import StorageClosed, storage_failure

T = TypeVar("T")
Unit = Callable[[sqlite3.Connection], T]
"""Work inside a transaction. A plain function, so that it cannot wait for anything but the database. It may
be called a second time after its first effects were undone, so it changes nothing but the database."""

GROUP_LIMIT: Final = 512


@dataclass(frozen=True, slots=True)
class _Failed:
    error: Exception


class Writer:
    """Owns the write connection and the only thread that touches it."""

    def __init__(self, connection: sqlite3.Connection, thread: ThreadPoolExecutor) -> None:
        self._connection = connection
        self._thread = thread
        self._waiting: list[tuple[Unit[Any], asyncio.Future[Any]]] = []
        self._wake = asyncio.Event()
        self._closing = False
        self._task = asyncio.create_task(self._work(), name="database writer")
        self.commits = 0
        """Transactions committed so far."""

    async def write(self, unit: Unit[T]) -> T:
        """Run `unit` and return its answer once it is on the disk.

        Raises StorageFailed when the disk refused (nothing of the unit is kept then), StorageClosed, or what
        `unit` raised. A caller that is cancelled while waiting does not stop the unit.
        """
        if self._closing:
            raise StorageClosed
        # Cancelling the caller cancels this future only. The unit stays in the list and is written.
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append((unit, future))
        self._wake.set()
        return await future

    async def close(self) -> None:
        """Write what still waits, then stop. The connection stays open: its owner closes it."""
        self._closing = True
        self._wake.set()
        await self._task

    async def _work(self) -> None:
        while self._waiting or not self._closing:
            await self._wake.wait()
            self._wake.clear()
            while self._waiting:
                await self._write_group()

    async def _write_group(self) -> None:
        group, self._waiting = self._waiting[:GROUP_LIMIT], self._waiting[GROUP_LIMIT:]
        units = [unit for unit, _ in group]
        loop = asyncio.get_running_loop()
        answers = await loop.run_in_executor(self._thread, self._run, units)
        for (_, future), answer in zip(group, answers, strict=True):
            if future.done():  # the caller was cancelled
                continue
            if isinstance(answer, _Failed):
                future.set_exception(answer.error)
            else:
                future.set_result(answer)

    def _run(self, units: Sequence[Unit[Any]]) -> list[Any]:
        """In the writer's thread. One transaction; if that fails as a whole, one transaction each."""
        try:
            return self._transaction(units)
        except Exception as error:  # noqa: BLE001  handed to the callers below
            if len(units) == 1:
                return [_Failed(storage_failure(error) or error)]
        # A full disk undoes the whole transaction; the small units in it may still fit alone.
        return [self._run([unit])[0] for unit in units]

    def _transaction(self, units: Sequence[Unit[Any]]) -> list[Any]:
        connection = self._connection
        try:
            connection.execute("BEGIN IMMEDIATE")
            answers = [self._savepoint(unit) for unit in units]
            connection.execute("COMMIT")
        except BaseException:
            self._roll_back()
            raise
        self.commits += 1
        return answers

    def _savepoint(self, unit: Unit[Any]) -> Any:
        connection = self._connection
        connection.execute("SAVEPOINT unit")
        try:
            answer = unit(connection)
        except Exception as error:
            if not connection.in_transaction:  # SQLite gave up the whole transaction: full, I/O error
                raise
            connection.execute("ROLLBACK TO unit")
            answer = _Failed(storage_failure(error) or error)
        connection.execute("RELEASE unit")
        return answer

    def _roll_back(self) -> None:
        if self._connection.in_transaction:
            try:
                self._connection.execute("ROLLBACK")
            except sqlite3.Error:
                # Then the next BEGIN fails too and every caller hears of it.
                return


def thread_call(thread: ThreadPoolExecutor, function: Callable[[], T]) -> asyncio.Future[T]:
    """Run `function` in the thread that owns the connection."""
    return cast("asyncio.Future[T]", asyncio.get_running_loop().run_in_executor(thread, function))
