"""The limited process: `probe_child.py KIND SOURCE TARGET`. Ends with 0 and one JSON line, else the file is broken.

What decodes is `decode_<KIND>.py` beside it: `decode(source, target)` gives plain facts, or {"fault": <code>} for what
it knows is wrong. Runs alone (`python -I`), so nothing of ours can be imported and the decoder is loaded by its path.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from pathlib import Path
from types import ModuleType

MEMORY_LIMIT = 512 * 1024 * 1024
SECONDS = 10
FILE_LIMIT = 128 * 1024 * 1024
KINDS = ("picture", "audio", "midi")


def limit() -> None:
    """Memory, processor time and file size of this process; nothing where the platform has no such limits."""
    os.environ["OPENBLAS_NUM_THREADS"] = "1"  # each thread would take a part of the memory
    try:
        import resource
    except ImportError:
        return
    for what, most in (
        (resource.RLIMIT_AS, MEMORY_LIMIT),
        (resource.RLIMIT_CPU, SECONDS),
        (resource.RLIMIT_FSIZE, FILE_LIMIT),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))


def decoder(kind: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(kind, Path(__file__).with_name(f"decode_{kind}.py"))
    if kind not in KINDS or spec is None or spec.loader is None:
        raise ValueError(kind)
    module = sys.modules[kind] = importlib.util.module_from_spec(spec)  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def main(kind: str, source: str, target: str) -> None:
    facts = decoder(kind).decode(source, target)
    sys.stdout.write(json.dumps(facts, allow_nan=False))


if __name__ == "__main__":
    limit()
    try:
        main(*sys.argv[1:])
    except Exception:  # noqa: BLE001  decoders raise anything, and the parent needs one answer
        sys.exit(2)
