"""The whole bot but Discord and the workers, with models for music, sounds and notes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from bot.services.audio_ports import MusicRequest, Question
from bot.services.ports import ReplyAddress, Requester, Ticket
from data.uploads import KeptUploads
from generation.job import Job
from generation.music_params import Declaration
from generation.supervisor import Request
from tests.fakes_music import MusicDiscord, MusicWorkshop, an_upload, music_catalog
from tests.unit.bot.services.conftest import ADDRESS, ANNA, Room

PRESS = ReplyAddress("press of anna")


@dataclass
class MusicRoom(Room):
    @property
    def band(self) -> MusicWorkshop:
        return cast("MusicWorkshop", self.workers)

    @property
    def stage(self) -> MusicDiscord:
        return cast("MusicDiscord", self.discord)

    @property
    def uploads(self) -> KeptUploads:
        return KeptUploads(self.database, self.folder / "data" / "uploads")

    async def restart(self) -> None:
        await self.close()
        self.workers = MusicWorkshop()
        await self.open()
        await self.atelier.recovery.run()

    async def play(self, prompt: str = "fröhlich schnell", who: Requester = ANNA, **more: Any) -> Ticket:
        request = MusicRequest(prompt=prompt, **{"seed": 7, **more})
        answer = await self.desk.music.music(request, who, ADDRESS)
        assert isinstance(answer, Ticket)
        return answer

    async def played(self, prompt: str = "fröhlich schnell", who: Requester = ANNA, **more: Any) -> Job:
        return await self.end(await self.play(prompt, who, **more))

    async def asked(self, who: Requester = ANNA, *, content: bytes = b"a melody", **more: Any) -> Question:
        """The question that an upload asks."""
        request = MusicRequest(prompt="fröhlich", melody=an_upload(content), **{"seed": 7, **more})
        answer = await self.desk.music.music(request, who, ADDRESS)
        assert isinstance(answer, Question)
        return answer

    async def decided(
        self, question: Question, who: Requester = ANNA, declaration: Declaration = "own"
    ) -> Job:
        return await self.end(await self.desk.uploads.decide(question.id, declaration, who, PRESS))

    def request(self, job_id: str, task: str = "music") -> Request:
        return next(one for one in reversed(self.workers.requests) if (one.job, one.task) == (job_id, task))

    def tasks(self) -> list[str]:
        return [request.task for request in self.workers.requests]

    def uploaded(self) -> list[str]:
        folder = self.folder / "data" / "uploads"
        return sorted(file.name for file in folder.iterdir()) if folder.exists() else []


@asynccontextmanager
async def music_room(folder: Path) -> AsyncIterator[MusicRoom]:
    room = MusicRoom(folder, catalog=music_catalog(), discord=MusicDiscord(), workers=MusicWorkshop())
    await room.open()
    try:
        yield room
    finally:
        await room.close()
