"""The bot's own calls for combined pieces, through the real media family and the real mini checker."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from bot.i18n import Sentences
from bot.services.clip_finishing import ClipFinisher
from bot.services.clip_ports import ClipPost
from bot.services.clip_sources import ClipSources
from bot.services.clip_start import ClipStart
from bot.services.references import References
from bot.services.video_compose import VideoComposer
from data.artifacts import Artifacts, NewArtifact
from data.consents import Consents
from data.database import Database
from data.jobs import Jobs
from data.uploads import KeptUploads
from data.voice_files import VoiceFiles
from generation.clip_params import CLIP, CLIP_TASK, ClipParams
from generation.environments import Environments
from generation.errors import WorkerError
from generation.job import Job, JobState
from generation.supervisor import Outcome, Request
from moderation.verdict import Approved, Verdict
from tests.contract.picture_files import drawn, plain
from tests.contract.picture_runs import Runs
from tests.contract.video_runs import CARD, POST, checker, frames, look, scene, tone
from tests.fakes_dispatch import make_job

SENTENCES = Sentences.load(strict=True)
TEXT = "Es war einmal ein kleiner Fuchs, der über die Brücke lief."


@dataclass
class Desk:
    """Posted results on a real database, and a piece made of them."""

    runs: Runs
    database: Database
    folder: Path

    def __post_init__(self) -> None:
        self.jobs = Jobs(self.database)
        self.artifacts = Artifacts(self.database, self.folder / "artifacts")
        catalog = self.runs.catalog
        self.sources = ClipSources(jobs=self.jobs, artifacts=self.artifacts, catalog=catalog)
        uploads = KeptUploads(self.database, self.folder / "uploads")
        self.start = ClipStart(
            sources=self.sources,
            references=References(uploads=uploads, jobs=self.jobs, artifacts=self.artifacts),
            sentence=SENTENCES.text,
            limit=lambda job: 10_000_000,
        )
        self.work_dir = self.folder / "work"
        self.work_dir.mkdir()
        self.finisher = ClipFinisher(
            pipeline=checker(self.runs),
            composer=VideoComposer(supervisor=self.runs.supervisor, catalog=catalog, sentence=SENTENCES.text),
            artifacts=self.artifacts,
            sources=self.sources,
            consents=Consents(self.database, VoiceFiles(self.folder / "voices")),
            sentence=SENTENCES.text,
            work_dir=self.work_dir,
            prepare=_ready,
        )

    async def posted(self, medium: str, files: Mapping[str, Path], **params: Any) -> Job:
        """A posted job with kept files, named "<kind>-<index>"."""
        job = make_job(medium=medium, model=f"mini-{medium}", params={"prompt": "ein Fuchs", **params})
        await self.jobs.add(job)
        way = (JobState.RUNNING, JobState.CHECKING, JobState.POSTING, JobState.POSTED)
        for state in way:
            await self.jobs.move(job.id, state)
        new = []
        for name, path in files.items():
            kind, _, index = name.partition("-")
            new.append(NewArtifact(index=int(index), seed=7, kind=kind, path=path))
        await self.artifacts.store(job.id, new)
        return job

    async def made(self, params: ClipParams) -> tuple[Job, Outcome]:
        job = make_job(medium=CLIP, family="media", model="clip", params=params.to_plain())
        await self.jobs.add(job)
        prepared = await self.start.prepare(job)
        request = Request(
            family="media",
            task=CLIP_TASK,
            params=prepared.params,
            job=job.id,
            attempt=1,
            seed=job.seed,
            out=self.work_dir / f"{job.id}-1",
            model=None,
        )
        return job, await self.runs.supervisor.run(request)

    async def finished(self, params: ClipParams) -> tuple[Job, Approved[ClipPost] | Verdict]:
        job, outcome = await self.made(params)
        return job, await self.finisher.finish(job, outcome)


async def _ready() -> None:
    """The mini checker needs no time."""


@pytest.fixture
async def desk(runs: Runs, tmp_path: Path) -> AsyncIterator[Desk]:
    async with await Database.open(tmp_path / "data") as database:
        yield Desk(runs, database, tmp_path)


def files(folder: Path, **contents: bytes) -> dict[str, Path]:
    paths = {name.replace("_", "-"): folder / f"{name}.png" for name in contents}
    for path, content in zip(paths.values(), contents.values(), strict=True):
        path.write_bytes(content)
    return paths


async def all_of_it(desk: Desk, folder: Path, second: bytes) -> ClipParams:
    pictures = await desk.posted("image", files(folder, image_1=scene(0), image_2=second), count=2)
    music = await desk.posted("music", {"wave-1": Path(tone(folder, "m.wav", 220, 4))}, count=1)
    speech = await desk.posted("speech", {"audio-1": Path(tone(folder, "s.wav", 900, 3))}, text=TEXT)
    return ClipParams(
        pictures=(f"{pictures.id}/1", f"{pictures.id}/2"),
        song=f"{music.id}/1",
        speech=speech.id,
        title="Der Fuchs & die Brücke",
    )


async def test_everything_becomes_one_file_that_is_judged_frame_by_frame(
    desk: Desk, environments: Environments, tmp_path: Path
) -> None:
    params = await all_of_it(desk, tmp_path, scene(9))
    job, approved = await desk.finished(params)
    assert isinstance(approved, Approved), approved
    post = approved.value
    found = await look(environments, post.video)
    assert sorted(stream["type"] for stream in found["streams"]) == ["audio", "video"]
    assert post.measured.frames == len(found["frames"])
    assert post.measured.seconds == pytest.approx(9, abs=0.1)
    assert post.measured.has_sound
    assert drawn(post.poster)
    assert post.subtitles is not None
    assert "kleiner Fuchs" in post.subtitles.read_text(encoding="utf-8").replace("\n", " ")
    kept = await desk.artifacts.of_job(job.id)
    again = await desk.finisher.finish_kept(job, kept, seconds=1.0)
    assert isinstance(again, Approved)
    assert replace(again.value, seconds=post.seconds) == post


async def test_subtitles_as_a_track(desk: Desk, environments: Environments, tmp_path: Path) -> None:
    params = replace(await all_of_it(desk, tmp_path, scene(9)), subtitles="track")
    _, approved = await desk.finished(params)
    assert isinstance(approved, Approved), approved
    found = await look(environments, approved.value.video)
    assert sorted(stream["type"] for stream in found["streams"]) == ["audio", "subtitle", "video"]


async def test_a_bad_picture_refuses_all_of_it(desk: Desk, tmp_path: Path) -> None:
    params = await all_of_it(desk, tmp_path, CARD)
    job, verdict = await desk.finished(params)
    assert isinstance(verdict, Verdict)
    assert verdict.code in {"video_flagged", "image_flagged"}
    assert await desk.artifacts.of_job(job.id) == []
    assert not list(desk.work_dir.glob(f"{job.id}-*"))


async def test_a_black_picture_makes_no_piece(desk: Desk, tmp_path: Path) -> None:
    params = await all_of_it(desk, tmp_path, plain((0, 0, 0), 64))
    with pytest.raises(WorkerError):
        await desk.made(params)


async def test_a_video_with_its_own_sound(desk: Desk, runs: Runs, tmp_path: Path) -> None:
    song = tone(tmp_path, "song.wav", 330, 1)
    made = await runs.media("video_post", {**POST, "frames": frames(tmp_path / "f", 8), "song": song})
    video = await desk.posted(
        "video", {"video-1": made.out / "video.mp4"}, keys=[{"frame": 0, "prompt": "x", "seed": 7}]
    )
    _, approved = await desk.finished(ClipParams(video=video.id))
    assert isinstance(approved, Approved), approved
    assert approved.value.measured.has_sound
    assert approved.value.subtitles is None
    assert approved.value.measured.seconds == pytest.approx(4, abs=0.1)
