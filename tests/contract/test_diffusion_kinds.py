"""Models of other kinds than the mini one: a second text encoder, few steps, weights in one file."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import platformdirs
import pytest

from generation.catalog import ModelInfo
from generation.environments import Environments
from generation.errors import ModelMissing, WorkerError
from generation.supervisor import Supervisor
from tests.contract.conftest import ROOT
from tests.contract.picture_files import copied, furthest, pixels, rename_weights
from tests.contract.picture_runs import Runs
from tests.contract.test_diffusion_pictures import paths
from tests.contract.walk_runs import WalkRuns, jumps

WEIGHTS = ROOT / "generation" / "mini" / "diffusion" / "weights"


@pytest.fixture(scope="module")
async def folders(supervisor: Supervisor, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder a kind, made in the family's environment."""
    cache_dir = Path(os.environ.get("ATELIER_CACHE_DIR") or platformdirs.user_cache_path("klassenatelier"))
    environments = Environments(cache_dir=cache_dir, source_root=ROOT, report=print)
    python = await environments.ensure("diffusion")
    folder = tmp_path_factory.mktemp("kinds")
    for kind in ("large", "few_steps", "one_file"):
        command = [
            python,
            Path(__file__).with_name("random_models.py"),
            kind,
            WEIGHTS,
            folder / kind,
        ]
        await asyncio.to_thread(subprocess.run, command, check=True, capture_output=True, timeout=120)
    return folder


def kind(runs: Runs, folder: Path, **options: Any) -> ModelInfo:
    return replace(runs.model("mini", folder), options={"sides": [32, 256], **options})


async def test_stable_diffusion_xl(runs: Runs, folders: Path) -> None:
    model = kind(runs, folders / "large")
    two = await runs.image(model=model, count=2, seed=5, width=128, height=64)
    again = await runs.image(model=model, count=1, seed=6, width=128, height=64)
    assert two.facts["scheduler"] == "euler"
    assert pixels(paths(two)[0])[:2] == (128, 64)
    assert furthest(paths(two)[1], paths(again)[0]) <= 1
    assert furthest(paths(two)[0], paths(two)[1]) > 20
    for change in (
        {"negative": "ein Haus"},
        {"prompt": "ein Haus"},
        {"guidance": 9.0},
        {"scheduler": "ddim"},
    ):
        other = await runs.image(model=model, seed=6, **{"width": 128, "height": 64, **change})
        assert furthest(paths(again)[0], paths(other)[0]) > 0, change


@pytest.mark.parametrize(
    ("name", "options"),
    [("large", {}), ("few_steps", {"own_scheduler": True}), ("one_file/one", {"weights": "all.safetensors"})],
)
async def test_a_walk_begins_and_ends_with_pictures_of_any_kind(
    runs: Runs, folders: Path, name: str, options: dict[str, Any]
) -> None:
    model = kind(runs, folders / name, **options)
    outcome = await WalkRuns(runs).video(model=model, frames=4, negative="gelb")
    first = await runs.image(model=model, seed=7, prompt="ein roter Ball", negative="gelb")
    last = await runs.image(model=model, seed=8, prompt="ein gelbes Haus", negative="gelb")
    assert furthest(paths(outcome)[0], paths(first)[0]) == 0
    assert all(jump > 0 for jump in jumps(paths(outcome)))
    # a few-step model draws noise on the way, in every frame that of the first
    if name != "few_steps":
        assert furthest(paths(outcome)[-1], paths(last)[0]) == 0


async def test_a_second_text_encoder_that_lacks_weights_counts_as_missing(
    runs: Runs, folders: Path, tmp_path: Path
) -> None:
    folder = copied(folders / "large", tmp_path / "damaged")
    rename_weights(folder / "text_encoder_2" / "model.safetensors", lambda name: f"other.{name}")
    with pytest.raises(ModelMissing):
        await runs.image(model=kind(runs, folder))


async def test_a_few_step_model_keeps_its_scheduler_and_its_steps(runs: Runs, folders: Path) -> None:
    model = kind(runs, folders / "few_steps", own_scheduler=True, steps=[1, 8])
    usual = await runs.image(model=model, steps=4, guidance=8.0)
    wished = await runs.image(model=model, steps=4, guidance=8.0, scheduler="ddim")
    assert usual.facts["scheduler"] == wished.facts["scheduler"] == "LCMScheduler"
    assert paths(usual)[0].read_bytes() == paths(wished)[0].read_bytes()
    weaker = await runs.image(model=model, steps=4, guidance=2.0)
    assert furthest(paths(usual)[0], paths(weaker)[0]) > 0
    with pytest.raises(WorkerError) as caught:
        await runs.image(model=model, steps=9)
    assert caught.value.code == "invalid_input"


async def test_weights_in_one_file_are_the_same_model(runs: Runs, folders: Path) -> None:
    twin = await runs.image(model=kind(runs, folders / "one_file" / "twin"))
    one = await runs.image(model=kind(runs, folders / "one_file" / "one", weights="all.safetensors"))
    assert furthest(paths(twin)[0], paths(one)[0]) <= 1


@pytest.mark.parametrize(
    "prefix", ["model.diffusion_model.out", "first_stage_model.decoder", "cond_stage_model.transformer"]
)
async def test_one_file_that_lacks_weights_counts_as_missing(
    runs: Runs, folders: Path, tmp_path: Path, prefix: str
) -> None:
    folder = copied(folders / "one_file" / "one", tmp_path / "damaged")

    def rename(name: str) -> str:
        return f"other.{name}" if name.startswith(prefix) else name

    rename_weights(folder / "all.safetensors", rename)
    with pytest.raises(ModelMissing):
        await runs.image(model=kind(runs, folder, weights="all.safetensors"))


@pytest.mark.parametrize("weights", ["gone.safetensors", "all.ckpt"])
async def test_one_file_that_is_not_there_or_a_pickle(
    runs: Runs, folders: Path, tmp_path: Path, weights: str
) -> None:
    folder = copied(folders / "one_file" / "one", tmp_path / "damaged")
    (folder / "all.ckpt").write_bytes((folder / "all.safetensors").read_bytes())
    with pytest.raises(ModelMissing):
        await runs.image(model=kind(runs, folder, weights=weights))


@pytest.mark.parametrize(("part", "options"), [("twin", {}), ("one", {"weights": "all.safetensors"})])
async def test_the_checker_that_a_real_folder_names_is_not_needed(
    runs: Runs, folders: Path, tmp_path: Path, part: str, options: dict[str, Any]
) -> None:
    """The index of Stable Diffusion 1.5 names a checker and its preparation; neither is fetched beside the model."""
    folder = copied(folders / "one_file" / part, tmp_path / "real")
    file = folder / "model_index.json"
    index = json.loads(file.read_text())
    del index["image_encoder"]
    index |= {
        "feature_extractor": ["transformers", "CLIPImageProcessor"],
        "safety_checker": ["stable_diffusion", "StableDiffusionSafetyChecker"],
        "requires_safety_checker": True,
        "_diffusers_version": "0.6.0",
    }
    file.write_text(json.dumps(index))
    plain = await runs.image(model=kind(runs, folders / "one_file" / part, **options))
    named = await runs.image(model=kind(runs, folder, **options))
    assert paths(plain)[0].read_bytes() == paths(named)[0].read_bytes()
