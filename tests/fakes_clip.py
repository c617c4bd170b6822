"""What stands in for the family that puts pieces together, beside all others that make something."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from bot.services.clip_ports import ClipPost
from bot.services.ports import Posted, ReplyAddress, TakenBack
from generation.catalog import Catalog
from generation.job import Job
from generation.supervisor import Outcome, Progress, Request
from generation.worker.api import File
from moderation.verdict import Approved
from tests.fakes import Fault
from tests.fakes_dispatch import FakeRunner
from tests.fakes_speech import SpeechDiscord, SpeechWorkshop, speech_catalog
from tests.fakes_video import POSTER, VideoDiscord, VideoWorkshop, video_catalog

CARD = 800_000
"""Number in the title card's frame."""


@dataclass
class ClipWorkshop(SpeechWorkshop, VideoWorkshop):
    """A piece is the texts of its frames: the card, then what lies in the file of each part. `srt` writes the words."""

    srt: Callable[[str], str] = lambda text: f"1\n00:00:03,000 --> 00:00:05,500\n{text}\n"
    held: set[str] = field(default_factory=set)

    async def _work(self, request: Request, on_progress: Callable[[Progress], None] | None) -> Outcome:
        if request.task != "clip_post":
            return await super()._work(request, on_progress)
        request.out.mkdir(parents=True, exist_ok=True)
        outcome = await FakeRunner._work(self, request, on_progress)
        self.fault.get("clip_post", Fault())()
        outcome = replace(outcome, **self._put_together(request))
        return self.change.get("clip_post", lambda same: same)(outcome)

    def _put_together(self, request: Request) -> dict[str, Any]:
        params, out = request.params, request.out
        heard = [params["music"], *(one["file"] for one in params["speech"])]
        sound = b"with sound" if any(heard) else b"silent"
        frames = [b"card %d" % CARD]
        for part in params["parts"]:
            content = Path(part["file"]).read_bytes()
            frames += content.split(b"\n")[1:] if part["kind"] == "video" else [content]
        for file in filter(None, heard):
            assert Path(file).stat().st_size
        (out / "clip.mp4").write_bytes(b"\n".join([sound, *frames]))
        (out / "poster.png").write_bytes(b"poster %d" % POSTER)
        files = [File(name="clip.mp4", index=1, kind="video"), File(name="poster.png", index=0, kind="sheet")]
        if params["speech"]:
            words = "".join(self.srt(one["text"]) for one in params["speech"])
            (out / "clip.srt").write_text(words, encoding="utf-8")
            files.append(File(name="clip.srt", index=1, kind="subtitles"))
        facts = {"measured": {}, "reduced": self.reduced, "held": 0.0, "subtitles": len(params["speech"])}
        return {"files": tuple(files), "facts": facts, "seconds": 3.0, "out": out}


@dataclass
class ClipDiscord(SpeechDiscord, VideoDiscord):
    """Keeps the pieces with their bytes, by the job's id."""

    clips: dict[str, ClipPost] = field(default_factory=dict)
    clip_bytes: dict[str, bytes] = field(default_factory=dict)

    async def publish(self, post: Approved[Any], address: ReplyAddress | None) -> Posted:
        if not isinstance(post.value, ClipPost):
            return await super().publish(post, address)
        self.fault()
        job = post.value.job
        assert job.id not in self.withheld
        self.clip_bytes[job.id] = post.value.video.read_bytes()
        self.clips[job.id] = post.value
        return Posted(channel_id=job.channel_id, message_id=f"m-{job.id}")

    async def take_back(self, job: Job, posted: Posted | None, address: ReplyAddress | None) -> TakenBack:
        self.withhold(job.id)
        kept: tuple[dict[str, Any], ...] = (self.messages, self.spoken, self.clips, self.pieces, self.videos)
        return TakenBack(deleted=sum(shown.pop(job.id, None) is not None for shown in kept))


def clip_catalog() -> Catalog:
    """Models that write, paint, speak with nobody's and with kept voices, play, and move pictures."""
    models = {}
    for catalog in (speech_catalog(), video_catalog()):
        for medium in catalog.media():
            models |= {one.id: one for one in catalog.models(medium)}
    return Catalog(models.values(), memory_mb=0)
