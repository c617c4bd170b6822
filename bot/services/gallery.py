"""The gallery: a pupil sends a posted result in, a teacher looks at it, the class sees it, and it can always go again.

Who may do what is decided here for every press. A decision is a committed row before anybody sees anything of it; what
is shown is approved anew just before. What is withdrawn or taken down is committed first, then deleted.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from bot.services.gallery_approval import UNSURE, GalleryApproval
from bot.services.gallery_clearing import GalleryClearing
from bot.services.gallery_hanging import GalleryHanging
from bot.services.gallery_ports import (
    GalleryNotes,
    GalleryRule,
    GalleryRules,
    Review,
    Shown,
)
from bot.services.intake import SHOWN
from bot.services.ports import Post, Requester, TakenBack
from data.errors import StaleMove
from data.gallery import GalleryEntries
from data.gallery_records import (
    ALIVE,
    DECISIONS,
    RESUBMITTED,
    Entry,
    Filter,
    GalleryPlace,
    GalleryState,
    Listed,
)
from data.jobs import Jobs
from generation.errors import InvalidInput, LimitReached, NotAllowed, NotFound, Refused
from generation.job import Job, JobState
from moderation.verdict import Approved

_log = logging.getLogger(__name__)

SOON_S: Final = (0.05, 0.2, 0.5, 1.0)
"""Between looks whether a post is noted down; who presses waits no longer."""
WAITING_LIMIT: Final = 5
"""Works that one pupil may have waiting for a review."""
ROUNDS_LIMIT: Final = 20
"""How often one work may be sent in; the number stands in the ids of buttons."""
REASON_LIMIT: Final = 500
NAME_LIMIT: Final = 60
_SHOWN: Final = frozenset({GalleryState.ACCEPTED})
_WHY_NOT: Final = {
    GalleryState.WAITING: "gallery_waiting",
    GalleryState.ACCEPTED: "gallery_hangs",
    GalleryState.DECLINED: "gallery_declined",
    GalleryState.TAKEN_DOWN: "gallery_taken_down",
}
_NOTED: Final = {
    GalleryState.ACCEPTED: "gallery.accept",
    GalleryState.CHANGE: "gallery.change",
    GalleryState.DECLINED: "gallery.decline",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What a pupil may do with a result: send it in under this rule, or withdraw the `entry` that is alive."""

    job: str
    rule: GalleryRule
    entry: Entry | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What became of a work. `told`: its pupil could be told."""

    entry: Entry
    shown: Shown = Shown.STANDS
    told: bool = True
    taken: TakenBack = field(default_factory=TakenBack)


@dataclass(frozen=True, slots=True, kw_only=True)
class StarGiven:
    """Given, or taken back: the work's `stars` now. `locale`: the language of its message."""

    stars: int
    mine: bool
    locale: str


async def _anybody(_who: Requester) -> None:
    """Where nobody is kept out."""


class Gallery:
    """`demand` raises NotAllowed where the class does not go on or this person may not take part at the moment
    (`bot.services.door.Door.demand_person`).

    Methods raise an AtelierError with its sentence's code, and StorageFailed.
    """

    def __init__(
        self,
        *,
        entries: GalleryEntries,
        jobs: Jobs,
        approval: GalleryApproval,
        hanging: GalleryHanging,
        clearing: GalleryClearing,
        rules: GalleryRules,
        notes: GalleryNotes,
        demand: Callable[[Requester], Awaitable[None]] = _anybody,
        soon: Sequence[float] = SOON_S,
    ) -> None:
        self._entries = entries
        self._jobs = jobs
        self._approval = approval
        self._hanging = hanging
        self._clearing = clearing
        self._rules = rules
        self._notes = notes
        self._demand = demand
        self._soon = tuple(soon)

    # -- pupils --

    async def offer(self, job_id: str, who: Requester) -> Offer:
        """For the question behind the button. Raises NotFound, NotAllowed, InvalidInput (not this one any more)."""
        job = await self._own(job_id, who)  # also where it stands already and is still being noted
        entry = await self._entries.get(job.id)
        if entry is not None and entry.state in {GalleryState.DECLINED, GalleryState.TAKEN_DOWN}:
            raise InvalidInput(_WHY_NOT[entry.state])
        alive = entry if entry is not None and entry.state in ALIVE else None
        return Offer(job=job.id, rule=await self._rule(who, needed=alive is None), entry=alive)

    async def submit(self, job_id: str, who: Requester, *, named: bool, name: str = "") -> Done:
        """Send a result in. `name` is kept only where it may and is to appear.

        Raises NotFound, NotAllowed, InvalidInput, LimitReached, Refused; then nothing has been sent in.
        """
        job = await self._noted(job_id, who)
        await self._demand_taken_in(who)
        if (old := await self._entries.get(job.id)) is not None and old.state not in RESUBMITTED:
            raise InvalidInput(_WHY_NOT[old.state])
        if old is not None and old.round >= ROUNDS_LIMIT:
            raise LimitReached("gallery_rounds", limit=ROUNDS_LIMIT)
        post = await self.of(job)
        rule = await self._demand_taken_in(who)  # once more: a lesson may have ended while it was judged
        to = GalleryState.WAITING if rule.review else GalleryState.ACCEPTED
        try:
            entry = await self._entries.submit(
                job, named=named and rule.names, name=name[:NAME_LIMIT], to=to, limit=WAITING_LIMIT
            )
        except StaleMove:
            raise InvalidInput("gallery_waiting") from None
        await self._note(who, "gallery.submit", entry)
        return Done(entry=entry, shown=await self._hanging.show(job.id, post))

    async def star(self, job_id: str, who: Requester) -> StarGiven:
        """Give a star to a work of the class, or take it back. Raises NotFound, NotAllowed (for one's own, too)."""
        await self._demand(who)
        entry, job = await self._entry(job_id, who), await self._jobs.get(job_id)
        if entry.person == who.person_id:
            raise NotAllowed("gallery_own_star")
        try:
            given = await self._entries.star(job_id, who.guild_id, who.person_id)
        except StaleMove:
            raise NotFound("gallery_gone") from None
        return StarGiven(stars=given.stars, mine=given.mine, locale="" if job is None else job.locale)

    async def of(self, job: Job) -> Approved[Post]:
        """Approved anew; what is not fit to be shown any more leaves the gallery and the review as well.

        Raises what `GalleryApproval.of` raises.
        """
        try:
            return await self._approval.of(job)
        except Refused as refused:
            if refused.code.removeprefix("refused_") not in UNSURE:
                await self._clearing.clear_job(job.id)
            raise

    async def find(self, who: Requester, wanted: Filter) -> Sequence[Listed]:
        """The class's works. Whoever is no teacher sees what hangs, and of their own everything."""
        own = wanted.own and wanted.person == who.person_id
        if not (who.is_teacher or own or (wanted.states <= _SHOWN and not wanted.own)):
            raise NotAllowed
        return await self._entries.find(who.guild_id, wanted)

    # -- teachers --

    async def may_review(self, job_id: str, round_: int, who: Requester) -> Entry:
        """Before a form is shown: one quick read. Raises NotAllowed, NotFound."""
        _demand_teacher(who)
        entry = await self._entry(job_id, who)
        if entry.state is not GalleryState.WAITING or entry.round != round_:
            raise NotFound("gallery_decided")
        return entry

    async def review(self, job_id: str, said: Review, who: Requester) -> Done:
        """Accept, ask for a change, or decline. The first teacher's word counts.

        Raises NotAllowed, NotFound (decided, withdrawn, gone), InvalidInput, Refused (not fit to be shown any more).
        """
        if said.state not in DECISIONS:
            raise ValueError(f"{said.state} is no review")
        entry = await self.may_review(job_id, said.round, who)
        reason = _reason(said)
        job = await self._jobs.get(job_id)
        if job is None:
            raise NotFound("gallery_gone")
        post = await self._fit(job, entry) if said.state is GalleryState.ACCEPTED else None
        names = await self._rules.names(entry.guild)
        try:
            entry = await self._entries.decide(
                job, said.round, said.state, by=who.person_id, reason=reason, names=names
            )
        except StaleMove:
            raise NotFound("gallery_decided") from None
        await self._note(who, _NOTED[said.state], entry)
        shown = Shown.STANDS if post is None else await self._hanging.show(job_id, post)
        return Done(entry=entry, shown=shown, told=await self._hanging.tell(job_id))

    async def may_take_down(self, job_id: str, who: Requester) -> Entry:
        """What waits or hangs, for its pupil or a teacher. Raises NotFound, NotAllowed."""
        entry = await self._entry(job_id, who)
        if not (who.is_teacher or entry.person == who.person_id):
            raise NotAllowed
        if entry.state not in ALIVE:
            raise NotFound("gallery_gone")
        return entry

    async def take_down(self, job_id: str, who: Requester, reason: str = "") -> Done:
        """Its pupil withdraws it and may send it in again; a teacher takes it down for good. Then it is not seen.

        Raises NotFound, NotAllowed, InvalidInput.
        """
        entry = await self.may_take_down(job_id, who)
        own = entry.person == who.person_id
        to = GalleryState.WITHDRAWN if own else GalleryState.TAKEN_DOWN
        reason = "" if own else _reason(Review(round=entry.round, state=to, reason=reason))
        try:
            entry = await self._entries.end(job_id, to, by=who.person_id, reason=reason)
        except StaleMove:
            raise NotFound("gallery_gone") from None
        taken = await self._hanging.clear(job_id)
        await self._note(who, "gallery.withdraw" if own else "gallery.take_down", entry)
        return Done(entry=entry, taken=taken, told=await self._hanging.tell(job_id))

    # -- shared --

    async def _own(self, job_id: str, who: Requester) -> Job:
        job = await self._jobs.get(job_id)
        if job is None or job.guild_id != who.guild_id or job.state not in SHOWN:
            raise NotFound("job_gone")
        if job.owner_id != who.person_id:
            raise NotAllowed("gallery_not_yours")
        return job

    async def _noted(self, job_id: str, who: Requester) -> Job:
        """A post is seen a moment before it is noted as posted. Raises InvalidInput gallery_soon."""
        for pause in (*self._soon, None):
            job = await self._own(job_id, who)
            if job.state is JobState.POSTED:
                return job
            if pause is not None:
                await asyncio.sleep(pause)
        raise InvalidInput("gallery_soon")

    async def _entry(self, job_id: str, who: Requester) -> Entry:
        entry = await self._entries.get(job_id)
        if entry is None or entry.guild != who.guild_id:
            raise NotFound("gallery_gone")
        return entry

    async def _rule(self, who: Requester, *, needed: bool = True) -> GalleryRule:
        rule = await self._rules.gallery(who.guild_id)
        if needed and not rule.open:
            raise NotAllowed("gallery_off")
        return rule

    async def _demand_taken_in(self, who: Requester) -> GalleryRule:
        """The rule by which works are sent in now. Raises NotAllowed, NotFound."""
        await self._demand(who)
        rule = await self._rule(who)
        await self._hanging.channel(who.guild_id, GalleryPlace.GALLERY)
        if rule.review:
            await self._hanging.channel(who.guild_id, GalleryPlace.REVIEW)
        return rule

    async def _fit(self, job: Job, entry: Entry) -> Approved[Post]:
        """Approved anew before it is accepted."""
        await self._hanging.channel(entry.guild, GalleryPlace.GALLERY)
        return await self.of(job)

    async def _note(self, who: Requester, what: str, entry: Entry) -> None:
        detail: dict[str, str | int] = {"job": entry.job, "round": entry.round}
        await self._notes.note(who.guild_id, who.person_id, what, entry.person, detail=detail)


def _demand_teacher(who: Requester) -> None:
    if not who.is_teacher:
        raise NotAllowed


def _reason(said: Review) -> str:
    """Raises InvalidInput: who is told no must be told why."""
    reason = said.reason.strip()
    if not reason and said.state is not GalleryState.ACCEPTED:
        raise InvalidInput("gallery_reason")
    if len(reason) > REASON_LIMIT:
        raise InvalidInput("gallery_reason_long", limit=REASON_LIMIT)
    return reason
