"""The check with a guard model: a language model that judges prompts and answers, in a worker process of its own.

It is asked once for all texts of a check. What it says comes as a word and the numbers of the hazards of the MLCommons
taxonomy, as the Llama Guard models were taught to answer ("S1" … "S14"); `CODES` says which refusal each of them is.
"""

from __future__ import annotations

import asyncio
import itertools
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, Final

from generation.catalog import ModelInfo
from generation.errors import WorkerGarbage
from generation.ports import Runner
from generation.supervisor import Outcome, Request
from moderation.text_checks import Turn
from moderation.verdict import Verdict

UNSUITABLE: Final = "unsuitable"
CODES: Final[Mapping[str, str]] = {
    "S11": "self_harm",  # suicide and self-harm
    "S4": "sexual",  # sexual exploitation of children
    "S3": "sexual",  # sex-related crimes
    "S12": "sexual",  # sexual content
    "S10": "hate",
    "S1": "violence",  # violent crimes
    "S9": "drugs_weapons",  # indiscriminate weapons
    "S2": "crime",  # non-violent crimes
    "S5": "person_dignity",  # defamation
    "S7": "privacy",
    "S6": "advice",  # specialised advice: health, money, law
    "S8": UNSUITABLE,  # intellectual property
    "S13": UNSUITABLE,  # elections
    "S14": UNSUITABLE,  # abuse of a code interpreter
}
"""Hazard -> code of the sentence. Where a text has several, the first named here is answered."""


class GuardCheck:
    """Implements `DialogueCheck`. Raises WorkerError and the like; the pipeline refuses then."""

    name: Final = "guard"

    def __init__(self, *, supervisor: Runner, model: ModelInfo, work_dir: Path) -> None:
        self._supervisor = supervisor
        self._model = model
        self._work_dir = work_dir
        self._numbers = itertools.count(1)

    async def __call__(self, turns: Sequence[Turn], /) -> Verdict:
        # In the loop's own thread: a caller cancelled meanwhile would never learn the folder's name.
        out = Path(mkdtemp(dir=self._work_dir, prefix="guard-"))
        try:
            outcome = await self._run(turns, out)
        finally:
            await asyncio.to_thread(shutil.rmtree, out, ignore_errors=True)
        return read_judgement(outcome.facts)

    async def _run(self, turns: Sequence[Turn], out: Path) -> Outcome:
        request = Request(
            family=self._model.family,
            task="judge",
            job=f"guard-{next(self._numbers)}",
            attempt=1,
            seed=0,
            params={"texts": [{"role": turn.role, "text": turn.text} for turn in turns]},
            out=out,
            model=self._model,
        )
        return await self._supervisor.run(request)


def read_judgement(facts: Mapping[str, Any]) -> Verdict:
    """The verdict in a worker's words. Raises WorkerGarbage for anything but a clear yes or no."""
    safe, hazards = facts.get("safe"), facts.get("categories")
    if not isinstance(safe, bool) or not isinstance(hazards, list):
        raise WorkerGarbage
    if not all(isinstance(hazard, str) for hazard in hazards) or (safe and hazards):
        raise WorkerGarbage
    if safe:
        return Verdict.allow(GuardCheck.name)
    known = [hazard for hazard in CODES if hazard in hazards]
    return Verdict.refuse(GuardCheck.name, CODES[known[0]] if known else UNSUITABLE, tuple(known))
