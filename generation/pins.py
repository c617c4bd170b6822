"""What a family's `requirements.txt` says: pinned packages, and comment lines that steer the installation.

| comment line        | meaning                                                                        |
|---------------------|--------------------------------------------------------------------------------|
| `# torch: none`     | the family needs no torch; any other value is the version instead of our usual |
| `# size: 340 MB`    | what the packages of this file cost to download                                |
| `# python: 3.11`    | only these versions (white space between) work; without it any from 3.11 on    |
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

TORCH = "2.13.0"
PYTHON = "3.11"
_COMMENT = re.compile(r"#\s*(torch|size|python):\s*(.*?)\s*\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pins:
    """`torch` None: not needed. `pythons` empty: any."""

    file: Path
    text: str
    torch: str | None = TORCH
    size: str | None = None
    pythons: tuple[str, ...] = ()

    @classmethod
    def read(cls, file: Path) -> Pins | None:
        """None when the family has no such file: it runs in the bot's own environment."""
        if not file.exists():
            return None
        text = file.read_text(encoding="utf-8")
        comments = (_COMMENT.match(line.strip()) for line in text.splitlines())
        said = {match[1]: match[2] for match in comments if match is not None}
        torch = said.get("torch", TORCH)
        return cls(
            file=file,
            text=text,
            torch=None if torch == "none" else torch,
            size=said.get("size"),
            pythons=tuple(said.get("python", "").split()),
        )

    def allows(self, python: str) -> bool:
        return not self.pythons or python in self.pythons
