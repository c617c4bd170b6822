"""`atelier mini score`: how good the rehearsal models are, measured by their own scripts in their own environments."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable
from typing import Any

from generation.environments import Environments
from generation.errors import WorkerError

SCORED = ("diffusion", "safety", "text")
COMPILED = frozenset({"text"})
"""Families whose environment takes minutes to make: scored where it is there, left out where it is not."""


async def score_minis(
    environments: Environments, *, quick: bool, left_out: Callable[[str], None]
) -> dict[str, Any]:
    """The scores of each rehearsal model as its script prints them; `left_out` is told the families without.

    Raises EnvironmentFailed, WorkerError.
    """
    scores: dict[str, Any] = {}
    for family in SCORED:
        if family in COMPILED and not environments.is_ready(family):
            left_out(family)
        else:
            scores[family] = await score_mini(environments, family, quick=quick)
    return scores


async def score_mini(environments: Environments, family: str, *, quick: bool) -> Any:
    """The scores of one rehearsal model; makes its environment first if need be. Raises as `score_minis`."""
    python = await environments.ensure(family)
    root = environments.source_root
    process = await asyncio.create_subprocess_exec(
        str(python),
        str(root / "generation" / "mini" / family / "score.py"),
        *(["--quick"] if quick else []),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(root), "HF_HUB_OFFLINE": "1"},
    )
    printed, complaints = await process.communicate()
    if process.returncode != 0:
        raise WorkerError("scores_failed", family=family, reason=complaints.decode(errors="replace")[-500:])
    return json.loads(printed)
