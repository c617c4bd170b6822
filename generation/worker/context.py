"""The `Context` a running task gets."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from generation import wire
from generation.worker.api import Cancelled

PROGRESS_PERIOD = 0.1
_STAGE_LIMIT = 100


class TaskContext:
    """Progress of one job, thinned to about ten lines a second; first and last always go out."""

    def __init__(self, start: wire.Start, send: Callable[[wire.Report], None]) -> None:
        self.start = start
        self._send = send
        self._cancelled = threading.Event()
        self._sent_at = 0.0
        self._waiting: wire.Progress | None = None

    def cancel(self) -> None:
        self._cancelled.set()

    @property
    def cancelled(self) -> bool:
        return self._cancelled.is_set()

    def check(self) -> None:
        if self._cancelled.is_set():
            raise Cancelled

    def progress(self, done: int, total: int, stage: str = "") -> None:
        total = max(0, int(total))
        message = wire.Progress(
            job=self.start.job,
            attempt=self.start.attempt,
            done=min(max(0, int(done)), total),
            total=total,
            stage=stage[:_STAGE_LIMIT],
        )
        now = time.monotonic()
        if message.done < total and now - self._sent_at < PROGRESS_PERIOD:
            self._waiting = message
            return
        self._sent_at, self._waiting = now, None
        self._send(message)

    def loading(self, model: str) -> None:
        self._send(wire.Loading(job=self.start.job, model=model))

    def flush(self) -> None:
        """Send the progress that thinning held back."""
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            self._send(waiting)
