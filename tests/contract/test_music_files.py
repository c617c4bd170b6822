"""Folders as they come from the hub, and folders that are broken or not what they seem."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from bot.models.checkpoint import is_plain
from generation.errors import ModelMissing, WorkerError
from tests.contract.music_runs import MusicModels, MusicRuns, samples, sound, tune

MODEL, CODEC = "state_dict.bin", "compression_state_dict.bin"


async def test_files_side_by_side_as_they_are_pulled(music: MusicRuns, tmp_path: Path) -> None:
    melody = tune(tmp_path / "tune.wav", [220, 330])
    cached, flat = [await music.make(kind, melody=melody) for kind in ("melody", "flat")]

    assert samples(sound(cached)) == samples(sound(flat))


@pytest.mark.parametrize("kind", ["no_codec", "no_reader", "no_separator", "gone"])
async def test_what_is_not_there_is_missing(music: MusicRuns, kind: str) -> None:
    with pytest.raises(ModelMissing):
        await music.make(kind)


@pytest.mark.parametrize(
    "kind", ["cut", "incomplete", "magnet", "other_separator", "program", "program_codec"]
)
async def test_what_cannot_be_used_is_said_so_and_nothing_of_it_runs(music: MusicRuns, kind: str) -> None:
    with pytest.raises(WorkerError) as caught:
        await music.make(kind)
    assert caught.value.code == "model_broken"
    assert not (music.models.folder / f"{kind}_has_run").exists()

    assert (await music.make("plain")).facts["windows"] == 1


async def test_a_model_of_the_other_kind_is_refused_or_works(music: MusicRuns) -> None:
    """AudioGen takes no melody model; MusicGen cannot be made of a window as short as AudioGen's."""
    for kind, task in (("melody", "sound"), ("sound", "music")):
        with pytest.raises(WorkerError) as caught:
            await music.make(kind, task=task)
        assert caught.value.code == "model_broken"


async def test_a_sound_that_is_not_a_number_never_leaves(music: MusicRuns) -> None:
    with pytest.raises(WorkerError) as caught:
        await music.make("nan")
    assert caught.value.code == "worker_failed"


@pytest.mark.parametrize(
    "wrong",
    [
        {"seconds": 0},
        {"seconds": 61},
        {"count": 5},
        {"prompt": ""},
        {"format": "wav"},
        {"sections": [{}]},
        {"x": 1},
    ],
    ids=str,
)
async def test_wrong_parameters_are_refused(music: MusicRuns, wrong: dict[str, object]) -> None:
    with pytest.raises(WorkerError) as caught:
        await music.make("plain", **wrong)  # type: ignore[arg-type]
    assert caught.value.code == "invalid_input"


async def test_the_model_s_folder_stays_as_it_is(music: MusicRuns) -> None:
    folder = music.models.folder / "melody"
    before = {file: file.stat().st_mtime_ns for file in folder.rglob("*")}
    model = dataclasses.replace(music.models.get("melody"), id="melody-again")
    await music.make(model)

    assert {file: file.stat().st_mtime_ns for file in folder.rglob("*")} == before


def test_what_is_pulled_is_told_apart_without_torch(music_models: MusicModels) -> None:
    """The bot looks through such files before it keeps them, and takes those that torch and audiocraft write."""
    good = [music_models.folder / kind for kind in ("plain", "stereo", "melody", "sound")]

    assert all(is_plain(folder / name) for folder in good for name in (MODEL, CODEC))
    assert not is_plain(music_models.folder / "program" / MODEL)
    assert not is_plain(music_models.folder / "program_codec" / CODEC)
    assert not is_plain(music_models.folder / "cut" / MODEL)
