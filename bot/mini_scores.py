"""`atelier mini score`: how good the rehearsal models are, measured by their own scripts in their own environments."""

from __future__ import annotations

import asyncio
import json
import os
from typing import Any

from generation.environments import Environments
from generation.errors import WorkerError

SCORED = ("diffusion", "safety")


async def score_minis(environments: Environments, *, quick: bool) -> dict[str, Any]:
    """The scores of each rehearsal model as its script prints them. Raises EnvironmentFailed, WorkerError."""
    return {family: await _score(environments, family, quick=quick) for family in SCORED}


async def _score(environments: Environments, family: str, *, quick: bool) -> Any:
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
