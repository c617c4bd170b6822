"""The whole bot but Discord and the workers, with models that make pictures move."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from bot.services.audio_ports import Question
from bot.services.ports import Requester, Ticket
from bot.services.video_ports import ScriptRequest, VideoRequest
from generation.job import Job
from tests.fakes_music import an_upload
from tests.fakes_video import VideoDiscord, VideoWorkshop, video_catalog
from tests.unit.bot.services.conftest import ADDRESS, ANNA
from tests.unit.bot.services.music_room import MusicRoom


@dataclass
class VideoRoom(MusicRoom):
    @property
    def studio(self) -> VideoWorkshop:
        return cast("VideoWorkshop", self.workers)

    @property
    def cinema(self) -> VideoDiscord:
        return cast("VideoDiscord", self.discord)

    async def restart(self) -> None:
        await self.close()
        self.workers = VideoWorkshop()
        await self.open()
        await self.atelier.recovery.run()

    async def shoot(self, prompt1: str = "a red house", who: Requester = ANNA, **more: Any) -> Ticket:
        values = {"prompt2": "a blue house", "seconds": 1, "seed1": 7, "seed2": 9, **more}
        answer = await self.desk.video.video(VideoRequest(prompt1=prompt1, **values), who, ADDRESS)
        assert isinstance(answer, Ticket)
        return answer

    async def shot(self, prompt1: str = "a red house", who: Requester = ANNA, **more: Any) -> Job:
        return await self.end(await self.shoot(prompt1, who, **more))

    async def asked_for_song(self, who: Requester = ANNA, **more: Any) -> Question:
        values = {"prompt1": "a house", "prompt2": "a tree", "song": an_upload(), "seed1": 7, **more}
        answer = await self.desk.video.video(VideoRequest(**values), who, ADDRESS)
        assert isinstance(answer, Question)
        return answer

    async def scripted(self, lines: str, who: Requester = ANNA, **more: Any) -> Job:
        request = ScriptRequest(lines=lines, **{"seconds": 4, "seed": 5, **more})
        return await self.end(await self.desk.video.script(request, who, ADDRESS))


@asynccontextmanager
async def video_room(folder: Path, **of_mini: Any) -> AsyncIterator[VideoRoom]:
    room = VideoRoom(
        folder, catalog=video_catalog(**of_mini), discord=VideoDiscord(), workers=VideoWorkshop()
    )
    await room.open()
    try:
        yield room
    finally:
        await room.close()
