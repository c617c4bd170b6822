"""What a family says about itself so that the contract suite can try it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from generation.catalog import ModelInfo
from generation.supervisor import Request


def same_bytes(first: Path, second: Path) -> bool:
    return first.read_bytes() == second.read_bytes()


def as_it_is(request: Request) -> Mapping[str, Any]:
    return request.params


def no_inputs(_: Path) -> dict[str, Any]:
    return {}


@dataclass(frozen=True, kw_only=True)
class Case:
    """One task of one family, small and quick. A module `case_<family>.py` has a list `CASES` of these.

    `params` plus what `inputs(folder)` gives, which may write files there, is a request that makes `files` files.
    """

    family: str
    task: str
    params: Mapping[str, Any]
    inputs: Callable[[Path], Mapping[str, Any]] = no_inputs
    model: str | None
    """An id of the catalogue that is on every machine, None when the task needs no model."""
    files: int
    seeded: bool
    """File k carries the seed that makes it alone, and another seed makes another file."""
    alone: Mapping[str, Any] = field(default_factory=dict)
    """For `seeded`: changes to `params` that make one file only."""
    long: Mapping[str, Any] | None
    """Changes to `params` that take many steps, to be cancelled; None: the task is over in a moment."""
    wrong: Mapping[str, Any]
    """Changes to `params` that make them invalid."""
    same: Callable[[Path, Path], bool] = same_bytes
    """Whether two files count as the same result."""
    made_model: Callable[[Path], ModelInfo] | None = None
    """Instead of `model`, where no model of the catalogue is on every machine: writes one into a folder."""
    signed: Callable[[Request], Mapping[str, Any]] = as_it_is
    """The params of a request with what only the bot can put into them."""
    measured: frozenset[str] = frozenset()
    """Facts that tell of the moment and differ from run to run."""

    def __str__(self) -> str:
        return f"{self.family} {self.task}"
