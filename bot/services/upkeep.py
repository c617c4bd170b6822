"""What has to be forgotten in time: reply addresses a minute after their end, uploads that nobody answers for, voices
whose consent is over, folders that belong to no job."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Protocol

from data.addresses import ReplyAddresses
from data.artifacts import Artifacts
from data.uploads import KeptUploads

_log = logging.getLogger(__name__)
PERIOD_S: Final = 60.0


class Chore(Protocol):
    """Something else that is forgotten in time: `sweep` at the start, `purge` once a minute."""

    async def sweep(self) -> object: ...

    async def purge(self) -> object: ...


class Upkeep:
    """`sweep` once before the first job, `start` for the rest. Neither raises: the disk may refuse for a while."""

    def __init__(
        self,
        *,
        addresses: ReplyAddresses,
        artifacts: Artifacts,
        uploads: KeptUploads,
        first: Sequence[Chore] = (),
        also: Sequence[Chore] = (),
        period: float = PERIOD_S,
    ) -> None:
        self._addresses = addresses
        self._artifacts = artifacts
        self._uploads = uploads
        self._first = tuple(first)
        self._also = tuple(also)
        self._period = period
        self._task: asyncio.Task[None] | None = None

    async def sweep(self) -> None:
        """Remove kept files whose rows a crash or a deletion left behind, and addresses and uploads that are over.

        What is to be seen to `first` may raise AtelierError: then the bot must not start.
        """
        for chore in self._first:
            await chore.sweep()
        swept = (self._artifacts.sweep, self._addresses.purge, self._uploads.sweep)
        for sweep in (*swept, *(chore.sweep for chore in self._also)):
            await _tried(sweep, "what the last run left could not be cleared away (%s)")

    def start(self) -> None:
        self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(self._period)
            await _tried(self._addresses.purge, "old addresses could not be forgotten yet (%s)")
            await _tried(self._uploads.purge, "old uploads could not be forgotten yet (%s)")
            for chore in (*self._first, *self._also):
                await _tried(chore.purge, "what is over could not be forgotten yet (%s)")


async def _tried(work: Callable[[], Awaitable[object]], failure: str) -> None:
    try:
        await work()
    except Exception as error:  # noqa: BLE001  the next minute tries again
        _log.warning(failure, type(error).__name__)
