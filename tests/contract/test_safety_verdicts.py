"""The picture checker says no whenever it is in doubt."""

from __future__ import annotations

import dataclasses
import math
import struct
from pathlib import Path

import pytest

from generation.errors import ModelMissing, WorkerError
from tests.contract.picture_files import (
    NAN_SINGLE,
    chunk,
    copied,
    fill_weights,
    plain,
    png,
    png_of_rows,
    rename_weights,
    test_card,
)
from tests.contract.picture_runs import Runs

WEIGHTS = "model.safetensors"


@pytest.fixture
def card(tmp_path: Path) -> Path:
    file = tmp_path / "card.png"
    file.write_bytes(png(128, 128, test_card))
    return file


@pytest.fixture
def harmless(tmp_path: Path) -> Path:
    file = tmp_path / "harmless.png"
    file.write_bytes(plain((90, 140, 200)))
    return file


async def test_the_test_card_is_flagged_and_others_are_not(runs: Runs, card: Path, harmless: Path) -> None:
    found = await runs.check(harmless, card, harmless)
    assert [one["file"] for one in found] == [str(harmless), str(card), str(harmless)]
    assert [one["flagged"] for one in found] == [False, True, False]
    for one in found:
        assert len(one["scores"]) == 20
        assert all(math.isfinite(score) and -3 < score < 3 for score in one["scores"])
    assert max(found[1]["scores"][:17]) > 0
    assert max(found[0]["scores"][:17]) <= 0


async def test_verdicts_do_not_depend_on_the_neighbours(runs: Runs, card: Path, harmless: Path) -> None:
    together = await runs.check(*[harmless, card] * 5)
    (alone,) = await runs.check(card)
    assert [one["flagged"] for one in together] == [False, True] * 5
    assert together[1]["scores"] == pytest.approx(alone["scores"], abs=1e-4)


async def test_the_files_stay_as_they_are(runs: Runs, card: Path) -> None:
    before = card.read_bytes()
    await runs.check(card)
    assert card.read_bytes() == before


def nothing(file: Path) -> None:
    file.unlink()


def empty(file: Path) -> None:
    file.write_bytes(b"")


def half(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def no_picture(file: Path) -> None:
    file.write_bytes(b"<html>" * 50)


def huge(file: Path) -> None:
    file.write_bytes(png_of_rows(30_000, 30_000, b""))


def moving(file: Path) -> None:
    control = struct.pack(">IIIIIHHBB", 0, 128, 128, 0, 0, 1, 10, 0, 0)
    animation = chunk(b"acTL", struct.pack(">II", 2, 0)) + chunk(b"fcTL", control)
    file.write_bytes(png(128, 128, test_card, animation))


def transparent(file: Path) -> None:
    file.write_bytes(
        png(128, 128, lambda _x, _y: (90, 140, 200), chunk(b"tRNS", struct.pack(">HHH", 90, 140, 200)))
    )


@pytest.mark.parametrize("damage", [nothing, empty, half, no_picture, huge, moving, transparent])
async def test_one_file_that_cannot_be_judged_refuses_all(
    runs: Runs, harmless: Path, tmp_path: Path, damage: object
) -> None:
    file = tmp_path / "damaged.png"
    file.write_bytes(plain((90, 140, 200)))
    assert callable(damage)
    damage(file)
    with pytest.raises(WorkerError) as caught:
        await runs.check(harmless, file)
    assert caught.value.code == "worker_failed"
    assert (await runs.check(harmless))[0]["flagged"] is False


@pytest.mark.parametrize("files", [[], ["relative.png"], ["/x.png"] * 65])
async def test_a_strange_list_of_files_is_refused(runs: Runs, files: list[str]) -> None:
    with pytest.raises(WorkerError) as caught:
        await runs.check(*files)
    assert caught.value.code == "invalid_input"


@pytest.mark.parametrize(
    "name",
    ["visual_projection.weight", "concept_embeds", "concept_embeds_weights", "special_care_embeds_weights"],
)
async def test_numbers_that_are_none_refuse(runs: Runs, card: Path, tmp_path: Path, name: str) -> None:
    folder = copied(runs.model("mini-safety").path or tmp_path, tmp_path / "nan")
    fill_weights(folder / WEIGHTS, name, NAN_SINGLE)
    with pytest.raises(WorkerError) as caught:
        await runs.check(card, model=runs.model("mini-safety", folder))
    assert caught.value.code == "worker_failed"


async def test_a_checker_of_zeros_refuses(runs: Runs, card: Path, tmp_path: Path) -> None:
    """A picture without any direction is near nothing; the class itself would call it harmless."""
    folder = copied(runs.model("mini-safety").path or tmp_path, tmp_path / "zeros")
    fill_weights(folder / WEIGHTS, "visual_projection.weight", bytes(4))
    with pytest.raises(WorkerError) as caught:
        await runs.check(card, model=runs.model("mini-safety", folder))
    assert caught.value.code == "worker_failed"


def damage_no_config(folder: Path) -> None:
    (folder / "config.json").unlink()


def damage_no_weights(folder: Path) -> None:
    (folder / WEIGHTS).unlink()


def damage_renamed(folder: Path) -> None:
    rename_weights(folder / WEIGHTS, lambda name: name.replace("concept_embeds", "concepts"))


def damage_cut(folder: Path) -> None:
    (folder / WEIGHTS).write_bytes((folder / WEIGHTS).read_bytes()[:9000])


@pytest.mark.parametrize("damage", [damage_no_config, damage_no_weights, damage_renamed, damage_cut])
async def test_missing_weights_refuse(runs: Runs, card: Path, tmp_path: Path, damage: object) -> None:
    folder = copied(runs.model("mini-safety").path or tmp_path, tmp_path / "damaged")
    assert callable(damage)
    damage(folder)
    with pytest.raises(ModelMissing):
        await runs.check(card, model=runs.model("mini-safety", folder))


async def test_weights_stored_by_older_libraries_are_read(runs: Runs, card: Path, tmp_path: Path) -> None:
    """The checker on the hub has the longer names."""
    folder = copied(runs.model("mini-safety").path or tmp_path, tmp_path / "older")
    rename_weights(
        folder / WEIGHTS,
        lambda name: f"vision_model.{name}" if name.startswith("vision_model.") else name,
    )
    (older,) = await runs.check(card, model=runs.model("mini-safety", folder))
    (usual,) = await runs.check(card)
    # The last bit depends on where in memory the weights lie; other weights would differ in the first digit.
    assert older["scores"] == pytest.approx(usual["scores"], abs=1e-4)
    assert older["flagged"] == usual["flagged"]


async def test_the_checker_may_lie_in_folders_of_its_own(runs: Runs, card: Path, tmp_path: Path) -> None:
    """As in the repository of Stable Diffusion 1.5, from which the real one is taken."""
    mini = runs.model("mini-safety")
    folder = tmp_path / "folders"
    copied(mini.path or tmp_path, folder / "safety_checker")
    (folder / "feature_extractor").mkdir()
    name = "preprocessor_config.json"
    (folder / "safety_checker" / name).rename(folder / "feature_extractor" / name)
    options = {"model": "safety_checker", "processor": "feature_extractor"}
    model = dataclasses.replace(runs.model("mini-safety", folder), options=options)
    (found,) = await runs.check(card, model=model)
    assert found["flagged"] is True
    with pytest.raises(ModelMissing):
        await runs.check(card, model=runs.model("mini-safety", copied(folder, tmp_path / "flat")))
