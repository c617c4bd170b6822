"""What a family gives and gets inside its worker process. Standard library only.

A family's module `generation.families.<family>.adapter` has `create() -> Adapter`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol


class Cancelled(Exception):
    """Raised inside a task by `Context.check()` once the job has been cancelled."""


class TaskFailed(Exception):
    """A task that cannot be done; `code`: "out_of_memory", "model_missing", "model_broken", "invalid" or
    "worker_failed".

    `detail` is for the log, never shown, and holds no prompt text.
    """

    def __init__(self, code: str, detail: str = "") -> None:
        self.code = code
        self.detail = detail
        super().__init__(f"{code}: {detail}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A model as `catalog.py` resolved it: `path` is local, `options` the rest of its entry."""

    id: str
    path: Path
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One `start` message. `out` is an existing, empty, private folder for this attempt's files."""

    job: str
    attempt: int
    name: str
    params: Mapping[str, Any]
    seed: int
    out: Path
    model: Model | None


class Context(Protocol):
    """How a running task speaks to the bot. Every method may be called from the task's own thread."""

    def progress(self, done: int, total: int, stage: str = "") -> None:
        """`done` of `total` steps; thinned out on the way, so call it on every step."""

    def loading(self, model: str) -> None:
        """Say that weights are being loaded: silence is allowed for longer from now on."""

    def check(self) -> None:
        """Raise `Cancelled` if the job has been cancelled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file in `Task.out`. `index` counts from 1; `seed` makes this file again alone."""

    name: str
    index: int = 1
    seed: int | None = None
    kind: str = "image"


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a task made. `facts` are plain JSON values."""

    files: Sequence[File] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)


class Adapter(Protocol):
    """One family. Tasks of one worker run one after another unless `parallel` says otherwise."""

    parallel: int

    def run(self, task: Task, context: Context) -> Result:
        """Do the task. Raises `Cancelled`, `TaskFailed`, MemoryError; anything else is "worker_failed"."""
