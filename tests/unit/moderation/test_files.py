from pathlib import Path

import pytest

from moderation import files


def test_digest_of_a_plain_file_only(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_bytes(b"abc")
    assert files.digest(file) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert files.digest(tmp_path) == ""
    assert files.digest(tmp_path / "missing") == ""


def test_destroy_removes_links_and_not_their_targets(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_bytes(b"abc")
    link.symlink_to(target)
    files.destroy([link, tmp_path / "missing"])
    assert target.read_bytes() == b"abc"
    assert not link.is_symlink()


def test_what_cannot_be_removed_is_emptied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "a"
    file.write_bytes(b"abc")

    def locked(self: Path, missing_ok: bool = False) -> None:
        raise PermissionError

    monkeypatch.setattr(Path, "unlink", locked)
    files.destroy([file])
    assert file.read_bytes() == b""
