"""What stands in for workers and for Discord in tests of the services: no processes, no models, no network."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from bot.services.ports import ImagePost, NotDelivered, Posted, ReplyAddress, Status, TakenBack, Withheld
from data.database import Database
from generation.catalog import Catalog, ModelInfo
from generation.job import Job, seed_of
from generation.supervisor import Outcome, Progress, Request
from generation.worker.api import File
from moderation.verdict import Approved
from tests.fakes_dispatch import FakeRunner

T = TypeVar("T")


class Fault:
    """Raises `error` at the calls with these numbers (1, 2, …), counted over all that asks it."""

    def __init__(self, error: Exception | None = None, *calls: int) -> None:
        self.error = error
        self.calls = calls
        self.count = 0

    def __call__(self) -> None:
        self.count += 1
        if self.error is not None and (not self.calls or self.count in self.calls):
            raise self.error


class FaultyDatabase(Database):
    """A real one whose disk refuses a write before it is made (`refuse`)."""

    refuse: Fault = Fault()

    async def write(self, unit: Callable[..., T]) -> T:
        self.refuse()
        return await super().write(unit)


class Workshop(FakeRunner):
    """All workers: `image` makes files that say "picture <seed>", `safety` flags those in `flagged`, `media` copies.

    `change` may replace what a task gives back; `fault[task]` is asked before each.
    """

    def __init__(self) -> None:
        super().__init__()
        self.flagged: set[int] = set()
        self.fault: dict[str, Fault] = {}
        self.change: dict[str, Callable[[Outcome], Outcome]] = {}
        self.hold_check: asyncio.Event | None = None
        self.checking = asyncio.Event()
        self.started_families: list[str] = []

    def memory_fits(self, family: str, model: ModelInfo | None) -> bool:
        return True

    async def start(self, family: str) -> None:
        self.started_families.append(family)

    async def _work(self, request: Request, on_progress: Callable[[Progress], None] | None) -> Outcome:
        request.out.mkdir(parents=True, exist_ok=True)
        make = {"image": _paint, "image_sheet": _sheet, "check_images": self._check}[request.task]
        if request.task == "image":
            outcome = await super()._work(request, on_progress)
        else:
            outcome = Outcome(files=(), facts={}, seconds=0.1, out=request.out)
        if request.task == "check_images":
            self.checking.set()
            if self.hold_check is not None:
                await self.hold_check.wait()
        self.fault.get(request.task, Fault())()
        files, facts = make(request)
        outcome = replace(outcome, files=files, facts=facts)
        return self.change.get(request.task, lambda same: same)(outcome)

    def _check(self, request: Request) -> tuple[tuple[File, ...], dict[str, Any]]:
        rows = [
            {"file": file, "flagged": seed_in(Path(file)) in self.flagged, "scores": [0.5]}
            for file in request.params["files"]
        ]
        return (), {"scores": rows}


def seed_in(file: Path) -> int:
    return int(file.read_bytes().split()[-1])


def _paint(request: Request) -> tuple[tuple[File, ...], dict[str, Any]]:
    files = []
    for index in range(1, request.params["count"] + 1):
        seed = seed_of(request.seed, index)
        (request.out / f"{index}.png").write_bytes(b"picture %d" % seed)
        files.append(File(name=f"{index}.png", index=index, seed=seed))
    return tuple(files), {"load_seconds": 0.5}


def _sheet(request: Request) -> tuple[tuple[File, ...], dict[str, Any]]:
    words = [b"sheet"]
    files = [File(name="sheet.png", index=0, kind="sheet")]
    if request.params["beside"] is not None:
        words.append(b"beside " + Path(request.params["beside"]).read_bytes())
    for entry in request.params["pictures"]:
        if entry["file"] is not None:
            name = f"picture-{entry['index']}.png"
            shutil.copyfile(entry["file"], request.out / name)
            files.append(File(name=name, index=entry["index"], seed=entry["seed"]))
            words.append((request.out / name).read_bytes())
    (request.out / "sheet.png").write_bytes(b"\n".join(words))
    return tuple(files), {}


@dataclass
class Message:
    """What a class sees: the bytes of each file. `edits`: how often it was sent or sent again."""

    post: ImagePost
    sheet: bytes
    pictures: dict[int, bytes]
    address: str | None
    edits: int = 1


@dataclass
class FakeDiscord:
    """Keeps the publisher's promises, over restarts of the bot too: one message a job.

    `fault` is asked before a post, `lost` after it stands (the answer of Discord got lost).
    """

    messages: dict[str, Message] = field(default_factory=dict)
    told: list[tuple[str, str, dict[str, Any], bool]] = field(default_factory=list)
    statuses: list[tuple[str, Status]] = field(default_factory=list)
    fault: Fault = field(default_factory=Fault)
    lost: Fault = field(default_factory=Fault)
    tell_fault: Fault = field(default_factory=Fault)
    seen: asyncio.Condition = field(default_factory=asyncio.Condition)
    withheld: set[str] = field(default_factory=set)
    limit: int = 10 * 1024 * 1024
    members: dict[str, bool | None] = field(default_factory=dict)
    """By the person: False has left, None cannot be found out; all others are there."""

    def file_limit(self, job: Job) -> int:
        return self.limit

    async def show_status(self, job: Job, address: ReplyAddress | None, status: Status) -> None:
        self.statuses.append((job.id, status))

    async def publish(self, post: Approved[ImagePost], address: ReplyAddress | None) -> Posted:
        if not isinstance(post, Approved):
            raise TypeError("only what the pipeline approved is published")
        self.fault()
        value = post.value
        if value.job.id in self.withheld:
            raise Withheld
        message = Message(
            post=value,
            sheet=value.sheet.read_bytes(),
            pictures={one.index: one.file.read_bytes() for one in value.pictures if one.file is not None},
            address=address,
        )
        if value.job.id in self.messages:
            message.edits += self.messages[value.job.id].edits
        self.messages[value.job.id] = message
        self.lost()
        return Posted(channel_id=value.job.channel_id, message_id=f"m-{value.job.id}")

    async def tell_owner(
        self,
        job: Job,
        address: ReplyAddress | None,
        code: str,
        values: Mapping[str, Any],
        *,
        private: bool,
    ) -> None:
        self.told.append((job.id, code, dict(values), private))
        self.tell_fault()

    def withhold(self, job_id: str) -> None:
        self.withheld.add(job_id)

    async def take_back(self, job: Job, posted: Posted | None, address: ReplyAddress | None) -> TakenBack:
        self.withhold(job.id)
        return TakenBack(deleted=0 if self.messages.pop(job.id, None) is None else 1)

    async def is_member(self, guild_id: str, person_id: str) -> bool | None:
        return self.members.get(person_id, True)

    async def tell_person(self, person_id: str, text: str) -> bool:
        return True

    def codes(self, job_id: str) -> list[str]:
        return [code for job, code, _, _ in self.told if job == job_id]


AWAY = NotDelivered("Discord is away")


def model_info(name: str, family: str, medium: str, *, title: str = "", mini: bool = False) -> ModelInfo:
    """An installed model of which only its names matter."""
    return ModelInfo(
        id=name,
        family=family,
        medium=medium,
        title=title or name.title(),
        path=Path(),
        licence="Apache-2.0",
        languages=("de", "en"),
        memory_mb=10,
        default_width=64,
        default_height=64,
        default_steps=20,
        default_guidance=6.5,
        data_sentence={"de": "Gezeichnetes.", "en": "Drawings."},
        mini=mini,
    )


def small_catalog(*names: str) -> Catalog:
    images = [
        model_info(name, "diffusion", "image", mini=name == "mini") for name in names or ("mini", "big")
    ]
    # no memory for others: the mini model is the default
    return Catalog([*images, model_info("checker", "safety", "safety")], memory_mb=0)


async def until(what: Callable[[], Awaitable[bool]] | Callable[[], bool], seconds: float = 5.0) -> None:
    """Wait for something that other tasks bring about."""
    async with asyncio.timeout(seconds):
        while True:
            answer = what()
            if answer if isinstance(answer, bool) else await answer:
                return
            await asyncio.sleep(0.002)
