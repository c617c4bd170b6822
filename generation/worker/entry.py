"""A worker's main part: reads commands, runs a family's tasks, reports.

Threads: one reads commands, one beats, `Adapter.parallel` run tasks (the main thread is the first of them,
because some libraries insist on it). Jobs beyond `parallel` wait here, where they can be cancelled as well.
"""

from __future__ import annotations

import importlib
import os
import queue
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

from generation import wire
from generation.worker import parent_watch, seeding
from generation.worker.api import Adapter, Cancelled, Result, Task, TaskFailed
from generation.worker.context import TaskContext
from generation.worker.os_lock import OsLock

HEARTBEAT = 2.0
_LOCK_PERIOD = 0.1


class Channel:
    """The protocol's output: whole lines, from any thread."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._lock = threading.Lock()

    def send(self, message: wire.Report) -> None:
        """Raises WireError for what does not fit a line. Without a reader the process ends."""
        line = memoryview(wire.encode(message))
        with self._lock:
            try:
                while line:
                    line = line[os.write(self._fd, line) :]
            except OSError:
                os._exit(1)


class Jobs:
    """The jobs of this process: waiting and running. Called from the reader and from the task threads."""

    def __init__(self, adapter: Adapter, send: Callable[[wire.Report], None]) -> None:
        self._adapter = adapter
        self._send = send
        self._waiting: queue.SimpleQueue[tuple[wire.Start, TaskContext] | None] = queue.SimpleQueue()
        self._contexts: dict[str, TaskContext] = {}
        self._begun: set[str] = set()
        self._lock = threading.Lock()
        self._closed = False

    def start(self, start: wire.Start) -> None:
        context = TaskContext(start, self._send)
        with self._lock:
            if start.job in self._contexts or self._closed:
                self._fail(start, "invalid", "job already here, or shutting down")
                return
            self._contexts[start.job] = context
        self._waiting.put((start, context))

    def cancel(self, job: str) -> None:
        """A waiting job is answered at once; an unknown one is over already."""
        with self._lock:
            context = self._contexts.get(job)
            if context is None:
                return
            context.cancel()
            if job not in self._begun:
                self._contexts.pop(job)
                self._fail(context.start, "cancelled", "")

    def shut_down(self) -> None:
        with self._lock:
            self._closed = True
            jobs = list(self._contexts)
        for job in jobs:
            self.cancel(job)
        self._waiting.put(None)

    def work(self) -> None:
        """Run waiting jobs until `shut_down`."""
        while (item := self._waiting.get()) is not None:
            start, context = item
            with self._lock:
                if context.cancelled:
                    continue
                self._begun.add(start.job)
            self._run(start, context)
        self._waiting.put(None)  # for the next thread

    def _run(self, start: wire.Start, context: TaskContext) -> None:
        context.progress(0, 0)
        began = time.monotonic()
        outcome = self._attempt(start, context)
        context.flush()
        with self._lock:
            self._contexts.pop(start.job, None)
            self._begun.discard(start.job)
        if isinstance(outcome, Result):
            self._finish(start, outcome, time.monotonic() - began)
        else:
            if outcome[0] == "out_of_memory":
                seeding.free_memory()
            self._fail(start, *outcome)

    def _attempt(self, start: wire.Start, context: TaskContext) -> Result | tuple[str, str]:
        task = Task(
            job=start.job,
            attempt=start.attempt,
            name=start.task,
            params=start.params,
            seed=start.seed,
            out=start.out,
            model=start.model,
        )
        try:
            return self._adapter.run(task, context)
        except Cancelled:
            return "cancelled", ""
        except TaskFailed as failure:
            code = failure.code if failure.code in wire.FAILURES else "worker_failed"
            return code, failure.detail
        except (Exception, SystemExit) as error:  # noqa: BLE001 - ends this job only
            traceback.print_exc()
            return ("out_of_memory" if seeding.is_out_of_memory(error) else "worker_failed"), _where(error)

    def _finish(self, start: wire.Start, result: Result, seconds: float) -> None:
        done = wire.Done(
            job=start.job,
            attempt=start.attempt,
            files=tuple(result.files),
            facts=dict(result.facts),
            seed=start.seed,
            seconds=round(seconds, 3),
        )
        try:
            self._send(done)
        except wire.WireError as error:
            self._fail(start, "worker_failed", str(error))

    def _fail(self, start: wire.Start, code: str, detail: str) -> None:
        self._send(wire.Failed(job=start.job, attempt=start.attempt, code=code, detail=detail[:500]))


def serve(family: str, *, commands: int, reports: int) -> int:
    """Serve until told to shut down (0). Ends the process at once when the bot is gone."""
    if parent := os.environ.get("ATELIER_PARENT"):
        parent_watch.die_with(int(parent))
    channel = Channel(reports)
    threading.Thread(target=_beat, args=(channel.send,), name="heartbeat", daemon=True).start()
    _hold_locks()
    adapter: Adapter = importlib.import_module(f"generation.families.{family}.adapter").create()
    seeding.limit_threads()
    jobs = Jobs(adapter, channel.send)
    threading.Thread(target=_read, args=(commands, jobs), name="commands", daemon=True).start()
    channel.send(wire.Ready(family=family, pid=os.getpid()))
    for number in range(1, adapter.parallel):
        threading.Thread(target=jobs.work, name=f"task-{number}", daemon=True).start()
    jobs.work()
    return 0


def _hold_locks() -> None:
    """Wait for an older worker of this family to be gone, and keep our environment from being removed."""
    if path := os.environ.get("ATELIER_FAMILY_LOCK"):
        lock = OsLock(Path(path))
        while not lock.try_acquire():
            time.sleep(_LOCK_PERIOD)
    in_use = Path(sys.prefix, "in_use.lock")
    if in_use.exists():
        OsLock(in_use, shared=True).try_acquire()


def _beat(send: Callable[[wire.Report], None]) -> None:
    period = float(os.environ.get("ATELIER_HEARTBEAT", HEARTBEAT))
    while True:
        send(wire.Heartbeat())
        time.sleep(period)


def _read(commands: int, jobs: Jobs) -> None:
    for line in _lines(commands):
        try:
            command = wire.decode_command(line)
        except wire.WireError:
            traceback.print_exc()
            os._exit(2)
        match command:
            case wire.Start():
                jobs.start(command)
            case wire.Cancel():
                jobs.cancel(command.job)
            case wire.Shutdown():
                jobs.shut_down()
    os._exit(1)  # the bot is gone


def _lines(fd: int) -> Iterator[bytes]:
    """Lines until the end of input. Not a buffered file: its lock would hang the interpreter's end."""
    rest = b""
    while chunk := os.read(fd, 65536):
        *whole, rest = (rest + chunk).split(b"\n")
        yield from whole


def _where(error: BaseException) -> str:
    """The error's type and place. Its text may hold a prompt, so that goes to stderr only."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" in {frames[-1].name}, line {frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{place}"
