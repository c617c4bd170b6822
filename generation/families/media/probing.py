"""Decode a file from a stranger: in a process of its own with little memory, little time and nothing to lose."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from generation.worker.api import Context, TaskFailed

SECONDS = 10.0
CHILD = Path(__file__).with_name("probe_child.py")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What is decoded by `decode_<name>.py`, the largest file in bytes, and the details of failures."""

    name: str
    limit: int
    missing: str
    large: str
    broken: str
    slow: str
    faults: frozenset[str]
    """What the child itself may find wrong; anything else it says counts as `broken`."""


PICTURE = Kind(
    name="picture",
    limit=32 * 1024 * 1024,
    missing="image_missing",
    large="image_bytes",
    broken="image_unreadable",
    slow="image_slow",
    faults=frozenset({"image_pixels"}),
)


def probe(source: Path, target: Path, context: Context) -> dict[str, Any]:
    """Write `source` anew to `target` (PNG, RGB, upright, no metadata).

    Returns width, height (pixels, of the clean file) and format ("png", "jpeg", "webp", "gif").
    Raises Cancelled; TaskFailed invalid with detail image_missing, image_bytes, image_pixels, image_unreadable or
    image_slow.
    """
    return decoded(PICTURE, source, target, context)


def decoded(kind: Kind, source: Path, target: Path, context: Context) -> dict[str, Any]:
    """The facts that the child tells. When it fails, `target` is not there.

    Raises Cancelled; TaskFailed invalid with one of the kind's details.
    """
    if not source.is_file():
        raise TaskFailed("invalid", kind.missing)
    if source.stat().st_size > kind.limit:
        raise TaskFailed("invalid", kind.large)
    try:
        facts = _read(kind, *_run(kind, source, target, context))
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    return facts


def _read(kind: Kind, code: int, answer: bytes) -> dict[str, Any]:
    try:
        facts = json.loads(answer) if code == 0 else None
    except ValueError:
        facts = None
    if not isinstance(facts, dict):
        raise TaskFailed("invalid", kind.broken)
    if "fault" in facts:
        raise TaskFailed("invalid", facts["fault"] if facts["fault"] in kind.faults else kind.broken)
    return facts


def _run(kind: Kind, source: Path, target: Path, context: Context) -> tuple[int, bytes]:
    command = [sys.executable, "-I", str(CHILD), kind.name, str(source), str(target)]
    child = subprocess.Popen(  # noqa: S603  our own interpreter and script, paths as arguments of their own
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    until = time.monotonic() + SECONDS
    try:
        while True:
            context.check()
            if time.monotonic() > until:
                raise TaskFailed("invalid", kind.slow)
            try:
                answer, _ = child.communicate(timeout=0.05)
            except subprocess.TimeoutExpired:
                continue
            return child.returncode, answer
    finally:
        child.kill()
        child.wait()
