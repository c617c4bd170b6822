"""Voices in time: undecided ones and ended consents lose their recordings, workers forget them, revocations go on; what
is over stays over when a backup is restored.

What was posted under a consent that ran out stays: its time is over, it was not withdrawn. The gallery, and what is
exported from it, shows it no longer (`GalleryHanging.finish`).
"""

from __future__ import annotations

import time
from collections.abc import Callable

from bot.services.latents import Latents
from bot.services.revoke import Revoke
from data.traces import Traces
from data.voice_ends import VoiceEnds
from data.voices import Voices

OVERLAP_S = 1.0


class VoiceUpkeep:
    """A chore of `Upkeep`. Methods raise StorageFailed; the next minute does what is left."""

    def __init__(
        self,
        *,
        voices: Voices,
        traces: Traces,
        latents: Latents,
        revoke: Revoke,
        ends: VoiceEnds,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._voices = voices
        self._traces = traces
        self._latents = latents
        self._revoke = revoke
        self._ends = ends
        self._clock = clock
        self._forgotten_until = clock()

    async def sweep(self) -> None:
        """For the start: no worker runs yet, so none remembers a voice."""
        await self._ends.enforce()
        await self._voices.sweep()
        await self._ends.remember()

    async def purge(self) -> None:
        now = self._clock()
        await self._voices.purge()
        await self._ends.remember()
        for voice in await self._traces.ended_since(self._forgotten_until - OVERLAP_S):
            await self._latents.forget(voice)
        self._forgotten_until = now
        await self._revoke.finish()
