"""What is heard in a recording: asked of the listening family, in private folders that are gone afterwards.

Nothing is decided here. Methods raise ModelMissing medium_off without the family, WorkerError when it cannot tell.
"""

from __future__ import annotations

import asyncio
import itertools
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, Final

from generation.errors import ModelMissing, WorkerGarbage, WorkerHung
from generation.supervisor import Outcome, Request
from moderation.phrase import phrase_words
from moderation.safety_check import StartingRunner

FAMILY: Final = "listening"
MEASURED_LANGUAGES: Final = frozenset({"en"})
"""Those whose recogniser's errors were counted, see the family's README."""
TIMEOUT_S: Final = 60.0
"""A recording has at most 60 s, and hearing takes a tenth of that. Starting the worker does not count."""

Facts = Mapping[str, Any]


class Listening:
    """`is_on`: whether the family is switched on."""

    def __init__(
        self, *, supervisor: StartingRunner, work_dir: Path, is_on: bool, timeout_s: float = TIMEOUT_S
    ) -> None:
        self._supervisor = supervisor
        self._work_dir = work_dir
        self._is_on = is_on
        self._timeout_s = timeout_s
        self._numbers = itertools.count(1)

    @property
    def is_on(self) -> bool:
        return self._is_on

    @property
    def measured_languages(self) -> frozenset[str]:
        return MEASURED_LANGUAGES if self._is_on else frozenset()

    async def hear(self, file: Path, language: str) -> Facts:
        """Which words of the language's list were spoken; it is never told which were expected."""
        params = {"file": str(file), "language": language, "vocabulary": list(phrase_words(language))}
        return await self._facts("hear", params)

    async def compare(self, phrase: Path, clips: Sequence[Path]) -> Facts:
        """How alike the voices are; the numbers of a voice itself never leave the worker."""
        return await self._facts("compare", {"phrase": str(phrase), "clips": [str(clip) for clip in clips]})

    async def find_mark(self, file: Path) -> Facts:
        """`marked` and `confidence`."""
        return await self._facts("find_mark", {"file": str(file)})

    async def mark(self, file: Path, to: Path) -> None:
        """Write what `file` says with the inaudible mark to `to`. Raises WorkerGarbage too."""
        out = self._folder()
        try:
            outcome = await self._run("mark", {"file": str(file)}, out)
            if [(one.kind, one.name) for one in outcome.files] != [("audio", "marked.wav")]:
                raise WorkerGarbage
            await asyncio.to_thread(shutil.move, out / "marked.wav", to)
        finally:
            await asyncio.to_thread(shutil.rmtree, out, ignore_errors=True)

    async def _facts(self, task: str, params: Facts) -> Facts:
        out = self._folder()
        try:
            return (await self._run(task, params, out)).facts
        finally:
            await asyncio.to_thread(shutil.rmtree, out, ignore_errors=True)

    def _folder(self) -> Path:
        # in the loop's own thread: a caller cancelled meanwhile would never learn the folder's name
        return Path(mkdtemp(dir=self._work_dir, prefix="listening-"))

    async def _run(self, task: str, params: Facts, out: Path) -> Outcome:
        if not self._is_on:
            raise ModelMissing("medium_off")
        await self._supervisor.start(FAMILY)
        request = Request(
            family=FAMILY,
            task=task,
            params=dict(params),
            job=f"listening-{next(self._numbers)}",
            attempt=1,
            out=out,
        )
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._supervisor.run(request)
        except TimeoutError:
            raise WorkerHung from None
