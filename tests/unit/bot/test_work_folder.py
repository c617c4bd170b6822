from __future__ import annotations

import stat
from pathlib import Path

import pytest

from bot.app import open_atelier
from bot.i18n import Sentences
from bot.publisher import DiscordPublisher
from bot.settings import Settings
from bot.work_folder import WorkFolderUnusable, prepare_work_folder


def test_it_is_private_and_one_per_data_folder(tmp_path: Path) -> None:
    first = prepare_work_folder(tmp_path / "data", tmp_path / "work")
    second = prepare_work_folder(tmp_path / "other", tmp_path / "work")
    assert first != second
    assert first.parent == second.parent == tmp_path / "work"
    assert stat.S_IMODE(first.stat().st_mode) == 0o700


def test_what_a_killed_bot_left_is_wiped(tmp_path: Path) -> None:
    folder = prepare_work_folder(tmp_path / "data", tmp_path / "work")
    (folder / "job-1").mkdir()
    (folder / "job-1" / "1.png").write_bytes(b"unchecked")
    (folder / "loose.png").write_bytes(b"unchecked")
    assert prepare_work_folder(tmp_path / "data", tmp_path / "work") == folder
    assert list(folder.iterdir()) == []


def test_what_a_teacher_has_in_the_chosen_folder_stays(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o755)
    (home / "thesis.txt").write_text("mine")
    prepare_work_folder(tmp_path / "data", home)
    assert (home / "thesis.txt").read_text() == "mine"
    assert stat.S_IMODE(home.stat().st_mode) == 0o755


def test_links_inside_are_removed_and_not_followed(tmp_path: Path) -> None:
    folder = prepare_work_folder(tmp_path / "data", tmp_path / "work")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "kept.txt").write_text("kept")
    (folder / "link").symlink_to(tmp_path / "mine")
    prepare_work_folder(tmp_path / "data", tmp_path / "work")
    assert not (folder / "link").is_symlink()
    assert (tmp_path / "mine" / "kept.txt").exists()


def test_a_link_in_its_place_is_refused_and_its_target_left_alone(tmp_path: Path) -> None:
    folder = prepare_work_folder(tmp_path / "data", tmp_path / "work")
    folder.rmdir()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "kept.txt").write_text("kept")
    folder.symlink_to(tmp_path / "mine")
    with pytest.raises(WorkFolderUnusable):
        prepare_work_folder(tmp_path / "data", tmp_path / "work")
    assert (tmp_path / "mine" / "kept.txt").exists()


@pytest.mark.parametrize("where", ["file", "file/below"])
def test_a_file_in_the_way_is_an_error_with_a_sentence(tmp_path: Path, where: str) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(WorkFolderUnusable) as error:
        prepare_work_folder(tmp_path / "data", tmp_path / where)
    assert error.value.code == "work_folder"
    assert str(tmp_path / where) in str(error.value.values["folder"])


def test_without_a_choice_it_is_not_in_the_data_folder(tmp_path: Path) -> None:
    folder = prepare_work_folder(tmp_path, None)
    try:
        assert not folder.is_relative_to(tmp_path)
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    finally:
        folder.rmdir()


async def test_nothing_of_it_stays_after_an_orderly_end(tmp_path: Path) -> None:
    settings = Settings(  # type: ignore[call-arg]
        _env_file=None, data_dir=tmp_path / "data", work_dir=tmp_path / "work", worker_threads=1
    )
    sentences = Sentences.load()
    publisher = DiscordPublisher(sentences=sentences)  # nothing is made here
    async with open_atelier(settings, publisher=publisher, sentences=sentences, report=lambda line: None):
        (folder,) = (tmp_path / "work").iterdir()
        (folder / "unchecked.png").write_bytes(b"unchecked")
    assert list((tmp_path / "work").iterdir()) == []
