"""Runs checks in tasks of their own, for a bounded time: what hangs, raises or dies has given no answer."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import TypeVar

from generation.errors import AtelierError

logger = logging.getLogger(__name__)

T = TypeVar("T")


class Timely:
    """Remembers the checks that were given up on until they have ended."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[object]] = set()

    async def within(
        self,
        work: Coroutine[object, object, object],
        read: Callable[[object], T],
        name: str,
        timeout_s: float,
    ) -> T:
        """`read` gets the answer of `work`, None if there is none after `timeout_s` seconds.

        Not `asyncio.timeout`: that waits for ever on a check that swallows its cancellation.
        """
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._forget)
        try:
            await asyncio.wait({task}, timeout=timeout_s)
        finally:
            task.cancel()  # does nothing to a task that is done
        if not task.done() or task.cancelled() or task.exception() is not None:
            logger.warning("the %s check gave no answer", name)
            return read(None)
        return read(task.result())

    def _forget(self, task: asyncio.Task[object]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            # The type and our own code only: an error's text may quote a prompt.
            code = error.code if isinstance(error, AtelierError) else ""
            logger.warning("a check failed: %s %s", type(error).__name__, code)
