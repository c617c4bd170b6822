"""What a worker remembers of a voice, in its memory alone: forgotten on request, or together with the worker."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import Final, Protocol
from uuid import uuid4

from generation.errors import AtelierError
from generation.request import Outcome, Request

_log = logging.getLogger(__name__)

FAMILY: Final = "speech"
PATIENCE_S: Final = 5.0
"""Behind somebody else's long sentence a worker does not answer; then it is stopped, and that sentence begins anew."""


class Workers(Protocol):
    """What is needed of the supervisor."""

    async def run(self, request: Request) -> Outcome: ...

    async def stop(self, family: str) -> None: ...

    def loaded(self, family: str) -> str | None: ...


class Latents:
    """Of the family that copies voices."""

    def __init__(self, *, workers: Workers, work_dir: Path, patience: float = PATIENCE_S) -> None:
        self._workers = workers
        self._work_dir = work_dir
        self._patience = patience

    async def forget(self, voice_id: str) -> None:
        """When this returns no worker remembers the voice. Within `patience` seconds and those that a stop takes.

        Raises WorkerError only when a worker could neither be asked nor stopped.
        """
        if self._workers.loaded(FAMILY) is None:
            return
        name = f"forget{uuid4().hex[:10]}"
        request = Request(
            family=FAMILY,
            task="forget",
            params={"voice": voice_id},
            job=name,
            attempt=1,
            out=self._work_dir / f"{name}-1",
        )
        try:
            async with asyncio.timeout(self._patience):
                outcome = await self._workers.run(request)
        except (TimeoutError, AtelierError) as error:
            _log.warning("a worker did not forget a voice (%s): it is stopped", type(error).__name__)
            await self._workers.stop(FAMILY)
        else:
            await asyncio.to_thread(_remove, outcome.out)


def _remove(folder: Path) -> None:
    try:
        folder.rmdir()
    except OSError as error:
        _log.debug("an empty folder stays until the next start (%s)", type(error).__name__)
