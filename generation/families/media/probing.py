"""Decode a file from a stranger: in a process of its own with little memory, little time and nothing to lose."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from generation.worker.api import Context, TaskFailed

SECONDS = 10.0
SOURCE_LIMIT = 32 * 1024 * 1024
CHILD = Path(__file__).with_name("probe_child.py")


def probe(source: Path, target: Path, context: Context) -> dict[str, Any]:
    """Write `source` anew to `target` (PNG, RGB, upright, no metadata).

    Returns width, height (pixels, of the clean file) and format ("png", "jpeg", "webp", "gif").
    Raises Cancelled; TaskFailed invalid with detail image_missing, image_bytes, image_pixels, image_unreadable or
    image_slow.
    """
    if not source.is_file():
        raise TaskFailed("invalid", "image_missing")
    if source.stat().st_size > SOURCE_LIMIT:
        raise TaskFailed("invalid", "image_bytes")
    code, answer = _run(source, target, context)
    if code != 0:
        target.unlink(missing_ok=True)
        raise TaskFailed("invalid", "image_pixels" if code == 3 else "image_unreadable")
    facts: dict[str, Any] = json.loads(answer)
    return facts


def _run(source: Path, target: Path, context: Context) -> tuple[int, bytes]:
    command = [sys.executable, "-I", str(CHILD), str(source), str(target)]
    child = subprocess.Popen(  # noqa: S603  our own interpreter and script, paths as arguments of their own
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    until = time.monotonic() + SECONDS
    try:
        while True:
            context.check()
            if time.monotonic() > until:
                raise TaskFailed("invalid", "image_slow")
            try:
                answer, _ = child.communicate(timeout=0.05)
            except subprocess.TimeoutExpired:
                continue
            return child.returncode, answer
    finally:
        child.kill()
        child.wait()
