"""The first and the last picture of a video: shown once, judged before, and gone after."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bot.services.ports import ReplyAddress, Status
from bot.services.progress import AGAIN_S, ProgressReport
from bot.services.video_ports import VideoStatus
from bot.services.video_preview import VideoPreview
from data.addresses import ReplyAddresses
from data.database import Database
from generation.job import Job
from generation.supervisor import Progress
from generation.video_params import VIDEO
from moderation.pipeline import ImageScore, Pipeline
from moderation.verdict import Verdict
from tests.fakes_dispatch import make_job

FRAMES = 40


async def words(*texts: str) -> Verdict:
    raise AssertionError("no text is judged here")


@dataclass
class Checker:
    """Flags the files whose bytes are in `flagged`; `ready` counts how often it was made ready."""

    flagged: set[bytes] = field(default_factory=set)
    ready: int = 0
    broken: bool = False

    async def __call__(self, files: Sequence[Path], /) -> list[ImageScore]:
        if self.broken:
            raise RuntimeError("the checker is gone")
        read = {file: await asyncio.to_thread(file.read_bytes) for file in files}
        return [
            ImageScore(file=file, flagged=content in self.flagged, scores=(0.5,))
            for file, content in read.items()
        ]

    async def prepare(self) -> None:
        self.ready += 1


@dataclass
class Screen:
    """A publisher of which only statuses matter: what was shown, pictures with their bytes."""

    shown: list[tuple[int, list[bytes] | None]] = field(default_factory=list)

    async def show_status(self, job: Job, address: ReplyAddress | None, status: Status) -> None:
        pictures = status.pictures if isinstance(status, VideoStatus) else None
        self.shown.append((status.done, pictures and [file.read_bytes() for file in pictures.value]))


class Scene:
    """A report on one job, with a clock that a test moves."""

    def __init__(self, database: Database, folder: Path, job: Job) -> None:
        self.folder, self.job, self.now = folder, job, 1000.0
        self.checker, self.screen = Checker(), Screen()
        self.ended: list[tuple[str, str]] = []
        self.open, self.closes_while_judging = True, False
        self.preview = VideoPreview(
            pipeline=Pipeline(text_checks=[words], image_check=self.checker),
            work_dir=folder,
            prepare=self.prepare,
            end=self.end,
        )
        screen: object = self.screen
        self.report = ProgressReport(
            publisher=screen,  # type: ignore[arg-type]
            addresses=ReplyAddresses(database),
            preview=self.preview,
            may_show=lambda job: self.open,
            clock=lambda: self.now,
        )

    async def prepare(self) -> None:
        await self.checker.prepare()
        self.open = self.open and not self.closes_while_judging

    async def end(self, job: str, code: str) -> None:
        self.ended.append((job, code))
        self.left_at_the_end = {name for name in await asyncio.to_thread(self.files) if "preview" not in name}

    def files(self) -> set[str]:
        """The pictures that lie in the work folder."""
        return {str(file.relative_to(self.folder)) for file in self.folder.glob("*/*.png")}

    def make(self, *numbers: int, attempt: int = 1) -> None:
        """The worker's frames with these numbers."""
        out = self.folder / f"{self.job.id}-{attempt}"
        out.mkdir(exist_ok=True)
        for number in numbers:
            (out / f"frame-{number:05}.png").write_bytes(b"frame %d" % number)

    async def step(self, seconds: float, done: int) -> list[tuple[int, list[bytes] | None]]:
        self.now += seconds
        self.report.on_progress(self.job, Progress(done, FRAMES))
        await asyncio.gather(*self.report._tasks)
        return self.screen.shown


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    async with await Database.open(tmp_path / "data") as database:
        job = make_job(medium=VIDEO, attempt=1, params={"frames": FRAMES, "fps": 8})
        made = Scene(database, tmp_path, job)
        yield made
        await made.report.close()


ENDS = [b"frame 1", b"frame 40"]


@pytest.mark.parametrize("at_once", [True, False])
async def test_in_a_pause_no_picture_is_seen(scene: Scene, at_once: bool) -> None:
    scene.open, scene.closes_while_judging = not at_once, not at_once
    scene.make(1, FRAMES)
    await scene.step(0, 0)
    assert await scene.step(3, 2) == [(2, None)]
    assert scene.checker.ready == (not at_once)
    scene.open, scene.closes_while_judging = True, False
    await scene.step(AGAIN_S, 12)
    # what was judged already is seen with the video
    assert scene.screen.shown[1:] == [(12, ENDS if at_once else None)]


async def test_the_ends_are_shown_once_and_frames_again_and_again(scene: Scene) -> None:
    scene.make(1, FRAMES)
    await scene.step(0, 0)
    assert await scene.step(3, 2) == [(2, ENDS)]
    await scene.step(AGAIN_S - 1, 10)
    assert len(scene.screen.shown) == 1
    assert await scene.step(1, 12) == [(2, ENDS), (12, None)]
    assert len(await scene.step(AGAIN_S, 12)) == 2
    await scene.step(AGAIN_S, 20)
    assert scene.screen.shown[2:] == [(20, None)]
    assert scene.checker.ready == 1
    assert sorted(entry.name for entry in scene.folder.iterdir()) == ["data", f"{scene.job.id}-1"]


async def test_the_worker_s_own_files_stay_where_nothing_is_refused(scene: Scene) -> None:
    scene.make(1, FRAMES)
    async with scene.preview.pictures(scene.job) as pictures:
        assert pictures is not None
    assert scene.files() == {f"{scene.job.id}-1/frame-00001.png", f"{scene.job.id}-1/frame-00040.png"}


async def test_refused_pictures_are_gone_before_the_refusal_is_committed(scene: Scene) -> None:
    """Also what is kept of them for another attempt."""
    scene.make(1, 2, FRAMES)
    keep = scene.folder / f"{scene.job.id}-keep"
    keep.mkdir()
    (keep / "frame-00001.png").write_bytes(b"frame 1")
    scene.checker.flagged = set(ENDS)
    async with scene.preview.pictures(scene.job) as pictures:
        assert pictures is None
    assert scene.left_at_the_end == {f"{scene.job.id}-1/frame-00002.png"}


@pytest.mark.parametrize("bad", ENDS)
async def test_one_refused_picture_means_none(scene: Scene, bad: bytes) -> None:
    scene.make(1, FRAMES)
    scene.checker.flagged = {bad}
    await scene.step(0, 0)
    assert await scene.step(3, 2) == [(2, None)]
    assert scene.ended == [(scene.job.id, "refused_video_ends")]


async def test_a_check_that_fails_shows_nothing_and_ends_nothing(scene: Scene) -> None:
    scene.make(1, FRAMES)
    scene.checker.broken = True
    await scene.step(0, 0)
    assert await scene.step(3, 2) == [(2, None)]
    assert scene.ended == []


@pytest.mark.parametrize("there", [(), (1,), (FRAMES,), (1, FRAMES - 1)])
async def test_pictures_that_are_not_there_are_not_shown(scene: Scene, there: tuple[int, ...]) -> None:
    scene.make(*there)
    await scene.step(0, 0)
    assert await scene.step(3, 2) == [(2, None)]
    assert (scene.checker.ready, scene.ended) == (0, [])
    # a motion model makes all frames together: they are there later
    scene.make(1, FRAMES)
    assert (await scene.step(AGAIN_S, 30))[1:] == [(30, ENDS)]


async def test_a_link_is_no_picture(scene: Scene) -> None:
    scene.make(1)
    secret = scene.folder / "secret"
    secret.write_bytes(b"secret")
    (scene.folder / f"{scene.job.id}-1" / f"frame-{FRAMES:05}.png").symlink_to(secret)
    async with scene.preview.pictures(scene.job) as pictures:
        assert pictures is None


async def test_before_the_ends_are_made_only_frames_are_counted(scene: Scene) -> None:
    await scene.step(0, 0)
    assert await scene.step(3, 1) == [(1, None)]
    scene.make(1, FRAMES)
    assert (await scene.step(AGAIN_S, 2))[1:] == [(2, ENDS)]


async def test_the_folder_is_gone_when_showing_fails(scene: Scene) -> None:
    scene.make(1, FRAMES)

    async def show() -> None:
        async with scene.preview.pictures(scene.job) as pictures:
            assert pictures is not None
            raise RuntimeError("boom")

    with pytest.raises(RuntimeError, match="boom"):
        await show()
    assert sorted(entry.name for entry in scene.folder.iterdir()) == ["data", f"{scene.job.id}-1"]
