"""A consent ends at once: nothing of that voice is made or shown any more, and what was made of it goes.

First the row: from its commit on no job passes the gate. Then what waits and what is in work is cancelled, the worker
forgets the voice, the send that is on its way is awaited, every message is deleted, then the kept files. Who withdrew
is told only after that. What a crash or Discord holds up is on record (`data.traces`) and is finished later.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from bot.services.deliver import Deliver
from bot.services.gallery_ports import Hanging
from bot.services.intake import SHOWN
from bot.services.latents import Latents
from bot.services.ports import Hindrance, Publisher, Requester
from bot.services.posting import Posting
from data.artifacts import Artifacts
from data.consents import Consents
from data.enrolments import Enrolments
from data.errors import StorageFailed, VoiceRefused
from data.jobs import Jobs
from data.posts import Posts
from data.traces import Trace, Traces
from data.voice_ends import VoiceEnds
from data.voice_records import UNDECIDED, Check, Voice, VoiceState
from data.voices import Voices
from generation.dispatcher import Dispatcher
from generation.errors import AtelierError, NotFound
from generation.job import ENDED, Job, JobState
from moderation.consent import judge_revocation

_log = logging.getLogger(__name__)

REVOKED: Final = Check.CONSENT_REVOKED.code
PAUSES_S: Final = (0.05, 0.2, 0.5, 1.0, 2.0, 4.0, 8.0, 8.0)
"""Between two looks at what is left: a worker ends within a step, Discord comes back, a late message arrives."""
AT_ONCE: Final = 4
FIRST_PAUSE_S: Final = 60.0
LONGEST_PAUSE_S: Final = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Revocable:
    """A voice that this person may end. `until` None: nobody has decided about it yet."""

    id: str
    name: str
    person: str
    until: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """A job whose message may still be seen. `message` is its id, None if even that is not known."""

    job: str
    channel: str
    message: str | None
    hindrance: Hindrance


@dataclass(frozen=True, slots=True, kw_only=True)
class Revoked:
    """What is over now. `deleted`: messages that were deleted, `stopped`: jobs that ended without a post."""

    voice: str
    person: str
    deleted: int = 0
    stopped: int = 0
    left: tuple[Left, ...] = ()


@dataclass(slots=True)
class _Tally:
    """What one clearing has done so far; `hindered`: what the last try at each job ran into.

    `stopped` are ids: a worker may need several looks to end the job that it is at.
    """

    deleted: int = 0
    stopped: set[str] = field(default_factory=set)
    hindered: dict[str, Hindrance | None] = field(default_factory=dict)


class Revoke:
    """`pauses`: seconds, see PAUSES_S."""

    def __init__(  # noqa: PLR0913  the composition root names each of them
        self,
        *,
        consents: Consents,
        voices: Voices,
        enrolments: Enrolments,
        traces: Traces,
        jobs: Jobs,
        posts: Posts,
        artifacts: Artifacts,
        posting: Posting,
        deliver: Deliver,
        dispatcher: Dispatcher,
        publisher: Publisher,
        latents: Latents,
        ends: VoiceEnds,
        gallery: Hanging | None = None,
        pauses: Sequence[float] = PAUSES_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._consents = consents
        self._voices = voices
        self._enrolments = enrolments
        self._traces = traces
        self._jobs = jobs
        self._posts = posts
        self._artifacts = artifacts
        self._posting = posting
        self._deliver = deliver
        self._dispatcher = dispatcher
        self._publisher = publisher
        self._latents = latents
        self._ends = ends
        self._gallery = gallery
        self._pauses = tuple(pauses)
        self._clock = clock
        self._locks: dict[str, asyncio.Lock] = {}
        self._next: dict[str, tuple[float, float]] = {}

    async def offered(self, who: Requester) -> list[Revocable]:
        """The voices that this person may end: their own, a teacher all of the class; also those that have run out."""
        left = set(await self._traces.unfinished())
        found = [
            Revocable(id=consent.voice, name=name, person=consent.person, until=consent.until)
            for consent, name in await self._consents.overview(who.guild_id)
            if consent.revoked_at is None or consent.voice in left
        ]
        found += [
            Revocable(id=voice.id, name=voice.name, person=voice.person, until=None)
            for voice in await self._undecided(who)
        ]
        return [one for one in found if who.is_teacher or one.person == who.person_id]

    async def revoke(self, voice_id: str, who: Requester) -> Revoked:
        """End it, now. What it returns is true when it returns: whoever is told then can rely on it.

        Raises VoiceRefused (of another person or class, unknown), StorageFailed.
        """
        if (undecided := await self._of_nobody_yet(voice_id, who)) is not None:
            return undecided
        revocation = await self._consents.revoke(
            voice_id,
            who.person_id,
            lambda consent: judge_revocation(
                consent, guild=who.guild_id, person=who.person_id, is_teacher=who.is_teacher
            ),
        )
        for job, _ in revocation.jobs:  # no send begins any more, before anything else is waited for
            self._publisher.withhold(job)
        await self._remember()
        tally, left = await self._clear(voice_id)
        return Revoked(
            voice=voice_id,
            person=revocation.consent.person,
            deleted=tally.deleted,
            stopped=len(tally.stopped),
            left=left,
        )

    async def finish(self) -> None:
        """Go on with revocations that were broken off, or that Discord held up. For the start, and once a minute; what
        is in vain is tried less and less often. Never raises."""
        try:
            voices = await self._traces.unfinished()
        except AtelierError as error:
            _log.warning("what is left of withdrawn voices could not be read (%s)", error)
            return
        for voice in voices:
            at, _ = self._next.get(voice, (0.0, 0.0))
            if self._clock() < at:
                continue
            try:
                await self._clear(voice)
            except Exception as error:  # noqa: BLE001  the disk, most likely; the others wait for their turn
                _log.error("a withdrawn voice could not be cleared away yet (%s)", type(error).__name__)

    async def _undecided(self, who: Requester) -> list[Voice]:
        own = await self._voices.of_person(who.guild_id, who.person_id)
        others = await self._voices.waiting(who.guild_id) if who.is_teacher else []
        both = {voice.id: voice for voice in (*own, *others) if voice.state in UNDECIDED}
        return list(both.values())

    async def _of_nobody_yet(self, voice_id: str, who: Requester) -> Revoked | None:
        """A voice without a consent: its owner takes it back, a teacher says no to it."""
        voice = next((one for one in await self._undecided(who) if one.id == voice_id), None)
        if voice is None:
            return None
        try:
            if voice.person == who.person_id:
                await self._enrolments.withdraw(voice_id, who.guild_id, who.person_id)
            elif voice.state is VoiceState.WAITING:
                await self._consents.refuse(voice_id, who.guild_id, who.person_id)
        except VoiceRefused as refused:
            if refused.check is not Check.VOICE_STEP:
                raise
            return None  # decided in this very moment: if a consent was given, that is what ends now
        await self._remember()
        return Revoked(voice=voice_id, person=voice.person)

    async def _remember(self) -> None:
        """Outside the database, too. It is cleared away even where this fails, which is tried again each minute."""
        try:
            await self._ends.remember()
        except StorageFailed as error:
            _log.warning("the end of a voice could not be noted outside the database yet (%s)", error)

    # -- clearing away --

    async def _clear(self, voice_id: str) -> tuple[_Tally, tuple[Left, ...]]:
        """Look what is left, clear it away, look again. Twice at the same time: the second waits, then looks."""
        async with self._locks.setdefault(voice_id, asyncio.Lock()):
            tally = _Tally()
            await self._stop_all(voice_id, tally)
            # behind the cancels: a job that was in work cannot make the worker remember the voice again
            forgetting = asyncio.create_task(self._latents.forget(voice_id))
            try:
                await self._clear_patiently(voice_id, tally)
            finally:
                await forgetting
            traces = [trace for trace in await self._traces.of_voice(voice_id) if not trace.is_clear]
            left = tuple([await self._left(trace.job, tally) for trace in traces if trace.stands])
            self._wait(voice_id, in_vain=bool(traces))
            if any(trace.kept for trace in traces):
                raise StorageFailed(reason="io_error")
            return tally, left

    async def _stop_all(self, voice_id: str, tally: _Tally) -> None:
        for trace in await self._traces.of_voice(voice_id):
            self._publisher.withhold(trace.job)
            if trace.state not in SHOWN and trace.state not in ENDED:
                await self._clear_one(trace, tally)

    async def _clear_patiently(self, voice_id: str, tally: _Tally) -> None:
        for pause in (0.0, *self._pauses):
            await asyncio.sleep(pause)
            traces = await self._traces.of_voice(voice_id)
            # a check that is under way may still keep a file of a job that has ended
            left = [one for one in traces if not one.is_clear or self._dispatcher.is_in_work(one.job)]
            if all(_is_only_forbidden(trace, tally) for trace in left):
                return
            places = asyncio.Semaphore(AT_ONCE)

            async def one(trace: Trace, places: asyncio.Semaphore = places) -> None:
                self._publisher.withhold(trace.job)
                async with places:
                    try:
                        await self._clear_one(trace, tally)
                    except StorageFailed as error:  # the others must not wait for this one
                        _log.warning("job %s could not be cleared away yet (%s)", trace.job, error)

            await asyncio.gather(*map(one, left))

    async def _clear_one(self, trace: Trace, tally: _Tally) -> None:
        job = await self._jobs.get(trace.job)
        if job is None:
            return
        if job.state not in SHOWN and job.state not in ENDED:
            # at the next look it has ended
            if await self._dispatcher.cancel(job.id, REVOKED) or await self._refuse(job):
                tally.stopped.add(job.id)
            return
        taken = await self._posting.take_back(job)
        if self._gallery is not None:
            taken += await self._gallery.clear_job(job.id)
        tally.deleted += taken.deleted
        tally.hindered[job.id] = taken.hindrance
        # also where its message may not be deleted yet: nobody may show it again
        if job.state is JobState.POSTING and await self._refuse(job) and not taken.deleted:
            tally.stopped.add(job.id)
        await self._artifacts.delete(job.id)

    async def _refuse(self, job: Job) -> bool:
        """End a job that no queue knows (any more), and tell its owner. False: it has moved on."""
        try:
            job = await self._jobs.move(job.id, JobState.REFUSED, expect=job.state, error_code=REVOKED)
        except NotFound:
            return False
        await self._deliver.on_end(job, REVOKED)
        return True

    async def _left(self, job_id: str, tally: _Tally) -> Left:
        job, post = await self._jobs.get(job_id), await self._posts.of_job(job_id)
        channel = job.channel_id if job is not None else ""
        return Left(
            job=job_id,
            channel=channel if post is None else post.channel_id,
            message=None if post is None else post.message_id,
            hindrance=tally.hindered.get(job_id) or Hindrance.AWAY,
        )

    def _wait(self, voice_id: str, *, in_vain: bool) -> None:
        """Until when `finish` leaves this voice alone."""
        _, pause = self._next.pop(voice_id, (0.0, FIRST_PAUSE_S / 2))
        if in_vain:
            longer = min(2 * pause, LONGEST_PAUSE_S)
            self._next[voice_id] = self._clock() + longer, longer


def _is_only_forbidden(trace: Trace, tally: _Tally) -> bool:
    """Everything is done but what the bot may not do: to try again at once would be in vain."""
    done = trace.state in ENDED and not trace.kept
    return done and tally.hindered.get(trace.job) is Hindrance.FORBIDDEN
