"""How long things are kept: what was refused is seen to every minute, because it is kept for hours; once an hour
prompts, ended voices, conversations, pseudonyms.

Voices that nobody has decided about, uploads, addresses and votes have shorter times of their own (`data/data_map.py`).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from typing import Final

from data.artifacts import Artifacts
from data.audit import Audit
from data.errors import StorageFailed
from data.forgetting import Forgetting
from data.pieces import PieceLinks
from data.traces import Traces
from data.uploads import KeptUploads
from data.voices import Voices

_log = logging.getLogger(__name__)
PERIOD_S: Final = 3600.0
DAY_S: Final = 24 * 3600.0
AT_ONCE: Final = 200
"""Jobs whose rows go with one commit."""

Spared = Callable[[], Awaitable[Collection[str]]]
"""The jobs that somebody has a longer reason to keep, e.g. because they hang in the gallery."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """In days and hours, see `Settings`."""

    days: int = 30
    refused_hours: int = 24
    consents_days: int = 365
    log_days: int = 400


class Retention:
    """A chore of `Upkeep`; for most of it one of its minutes an hour is used. Methods raise StorageFailed."""

    def __init__(
        self,
        *,
        forgetting: Forgetting,
        artifacts: Artifacts,
        voices: Voices,
        traces: Traces,
        uploads: KeptUploads,
        pieces: PieceLinks,
        audit: Audit,
        times: Times,
        spared: Spared | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._forgetting = forgetting
        self._artifacts = artifacts
        self._voices = voices
        self._traces = traces
        self._uploads = uploads
        self._pieces = pieces
        self._audit = audit
        self._times = times
        self._spared = spared
        self._clock = clock
        self._next = 0.0

    async def sweep(self) -> None:
        self._next = 0.0
        await self.purge()

    async def purge(self) -> None:
        await self._forgetting.scrub_again()
        now = self._clock()
        await self._forgetting.refused(now - self._times.refused_hours * 3600.0)
        # a clock that was put back must not stop it for a year
        if self._next - PERIOD_S <= now < self._next:
            return
        # voices first: what was held for them may go now
        await self._voices.forget(now - self._times.consents_days * DAY_S, self._traces)
        await self._jobs(now - self._times.days * DAY_S)
        await self._forgetting.conversations(now - self._times.days * DAY_S)
        await self._uploads.forget_unused()
        await self._audit.forget_idle(now - self._times.log_days * DAY_S)
        self._next = now + PERIOD_S

    async def _jobs(self, before: float) -> None:
        """Files, then rows; of jobs with a voice that is still known, or in somebody's younger piece, the files and the
        texts: whoever withdraws or has their data deleted must find them."""
        spared = set() if self._spared is None else set(await self._spared())
        going, held = await self._forgetting.ended(before)
        going, held = ([one for one in ids if one not in spared] for ids in (going, held))
        inside = await self._pieces.held(going)
        going, held = [one for one in going if one not in inside], [*held, *inside]
        for left, forget in ((going, self._forgetting.jobs), (held, self._forgetting.texts)):
            for start in range(0, len(left), AT_ONCE):
                await forget([job for job in left[start : start + AT_ONCE] if await self._without_files(job)])

    async def _without_files(self, job_id: str) -> bool:
        try:
            await self._artifacts.delete(job_id)
        except StorageFailed as error:  # the others must not wait for this one
            _log.warning("files of job %s could not be forgotten yet (%s)", job_id, error)
            return False
        return True
