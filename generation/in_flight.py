"""A job that a worker has been given and has not answered yet."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass

from generation import wire
from generation.errors import ModelMissing, OutOfMemory, TaskCancelled, WorkerError
from generation.patience import Patience

_REASON = re.compile(r"[a-z_]{1,40}")


@dataclass(slots=True, kw_only=True)
class InFlight:
    """`moved_at` is the last sign of progress, by the monotonic clock. `begun`: no longer waiting in the worker."""

    start: wire.Start
    future: asyncio.Future[wire.Done]
    on_progress: Callable[[wire.Progress], None] | None
    moved_at: float
    begun: bool = False
    loading: bool = False
    cancelling: bool = False
    done: int = 0
    longest_step: float = 0.0

    def load(self, now: float) -> None:
        self.begun, self.loading, self.moved_at = True, True, now

    def move(self, message: wire.Progress, now: float) -> None:
        steps = message.done - self.done
        if steps > 0 and self.begun and not self.loading:
            self.longest_step = max(self.longest_step, (now - self.moved_at) / steps)
        self.begun, self.loading, self.done, self.moved_at = True, False, message.done, now
        if self.on_progress is not None and message.total:
            # not called from here: an error in it must not end the worker's pipe
            asyncio.get_running_loop().call_soon(self.on_progress, message)

    def is_stuck(self, patience: Patience, now: float) -> bool:
        limit = max(patience.progress, patience.step_factor * self.longest_step)
        return now - self.moved_at > (patience.loading if self.loading else limit)

    def answers(self, report: wire.Progress | wire.Done | wire.Failed) -> bool:
        """Whether `report` is about this attempt and, when done, about this seed."""
        seed = report.seed if isinstance(report, wire.Done) else self.start.seed
        return report.attempt == self.start.attempt and seed == self.start.seed

    def settle(self, report: wire.Done | wire.Failed, *, stopping: bool) -> None:
        if isinstance(report, wire.Done):
            self.future.set_result(report)
        else:
            self.future.set_exception(_error_of(report, asked=self.cancelling or stopping))


def _error_of(failed: wire.Failed, *, asked: bool) -> WorkerError:
    if failed.code == "cancelled":
        return TaskCancelled() if asked else WorkerError()
    if failed.code == "out_of_memory":
        return OutOfMemory()
    if failed.code == "model_missing":
        return ModelMissing()
    if failed.code == "model_broken":
        return ModelMissing("model_broken")
    if failed.code == "invalid":
        # a worker is not trusted with sentences: one word, which names one of ours
        reason = failed.detail if _REASON.fullmatch(failed.detail) else ""
        return WorkerError("invalid_input", reason=reason)
    return WorkerError()
