"""The image check: hands pictures to the safety family, a classifier in a worker process of its own."""

from __future__ import annotations

import asyncio
import itertools
import shutil
from collections.abc import Sequence
from pathlib import Path
from tempfile import mkdtemp
from typing import Protocol

from generation.catalog import ModelInfo
from generation.ports import Runner
from generation.supervisor import Outcome, Request
from moderation.pipeline import ImageScore


class StartingRunner(Runner, Protocol):
    """A runner whose workers can be started before their first request (`supervisor.Supervisor`)."""

    async def start(self, family: str) -> None: ...


class SafetyCheck:
    """Implements `ImageCheck`. Raises WorkerError and the like; the pipeline refuses then."""

    def __init__(self, *, supervisor: StartingRunner, model: ModelInfo, work_dir: Path) -> None:
        self._supervisor = supervisor
        self._model = model
        self._prepared = False
        self._work_dir = work_dir
        self._numbers = itertools.count(1)

    async def prepare(self) -> None:
        """Have the worker running, however long its environment takes. Raises WorkerError."""
        if not self._prepared:
            await self._supervisor.start(self._model.family)
            self._prepared = True

    async def __call__(self, files: Sequence[Path], /) -> Sequence[ImageScore]:
        # In the loop's own thread: a caller cancelled meanwhile would never learn the folder's name.
        out = Path(mkdtemp(dir=self._work_dir, prefix="check-"))
        try:
            outcome = await self._run(files, out)
        finally:
            await asyncio.to_thread(shutil.rmtree, out, ignore_errors=True)
        return [
            ImageScore(Path(row["file"]), row["flagged"], tuple(row["scores"]))
            for row in outcome.facts["scores"]
        ]

    async def _run(self, files: Sequence[Path], out: Path) -> Outcome:
        request = Request(
            family=self._model.family,
            task="check_images",
            job=f"check-{next(self._numbers)}",
            attempt=1,
            seed=0,
            params={"files": [str(file) for file in files]},
            out=out,
            model=self._model,
        )
        return await self._supervisor.run(request)
