"""What is checked before a request goes to a worker and after its answer."""

from __future__ import annotations

from pathlib import Path

import pytest

from generation.errors import WorkerError, WorkerGarbage
from generation.request import Request, check_files, start_message
from generation.worker.api import File


@pytest.fixture
def out(tmp_path: Path) -> Path:
    folder = tmp_path / "out"
    (folder / "inside").mkdir(parents=True)
    (folder / "1.png").write_bytes(b"picture")
    (folder / "inside" / "2.png").write_bytes(b"picture")
    (folder / "empty.png").touch()
    (tmp_path / "outside.png").write_bytes(b"picture")
    (folder / "link.png").symlink_to(tmp_path / "outside.png")
    (folder / "near.png").symlink_to(folder / "1.png")
    return folder


def test_plain_files_inside_are_taken(out: Path) -> None:
    check_files((), out)
    check_files((File(name="1.png"), File(name="inside/2.png", index=2)), out)


@pytest.mark.parametrize(
    "name",
    [
        "missing.png",
        "empty.png",
        "inside",
        ".",
        "link.png",
        "near.png",
        "../outside.png",
        "inside/../1.png",
        "/etc/hostname",
        "\udc80.png",
        "x" * 3000,
    ],
)
def test_anything_else_is_garbage(out: Path, name: str) -> None:
    with pytest.raises(WorkerGarbage):
        check_files((File(name="1.png"), File(name=name, index=2)), out)


def test_a_file_counts_once(out: Path) -> None:
    with pytest.raises(WorkerGarbage):
        check_files((File(name="1.png"), File(name="1.png", index=2)), out)


def test_the_folder_is_made_private_and_has_to_be_empty(tmp_path: Path) -> None:
    request = Request(
        family="fake", task="image", params={}, job="j1", attempt=1, out=tmp_path / "deep" / "out"
    )

    assert start_message(request).out == tmp_path / "deep" / "out"
    assert request.out.stat().st_mode & 0o777 == 0o700
    start_message(request)

    (request.out / "left").touch()
    with pytest.raises(WorkerError):
        start_message(request)


def test_a_folder_that_cannot_be_made_is_a_worker_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    request = Request(
        family="fake", task="image", params={}, job="j1", attempt=1, out=tmp_path / "file" / "out"
    )

    with pytest.raises(WorkerError):
        start_message(request)
