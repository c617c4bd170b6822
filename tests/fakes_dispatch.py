"""What stands in for workers in tests of the queue: scripted runs, no processes, no models."""

from __future__ import annotations

import asyncio
import itertools
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

from generation.errors import TaskCancelled, WorkerError
from generation.job import Job, JobState
from generation.supervisor import Outcome, Progress, Request

_NUMBERS = itertools.count(1)


def make_job(owner: str = "anna", **changes: Any) -> Job:
    """A small job, queued unless told otherwise; ids count up."""
    params = {"prompt": "a red house", "count": 4, "steps": 10, "width": 128, "height": 128}
    values: dict[str, Any] = {
        "id": f"job{next(_NUMBERS):07}",
        "guild_id": "class",
        "channel_id": "channel",
        "owner_id": owner,
        "medium": "image",
        "family": "fake",
        "model": "mini",
        "params": params,
        "seed": 7,
        "locale": "de",
        "created_at": 1000.0,
        "state": JobState.QUEUED,
    }
    return Job(**{**values, **changes})


def request_of(job: Job) -> Request:
    """A request without a model: nothing here reads one."""
    return Request(
        family=job.family,
        task=job.medium,
        params=job.params,
        job=job.id,
        attempt=job.attempt,
        seed=job.seed,
        out=Path("out") / job.id / str(job.attempt),
    )


class FakeRunner:
    """Keeps the supervisor's promises: TaskCancelled after `cancel`, one run a job at a time, progress on the way.

    `errors[job]` are raised by that job's next attempts, one each. A job in `held` runs until `release` or `cancel`.
    """

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.most_at_once = 0
        self.loaded_models: dict[str, str] = {}
        self.errors: defaultdict[str, list[Exception]] = defaultdict(list)
        self.held: set[str] = set()
        self.seconds = 2.0
        self.on_start: Callable[[Request], None] = lambda request: None
        self._running: dict[str, asyncio.Event] = {}
        self._cancelled: set[str] = set()
        self._changed = asyncio.Event()

    async def run(self, request: Request, on_progress: Callable[[Progress], None] | None = None) -> Outcome:
        if request.job in self._running:
            raise WorkerError("job_running")
        self.requests.append(request)
        self.on_start(request)
        self._running[request.job] = asyncio.Event()
        self.most_at_once = max(self.most_at_once, len(self._running))
        self._notify()
        try:
            return await self._work(request, on_progress)
        finally:
            del self._running[request.job]
            self._cancelled.discard(request.job)

    async def cancel(self, job: str) -> None:
        if job in self._running:
            self._cancelled.add(job)
            self._running[job].set()

    def loaded(self, family: str) -> str | None:
        return self.loaded_models.get(family)

    def release(self, job: str) -> None:
        """Let a held job end."""
        self.held.discard(job)
        self._running[job].set()

    async def started(self, job: str) -> None:
        """Wait until a worker has this job."""
        while job not in self._running:
            self._changed.clear()
            await self._changed.wait()

    def order(self) -> list[str]:
        """The jobs in the order in which they were started, attempts included."""
        return [request.job for request in self.requests]

    async def _work(self, request: Request, on_progress: Callable[[Progress], None] | None) -> Outcome:
        if on_progress is not None:
            on_progress(Progress(1, 2))
        if request.job in self.held:
            await self._running[request.job].wait()
        else:
            await asyncio.sleep(0)
        if request.job in self._cancelled:
            raise TaskCancelled
        if self.errors[request.job]:
            raise self.errors[request.job].pop(0)
        return Outcome(files=(), facts={}, seconds=self.seconds, out=request.out)

    def _notify(self) -> None:
        self._changed.set()
