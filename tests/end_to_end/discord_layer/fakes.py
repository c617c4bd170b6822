"""The services behind the commands, written by hand: real validation, no queue, no worker, no database.

A job waits until the test calls `finish`, so that a test decides what happens when.
"""

from __future__ import annotations

import asyncio
import dataclasses
import struct
import time
import zlib
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from bot.services.overview import QueueRow
from bot.services.ports import (
    Adaptation,
    ImagePost,
    ImageRequest,
    Picture,
    Posted,
    Publisher,
    ReplyAddress,
    Requester,
    Status,
    Ticket,
)
from bot.services.submit import _image_params, _number, _whole
from data.conversations import Conversation
from generation.catalog import Catalog
from generation.errors import LimitReached, NotAllowed, NotFound, Refused
from generation.job import ENDED, Job, JobState, draw_seed, new_job_id, seed_of
from generation.params import ImageParams, parse_seed
from moderation.pipeline import ImageScore, Pipeline
from moderation.verdict import Approved, Verdict
from tests.fakes import model_info


def png(path: Path, colour: tuple[int, int, int] = (200, 30, 30), size: int = 8) -> Path:
    """A small one-coloured picture, with the standard library only."""
    rows = b"".join(b"\0" + bytes(colour) * size for _ in range(size))

    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    head = struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0)
    data = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + data)
    return path


def catalog() -> Catalog:
    return Catalog(
        [
            model_info("mini", "fake", "image", mini=True),
            model_info("big", "fake", "image", title="Großes Modell"),
        ]
    )


class _AllowAll:
    async def __call__(self, files: Sequence[Path], /) -> Sequence[ImageScore]:
        return [ImageScore(file, False, (0.0,)) for file in files]


def pipeline() -> Pipeline:
    return Pipeline(text_checks=[lambda _: Verdict.allow("text")], image_check=_AllowAll())


async def approved(
    job: Job, folder: Path, *, flagged: tuple[int, ...] = (), padding: int = 0
) -> Approved[ImagePost]:
    """A finished job as the deliverer would hand it over. `padding`: bytes added to each single picture."""
    target = folder / f"{job.id}-{new_job_id()}"
    target.mkdir()
    count = int(job.params["count"])
    sheet = png(target / "sheet.png", (20, 90, 60))
    singles = {index: png(target / f"{index}.png") for index in range(1, count + 1) if index not in flagged}
    for file in singles.values():
        file.write_bytes(file.read_bytes() + b"\0" * padding)
    post = ImagePost(
        job=job,
        model_title="Mini",
        sheet=sheet,
        pictures=tuple(
            Picture(index=index, seed=seed_of(job.seed, index), file=singles.get(index))
            for index in range(1, count + 1)
        ),
        seconds=3.2,
        beside=job.seed if job.parent else None,
        is_rehearsal=True,
    )
    decision = await pipeline().approve_images([sheet])
    assert decision.approved is not None
    return decision.approved.map(lambda _: post)


class FakeSubmit:
    def __init__(self, desk: FakeDesk) -> None:
        self._desk = desk

    async def image(self, request: ImageRequest, who: Requester, address: ReplyAddress | None) -> Ticket:
        model = (
            self._desk.catalog.get(request.model) if request.model else self._desk.catalog.default("image")
        )
        params = _image_params(request, model)
        seed = parse_seed(request.seed)
        return self._desk.add(params, draw_seed() if seed is None else seed, who, address, model=model.id)

    async def again(
        self, job_id: str, who: Requester, address: ReplyAddress | None, *, new_seeds: bool
    ) -> Ticket:
        old = await self.recipe(job_id, None, who)
        seed = draw_seed() if new_seeds else old.seed
        return self._desk.add(ImageParams.from_plain(old.params), seed, who, address)

    async def adapt(
        self, job_id: str, index: int, changes: Adaptation, who: Requester, address: ReplyAddress | None
    ) -> Ticket:
        old = await self.recipe(job_id, index, who)
        params = dataclasses.replace(
            ImageParams.from_plain(old.params),
            prompt=changes.prompt,
            negative=changes.negative,
            guidance=_number(changes.guidance),
            steps=_whole(changes.steps),
            count=1,
        )
        return self._desk.add(params, seed_of(old.seed, index), who, address, parent=(old.id, index))

    async def recipe(self, job_id: str, index: int | None, who: Requester) -> Job:
        job = self._desk.jobs.get(job_id)
        if job is None or job.guild_id != who.guild_id or job.state is not JobState.POSTED:
            raise NotFound("job_gone")
        if index is not None and not 1 <= index <= int(job.params["count"]):
            raise NotFound("job_gone")
        return job


class FakeCancel:
    def __init__(self, desk: FakeDesk) -> None:
        self._desk = desk

    async def cancel(self, job_id: str, who: Requester) -> bool:
        job = self._desk.jobs.get(job_id)
        if job is None or job.guild_id != who.guild_id:
            raise NotFound("job_gone")
        if job.owner_id != who.person_id and not who.is_teacher:
            raise NotAllowed("not_allowed")
        if job.state in ENDED:
            return False
        self._desk.move(job_id, JobState.CANCELLED)
        await self._desk.publisher.tell_owner(
            job, self._desk.addresses.get(job_id), "cancelled", {}, private=False
        )
        return True


class FakeOverview:
    def __init__(self, desk: FakeDesk) -> None:
        self._desk = desk

    async def of_person(self, who: Requester) -> list[QueueRow]:
        return [row for row in self._rows(who) if row.job.owner_id == who.person_id]

    async def all(self, who: Requester) -> list[QueueRow]:
        if not who.is_teacher:
            raise NotAllowed("not_allowed")
        return self._rows(who)

    async def refusals(self, who: Requester) -> list[Job]:
        if not who.is_teacher:
            raise NotAllowed("not_allowed")
        jobs = reversed(self._desk.jobs.values())
        return [job for job in jobs if job.guild_id == who.guild_id and job.state is JobState.REFUSED]

    def _rows(self, who: Requester) -> list[QueueRow]:
        jobs = [
            job for job in self._desk.jobs.values() if job.guild_id == who.guild_id and job.state not in ENDED
        ]
        return [QueueRow(job=job, place=place, expected_seconds=12.0) for place, job in enumerate(jobs)]


class FakeChat:
    """There is no conversation anywhere. Those that are go over the real services, see `chat_room.py`."""

    async def at(self, guild_id: str, thread_id: str) -> None:
        return None

    async def here(self, who: Requester, conversation_id: str | None = None) -> Conversation:
        raise NotFound("chat_not_here")

    async def forget(self, thread_id: str) -> None:
        return None


class OpenSetup:
    """`bot.services.setup.Setup` where everything is stated."""

    async def demand(self, guild_id: str, *, command: str = "", action: str = "") -> None:
        return None

    async def forget(self, guild_id: str) -> None:
        return None


class OpenBlocks:
    """`bot.services.blocks.Blocks` where nobody is blocked."""

    async def demand_free(self, who: Requester, *, command: str = "", action: str = "") -> None:
        return None


class FakeCare:
    def __init__(self) -> None:
        self.blocks: Any = OpenBlocks()


class EmptyGallery:
    """`bot.services.gallery_clearing.GalleryClearing` of a gallery in which nothing hangs."""

    async def vanished(self, guild: str, messages: Collection[str]) -> None:
        return None


class FakeDesk:
    """`bot.services.desk.Desk` for tests. `waiting_limit` as in the real one; the word "verboten" is refused."""

    gallery_clearing: Any = EmptyGallery()

    def __init__(self, publisher: Publisher, folder: Path) -> None:
        self.publisher = publisher
        self.folder = folder
        self.setup: Any = OpenSetup()
        self.care: Any = FakeCare()
        self.submit = FakeSubmit(self)
        self.chat = FakeChat()
        self.cancel = FakeCancel(self)
        self.queue = FakeOverview(self)
        self.catalog = catalog()
        self.jobs: dict[str, Job] = {}
        self.addresses: dict[str, ReplyAddress | None] = {}
        self.waiting_limit = 20
        self.break_with: Exception | None = None

    def add(
        self,
        params: ImageParams,
        seed: int,
        who: Requester,
        address: ReplyAddress | None,
        *,
        model: str = "mini",
        parent: tuple[str | None, int | None] = (None, None),
    ) -> Ticket:
        if self.break_with is not None:
            raise self.break_with
        job = Job(
            id=new_job_id(),
            guild_id=who.guild_id,
            channel_id=who.channel_id,
            owner_id=who.person_id,
            medium="image",
            family="fake",
            model=model,
            params=params.to_plain(),
            seed=seed,
            locale=who.locale,
            created_at=time.time(),
            state=JobState.QUEUED,
            parent=parent[0],
            parent_index=parent[1],
        )
        waiting = [
            one for one in self.jobs.values() if one.owner_id == who.person_id and one.state not in ENDED
        ]
        if len(waiting) >= self.waiting_limit:
            raise LimitReached("limit_waiting", limit=self.waiting_limit)
        self.jobs[job.id] = job
        self.addresses[job.id] = address
        if "verboten" in params.prompt:
            self.move(job.id, JobState.REFUSED, error_code="refused_violence")
            raise Refused("refused_violence")
        return Ticket(job=job, place=len(waiting) + 1, expected_seconds=30.0)

    def move(self, job_id: str, state: JobState, **changes: Any) -> Job:
        self.jobs[job_id] = dataclasses.replace(self.jobs[job_id], state=state, **changes)
        return self.jobs[job_id]

    def newest(self) -> Job:
        return next(reversed(self.jobs.values()))

    async def wait_for_job(self, count: int = 1) -> Job:
        """Until `count` jobs have come; the newest."""
        async with asyncio.timeout(10):
            while len(self.jobs) < count:
                await asyncio.sleep(0.005)
        return self.newest()

    async def show_progress(self, job: Job) -> None:
        status = Status(done=5, total=20, ready_at=time.time() + 10)
        await self.publisher.show_status(job, self.addresses[job.id], status)

    async def finish(self, job: Job, *, flagged: tuple[int, ...] = (), padding: int = 0) -> Posted:
        post = await approved(job, self.folder, flagged=flagged, padding=padding)
        posted = await self.publisher.publish(post, self.addresses[job.id])
        self.move(job.id, JobState.POSTED)
        return posted
