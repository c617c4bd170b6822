"""The whole bot but Discord and the workers: the real wiring, a real database, real files, the real checks of words."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from bot.app import Atelier, assemble
from bot.i18n import Sentences
from bot.services.ports import ImageRequest, ReplyAddress, Requester, Ticket
from bot.settings import Settings
from bot.work_folder import prepare_work_folder
from data.addresses import ReplyAddresses
from data.artifacts import Artifacts
from data.jobs import Jobs
from data.posts import Posts
from generation import moves
from generation.catalog import Catalog
from generation.job import ENDED, Job, JobState
from moderation.words import WordCheck
from tests.fakes import FakeDiscord, Fault, FaultyDatabase, Workshop, small_catalog, until

SENTENCES = Sentences.load(strict=True)
WORDS = WordCheck()
ANNA = Requester(guild_id="class", channel_id="channel", person_id="anna", locale="de")
BEN = Requester(guild_id="class", channel_id="channel", person_id="ben", locale="en")
TEACHER = Requester(guild_id="class", channel_id="channel", person_id="sommer", locale="de", is_teacher=True)
STRANGER = Requester(guild_id="other", channel_id="channel", person_id="anna", locale="de", is_teacher=True)
ADDRESS = ReplyAddress("answer of anna")


@dataclass
class Room:
    """`open`, `close` and `restart` it as often as needed; `discord` and the folders outlive a restart."""

    folder: Path
    catalog: Catalog = field(default_factory=small_catalog)
    discord: FakeDiscord = field(default_factory=FakeDiscord)
    workers: Workshop = field(default_factory=Workshop)
    limit: int = 3
    pauses: tuple[float, ...] = (0.01,)
    stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def open(self) -> None:
        settings = Settings(
            _env_file=None,  # type: ignore[call-arg]
            data_dir=self.folder / "data",
            work_dir=self.folder / "work",
            country="DE",
            min_age=16,
            limit_waiting=self.limit,
        )
        self.stack = AsyncExitStack()
        self.database = await self.stack.enter_async_context(await FaultyDatabase.open(settings.data_dir))
        self.database.refuse = Fault()
        self.work_dir = prepare_work_folder(settings.data_dir, settings.work_dir)
        workers: Any = self.workers
        self.atelier: Atelier = await assemble(
            settings,
            self.stack,
            database=self.database,
            catalog=self.catalog,
            supervisor=workers,
            work_dir=self.work_dir,
            publisher=self.discord,
            sentences=SENTENCES,
            pauses=self.pauses,
        )
        self.desk = self.atelier.desk
        self.jobs, self.posts = Jobs(self.database), Posts(self.database)
        self.addresses = ReplyAddresses(self.database)
        self.artifacts = Artifacts(self.database, settings.data_dir / "artifacts")

    async def close(self) -> None:
        if self.workers.hold_check is not None:
            self.workers.hold_check.set()
        await self.stack.aclose()

    async def restart(self) -> None:
        """Fresh workers, and the disk is well again; then what was left is taken over."""
        await self.close()
        self.workers = Workshop()
        await self.open()
        await self.atelier.recovery.run()

    async def ask(
        self,
        prompt: str = "a red house",
        who: Requester = ANNA,
        *,
        address: ReplyAddress | None = ADDRESS,
        **more: Any,
    ) -> Ticket:
        request = ImageRequest(prompt=prompt, **{"count": 2, "seed": 7, **more})
        return await self.desk.submit.image(request, who, address)

    async def state(self, job_id: str) -> JobState:
        job = await self.jobs.get(job_id)
        assert job is not None
        return job.state

    async def in_state(self, job_id: str, *states: JobState) -> Job:
        async def reached() -> bool:
            return await self.state(job_id) in states

        await until(reached)
        job = await self.jobs.get(job_id)
        assert job is not None
        return job

    async def end(self, ticket: Ticket) -> Job:
        """The job when it has ended and its folder is gone."""
        job = await self.in_state(ticket.job.id, *ENDED)
        await until(lambda: not self.left_behind())
        return job

    def left_behind(self) -> list[Path]:
        return list(self.work_dir.iterdir())

    def kept(self, job_id: str) -> list[str]:
        folder = self.folder / "data" / "artifacts" / job_id
        return sorted(file.name for file in folder.iterdir()) if folder.exists() else []


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moves, "PAUSE_SECONDS", 0.01)
    # the real one, whose lists take a moment to read, made once for all
    monkeypatch.setattr("bot.app.WordCheck", lambda: WORDS)


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    opened = Room(tmp_path)
    await opened.open()
    try:
        yield opened
    finally:
        await opened.close()
