"""Works leave the gallery without a decision there: a consent ended, data is deleted, a report, time."""

from __future__ import annotations

import logging
from collections.abc import Collection
from contextlib import suppress

from bot.services.gallery_hanging import GalleryHanging
from bot.services.ports import Hindrance, Requester, TakenBack
from data.erasures import EVERYBODY, Erasure
from data.errors import StaleMove
from data.gallery import GalleryEntries
from data.gallery_records import GalleryState
from generation.job import Job

_log = logging.getLogger(__name__)


class GalleryClearing:
    """Each end is committed first, then what stands is deleted. Methods raise StorageFailed."""

    def __init__(self, *, entries: GalleryEntries, hanging: GalleryHanging) -> None:
        self._entries = entries
        self._hanging = hanging

    async def clear_job(self, job_id: str) -> TakenBack:
        """Nothing of this job hangs or waits any more, whoever wanted it to. Again is no error."""
        with suppress(StaleMove):
            await self._entries.end(job_id, GalleryState.TAKEN_DOWN, by="")
        return await self._hanging.clear(job_id)

    async def taken_down(self, job: Job, who: Requester) -> None:
        """Its post was taken down after a report (`bot.services.reports.Elsewhere`)."""
        await self.clear_job(job.id)

    async def vanished(self, guild: str, messages: Collection[str]) -> None:
        """Somebody deleted these by hand: what hung in one of them is taken down, from the pages too. What the bot
        itself takes down was ended before. Raises StorageFailed."""
        for job_id in await self._entries.hanging_at(guild, messages):
            _log.info("work %s was deleted by hand", job_id)
            with suppress(StaleMove):
                await self._entries.end(job_id, GalleryState.TAKEN_DOWN, by="", telling=True)
            await self._hanging.clear(job_id)
            await self._hanging.tell(job_id)

    async def leave(self, erasure: Erasure) -> bool:
        """Take down and forget what somebody, or the class, had sent in until then (`bot.services.erasing.Leaving`).

        What cannot be deleted at the moment is nobody's from now on. False: it is worth another try.
        """
        taken, everybody = TakenBack(), erasure.person == EVERYBODY
        person = None if everybody else erasure.person
        for job_id in await self._entries.of_person(erasure.guild, person, until=erasure.asked_at):
            taken += await self.clear_job(job_id)
            await self._entries.forget(job_id)
        if person is not None:
            await self._entries.forget_stars(erasure.guild, person)
        return taken.hindrance is not Hindrance.AWAY

    async def sweep(self) -> None:
        """Pages of our own; on Discord nothing can be done before the bot is connected: then whoever is calls
        `GalleryHanging.finish`."""
        await self._hanging.catch_up()

    async def purge(self) -> None:
        """A chore of `Upkeep`: what was broken off goes on, what has lost its job goes."""
        await self._hanging.finish()
