"""The two things that the pipeline does to files: say what is in them, and destroy them."""

import hashlib
import logging
import os
import stat
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

logger = logging.getLogger(__name__)

_CHUNK: Final = 1 << 20
# A worker's folder is not trusted: a link may point anywhere and a named pipe would block for ever.
_READ_FLAGS: Final = (
    os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
)
_WIPE_FLAGS: Final = os.O_WRONLY | os.O_TRUNC | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)


def digest(file: Path) -> str:
    """SHA-256 of a plain file that is not empty, in hex; "" for anything else (missing, a link, a folder)."""
    try:
        descriptor = os.open(file, _READ_FLAGS)
        try:
            return _digest_open(descriptor)
        finally:
            os.close(descriptor)
    except OSError:
        return ""


def _digest_open(descriptor: int) -> str:
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode) or status.st_size == 0:
        return ""
    sha = hashlib.sha256()
    while chunk := os.read(descriptor, _CHUNK):
        sha.update(chunk)
    return sha.hexdigest()


def digests(files: Sequence[Path]) -> tuple[str, ...]:
    return tuple(digest(file) for file in files)


def destroy(files: Iterable[Path]) -> None:
    """Remove every file. Where removing fails the content is cut to nothing; never raises OSError."""
    for file in files:
        try:
            file.unlink(missing_ok=True)
        except OSError as error:
            logger.error("a refused file could not be removed: %s", type(error).__name__)  # noqa: TRY400
            _empty(file)


def _empty(file: Path) -> None:
    try:
        os.close(os.open(file, _WIPE_FLAGS))
    except OSError as error:
        logger.critical("a refused file could not be emptied: %s", type(error).__name__)
