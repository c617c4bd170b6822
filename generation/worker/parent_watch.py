"""A worker never outlives the bot: a left-over one would keep the graphics memory.

Three ways, because each has a gap: on Linux the kernel kills us when the thread that started us ends, even
in the middle of a C call that holds the interpreter's lock; a thread looks at the parent's number; and the
reader of commands (`entry.py`) ends the process when its pipe closes, which works everywhere but has to wait
for such a C call.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time

PERIOD = 0.5
_PR_SET_PDEATHSIG = 1


def die_with(parent: int) -> None:
    """From now on this process ends when the process `parent`, its parent, has ended."""
    if sys.platform == "win32":
        # A virtual environment's python.exe is a starter there: our parent is not the bot. The pipe has to
        # do.
        return
    if sys.platform == "linux":
        _ask_kernel()
    if os.getppid() != parent:
        os._exit(1)
    threading.Thread(target=_watch, args=(parent,), name="parent-watch", daemon=True).start()


def _ask_kernel() -> None:
    import ctypes

    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(PERIOD)
    os._exit(1)
