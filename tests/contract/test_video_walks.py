"""A walk from picture to picture: what it passes through, how smoothly, to which beat, and what a crash leaves."""

from __future__ import annotations

import asyncio
import os
import signal
import statistics
from dataclasses import replace
from pathlib import Path

import pytest

from generation.errors import ModelMissing, TaskCancelled, WorkerCrashed, WorkerError
from generation.supervisor import Progress
from tests.contract.picture_files import NAN_HALF, copied, fill_weights, furthest, pixels
from tests.contract.picture_runs import Runs
from tests.contract.walk_runs import WalkRuns, jumps, paths, write_clicks

NEAR = 0.1
"""Seconds around a click in which motion counts as being on it."""


@pytest.fixture
def videos(runs: Runs) -> WalkRuns:
    return WalkRuns(runs)


async def test_the_first_and_the_last_frame_are_the_pictures_of_their_seeds(
    runs: Runs, videos: WalkRuns
) -> None:
    outcome = await videos.video(frames=6, scheduler="dpm++", negative="ein Kreis")
    first = await runs.image(prompt="ein roter Ball", seed=7, scheduler="dpm++", negative="ein Kreis")
    last = await runs.image(prompt="ein gelbes Haus", seed=8, scheduler="dpm++", negative="ein Kreis")

    assert [file.name for file in outcome.files] == [f"frame-{number:05d}.png" for number in range(1, 7)]
    assert [file.index for file in outcome.files] == [1, 2, 3, 4, 5, 6]
    assert {(file.kind, file.seed) for file in outcome.files} == {("frame", 7)}
    assert furthest(paths(outcome)[0], paths(first)[0]) == 0
    assert furthest(paths(outcome)[-1], paths(last)[0]) == 0
    assert outcome.facts.keys() - {"device"} == {
        *("frames", "fps", "motion", "width", "height", "steps", "scheduler", "resumed")
    }
    assert [outcome.facts[name] for name in ("frames", "motion", "scheduler", "resumed")] == [
        *(6, "walk", "dpm++", 0)
    ]


async def test_the_picture_loaded_before_a_video_comes_out_the_same_after_it(
    runs: Runs, videos: WalkRuns
) -> None:
    before = await runs.image()
    await videos.video(frames=3, scheduler="pndm")
    assert paths(before)[0].read_bytes() == paths(await runs.image())[0].read_bytes()


async def test_a_script_passes_through_the_pictures_of_its_keys(runs: Runs, videos: WalkRuns) -> None:
    keys = ((0, "ein roter Ball", 7), (3, "ein gelbes Haus", 9), (5, "ein blauer Kreis", 7))
    outcome = await videos.video(*keys, frames=9)
    for frame, prompt, seed in (*keys, (8, "ein blauer Kreis", 8)):
        picture = await runs.image(prompt=prompt, seed=seed)
        assert furthest(paths(outcome)[frame], paths(picture)[0]) <= 1, frame
    assert all(jump > 0 for jump in jumps(paths(outcome)))


async def test_more_frames_make_smaller_jumps(videos: WalkRuns) -> None:
    """No jump of 24 is larger than a sixth of the whole way at once, and the usual one far smaller."""
    whole = jumps(paths(await videos.video(frames=2)))[0]
    steps = jumps(paths(await videos.video(frames=25)))
    assert max(steps) < whole / 6
    assert statistics.median(steps) < whole / 12


async def test_the_motion_is_on_the_beats_of_a_song(videos: WalkRuns, tmp_path: Path) -> None:
    fps, clicks = 20, [0.3, 0.8, 1.3, 1.8]
    song = write_clicks(tmp_path / "song.wav", clicks, 2.2)
    outcome = await videos.video(frames=41, fps=fps, song=str(song))
    steps = jumps(paths(outcome))
    # what moves between two frames is seen when the second one comes
    near = [any(abs((frame + 1) / fps - click) <= NEAR for click in clicks) for frame in range(40)]
    on_beats = sum(step for step, on in zip(steps, near, strict=True) if on)
    assert sum(near) / len(near) < 0.45
    assert on_beats / sum(steps) >= 0.7


async def test_beyond_the_end_of_its_song_and_without_any_sound_a_walk_goes_on(
    videos: WalkRuns, tmp_path: Path
) -> None:
    short = write_clicks(tmp_path / "short.wav", [0.2, 0.6], 0.8)
    silent = write_clicks(tmp_path / "silent.wav", [], 2.0)
    steps = jumps(paths(await videos.video(frames=13, song=str(short))))
    assert all(step > 0 for step in steps[7:])
    still = await videos.video(frames=6, song=str(silent))
    plain = await videos.video(frames=6)
    assert [one.read_bytes() for one in paths(still)] == [one.read_bytes() for one in paths(plain)]


async def test_a_song_that_is_gone_or_none_is_said(videos: WalkRuns, tmp_path: Path) -> None:
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"no sound at all")
    for song, reason in (
        (tmp_path / "gone.wav", "song_gone"),
        (broken, "upload_broken"),
        ("a/1", "song_gone"),
    ):
        with pytest.raises(WorkerError) as caught:
            await videos.video(song=str(song))
        assert caught.value.values["reason"] == reason


async def test_first_and_last_frame_are_there_when_progress_says_two(videos: WalkRuns) -> None:
    seen: list[tuple[int, set[str]]] = []

    def on_progress(progress: Progress) -> None:
        folder = max(videos.pictures.folder.glob("video*"), key=lambda one: one.stat().st_mtime)
        seen.append((progress.done, {file.name for file in folder.glob("frame-*.png")}))

    await videos.video(frames=12, steps=12, on_progress=on_progress)
    early = [names for done, names in seen if done >= 2]
    assert early
    assert all({"frame-00001.png", "frame-00012.png"} <= names for names in early)
    assert seen[-1][0] == 12


async def test_what_a_crash_leaves_is_taken_over(videos: WalkRuns, tmp_path: Path) -> None:
    keep = tmp_path / "keep"
    whole = await videos.video(frames=30, steps=20)
    pid = next(one.pid for one in videos.pictures.supervisor.states() if one.family == "diffusion")
    assert pid is not None
    killed: list[int] = []

    def kill(progress: Progress) -> None:
        if progress.done >= 10 and not killed:
            killed.append(progress.done)
            os.kill(pid, signal.SIGKILL)

    with pytest.raises(WorkerCrashed):
        await videos.video(frames=30, steps=20, keep=str(keep), on_progress=kill)
    left = {file.name: file.stat().st_mtime_ns for file in keep.glob("frame-*.png")}
    again = await videos.video(frames=30, steps=20, keep=str(keep))

    assert 10 <= again.facts["resumed"] == len(left) < 30
    assert {name: (keep / name).stat().st_mtime_ns for name in left} == left
    assert [one.read_bytes() for one in paths(again)] == [one.read_bytes() for one in paths(whole)]


async def test_kept_frames_of_something_else_or_damaged_ones_are_made_anew(
    videos: WalkRuns, tmp_path: Path
) -> None:
    keep = tmp_path / "keep"
    first = await videos.video(frames=4, keep=str(keep))
    cut = (keep / "frame-00002.png").read_bytes()[:200]
    (keep / "frame-00002.png").unlink()  # it may be the same file as the result
    (keep / "frame-00002.png").write_bytes(cut)
    mended = await videos.video(frames=4, keep=str(keep))
    other = await videos.video(frames=4, keep=str(keep), guidance=9.0)

    assert [mended.facts["resumed"], other.facts["resumed"]] == [3, 0]
    assert [one.read_bytes() for one in paths(mended)] == [one.read_bytes() for one in paths(first)]
    assert furthest(paths(other)[0], paths(first)[0]) > 0
    with pytest.raises(WorkerError):
        await videos.video(keep="somewhere")


async def test_cancelling_ends_within_a_frame(videos: WalkRuns, tmp_path: Path) -> None:
    orders: list[asyncio.Task[None]] = []

    def on_progress(progress: Progress) -> None:
        if progress.total and not orders:
            orders.append(asyncio.create_task(videos.pictures.supervisor.cancel("cancelled-video")))

    keep = tmp_path / "keep"
    with pytest.raises(TaskCancelled):
        await videos.video(
            frames=30, steps=150, job="cancelled-video", keep=str(keep), on_progress=on_progress
        )
    # a picture of 150 steps takes seconds; the order came with its first steps
    assert len(list(keep.glob("frame-*.png"))) <= 1
    assert (await videos.video(frames=3)).files  # the worker goes on


@pytest.mark.parametrize(("tensor", "value"), [("conv_out.weight", NAN_HALF), ("conv_out.bias", b"\x00\x7c")])
async def test_numbers_that_are_none_fail_the_job(
    runs: Runs, videos: WalkRuns, tmp_path: Path, tensor: str, value: bytes
) -> None:
    folder = copied(runs.model("mini").path or tmp_path, tmp_path / "nan")
    fill_weights(folder / "unet" / "diffusion_pytorch_model.safetensors", tensor, value)
    with pytest.raises(WorkerError) as caught:
        await videos.video(model=runs.model("mini", folder))
    assert caught.value.code == "worker_failed"


async def test_black_frames_are_no_result(runs: Runs, videos: WalkRuns, tmp_path: Path) -> None:
    folder = copied(runs.model("mini").path or tmp_path, tmp_path / "black")
    weights = folder / "vae" / "diffusion_pytorch_model.safetensors"
    fill_weights(weights, "decoder.conv_out.weight", b"\x00\x00")
    fill_weights(weights, "decoder.conv_out.bias", b"\x00\xc0")  # minus two
    with pytest.raises(WorkerError) as caught:
        await videos.video(model=runs.model("mini", folder))
    assert caught.value.code == "worker_failed"


async def test_a_long_video_needs_no_more_memory_than_a_short_one(videos: WalkRuns) -> None:
    await videos.video(frames=12, width=128, height=128)
    pid = next(one.pid for one in videos.pictures.supervisor.states() if one.family == "diffusion")
    before = _peak_mb(pid or 0)
    await videos.video(frames=40, width=128, height=128, steps=2)
    assert _peak_mb(pid or 0) - before < 40


def _peak_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        pytest.skip("tells memory on Linux only")
    line = next(one for one in status.read_text().splitlines() if one.startswith("VmHWM"))
    return int(line.split()[1]) / 1000


@pytest.mark.parametrize(
    "changes",
    [
        {"width": 1024},
        {"steps": 0},
        {"frames": 500},
        {"scheduler": "euler_a"},
        {"keys": []},
        {"keys": [{"frame": 1, "prompt": "x", "seed": 1}]},
        {"colour": "red"},
    ],
)
async def test_what_cannot_be_done_is_said(videos: WalkRuns, changes: dict[str, object]) -> None:
    with pytest.raises(WorkerError) as caught:
        await videos.video(**{"frames": 6} | changes)  # type: ignore[arg-type]
    assert caught.value.code == "invalid_input"


async def test_a_model_that_is_gone_is_said(runs: Runs, videos: WalkRuns, tmp_path: Path) -> None:
    with pytest.raises(ModelMissing):
        await videos.video(model=replace(runs.model("mini"), id="gone", path=tmp_path / "gone"))


async def test_width_and_height_are_not_exchanged(videos: WalkRuns) -> None:
    outcome = await videos.video(frames=2, width=128, height=64)
    assert {pixels(file)[:2] for file in paths(outcome)} == {(128, 64)}
