"""Random numbers, threads and memory of whatever library a family has loaded, without importing any."""

from __future__ import annotations

import gc
import os
import random
import sys
from typing import Any


def seed_all(seed: int) -> None:
    """Seed Python's `random` and, where loaded, numpy and torch with `seed` (0 … 2^32-1).

    For code that draws from global state. Where a generator can be passed, pass one per file instead.
    """
    random.seed(seed)
    if (numpy := _loaded("numpy")) is not None:
        numpy.random.seed(seed)
    if (torch := _loaded("torch")) is not None:
        torch.manual_seed(seed)


def limit_threads() -> int | None:
    """Give torch, where loaded, the number of threads in ATELIER_THREADS. Returns it; None: not set."""
    text = os.environ.get("ATELIER_THREADS", "")
    if not text.isdecimal() or int(text) < 1:
        return None
    if (torch := _loaded("torch")) is not None:
        torch.set_num_threads(int(text))
    return int(text)


def is_out_of_memory(error: BaseException) -> bool:
    """Known by name: torch has an `OutOfMemoryError`, which this process may not have loaded."""
    names = {kind.__name__ for kind in type(error).__mro__}
    if names & {"MemoryError", "OutOfMemoryError"}:
        return True
    text = str(error).lower()
    # torch on a CPU and some backends raise a plain RuntimeError
    return "RuntimeError" in names and ("out of memory" in text or "can't allocate memory" in text)


def free_memory() -> None:
    """Give back what a failed task left behind. Call it after the error's traceback is gone."""
    gc.collect()
    torch = _loaded("torch")
    if torch is not None and torch.cuda.is_initialized():
        torch.cuda.empty_cache()


def _loaded(name: str) -> Any:
    return sys.modules.get(name)
