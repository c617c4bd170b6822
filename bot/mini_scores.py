"""`atelier mini score`: how good the rehearsal models are, measured by their own scripts in their own environments."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from generation.environments import Environments
from generation.errors import WorkerError

SLOW: Final = frozenset({"text", "music"})
"""Families whose environment takes minutes to make: scored where it is there, left out where it is not."""


@dataclass(frozen=True, slots=True)
class Scored:
    """A rehearsal model's script below `generation/mini`, and the family in whose environment it runs."""

    family: str
    script: str


SCORED: Final = {
    "diffusion": Scored("diffusion", "diffusion/score.py"),
    "safety": Scored("safety", "safety/score.py"),
    "text": Scored("text", "text/score.py"),
    "music": Scored("music", "music/score.py"),
    "sound": Scored("music", "music/score_effects.py"),
    "notes": Scored("music", "notes/score.py"),
}


async def score_minis(
    environments: Environments, *, quick: bool, left_out: Callable[[str], None]
) -> dict[str, Any]:
    """The scores of each rehearsal model as its script prints them; `left_out` is told the families without.

    Raises EnvironmentFailed, WorkerError.
    """
    scores: dict[str, Any] = {}
    missing = {family for family in SLOW if not environments.is_ready(family)}
    for family in sorted(missing):
        left_out(family)
    for name, scored in SCORED.items():
        if scored.family not in missing:
            scores[name] = await score_mini(environments, name, quick=quick)
    return scores


async def score_mini(environments: Environments, name: str, *, quick: bool) -> Any:
    """The scores of one rehearsal model of `SCORED`; makes its environment first if need be. Raises likewise."""
    scored = SCORED[name]
    python = await environments.ensure(scored.family)
    root = environments.source_root
    process = await asyncio.create_subprocess_exec(
        str(python),
        str(root / "generation" / "mini" / scored.script),
        *(["--quick"] if quick else []),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(root), "HF_HUB_OFFLINE": "1"},
    )
    printed, complaints = await process.communicate()
    if process.returncode != 0:
        reason = complaints.decode(errors="replace")[-500:]
        raise WorkerError("scores_failed", family=name, reason=reason)
    return json.loads(printed)
