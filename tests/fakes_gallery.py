"""What the gallery is tested with: a wall on which messages stand, and a gallery around a room of services."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.services.gallery import Gallery
from bot.services.gallery_approval import GalleryApproval
from bot.services.gallery_clearing import GalleryClearing
from bot.services.gallery_hanging import GalleryHanging
from bot.services.gallery_own import OwnWorks
from bot.services.gallery_ports import GalleryRule, Hung, Seen, Work
from bot.services.ports import Hindrance, ImagePost, Requester, TakenBack
from data import files
from data.audit import Audit
from data.database import Database
from data.gallery import GalleryEntries
from data.gallery_records import Entry, GalleryDecision, GalleryMessage, GalleryPlace, ShownFile
from data.jobs import Gate, Jobs
from generation.errors import NotAllowed
from generation.job import Job
from moderation.verdict import Approved
from tests.fakes import Fault


@dataclass
class Standing:
    """A message: which work, for whom, with which buttons."""

    place: GalleryPlace
    channel: str
    job: str
    round: int
    named: bool
    history: int
    settled: bool = False
    stars: int = 0


@dataclass
class FakeWall:
    """What people see; it outlives a bot. `away` before a send, `lost` after it stands; `hold` keeps it on its way."""

    messages: dict[str, Standing] = field(default_factory=dict)
    told: list[tuple[str, str, str]] = field(default_factory=list)
    away: Fault = field(default_factory=Fault)
    lost: Fault = field(default_factory=Fault)
    hold: asyncio.Event | None = None
    sending: asyncio.Event = field(default_factory=asyncio.Event)
    hindrance: Hindrance | None = None
    deaf: bool = False
    ids: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    async def review(self, work: Approved[Work], channel: str) -> Hung:
        return await self._send(work, GalleryPlace.REVIEW, channel)

    async def hang(self, work: Approved[Work], channel: str) -> Hung:
        return await self._send(work, GalleryPlace.GALLERY, channel)

    async def settle(self, message: GalleryMessage, entry: Entry, decision: GalleryDecision) -> None:
        self.messages[str(message.message)].settled = True

    async def remove(self, message: GalleryMessage, entry: Entry) -> TakenBack:
        await asyncio.sleep(0)
        if self.hindrance is not None:
            return TakenBack(hindrance=self.hindrance)
        found = [
            name
            for name, one in self.messages.items()
            if one.job == message.job and one.place is message.place and message.message in (None, name)
        ]
        for name in found:
            del self.messages[name]
        return TakenBack(deleted=len(found))

    async def tell(self, job: Job, entry: Entry, decision: GalleryDecision) -> bool:
        if not self.deaf:
            self.told.append((entry.person, decision.state, decision.reason))
        return not self.deaf

    def at(self, place: GalleryPlace) -> list[str]:
        """The jobs whose messages stand there."""
        return sorted(one.job for one in self.messages.values() if one.place is place)

    async def _send(self, work: Approved[Work], place: GalleryPlace, channel: str) -> Hung:
        if not isinstance(work, Approved):
            raise TypeError("only what the pipeline approved is shown")
        value = work.value
        self.away()
        self.sending.set()
        await asyncio.sleep(0)
        if self.hold is not None:
            await self.hold.wait()
        name = self._found(value, place) or str(next(self.ids))
        self.messages[name] = Standing(
            place, channel, value.entry.job, value.entry.round, value.entry.named, len(value.history),
            stars=value.stars,
        )  # fmt: skip
        self.lost()
        message = GalleryMessage(
            job=value.entry.job, place=place, round=value.entry.round, channel=channel, message=name
        )
        return Hung(message=message, files=_files(value))

    def _found(self, work: Work, place: GalleryPlace) -> str | None:
        wanted = (place, work.entry.job, work.entry.round)
        return next(
            (name for name, one in self.messages.items() if (one.place, one.job, one.round) == wanted), None
        )


def _files(work: Work) -> tuple[ShownFile, ...]:
    if not isinstance(work.post, ImagePost):
        return ()
    paths = [one.file for one in work.post.pictures if one.file is not None]
    return tuple(
        ShownFile(name=path.name, sha256=files.digest(path) or "", alt='a "house" <b>') for path in paths
    )


@dataclass
class Rules:
    rule: GalleryRule = field(default_factory=lambda: GalleryRule(names=True))

    async def gallery(self, guild: str) -> GalleryRule:
        return self.rule

    async def names(self, guild: str) -> bool:
        return self.rule.names


@dataclass
class Places:
    known: dict[str, str] = field(default_factory=lambda: {"gallery": "8", "review": "9"})

    async def places(self, guild_id: str) -> Mapping[str, str]:
        return self.known


@dataclass
class Hall:
    """A gallery around what the composition root has made; `wall`, `rules`, `places` outlive a restart."""

    folder: Path
    wall: FakeWall = field(default_factory=FakeWall)
    rules: Rules = field(default_factory=Rules)
    places: Places = field(default_factory=Places)

    def open(
        self,
        *,
        database: Database,
        jobs: Jobs,
        artifacts: Any,
        finishers: Any,
        posting: Any,
        work_dir: Path,
        gate: Gate | None = None,
        seen: tuple[Seen, ...] = (),
    ) -> None:
        self.held, self.blocked = False, set[str]()

        async def demand(who: Requester) -> None:
            if self.held or who.person_id in self.blocked:
                raise NotAllowed

        async def wants_review(guild: str) -> bool:
            return self.rules.rule.review

        self.entries = GalleryEntries(database, gate=gate)
        self.approval = GalleryApproval(jobs=jobs, artifacts=artifacts, finishers=finishers, posting=posting)
        self.hanging = GalleryHanging(
            entries=self.entries,
            jobs=jobs,
            approval=self.approval,
            wall=self.wall,
            places=self.places,
            seen=seen,
            may_show=lambda job: not self.held,
            wants_review=wants_review,
        )
        self.audit = Audit(database, self.folder / "heads")
        self.clearing = GalleryClearing(entries=self.entries, hanging=self.hanging)
        self.gallery = Gallery(
            entries=self.entries,
            jobs=jobs,
            approval=self.approval,
            hanging=self.hanging,
            clearing=self.clearing,
            rules=self.rules,
            notes=self.audit,
            demand=demand,
        )
        self.own = OwnWorks(jobs=jobs, artifacts=artifacts, approval=self.gallery, work_dir=work_dir)
