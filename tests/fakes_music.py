"""What stands in for the music family and for what the media family does with sound, under the same shapes."""

from __future__ import annotations

import wave
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from bot.services.audio_ports import AudioPost, Upload
from bot.services.ports import Posted, ReplyAddress
from generation.catalog import Catalog
from generation.errors import WorkerError
from generation.job import seed_of
from generation.supervisor import Outcome, Progress, Request
from generation.worker.api import File
from moderation.verdict import Approved
from tests.fakes import Fault, model_info, small_catalog
from tests.fakes_dispatch import FakeRunner
from tests.fakes_text import TextDiscord, TextWorkshop, text_catalog

MIDI = b"MThd\0\0\0\6\0\1\0\1\0\x60MTrk\0\0\0\4\0\xff\x2f\0"
PRIOR_S = 4.0
GOOD: Mapping[str, Any] = {
    "finite": True,
    "peak": 0.8,
    "rms_db": -18.0,
    "loudness_lufs": -16.0,
    "clipped": 0.0,
    "silent_share": 0.05,
}
REASONS = {b"broken": "audio_broken", b"long": "audio_long", b"odd": "something_new", b"midi?": "midi_broken"}


def write_wave(file: Path, frames: int = 100, *, channels: int = 1, rate: int = 32_000) -> None:
    with wave.open(str(file), "wb") as opened:
        opened.setnchannels(channels)
        opened.setsampwidth(2)
        opened.setframerate(rate)
        opened.writeframes(b"\1\0" * frames * channels)


def an_upload(content: bytes = b"a melody", name: str = "entchen.ogg", *, size: int | None = None) -> Upload:
    async def read() -> bytes:
        return content

    return Upload(name=name, size=len(content) if size is None else size, read=read)


@dataclass
class MusicWorkshop(TextWorkshop):
    """Workers that make music too. `measured` changes what the finished sound `index` measures.

    A finished sound is the text "sound <seconds> of <seed>", so that it can be measured again.
    """

    measured: Callable[[int, dict[str, Any]], Any] = lambda index, facts: facts
    made: dict[str, Any] = field(default_factory=dict)
    """Facts that come with what the music family made."""
    heard: dict[str, bytes] = field(default_factory=dict)
    """What lay behind `melody` and `prior` while the worker had the job, by the job's id."""

    async def _work(self, request: Request, on_progress: Callable[[Progress], None] | None) -> Outcome:
        tasks = {
            "music": self._play,
            "sound": self._play,
            "notes": self._write_notes,
            "audio_post": self._post,
            "notes_post": self._post,
            "measure_audio": self._measure,
            "probe_audio": self._probe,
            "probe_midi": self._probe,
        }
        if request.task not in tasks:
            return await super()._work(request, on_progress)
        request.out.mkdir(parents=True, exist_ok=True)
        outcome = Outcome(files=(), facts={}, seconds=0.1, out=request.out)
        if request.family == "music":
            outcome = await FakeRunner._work(self, request, on_progress)
        self.fault.get(request.task, Fault())()
        files, facts = tasks[request.task](request)
        outcome = replace(outcome, files=files, facts=facts)
        return self.change.get(request.task, lambda same: same)(outcome)

    def _play(self, request: Request) -> tuple[tuple[File, ...], dict[str, Any]]:
        for name in ("melody", "prior"):
            if request.params.get(name):
                self.heard[request.job] = Path(request.params[name]).read_bytes()
        files = []
        for index in range(1, request.params["count"] + 1):
            write_wave(request.out / f"{index}.wav", 100 + index)
            seed = seed_of(request.seed, index)
            files.append(File(name=f"{index}.wav", index=index, seed=seed, kind="audio"))
        prior = PRIOR_S if request.params.get("prior") else None
        return tuple(files), {"sample_rate": 32_000, "prior_seconds": prior, **self.made}

    def _write_notes(self, request: Request) -> tuple[tuple[File, ...], dict[str, Any]]:
        files = []
        for index in range(1, request.params["count"] + 1):
            (request.out / f"{index}.mid").write_bytes(MIDI)
            seed = seed_of(request.seed, index)
            files.append(File(name=f"{index}.mid", index=index, seed=seed, kind="notes"))
        return tuple(files), dict(self.made)

    def _post(self, request: Request) -> tuple[tuple[File, ...], dict[str, Any]]:
        ending, asked = request.params.get("format", "ogg"), request.params["recipe"]["params"]
        files, measured = [File(name="picture.png", index=0, kind="sheet")], {}
        (request.out / "picture.png").write_bytes(b"drawn")
        for piece in request.params["pieces"]:
            assert Path(piece["file"]).stat().st_size
            index, seconds = piece["index"], float(asked.get("seconds", 8)) + (piece.get("seam") or 0.0)
            sound = request.out / f"piece-{index}.{ending}"
            sound.write_bytes(b"sound %.2f of %d" % (seconds, piece["seed"]))
            files.append(File(name=sound.name, index=index, seed=piece["seed"], kind="audio"))
            measured[sound.name] = self._facts(sound, index)
            if request.task == "notes_post":
                (request.out / f"piece-{index}.mid").write_bytes(MIDI)
                files.append(File(name=f"piece-{index}.mid", index=index, seed=piece["seed"], kind="notes"))
        return tuple(files), {"measured": measured}

    def _measure(self, request: Request) -> tuple[tuple[File, ...], dict[str, Any]]:
        files = request.params["files"]
        return (), {"measured": {file: self._facts(Path(file), index) for index, file in enumerate(files, 1)}}

    def _facts(self, sound: Path, index: int) -> Any:
        return self.measured(index, {**GOOD, "seconds": float(sound.read_bytes().split()[1])})

    def _probe(self, request: Request) -> tuple[tuple[File, ...], dict[str, Any]]:
        content = Path(request.params["file"]).read_bytes()
        if content in REASONS:
            raise WorkerError("invalid_input", reason=REASONS[content])
        if request.task == "probe_midi":
            return (), {"notes": [[60, 0.0, 1.0], [62, 1, 1]], "tempo": 120.0}
        (request.out / "clean.wav").write_bytes(b"clean " + content)
        return (File(name="clean.wav", kind="upload"),), {"seconds": 3.5, "format": "ogg"}


@dataclass
class MusicDiscord(TextDiscord):
    """Keeps the posts of music and the bytes of all their files, by the job's id."""

    pieces: dict[str, AudioPost] = field(default_factory=dict)
    sounds: dict[str, list[bytes]] = field(default_factory=dict)

    async def publish(self, post: Approved[Any], address: ReplyAddress | None) -> Posted:
        if not isinstance(post.value, AudioPost):
            return await super().publish(post, address)
        self.fault()
        job = post.value.job
        self.sounds[job.id] = [piece.file.read_bytes() for piece in post.value.pieces]
        assert post.value.picture.read_bytes() == b"drawn"
        self.pieces[job.id] = post.value
        return Posted(channel_id=job.channel_id, message_id=f"m-{job.id}")


def music_catalog() -> Catalog:
    """Mini models of all three media, and a real one for music that knows English alone and follows no melody."""
    mini = replace(model_info("mini-music", "music", "music", mini=True), options={"melody": True})
    real = replace(model_info("musicgen", "music", "music", title="MusicGen"), languages=("en",))
    others = [
        model_info("mini-sound", "music", "sound", mini=True),
        model_info("mini-notes", "music", "notes", mini=True),
    ]
    checker = small_catalog().default("safety")
    images = small_catalog().models("image")
    # no memory for the real one: the mini model is the default
    return Catalog(
        [mini, real, *others, *images, *text_catalog("writer").models("text"), checker], memory_mb=0
    )
