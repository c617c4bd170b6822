"""What stands in for the families that speak and for `listening`, under the same shapes, and a bot with voices."""

from __future__ import annotations

import shutil
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from bot.services.ports import Posted, ReplyAddress
from bot.services.speech_ports import SpeechPost
from generation.catalog import Catalog
from generation.supervisor import Outcome, Progress, Request
from generation.worker.api import File
from moderation.verdict import Approved
from tests.fakes import Fault, model_info, small_catalog
from tests.fakes_dispatch import FakeRunner
from tests.fakes_music import MusicDiscord, MusicWorkshop, write_wave
from tests.fakes_text import text_catalog

RATE = 22_050
ESPEAK = replace(
    model_info("espeak", "voices", "speech", title="eSpeak NG"),
    options={"engine": "espeak", "speakers": {"standard": "", "alto": "f2"}},
    rank=1,
)
PIPER = replace(
    model_info("piper.de", "voices", "speech", title="Piper"),
    languages=("de",),
    options={"engine": "piper"},
    rank=10,
)
TORTOISE = replace(model_info("tortoise", "speech", "speech"), languages=("en",), rank=10)
MISSING = replace(TORTOISE, path=None)


def speech_catalog(*models: Any) -> Catalog:
    """Nobody's voice and tortoise unless told otherwise, and what the bot needs besides."""
    others = [*small_catalog().models("image"), *text_catalog("writer").models("text")]
    return Catalog([*(models or (ESPEAK, TORTOISE)), *others, small_catalog().default("safety")])


@dataclass
class SpeechWorkshop(MusicWorkshop):
    """Workers that speak and mark too. A marked file is longer by one frame, and `listening` remembers it."""

    found: Callable[[Path], Any] = lambda file: True
    """What `find_mark` says of a file."""
    before: dict[str, Callable[[], Awaitable[None]]] = field(default_factory=dict)

    async def _work(self, request: Request, on_progress: Callable[[Progress], None] | None) -> Outcome:
        if request.task in self.before:
            await self.before.pop(request.task)()
        tasks = {"speech": self._speak, "mark": self._mark, "find_mark": self._find}
        if request.task not in tasks:
            return await super()._work(request, on_progress)
        request.out.mkdir(parents=True, exist_ok=True)
        outcome = Outcome(files=(), facts={}, seconds=0.1, out=request.out)
        if request.task == "speech":
            outcome = await FakeRunner._work(self, request, on_progress)
        self.fault.get(request.task, Fault())()
        files, facts = tasks[request.task](request)
        outcome = replace(outcome, files=files, facts=facts)
        return self.change.get(request.task, lambda same: same)(outcome)

    def _speak(self, request: Request) -> tuple[tuple[File, ...], dict[str, Any]]:
        write_wave(request.out / "1.wav", 3 * RATE, rate=RATE)
        return (File(name="1.wav", index=1, seed=request.seed, kind="audio"),), {"language": "de"}

    def _mark(self, request: Request) -> tuple[tuple[File, ...], dict[str, Any]]:
        spoken, marked = Path(request.params["file"]), request.out / "marked.wav"
        shutil.copyfile(spoken, marked)
        return (File(name="marked.wav", kind="audio"),), {"watermark": "perth"}

    def _find(self, request: Request) -> tuple[tuple[File, ...], dict[str, Any]]:
        return (), {"marked": self.found(Path(request.params["file"])), "confidence": 0.9}


@dataclass
class SpeechDiscord(MusicDiscord):
    """Keeps the posts of speech, by the job's id."""

    spoken: dict[str, SpeechPost] = field(default_factory=dict)

    async def publish(self, post: Approved[Any], address: ReplyAddress | None) -> Posted:
        if not isinstance(post.value, SpeechPost):
            return await super().publish(post, address)
        self.fault()
        job = post.value.job
        assert post.value.file.is_file()
        assert post.value.picture.is_file()
        self.spoken[job.id] = post.value
        return Posted(channel_id=job.channel_id, message_id=f"m-{job.id}")
