"""What has to be forgotten in time: reply addresses a minute after their end, uploads that nobody answers for,
folders that belong to no job."""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from data.addresses import ReplyAddresses
from data.artifacts import Artifacts
from data.uploads import KeptUploads

_log = logging.getLogger(__name__)
PERIOD_S: Final = 60.0


class Upkeep:
    """`sweep` once before the first job, `start` for the rest. Neither raises: the disk may refuse for a while."""

    def __init__(
        self,
        *,
        addresses: ReplyAddresses,
        artifacts: Artifacts,
        uploads: KeptUploads,
        period: float = PERIOD_S,
    ) -> None:
        self._addresses = addresses
        self._artifacts = artifacts
        self._uploads = uploads
        self._period = period
        self._task: asyncio.Task[None] | None = None

    async def sweep(self) -> None:
        """Remove kept files whose rows a crash or a deletion left behind, and addresses and uploads that are over."""
        try:
            await self._artifacts.sweep()
            await self._addresses.purge()
            await self._uploads.sweep()
        except Exception as error:  # noqa: BLE001
            _log.warning("what the last run left could not be cleared away (%s)", type(error).__name__)

    def start(self) -> None:
        self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(self._period)
            try:
                await self._addresses.purge()
            except Exception as error:  # noqa: BLE001
                _log.warning("old addresses could not be forgotten yet (%s)", type(error).__name__)
            try:
                await self._uploads.purge()
            except Exception as error:  # noqa: BLE001
                _log.warning("old uploads could not be forgotten yet (%s)", type(error).__name__)
