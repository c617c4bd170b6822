"""The slow build starts first: llama.cpp is compiled beside the bot's own tests, and the tests that need it come last.

Without a C++ compiler they are skipped with that reason; the rest of the product works without.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import platformdirs
import pytest

from generation.environments import Environments
from generation.installer import has_compiler

ROOT = Path(__file__).parents[1]
COMPILED = ("text", "guard")
BUILD_S = 1800
"""Seconds that such a test may take on a busy machine where nothing has been compiled yet."""
_BUILD = pytest.StashKey[subprocess.Popen[bytes]]()


def needs_compiling(item: pytest.Item) -> bool:
    # not cut out of the node's id: a parameter may hold a slash
    file, case = item.path.name, item.name.partition("[")[2]
    own = file.startswith(tuple(f"test_{family}_" for family in COMPILED))
    in_contract = "contract/" in item.nodeid and (own or case.rstrip("]").split(" ")[0] in COMPILED)
    return in_contract or item.get_closest_marker("compiled") is not None


def can_do_without(item: pytest.Item) -> bool:
    marker = item.get_closest_marker("compiled")
    return marker is not None and bool(marker.kwargs.get("optional"))


def missing() -> list[str]:
    """The compiled families whose environment is not there yet."""
    cache_dir = Path(os.environ.get("ATELIER_CACHE_DIR") or platformdirs.user_cache_path("klassenatelier"))
    environments = Environments(cache_dir=cache_dir, source_root=ROOT, report=lambda _: None)
    return [family for family in COMPILED if not environments.is_ready(family)]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    needing = [item for item in items if needs_compiling(item)]
    wanted = missing() if needing else []
    if not wanted:
        return
    if not has_compiler(os.environ):
        for item in needing:
            if can_do_without(item):
                continue
            item.add_marker(pytest.mark.skip(reason=f"no C++ compiler for {' and '.join(wanted)}"))
        return
    for item in needing:
        item.add_marker(pytest.mark.timeout(BUILD_S))
    items[:] = [item for item in items if item not in set(needing)] + needing
    if not config.option.collectonly:
        config.stash[_BUILD] = _start(wanted)


def _start(families: list[str]) -> subprocess.Popen[bytes]:
    program = "from bot.cli import main; main()"
    polite = [] if sys.platform == "win32" else ["nice", "-n", "3"]
    return subprocess.Popen(
        [*polite, sys.executable, "-c", program, "engines", "install", *families],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def pytest_unconfigure(config: pytest.Config) -> None:
    build = config.stash.get(_BUILD, None)
    if build is not None and build.poll() is None:
        build.terminate()
        build.wait(30)
