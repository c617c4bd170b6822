"""What a family's `requirements.txt` says: pinned packages, and comment lines that steer the installation.

| comment line        | meaning                                                                        |
|---------------------|--------------------------------------------------------------------------------|
| `# torch: none`     | the family needs no torch; any other value is the version instead of our usual |
| `# size: 340 MB`    | what the packages of this file cost to download                                |
| `# python: 3.11`    | only these versions (white space between) work; without it any from 3.11 on    |
| `# compiles: 5`     | a package is compiled where no wheel is found; needs a C++ compiler, minutes   |
| `# build-env: A=b`  | a variable for whoever compiles                                                |
| `# build-env x86_64: A=b` | the same, instead of the one above, on such a processor                  |
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

TORCH = "2.13.0"
PYTHON = "3.11"
_COMMENT = re.compile(r"#\s*(torch|size|python|compiles):\s*(.*?)\s*\Z")
_VARIABLE = re.compile(r"#\s*build-env(?:\s+(?P<machine>\w+))?:\s*(?P<name>\w+)=(?P<value>.*?)\s*\Z")
_SAME_MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pins:
    """`torch` None: not needed. `pythons` empty: any.

    `compiles` is how many minutes compiling takes, None where nothing is compiled; `build` the variables for it, by
    the processor they are for, "" for all others.
    """

    file: Path
    text: str
    torch: str | None = TORCH
    size: str | None = None
    pythons: tuple[str, ...] = ()
    compiles: str | None = None
    build: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @classmethod
    def read(cls, file: Path) -> Pins | None:
        """None when the family has no such file: it runs in the bot's own environment."""
        if not file.exists():
            return None
        text = file.read_text(encoding="utf-8")
        lines = [line.strip() for line in text.splitlines()]
        comments = (_COMMENT.match(line) for line in lines)
        said = {match[1]: match[2] for match in comments if match is not None}
        torch = said.get("torch", TORCH)
        return cls(
            file=file,
            text=text,
            torch=None if torch == "none" else torch,
            size=said.get("size"),
            pythons=tuple(said.get("python", "").split()),
            compiles=said.get("compiles"),
            build=_variables(lines),
        )

    def allows(self, python: str) -> bool:
        return not self.pythons or python in self.pythons

    def build_variables(self, machine: str) -> dict[str, str]:
        """For compiling on `machine`, as `platform.machine()` names it."""
        name = machine.lower()
        return {**self.build.get("", {}), **self.build.get(_SAME_MACHINES.get(name, name), {})}


def _variables(lines: Iterable[str]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for line in lines:
        if (match := _VARIABLE.match(line)) is not None:
            found.setdefault(match["machine"] or "", {})[match["name"]] = match["value"]
    return found
