"""A family without a model: small pictures of one colour, and every way in which a worker can go wrong.

`params["fake"]` may hold: behaviour ("ok", "slow", "oom" or a key of `_BEHAVIOURS`, met half-way),
step_seconds, text and repeat (for "garbage"; repeat also for "noise", in KiB).
"""

from __future__ import annotations

import ctypes
import os
import stat
import struct
import subprocess
import sys
import time
import zlib
from collections.abc import Callable, Mapping
from typing import Any

from generation.job import seed_of
from generation.worker.api import Context, File, Result, Task, TaskFailed

_FOREVER = 3600


class FakeAdapter:
    """Two jobs at once, so that tests meet running and waiting ones."""

    parallel = 2

    def __init__(self) -> None:
        self._out_of_memory: dict[str, int] = {}

    def run(self, task: Task, context: Context) -> Result:
        if task.name != "image":
            raise TaskFailed("invalid", "unknown task")
        if task.model is not None and not task.model.path.exists():
            raise TaskFailed("model_missing", task.model.id)
        fake, count, steps, size = _read(task.params)
        behaviour = str(fake.get("behaviour", "ok"))
        if behaviour == "oom":
            self._run_out_of_memory(task.job, count)
        seconds = float(fake.get("step_seconds", 0.2 if behaviour == "slow" else 0.0))
        for step in range(1, steps + 1):
            context.check()
            time.sleep(seconds)
            if step == (steps + 1) // 2 and behaviour in _BEHAVIOURS:
                _BEHAVIOURS[behaviour](fake)
            context.progress(step, steps, "drawing")
        return Result(files=_pictures(task, count, size), facts={"scheduler": "fake", "steps": steps})

    def _run_out_of_memory(self, job: str, count: int) -> None:
        """The first time always, later unless fewer pictures are wanted."""
        before = self._out_of_memory.setdefault(job, count)
        if count >= before:
            raise MemoryError


def create() -> FakeAdapter:
    return FakeAdapter()


def png(width: int, height: int, colour: tuple[int, int, int]) -> bytes:
    """An RGB picture of one colour."""
    row = b"\0" + bytes(colour) * width

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(row * height)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def colour_of(seed: int) -> tuple[int, int, int]:
    """Red, green and blue, the same for the same seed."""
    mixed = zlib.crc32(seed.to_bytes(8, "big"))
    return mixed & 255, mixed >> 8 & 255, mixed >> 16 & 255


def _read(params: Mapping[str, Any]) -> tuple[Mapping[str, Any], int, int, tuple[int, int]]:
    try:
        size = int(params["width"]), int(params["height"])
        return dict(params.get("fake") or {}), int(params.get("count", 1)), int(params.get("steps", 1)), size
    except (KeyError, TypeError, ValueError):
        raise TaskFailed("invalid", "width, height, count, steps") from None


def _pictures(task: Task, count: int, size: tuple[int, int]) -> list[File]:
    files = []
    for index in range(1, count + 1):
        seed = seed_of(task.seed, index)
        name = f"{index}.png"
        (task.out / name).write_bytes(png(*size, colour_of(seed)))
        files.append(File(name=name, index=index, seed=seed))
    return files


def _crash(_: Mapping[str, Any]) -> None:
    os._exit(9)


def _hang(_: Mapping[str, Any]) -> None:
    time.sleep(_FOREVER)


def _silent(_: Mapping[str, Any]) -> None:
    """Sleep in C without giving up the interpreter's lock, as a stuck model library does."""
    if sys.platform == "win32":
        ctypes.PyDLL("kernel32").Sleep(_FOREVER * 1000)
    else:
        ctypes.PyDLL(None).sleep(_FOREVER)


def _garbage(fake: Mapping[str, Any]) -> None:
    """Write to the protocol's own pipe, wherever it is: fd 1 no longer leads there."""
    text = str(fake.get("text", "this is not JSON\n")) * int(fake.get("repeat", 1))
    for fd in range(3, 32):
        try:
            if stat.S_ISFIFO(os.fstat(fd).st_mode):
                os.write(fd, text.encode())
        except OSError:
            continue
    time.sleep(0.2)  # read before the job's own end


def _grandchild(_: Mapping[str, Any]) -> None:
    """A child that holds all our pipes open, and then a crash."""
    for fd in range(3, 32):
        try:
            os.set_inheritable(fd, True)
        except OSError:
            continue
    subprocess.Popen(  # noqa: S603
        [sys.executable, "-c", f"import time; time.sleep({_FOREVER})"], close_fds=False
    )
    os._exit(9)


def _error(_: Mapping[str, Any]) -> None:
    raise RuntimeError("the fake was told to fail")


def _noise(fake: Mapping[str, Any]) -> None:
    """Much on both standard outputs, from Python and as C code would."""
    line = b"x" * 1023 + b"\n"
    for _ in range(int(fake.get("repeat", 1024))):
        os.write(1, line)
        os.write(2, line)


_BEHAVIOURS: Mapping[str, Callable[[Mapping[str, Any]], None]] = {
    "crash": _crash,
    "hang": _hang,
    "silent": _silent,
    "garbage": _garbage,
    "grandchild": _grandchild,
    "error": _error,
    "noise": _noise,
}
