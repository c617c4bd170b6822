"""The messages of the gallery: cards and posts are sent once, and taken away whatever happened in between.

One call at a time for each work. What is sent is planned before and noted after; whoever ends a work commits that
first and then waits here, so that a send which is on its way has ended and is found. `finish` does what is left.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Final
from weakref import WeakValueDictionary

from bot.services.gallery_approval import GalleryApproval
from bot.services.gallery_ports import GalleryPlaces, GalleryWall, Hung, NoPlace, Seen, Shown, Work
from bot.services.ports import Hindrance, NotDelivered, Post, TakenBack
from data.errors import ArtifactChanged, StaleMove
from data.gallery import GalleryEntries
from data.gallery_records import ALIVE, Entry, GalleryMessage, GalleryPlace, GalleryState
from data.jobs import Jobs
from generation.errors import NotFound, Refused
from generation.job import Job
from moderation.verdict import CHECK_FAILED, Approved

_log = logging.getLogger(__name__)
_PLACES: Final = {GalleryState.WAITING: GalleryPlace.REVIEW, GalleryState.ACCEPTED: GalleryPlace.GALLERY}
"""Where a work in this state is to be seen."""
_ENDED: Final = frozenset({GalleryState.WITHDRAWN, GalleryState.TAKEN_DOWN})


async def nothing_wanted(_guild: str) -> bool:
    return False


class GalleryHanging:
    """`seen`: what follows the gallery's changes, such as the projector's page. `may_show`: whether results of a job's
    class may be shown now (`bot.services.door.Door.may_post`); what may not waits for `finish`. `wants_review`: whether
    nothing of a class may hang now that no teacher has looked at.
    """

    def __init__(
        self,
        *,
        entries: GalleryEntries,
        jobs: Jobs,
        approval: GalleryApproval,
        wall: GalleryWall,
        places: GalleryPlaces,
        seen: Sequence[Seen] = (),
        may_show: Callable[[Job], bool] = lambda _: True,
        wants_review: Callable[[str], Awaitable[bool]] = nothing_wanted,
    ) -> None:
        self._entries = entries
        self._jobs = jobs
        self._approval = approval
        self._wall = wall
        self._places = places
        self._seen = tuple(seen)
        self._may_show = may_show
        self._wants_review = wants_review
        self._sends: dict[tuple[str, GalleryPlace], tuple[str, asyncio.Task[Hung]]] = {}
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def channel(self, guild: str, place: GalleryPlace) -> str:
        """Raises NotFound gallery_unplaced."""
        channel = (await self._places.places(guild)).get(place)
        if not channel:
            raise NotFound("gallery_unplaced")
        return channel

    async def show(self, job_id: str, post: Approved[Post] | None = None) -> Shown:
        """Send what is missing of a work. `post`: where it has just been approved. Raises StorageFailed."""
        async with self._lock(job_id):
            entry, job = await self._reviewed(await self._entries.get(job_id)), await self._jobs.get(job_id)
            place = None if entry is None else _PLACES.get(entry.state)
            if entry is None or job is None or place is None:
                return Shown.GONE
            if (found := await self._standing(entry, place)) is not None:
                return found
            try:
                return await self._send(job, entry, place, post)
            except StaleMove:
                return Shown.GONE
            except NotDelivered as error:
                _log.warning("work %s could not be shown yet (%s)", job_id, type(error).__name__)
                why = Shown.BARRED if isinstance(error, NoPlace) else Shown.AWAY
                return why if self._may_show(job) else Shown.HELD  # it was broken off
            except (NotFound, Refused, ArtifactChanged) as error:
                return await self._give_up(entry, error.code)

    async def clear(self, job_id: str, places: Sequence[GalleryPlace] = tuple(GalleryPlace)) -> TakenBack:
        """Delete the messages of a work, also those that only may stand."""
        async with self._lock(job_id):
            return await self._clear(job_id, places)

    async def break_off(self, guild: str) -> None:
        """What is on its way to this class at the moment is not shown, and deleted if it got through; `finish` shows it
        again once it may. For an emergency stop, which `may_show` knows of by then."""
        sends = [(job, place, task) for (job, place), (whose, task) in self._sends.items() if whose == guild]
        for _, _, task in sends:
            task.cancel()
        for job_id, place, _ in sends:
            await self.clear(job_id, [place])

    async def tell(self, job_id: str) -> bool:
        """What was decided last: onto the card, and to its pupil, once. False: they could not be told."""
        async with self._lock(job_id):
            entry, job = await self._entries.get(job_id), await self._jobs.get(job_id)
            if entry is None or job is None or not await self._entries.untold(job_id):
                return True
            decision = [one for one in await self._entries.decisions(job_id) if one.job == job_id][-1]
            for message in await self._entries.messages(job_id):
                if message.place is GalleryPlace.REVIEW and message.message is not None:
                    await self._wall.settle(message, entry, decision)
            try:
                told = await self._wall.tell(job, entry, decision)
            except NotDelivered:
                return False
            await self._entries.told(job_id)
            return told

    async def finish(self) -> None:
        """Go on with what a crash or Discord held up. For the start, and once a minute; each work for itself."""
        await self.catch_up()
        for job_id in await self._entries.with_voices():
            await self._tried(self._lapse, job_id)
        for job_id in await self._entries.unfinished():
            await self._tried(self._finish_one, job_id)
        for job_id in await self._entries.untold():
            await self._tried(self.tell, job_id)

    async def _tried(self, work: Callable[[str], Awaitable[object]], job_id: str) -> None:
        try:
            await work(job_id)
        except Exception as error:  # noqa: BLE001  the others wait for their turn
            _log.error("a work of the gallery could not be finished yet (%s)", type(error).__name__)

    async def _lapse(self, job_id: str) -> None:
        """With the end of a consent what it was for leaves the gallery, and its pupil is told."""
        job = await self._jobs.get(job_id)
        if job is None or await self._entries.is_allowed(job):
            return
        with suppress(StaleMove):
            await self._entries.end(job_id, GalleryState.TAKEN_DOWN, by="", telling=True)
            await self.clear(job_id)

    async def catch_up(self) -> None:
        """Pages of our own show nothing that has gone meanwhile. Never raises."""
        for one in self._seen:
            try:
                await one.catch_up()
            except Exception as error:  # noqa: BLE001  the next minute tries again
                _log.error("a page of the gallery could not be written (%s)", type(error).__name__)

    async def _finish_one(self, job_id: str) -> None:
        entry = await self._entries.get(job_id)
        if entry is None:
            return
        if not entry.person or await self._jobs.get(job_id) is None:
            if entry.state in ALIVE:
                await self._entries.end(job_id, GalleryState.TAKEN_DOWN, by="")
            await self.clear(job_id)
            await self._entries.forget(job_id)
        elif entry.state in _ENDED:
            await self.clear(job_id)
        else:
            if entry.state in _PLACES:
                await self.show(job_id)
                entry = await self._entries.get(job_id) or entry
            lost = [one.place for one in await self._entries.messages(job_id) if _is_lost(one, entry)]
            await self.clear(job_id, lost)

    async def _reviewed(self, entry: Entry | None) -> Entry | None:
        """What was taken without a review and does not hang yet waits for one, where the rule asks for it by now."""
        if (
            entry is None
            or entry.state is not GalleryState.ACCEPTED
            or not await self._wants_review(entry.guild)
        ):
            return entry
        return await self._entries.hold_back(entry.job)

    async def _standing(self, entry: Entry, place: GalleryPlace) -> Shown | None:
        """None where nothing stands where this work is to be shown; the card of an earlier round is taken away."""
        standing = next((one for one in await self._entries.messages(entry.job) if one.place is place), None)
        if standing is None or standing.message is None:
            return None
        if standing.round == entry.round:
            return Shown.STANDS
        hindrance = (await self._clear(entry.job, [place])).hindrance
        return {None: None, Hindrance.FORBIDDEN: Shown.BARRED, Hindrance.AWAY: Shown.AWAY}[hindrance]

    async def _send(self, job: Job, entry: Entry, place: GalleryPlace, post: Approved[Post] | None) -> Shown:
        channel = await self.channel(entry.guild, place)
        if not self._may_show(job):  # before its files are judged, and once more before it is sent
            return Shown.HELD
        approved = post or await self._approval.of(job)
        history, stars = tuple(await self._entries.decisions(entry.job)), await self._entries.stars(entry.job)
        work = approved.map(lambda value: Work(post=value, entry=entry, history=history, stars=stars))
        await self._entries.plan(entry.job, place, channel)
        now = await self._entries.get(entry.job)
        if now is None or (now.state, now.round) != (entry.state, entry.round):
            # ended while it was approved; whoever did that waits and clears the plan
            return Shown.GONE
        if not self._may_show(job):
            return Shown.HELD
        hung = await self._put(work, place, channel)
        await self._entries.done(hung.message, hung.files)
        await self._tell_seen(entry.guild, place)
        return Shown.STANDS

    async def _put(self, work: Approved[Work], place: GalleryPlace, channel: str) -> Hung:
        """Raises NotDelivered, also when it was broken off."""
        send = self._wall.review if place is GalleryPlace.REVIEW else self._wall.hang
        task = asyncio.ensure_future(send(work, channel))
        entry = work.value.entry
        self._sends[entry.job, place] = entry.guild, task
        try:
            return await task
        except asyncio.CancelledError:
            current = asyncio.current_task()
            if current is not None and current.cancelling():
                task.cancel()
                raise
            raise NotDelivered from None
        finally:
            del self._sends[entry.job, place]

    async def _give_up(self, entry: Entry, code: str) -> Shown:
        """It may not be shown (any more), unless nobody could tell or only a channel is missing."""
        if code in {f"refused_{CHECK_FAILED}", "gallery_unplaced"}:
            return Shown.BARRED if code == "gallery_unplaced" else Shown.AWAY
        _log.warning("work %s does not go into the gallery (%s)", entry.job, code)
        with suppress(StaleMove):
            await self._entries.end(entry.job, GalleryState.TAKEN_DOWN, by="", telling=True)
        await self._clear(entry.job, tuple(GalleryPlace))
        return Shown.GONE

    async def _clear(self, job_id: str, places: Sequence[GalleryPlace]) -> TakenBack:
        taken, entry = TakenBack(), await self._entries.get(job_id)
        for message in await self._entries.messages(job_id):
            if entry is not None and message.place in places:
                taken += await self._remove(message, entry)
        return taken

    async def _remove(self, message: GalleryMessage, entry: Entry) -> TakenBack:
        taken = await self._wall.remove(message, entry)
        if taken.hindrance is None:
            await self._entries.gone(message.job, message.place)
        # also where the message may not be deleted: pages of our own follow the rows
        await self._tell_seen(entry.guild, message.place)
        return taken

    async def _tell_seen(self, guild: str, place: GalleryPlace) -> None:
        if place is not GalleryPlace.GALLERY:
            return
        for one in self._seen:
            try:
                await one.refresh(guild)
            except Exception as error:  # noqa: BLE001  a page of ours must not hold up what others see
                _log.error("a page of the gallery could not be written (%s)", type(error).__name__)

    def _lock(self, job_id: str) -> asyncio.Lock:
        return self._locks.setdefault(job_id, asyncio.Lock())


def _is_lost(message: GalleryMessage, entry: Entry) -> bool:
    """It stands, or may stand, where this work is not to be seen. The card of one that was decided may stay."""
    if message.place is GalleryPlace.GALLERY:
        return entry.state is not GalleryState.ACCEPTED
    return message.message is None and entry.state is not GalleryState.WAITING
