"""Locks that the operating system gives back when their holder dies. Workers use them too."""

from __future__ import annotations

import os
import sys
from pathlib import Path


class OsLock:
    """A lock on the file `path`, exclusive or `shared`. Held until `release()` or the end of the process.

    A child that inherits `fileno()` goes on holding it (not on Windows).
    """

    def __init__(self, path: Path, *, shared: bool = False) -> None:
        self._path = path
        self._shared = shared
        self._fd: int | None = None

    def fileno(self) -> int:
        if self._fd is None:
            raise ValueError("not locked")
        return self._fd

    def try_acquire(self) -> bool:
        """False when another holder is in the way."""
        fd = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        if not _lock(fd, shared=self._shared):
            os.close(fd)
            return False
        self._fd = fd
        return True

    def release(self) -> None:
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None


if sys.platform == "win32":
    import msvcrt

    def _lock(fd: int, *, shared: bool) -> bool:
        if shared:
            return True  # an open file cannot be removed there anyway
        try:
            msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _lock(fd: int, *, shared: bool) -> bool:
        try:
            fcntl.flock(fd, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
