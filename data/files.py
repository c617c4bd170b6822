"""Copying a file so that it is whole or not there, and knowing it again."""

from __future__ import annotations

import hashlib
import os
import stat
from io import BufferedReader
from pathlib import Path
from typing import Final

from data.errors import ArtifactChanged

_CHUNK: Final = 1 << 20
# The source may lie in a worker's folder: a link could point anywhere, a named pipe would block for ever.
_READ: Final = (
    os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
)


def digest(file: Path) -> str | None:
    """SHA-256 of a plain file in hex; None when there is none."""
    try:
        with _open_plain(file) as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except (OSError, ArtifactChanged):
        return None


def copy(source: Path, target: Path, *, expected: str | None = None) -> tuple[str, int]:
    """Copy under a temporary name, flush, rename; returns SHA-256 and bytes.

    Raises ArtifactChanged when the source is missing, no plain file or not the expected one; OSError.
    """
    unfinished = target.with_name(target.name + ".part")
    try:
        with _source(source) as stream:
            sha256, size = _copy_stream(stream, unfinished)
        _demand(expected in (None, sha256))
        unfinished.replace(target)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
    return sha256, size


def write(text: str, target: Path) -> None:
    """Write a small file for its owner alone, whole or not at all; its folder is made. Raises OSError."""
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = target.with_name(target.name + ".part")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    unfinished.replace(target)
    flush_folder(target.parent)


def flush_folder(folder: Path) -> None:
    """Make the names in a folder survive a power cut, where the system can (Windows cannot open a folder)."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _copy_stream(stream: BufferedReader, target: Path) -> tuple[str, int]:
    sha, size = hashlib.sha256(), 0
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), 0o600)
    with os.fdopen(descriptor, "wb") as copied:
        while chunk := stream.read(_CHUNK):
            sha.update(chunk)
            copied.write(chunk)
            size += len(chunk)
        copied.flush()
        os.fsync(copied.fileno())
    return sha.hexdigest(), size


def _demand(unchanged: bool) -> None:
    if not unchanged:
        raise ArtifactChanged


def _source(file: Path) -> BufferedReader:
    try:
        return _open_plain(file)
    except OSError:
        raise ArtifactChanged from None


def _open_plain(file: Path) -> BufferedReader:
    descriptor = os.open(file, _READ)
    try:
        _demand(stat.S_ISREG(os.fstat(descriptor).st_mode))
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise
