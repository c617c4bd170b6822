"""The events as JSON lines: what makes a class outlive a restart of its server."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TextIO

from bot.local.errors import Json


class Journal:
    """An append-only file, one event a line, flushed after each. Readable by its owner alone."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: TextIO | None = None

    def read(self) -> Iterator[Json]:
        """All events so far. A last line that a crash cut short is left out; a broken one before it is an error."""
        if not self.path.exists():
            return
        lines = self.path.read_text(encoding="utf-8").split("\n")
        for number, line in enumerate(lines):
            if not line:
                continue
            try:
                yield json.loads(line)
            except json.JSONDecodeError:
                if any(lines[number + 1 :]):
                    raise
                return

    def rewrite(self, events: Iterable[Json]) -> None:
        """Replace the file by these events, whole or not at all, and keep it open for appending."""
        self.close()
        fresh = self.path.with_suffix(".new")
        with fresh.open("w", encoding="utf-8") as file:
            fresh.chmod(0o600)
            for event in events:
                file.write(_line(event))
        fresh.replace(self.path)
        self._file = self.path.open("a", encoding="utf-8")

    def append(self, event: Json) -> None:
        """Write one event; it has reached the operating system when this returns."""
        if self._file is None:
            raise RuntimeError("the journal is not open")
        self._file.write(_line(event))
        self._file.flush()

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


def _line(event: Json) -> str:
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")) + "\n"
