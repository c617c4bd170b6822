"""The log's last number and hash, in a file outside the database: without it nobody would miss lines at the end."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

from data import files
from data.errors import storage_failure

FILE_NAME: Final = "audit-heads.jsonl"
UNKNOWN: Final = "unknown"
"""In place of a hash, where a file with earlier heads was taken away. No line has it."""


class Head(NamedTuple):
    """0 for a log without a line."""

    number: int
    hash: str


class HeadFile:
    """One line as long as the chain goes on. Where it does not, the last head from before stays above for good, so that
    one more line cannot hide what is missing. Raises StorageFailed."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / FILE_NAME

    def read(self) -> list[Head]:
        """Oldest first; an unreadable line is a head that nothing matches."""
        try:
            lines = self._file.read_text("utf-8").splitlines()
        except FileNotFoundError:
            return []
        except UnicodeDecodeError:
            return [Head(1, UNKNOWN)]
        except OSError as error:
            raise storage_failure(error) or error from error
        return [_read(line) for line in lines if line]

    def write(self, heads: Sequence[Head]) -> None:
        text = "".join(json.dumps(head) + "\n" for head in heads)
        try:
            files.write(text, self._file)
        except OSError as error:
            raise storage_failure(error) or error from error


def _read(line: str) -> Head:
    try:
        number, sha256 = json.loads(line)
        return Head(int(number), str(sha256))
    except (ValueError, TypeError):
        return Head(1, UNKNOWN)
