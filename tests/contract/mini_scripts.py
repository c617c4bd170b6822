"""Runs a measuring script of the mini models in the environment of its family."""

from __future__ import annotations

import asyncio
import json
import os
from typing import Any

from bot.families import environments_of
from bot.settings import Settings


async def run_script(family: str, script: str, *arguments: str) -> Any:
    """What generation/mini/`script` prints. Raises AssertionError with its complaints if it fails."""
    environments = environments_of(Settings(_env_file=None), report=print)  # type: ignore[call-arg]
    root = environments.source_root
    process = await asyncio.create_subprocess_exec(
        str(await environments.ensure(family)),
        str(root / "generation" / "mini" / script),
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(root), "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"},
    )
    printed, complaints = await process.communicate()
    assert process.returncode == 0, complaints.decode(errors="replace")[-2000:]
    return json.loads(printed)
