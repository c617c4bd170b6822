"""What stands in for the diffusion family's videos and for what the media family does with them."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from bot.services.ports import Posted, ReplyAddress, Status
from bot.services.video_ports import VideoPost, VideoStatus
from generation.catalog import Catalog
from generation.errors import TaskCancelled
from generation.job import Job
from generation.supervisor import Outcome, Progress, Request
from generation.worker.api import File
from moderation.verdict import Approved
from tests.fakes import Fault
from tests.fakes_music import MusicDiscord, MusicWorkshop, music_catalog

POSTER = 900_000
"""Number in the poster's file, so that a checker can refuse it alone."""
_SEPARATOR = b"\n"


@dataclass
class VideoWorkshop(MusicWorkshop):
    """Workers that make videos too. Frame n is the text "frame n": `flagged` names frames that the checker refuses.

    A finished video is the texts of its frames; `seen` changes what `read_frames` measures in it. A job in `held` waits
    after its first and its last frame.
    """

    seen: Callable[[dict[str, Any]], dict[str, Any]] = lambda facts: facts
    reduced: dict[str, int] | None = None
    moved: dict[str, bytes] = field(default_factory=dict)
    """What lay behind `song` while the worker had the job, by the job's id."""

    async def _work(self, request: Request, on_progress: Callable[[Progress], None] | None) -> Outcome:
        tasks = {"video": None, "video_post": self._video_post, "read_frames": self._read_frames}
        if request.task not in tasks:
            return await super()._work(request, on_progress)
        request.out.mkdir(parents=True, exist_ok=True)
        outcome = Outcome(files=(), facts={}, seconds=4.0, out=request.out)
        self.fault.get(request.task, Fault())()
        make = tasks[request.task]
        if make is None:
            files, facts = await self._walk(request, on_progress)
        else:
            files, facts = make(request)
        outcome = replace(outcome, files=files, facts=facts)
        return self.change.get(request.task, lambda same: same)(outcome)

    async def _walk(
        self, request: Request, on_progress: Callable[[Progress], None] | None
    ) -> tuple[tuple[File, ...], dict[str, Any]]:
        params, total = request.params, request.params["frames"]
        if params.get("song"):
            self.moved[request.job] = await asyncio.to_thread(Path(params["song"]).read_bytes)
        report = on_progress or (lambda progress: None)
        report(Progress(0, total))
        for number in (1, total):
            _frame(request.out, number)
        report(Progress(2, total))
        if request.job in self.held:
            await self._running[request.job].wait()
        if self.errors[request.job]:
            raise self.errors[request.job].pop(0)
        if request.job in self._cancelled:
            raise TaskCancelled
        files = [
            File(name=_frame(request.out, number), index=number, seed=request.seed, kind="frame")
            for number in range(1, total + 1)
        ]
        return tuple(files), {"frames": total, "fps": params["fps"], "motion": params["motion"]}

    def _video_post(self, request: Request) -> tuple[tuple[File, ...], dict[str, Any]]:
        texts = [Path(frame).read_bytes() for frame in request.params["frames"]]
        sound = b"with sound" if request.params["song"] else b"silent"
        (request.out / "video.mp4").write_bytes(_SEPARATOR.join([sound, *texts]))
        (request.out / "poster.png").write_bytes(b"poster %d" % POSTER)
        files = (File(name="video.mp4", kind="video"), File(name="poster.png", index=0, kind="sheet"))
        return files, {"measured": {}, "reduced": self.reduced}

    def _read_frames(self, request: Request) -> tuple[tuple[File, ...], dict[str, Any]]:
        content = Path(request.params["file"]).read_bytes()
        sound, *texts = content.split(_SEPARATOR)
        files = []
        for number, text in enumerate(texts, 1):
            name = f"frame-{number:05}.png"
            (request.out / name).write_bytes(text)
            files.append(File(name=name, index=number, kind="frame"))
        seconds = len(texts) / 8
        audio = {"seconds": seconds, "finite": True, "clipped": 0.0, "silent_share": 0.0}
        facts = {
            "sha256": hashlib.sha256(content).hexdigest(),
            "frames": len(texts),
            "fps": 8.0,
            "seconds": seconds,
            "width": 512,
            "height": 512,
            "bytes": len(content),
            "light": [200] * len(texts),
            "audio": audio if sound == b"with sound" else None,
        }
        return tuple(files), self.seen(facts)


def _frame(folder: Path, number: int) -> str:
    name = f"frame-{number:05}.png"
    (folder / name).write_bytes(b"frame %d" % number)
    return name


@dataclass
class VideoDiscord(MusicDiscord):
    """Keeps the posts of videos with their bytes, and what was shown before, by the job's id."""

    videos: dict[str, VideoPost] = field(default_factory=dict)
    played: dict[str, bytes] = field(default_factory=dict)
    previews: dict[str, list[bytes]] = field(default_factory=dict)

    async def show_status(self, job: Job, address: ReplyAddress | None, status: Status) -> None:
        await super().show_status(job, address, status)
        if isinstance(status, VideoStatus) and status.pictures is not None:
            self.previews[job.id] = [picture.read_bytes() for picture in status.pictures.value]

    async def publish(self, post: Approved[Any], address: ReplyAddress | None) -> Posted:
        if not isinstance(post.value, VideoPost):
            return await super().publish(post, address)
        self.fault()
        job = post.value.job
        self.played[job.id] = post.value.video.read_bytes()
        assert post.value.poster.read_bytes() == b"poster %d" % POSTER
        self.videos[job.id] = post.value
        return Posted(channel_id=job.channel_id, message_id=f"m-{job.id}")


def video_catalog(**of_mini: Any) -> Catalog:
    """The models of `music_catalog`; the pictures' big one knows English alone, and is no rehearsal model."""
    known = music_catalog()
    models = {
        one.id: one for medium in known.media() for one in known.models(medium) if one.medium != "image"
    }
    mini, big = known.get("mini"), known.get("big")
    checker = replace(known.default("safety"), mini=False)
    models |= {
        "mini": replace(mini, **of_mini),
        "big": replace(big, languages=("en",)),
        checker.id: checker,
    }
    return Catalog(models.values(), memory_mb=0)
