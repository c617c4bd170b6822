"""What this machine has: graphics memory, main memory, disk. Asked once, by programs that are there anyway."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import psutil

_MB = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphicsCard:
    name: str
    memory_mb: int


def graphics_card() -> GraphicsCard | None:
    """The NVIDIA card with the most memory, None if there is none or its driver does not answer."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return None
    try:
        answer = subprocess.run(  # noqa: S603 - a fixed command found on PATH
            [program, "--query-gpu=name,memory.total", "--format=csv,noheader,nounits"],
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    cards = [line.rpartition(",") for line in answer.stdout.splitlines() if "," in line]
    found = [
        GraphicsCard(name=name.strip(), memory_mb=int(memory))
        for name, _, memory in cards
        if memory.strip().isdigit()
    ]
    return max(found, key=lambda card: card.memory_mb, default=None)


def main_memory_mb() -> int:
    return int(psutil.virtual_memory().total // _MB)


def free_disk_mb(folder: Path) -> int:
    """Free space of the disk that holds `folder` or its nearest existing parent."""
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free // _MB


def worker_threads(chosen: int | None) -> int:
    """What was chosen, else all cores but one.

    On every core torch's threads wait for each other as soon as anything else runs: 300 s instead of 40 s for the
    demo's lesson on two busy cores.
    """
    if chosen is not None:
        return chosen
    cores = psutil.cpu_count(logical=False) or 1
    if hasattr(os, "sched_getaffinity"):
        cores = min(cores, len(os.sched_getaffinity(0)))
    return max(1, cores - 1)


def model_memory_mb(chosen: int | None) -> int:
    """The budget for models: what was chosen, else the card's memory, else half of the main memory."""
    if chosen is not None:
        return chosen
    card = graphics_card()
    return card.memory_mb if card is not None else main_memory_mb() // 2
