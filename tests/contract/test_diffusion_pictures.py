"""Seeds, schedulers and options: what a person relies on when a picture is to come out the same again."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from pathlib import Path

import pytest

from generation.errors import ModelMissing, TaskCancelled, WorkerError
from generation.params import SCHEDULERS
from generation.supervisor import Outcome, Progress
from tests.contract.picture_files import (
    NAN_HALF,
    copied,
    fill_weights,
    furthest,
    pixels,
    rename_weights,
)
from tests.contract.picture_runs import Runs

TOO_LONG = " ".join(f"roter Ball {word}" for word in ("und gelbes Haus",) * 30)


def paths(outcome: Outcome) -> list[Path]:
    return [outcome.out / file.name for file in outcome.files]


@pytest.mark.parametrize("scheduler", SCHEDULERS)
async def test_a_printed_seed_alone_makes_its_picture_again(runs: Runs, scheduler: str) -> None:
    four = await runs.image(count=4, seed=1000, scheduler=scheduler)
    again = await runs.image(count=4, seed=1000, scheduler=scheduler)
    third = await runs.image(count=1, seed=four.files[2].seed or 0, scheduler=scheduler)
    assert four.facts["scheduler"] == scheduler
    assert [file.seed for file in four.files] == [1000, 1001, 1002, 1003]
    assert [one.read_bytes() for one in paths(four)] == [one.read_bytes() for one in paths(again)]
    assert furthest(paths(four)[2], paths(third)[0]) <= 1
    assert furthest(paths(four)[0], paths(four)[1]) > 20


async def test_seeds_start_again_after_the_highest(runs: Runs) -> None:
    outcome = await runs.image(count=2, seed=2**32 - 1)
    assert [file.seed for file in outcome.files] == [2**32 - 1, 0]
    assert furthest(paths(outcome)[1], paths(await runs.image(seed=0))[0]) <= 1


@pytest.mark.parametrize("scheduler", SCHEDULERS)
async def test_a_single_step_suffices_for_a_picture(runs: Runs, scheduler: str) -> None:
    outcome = await runs.image(steps=1, scheduler=scheduler)
    assert pixels(paths(outcome)[0])[:2] == (64, 64)


@pytest.mark.parametrize(("guidance", "steps"), [(1.0, 2), (20.0, 150)])
async def test_the_outer_guidances_work(runs: Runs, guidance: float, steps: int) -> None:
    outcome = await runs.image(steps=steps, guidance=guidance)
    assert outcome.facts["steps"] == steps


@pytest.mark.parametrize(
    "change", [{"negative": "gelb"}, {"guidance": 9.0}, {"steps": 6}, {"prompt": "ein Haus"}]
)
async def test_options_change_the_pixels(runs: Runs, change: dict[str, object]) -> None:
    usual, other = await runs.image(), await runs.image(**change)
    assert furthest(paths(usual)[0], paths(other)[0]) > 0


async def test_width_and_height_are_not_exchanged(runs: Runs) -> None:
    outcome = await runs.image(width=128, height=64)
    assert pixels(paths(outcome)[0])[:2] == (128, 64)


@pytest.mark.parametrize(
    "change", [{"width": 1024}, {"steps": 0}, {"scheduler": "karras"}, {"colour": "red"}]
)
async def test_what_the_model_cannot_do_is_said(runs: Runs, change: dict[str, object]) -> None:
    with pytest.raises(WorkerError) as caught:
        await runs.image(**change)
    assert caught.value.code == "invalid_input"


async def test_a_cut_prompt_is_said_and_never_logged(runs: Runs, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        outcome = await runs.image(prompt=f"{TOO_LONG} kanarienvogel")
        uncut = await runs.image()
    assert outcome.facts["prompt_cut"] is True
    assert "prompt_cut" not in uncut.facts
    assert "kanarienvogel" not in caplog.text
    assert "gelbes" not in caplog.text


async def test_cancelling_ends_within_a_step(runs: Runs) -> None:
    seen: list[Progress] = []
    orders: list[asyncio.Task[None]] = []

    def on_progress(progress: Progress) -> None:
        seen.append(progress)
        if progress.done and not orders:
            orders.append(asyncio.create_task(runs.supervisor.cancel("cancelled-picture")))

    with pytest.raises(TaskCancelled):
        await runs.image(job="cancelled-picture", steps=150, on_progress=on_progress)
    begun = next(one.done for one in seen if one.done)
    # the order to stop takes its time through the pipe, a few steps of some milliseconds
    assert seen[-1].done - begun <= 20
    assert seen[-1].stage == "denoising"
    assert (await runs.image()).files  # the worker goes on


async def test_progress_counts_every_denoising_step(runs: Runs) -> None:
    seen: list[Progress] = []
    await runs.image(steps=12, on_progress=seen.append)
    assert (seen[-1].done, seen[-1].total) == (12, 12)


async def test_models_take_turns(runs: Runs, tmp_path: Path) -> None:
    other = runs.model("mini", copied(runs.model("mini").path or tmp_path, tmp_path / "twin"))
    first = await runs.image()
    twin = await runs.image(model=other)
    assert runs.supervisor.loaded("diffusion") == "mini-twin"
    assert paths(first)[0].read_bytes() == paths(twin)[0].read_bytes()
    assert paths(first)[0].read_bytes() == paths(await runs.image())[0].read_bytes()


def damage_nothing_there(folder: Path) -> None:
    (folder / "model_index.json").unlink()


def damage_truncated(folder: Path) -> None:
    file = folder / "unet" / "diffusion_pytorch_model.safetensors"
    file.write_bytes(file.read_bytes()[:5000])


def damage_renamed(folder: Path) -> None:
    rename_weights(folder / "text_encoder" / "model.safetensors", lambda name: f"other.{name}")


def damage_pickle(folder: Path) -> None:
    (folder / "vae" / "diffusion_pytorch_model.safetensors").rename(
        folder / "vae" / "diffusion_pytorch_model.bin"
    )


@pytest.mark.parametrize("damage", [damage_nothing_there, damage_truncated, damage_renamed, damage_pickle])
async def test_a_damaged_folder_counts_as_missing(runs: Runs, tmp_path: Path, damage: object) -> None:
    folder = copied(runs.model("mini").path or tmp_path, tmp_path / "damaged")
    assert callable(damage)
    damage(folder)
    with pytest.raises(ModelMissing):
        await runs.image(model=runs.model("mini", folder))
    assert (await runs.image()).files


async def test_numbers_that_are_none_fail_the_job(runs: Runs, tmp_path: Path) -> None:
    folder = copied(runs.model("mini").path or tmp_path, tmp_path / "nan")
    fill_weights(folder / "unet" / "diffusion_pytorch_model.safetensors", "conv_out.weight", NAN_HALF)
    with pytest.raises(WorkerError) as caught:
        await runs.image(model=runs.model("mini", folder))
    assert caught.value.code == "worker_failed"


async def test_text_encoders_stored_by_older_libraries_are_read(runs: Runs, tmp_path: Path) -> None:
    """Stable Diffusion 1.5 on the hub has the longer names."""
    folder = copied(runs.model("mini").path or tmp_path, tmp_path / "older")
    rename_weights(folder / "text_encoder" / "model.safetensors", lambda name: f"text_model.{name}")
    older = await runs.image(model=runs.model("mini", folder))
    assert paths(older)[0].read_bytes() == paths(await runs.image())[0].read_bytes()


async def test_files_of_a_variant_are_found_by_the_option(runs: Runs, tmp_path: Path) -> None:
    folder = copied(runs.model("mini").path or tmp_path, tmp_path / "half")
    for file in folder.rglob("*.safetensors"):
        file.rename(file.with_suffix(".fp16.safetensors"))
    model = runs.model("mini", folder)
    model = replace(model, options={**model.options, "variant": "fp16"})
    assert paths(await runs.image(model=model))[0].read_bytes() == paths(await runs.image())[0].read_bytes()


async def test_pictures_one_after_the_other_are_those_of_a_batch(runs: Runs) -> None:
    """What a card does, where each picture has a model call for itself."""
    usual = runs.model("mini")
    one = replace(usual, id="mini-single", options={**usual.options, "pictures_at_once": 1})
    seen: list[Progress] = []
    single = await runs.image(model=one, count=3, on_progress=seen.append)
    batch = await runs.image(count=3)
    assert all(furthest(*pair) <= 1 for pair in zip(paths(single), paths(batch), strict=True))
    assert (seen[-1].done, seen[-1].total) == (12, 12)
