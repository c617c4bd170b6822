"""AnimateDiff with FreeNoise, on the mini model with a motion adapter that the test makes."""

from __future__ import annotations

import asyncio
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from generation.catalog import ModelInfo
from generation.environments import Environments
from generation.errors import ModelMissing, TaskCancelled, WorkerError
from generation.supervisor import Progress
from tests.contract.picture_files import NAN_HALF, copied, fill_weights, furthest, rename_weights
from tests.contract.picture_runs import Runs
from tests.contract.walk_runs import WalkRuns, jumps, paths, write_clicks

KEYS = ((0, "ein roter Ball", 7), (6, "ein gelbes Haus", 8))


@pytest.fixture
def videos(runs: Runs) -> WalkRuns:
    return WalkRuns(runs)


@pytest.fixture(scope="module")
async def models(environments: Environments, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of models, in which the motion adapter lies beside the picture models."""
    python = await environments.ensure("diffusion")
    folder = tmp_path_factory.mktemp("models")
    command = [python, Path(__file__).with_name("random_motion.py"), folder / "motion"]
    await asyncio.to_thread(subprocess.run, command, check=True, capture_output=True, timeout=120)
    return folder


def moving(runs: Runs, folder: Path) -> ModelInfo:
    """The mini model in `folder`, which names the adapter beside it."""
    mini = runs.model("mini")
    place = folder / "mini"
    if not place.exists():
        copied(mini.path or folder, place)
    options = {**mini.options, "motion": {"adapter": "motion", "steps_offset": 1}}
    return replace(mini, id=f"mini-{folder.name}", path=place, options=options)


async def test_more_frames_than_the_motion_model_has_learned(
    runs: Runs, videos: WalkRuns, models: Path
) -> None:
    model = moving(runs, models)
    seen: list[Progress] = []
    first = await videos.video(*KEYS, frames=14, model=model, motion="travel", on_progress=seen.append)
    again = await videos.video(*KEYS, frames=14, model=model, motion="travel")
    other = await videos.video(KEYS[0], frames=14, model=model, motion="travel")
    walk = await videos.video(*KEYS, frames=14, model=model)

    assert [first.facts[name] for name in ("motion", "frames", "scheduler")] == ["travel", 14, "ddim"]
    assert len(first.files) == 14
    assert [one.read_bytes() for one in paths(first)] == [one.read_bytes() for one in paths(again)]
    assert all(jump > 0 for jump in jumps(paths(first)))
    # the second prompt is seen from its key on
    assert furthest(paths(first)[10], paths(other)[10]) > 0
    assert furthest(paths(first)[3], paths(walk)[3]) > 0
    assert (seen[-1].done, seen[-1].total) == (14, 14)


async def test_fewer_frames_than_a_window_and_other_options(
    runs: Runs, videos: WalkRuns, models: Path
) -> None:
    model = moving(runs, models)
    usual = await videos.video(KEYS[0], frames=3, model=model, motion="travel")
    for change in ({"negative": "ein Haus"}, {"guidance": 9.0}, {"scheduler": "dpm++"}):
        other = await videos.video(KEYS[0], frames=3, model=model, motion="travel", **change)
        assert furthest(paths(usual)[1], paths(other)[1]) > 0, change


async def test_a_picture_comes_out_the_same_after_a_travel(
    runs: Runs, videos: WalkRuns, models: Path
) -> None:
    model = moving(runs, models)
    before = await runs.image(model=model)
    await videos.video(frames=4, model=model, motion="travel")
    assert paths(before)[0].read_bytes() == paths(await runs.image(model=model))[0].read_bytes()


async def test_without_an_adapter_and_with_a_song_it_is_a_walk(
    runs: Runs, videos: WalkRuns, models: Path, tmp_path: Path
) -> None:
    walk = await videos.video()
    for model in (runs.model("mini"), moving(runs, tmp_path)):
        outcome = await videos.video(model=model, motion="travel")
        assert outcome.facts["motion"] == "walk"
        assert [one.read_bytes() for one in paths(outcome)] == [one.read_bytes() for one in paths(walk)]
    song = write_clicks(tmp_path / "song.wav", [0.2], 1.0)
    sung = await videos.video(model=moving(runs, models), motion="travel", song=str(song))
    assert sung.facts["motion"] == "walk"


async def test_what_was_finished_before_a_crash_is_not_made_again(
    runs: Runs, videos: WalkRuns, models: Path, tmp_path: Path
) -> None:
    model, keep = moving(runs, models), str(tmp_path / "keep")
    first = await videos.video(frames=4, model=model, motion="travel", keep=keep)
    again = await videos.video(frames=4, model=model, motion="travel", keep=keep)
    walk = await videos.video(frames=4, model=model, keep=keep)
    assert [one.facts["resumed"] for one in (first, again, walk)] == [0, 4, 0]
    assert [one.read_bytes() for one in paths(first)] == [one.read_bytes() for one in paths(again)]


async def test_cancelling_ends_within_a_step(runs: Runs, videos: WalkRuns, models: Path) -> None:
    seen: list[int] = []
    orders: list[asyncio.Task[None]] = []

    def on_progress(progress: Progress) -> None:
        seen.append(progress.done)
        if progress.done and not orders:
            orders.append(asyncio.create_task(videos.pictures.supervisor.cancel("cancelled-travel")))

    model = moving(runs, models)
    with pytest.raises(TaskCancelled):
        await videos.video(
            frames=30,
            steps=100,
            model=model,
            motion="travel",
            job="cancelled-travel",
            on_progress=on_progress,
        )
    assert seen[-1] <= 5
    assert (await videos.video(frames=2)).files  # the worker goes on


async def test_a_damaged_adapter_counts_as_missing_and_its_nan_as_failure(
    runs: Runs, videos: WalkRuns, models: Path, tmp_path: Path
) -> None:
    weights = copied(models / "motion", tmp_path / "motion") / "diffusion_pytorch_model.safetensors"
    model = moving(runs, tmp_path)
    name = "mid_block.motion_modules.0.proj_out.weight"
    fill_weights(weights, name, NAN_HALF)
    with pytest.raises(WorkerError) as caught:
        await videos.video(model=model, motion="travel")
    assert caught.value.code == "worker_failed"
    rename_weights(weights, lambda one: f"other.{one}" if one == name else one)
    with pytest.raises(ModelMissing):
        await videos.video(model=model, motion="travel")
    weights.write_bytes(weights.read_bytes()[:500])
    with pytest.raises(ModelMissing):
        await videos.video(model=model, motion="travel")
