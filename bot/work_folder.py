"""The private folder for files that nobody has checked yet."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from pathlib import Path

from generation.errors import AtelierError


class WorkFolderUnusable(AtelierError):
    """It cannot be made, or it is a link or somebody else's."""

    default_code = "work_folder"


def prepare_work_folder(data_dir: Path, chosen: Path | None) -> Path:
    """An empty folder only the bot's user can read: in `chosen`, else in memory where the system has such a place.

    One per data folder, so that what a killed bot left behind is found and wiped at its next start. `chosen` itself
    is never wiped: it may be anybody's home. Raises WorkFolderUnusable.
    """
    folder = (chosen or _place()) / f"klassenatelier-{_user()}-{_name_of(data_dir)}"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if folder.is_symlink() or folder.stat().st_uid != _user():
            raise WorkFolderUnusable(folder=str(folder))
        folder.chmod(0o700)
        _empty(folder)
    except OSError as error:
        raise WorkFolderUnusable(folder=str(folder)) from error
    return folder


def remove_work_folder(folder: Path) -> None:
    """At an orderly end: what nobody has checked goes, and memory is given back. Never raises."""
    shutil.rmtree(folder, ignore_errors=True)


def _empty(folder: Path) -> None:
    for entry in folder.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()


def _place() -> Path:
    memory = Path("/dev/shm")  # noqa: S108 - private sub-folder, mode 0700
    return memory if memory.is_dir() and os.access(memory, os.W_OK) else Path(tempfile.gettempdir())


def _name_of(data_dir: Path) -> str:
    return hashlib.sha256(str(data_dir.resolve()).encode()).hexdigest()[:12]


def _user() -> int:
    """The user's number; 0 on systems without such numbers, where every file has owner 0."""
    return os.getuid() if hasattr(os, "getuid") else 0
