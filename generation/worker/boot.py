"""The first lines of a worker: `<environment's python> -P …/generation/worker/boot.py <family>`.

Nothing of ours is installed in a family's environment, so this file makes the package `generation` (and only
it) importable from the source folder it lies in. It may import nothing of ours before that.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path


def take_pipes() -> tuple[int, int]:
    """The protocol's own (input, output); fd 0 becomes empty and fd 1 becomes stderr.

    C code prints to fd 1 as well, so replacing `sys.stdout` would not be enough.
    """
    commands, reports = os.dup(0), os.dup(1)
    empty = os.open(os.devnull, os.O_RDONLY)
    os.dup2(empty, 0)
    os.close(empty)
    os.dup2(2, 1)
    return commands, reports


def register_package(folder: Path) -> None:
    """Make `folder` importable as the package of its own name, and nothing beside it."""
    spec = importlib.util.spec_from_file_location(
        folder.name, folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    if spec is None or spec.loader is None:
        raise ImportError(folder.name)
    module = importlib.util.module_from_spec(spec)
    sys.modules[folder.name] = module
    spec.loader.exec_module(module)


def main() -> int:
    commands, reports = take_pipes()
    os.umask(0o077)
    register_package(Path(__file__).resolve().parents[1])
    from generation.worker.entry import serve

    return serve(sys.argv[1], commands=commands, reports=reports)


if __name__ == "__main__":
    status = main()
    sys.stderr.flush()
    # Taking a large library apart in good order takes seconds, and somebody waits for the memory.
    os._exit(status)
