"""The only way by which a job's words and pictures reach Discord. Pictures come as `Approved` or not at all.

Each job has a track: one call at a time, a status never after the result, a result once, and nothing after it was
withheld. What is to be taken back waits for the send that is on its way: whatever got through is then deleted.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import discord

from bot.answers import DROPPED
from bot.delivery import Delivery
from bot.i18n import Sentences
from bot.posts.care import ask_row_of
from bot.posts.status import compose_status
from bot.posts.video import preview_files
from bot.services.ports import (
    Hindrance,
    NotDelivered,
    Post,
    Posted,
    ReplyAddress,
    Status,
    TakenBack,
    Withheld,
)
from bot.services.video_ports import VideoStatus
from bot.taking_back import TakingBack
from generation.errors import AtelierError
from generation.job import Job
from moderation.verdict import Approved

_log = logging.getLogger(__name__)

REMEMBERED_JOBS = 2000
SEND_PATIENCE_S = 60.0
"""How long a send may be on its way before a result that is to be taken back is left to another try."""
Clock = Callable[[], float]
K = TypeVar("K")


@dataclass(slots=True)
class _Track:
    """What was said about one job. `phase`: 0 nothing, else see `_phase`. Only forwards. `has_pictures`: its answer
    shows how a video begins and ends; edits leave them there."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    phase: int = 0
    has_pictures: bool = False
    closed: bool = False
    posted: Posted | None = None


def _phase(status: Status) -> int:
    """1 that it waits, 2 how far it is; a video counts on from there, with its frames."""
    if isinstance(status, VideoStatus):
        return 1 + status.done
    return 2 if status.total > 0 else 1


class DiscordPublisher:
    """`bot.services.ports.Publisher` on Discord. Give it its client with `attach` before anything is shown."""

    def __init__(
        self, *, sentences: Sentences, clock: Clock = time.time, patience: float = SEND_PATIENCE_S
    ) -> None:
        self._sentences = sentences
        self._patience = patience
        self._withheld: set[str] = set()
        self._delivery = Delivery(sentences=sentences, clock=clock)
        self._taking_back = TakingBack(self._delivery)
        self._tracks: OrderedDict[str, _Track] = OrderedDict()

    def attach(self, client: discord.Client) -> None:
        self._delivery.attach(client)

    async def show_status(self, job: Job, address: ReplyAddress | None, status: Status) -> None:
        """One edit while the job waits, one while it is in work (a video has more); late ones are left out."""
        track = self._track(job)
        phase = _phase(status)
        async with track.lock:
            if track.closed or phase <= track.phase or job.id in self._withheld:
                return
            track.phase = phase
            content, view = compose_status(job, status, self._sentences, has_pictures=track.has_pictures)
            files = preview_files(job, status, self._sentences)
            try:
                await self._delivery.edit_answer(address, content=content, view=view, files=files)
                track.has_pictures |= bool(files)
            except (discord.DiscordException, NotDelivered, *DROPPED) as error:
                _log.info("the status of job %s could not be shown (%s)", job.id, type(error).__name__)

    def file_limit(self, job: Job) -> int:
        return self._delivery.file_limit(job)

    async def publish(self, post: Approved[Post], address: ReplyAddress | None) -> Posted:
        """See `ports.Publisher`. Raises TypeError for anything but an `Approved`, NotDelivered when no way is left,
        Withheld for what was taken back."""
        if not isinstance(post, Approved):
            raise TypeError("only what the pipeline approved is published")
        value = post.value
        track = self._track(value.job)
        track.closed = True  # from here on no status may follow, also while a result is on its way
        async with track.lock:
            if value.job.id in self._withheld:
                raise Withheld
            if track.posted is None:
                track.posted = await self._delivery.deliver(value, address)
            return track.posted

    def withhold(self, job_id: str) -> None:
        self._withheld.add(job_id)

    async def take_back(self, job: Job, posted: Posted | None, address: ReplyAddress | None) -> TakenBack:
        """See `ports.Publisher`. Under the job's lock: a send that is on its way has ended before it looks."""
        self.withhold(job.id)
        track = self._track(job)
        try:
            async with asyncio.timeout(self._patience):
                await track.lock.acquire()
        except TimeoutError:
            _log.warning("job %s is still being sent; it is taken back later", job.id)
            return TakenBack(hindrance=Hindrance.AWAY)
        try:
            taken = await self._taking_back.take_back(job, track.posted or posted, address)
            if taken.hindrance is None:
                track.posted = None
            return taken
        finally:
            track.lock.release()

    async def is_member(self, guild_id: str, person_id: str) -> bool | None:
        """See `ports.Publisher`."""
        try:
            return await self._delivery.is_member(guild_id, person_id)
        except (discord.DiscordException, NotDelivered, *DROPPED) as error:
            _log.warning("whether somebody is in the class is not known (%s)", type(error).__name__)
            return None

    async def tell_person(self, person_id: str, text: str) -> bool:
        try:
            await self._delivery.tell_person(person_id, text)
        except (discord.DiscordException, NotDelivered, *DROPPED) as error:
            _log.info("somebody could not be told in private (%s)", type(error).__name__)
            return False
        return True

    async def tell_owner(
        self, job: Job, address: ReplyAddress | None, code: str, values: Mapping[str, Any], *, private: bool
    ) -> None:
        """See `ports.Publisher`. Best effort: a sentence that cannot be delivered is logged by its code."""
        track = self._track(job)
        track.closed = True
        text = self._sentences.of_error(code, job.locale, values)
        asks = private and not job.params.get("private")
        view = ask_row_of(AtelierError(code, job=job.id), self._sentences, job.locale) if asks else None
        async with track.lock:
            try:
                await self._delivery.tell(job, address, text, private=private, view=view)
            except (discord.DiscordException, NotDelivered, *DROPPED) as error:
                _log.warning(
                    "the owner of job %s could not be told %s (%s)", job.id, code, type(error).__name__
                )

    def _track(self, job: Job) -> _Track:
        track = self._tracks.setdefault(job.id, _Track())
        self._tracks.move_to_end(job.id)
        while len(self._tracks) > REMEMBERED_JOBS:
            self._tracks.popitem(last=False)
        return track
