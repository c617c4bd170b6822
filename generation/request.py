"""What goes into the supervisor and what comes out, and the checks on both sides of a worker."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from generation import wire
from generation.catalog import ModelInfo
from generation.errors import ModelMissing, WorkerError, WorkerGarbage
from generation.worker.api import File, Model

_log = logging.getLogger(__name__)
_NO_MODEL = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One attempt of one job. `out` is made if needed and must be empty; `params` are plain JSON values."""

    family: str
    task: str
    params: Mapping[str, Any]
    job: str
    attempt: int
    seed: int = 0
    out: Path
    model: ModelInfo | None = None

    @property
    def model_id(self) -> str:
        return _NO_MODEL if self.model is None else self.model.id

    @property
    def memory_mb(self) -> int:
        return 0 if self.model is None else self.model.memory_mb


@dataclass(frozen=True, slots=True)
class Progress:
    """`done` of `total` (at least 1) steps."""

    done: int
    total: int
    stage: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """`files` lie in `out`, exist and are not empty. `facts` are the worker's words: check them before use."""

    files: tuple[File, ...]
    facts: Mapping[str, Any]
    seconds: float
    out: Path


def start_message(request: Request) -> wire.Start:
    """Makes `out`. Raises ModelMissing, and WorkerError for an `out` that cannot be used."""
    out = request.out.absolute()
    try:
        out.mkdir(mode=0o700, parents=True, exist_ok=True)
        empty = not any(out.iterdir())
    except OSError as error:
        raise WorkerError from error
    if not empty:
        _log.error("job %s, attempt %d: its folder is not empty", request.job, request.attempt)
        raise WorkerError
    return wire.Start(
        job=request.job,
        attempt=request.attempt,
        task=request.task,
        params=dict(request.params),
        seed=request.seed,
        out=out,
        model=None if request.model is None else _model(request.model),
    )


def check_files(files: tuple[File, ...], out: Path) -> None:
    """Raises WorkerGarbage unless each is a plain file of its own inside `out` and not empty."""
    root = out.resolve()
    good = set()
    for file in files:
        path = root / file.name
        with contextlib.suppress(OSError, ValueError):
            real = path.resolve(strict=True)
            # a link, or "..", makes the two differ
            if real == path and real.is_relative_to(root) and real.is_file() and real.stat().st_size:
                good.add(real)
    if len(good) != len(files):
        raise WorkerGarbage


def _model(model: ModelInfo) -> Model:
    if model.path is None:
        raise ModelMissing(model=model.id)
    return Model(id=model.id, path=model.path.absolute(), options=dict(model.options))
