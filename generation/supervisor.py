"""Runs requests in worker processes: one process a family, started when needed, replaced when broken."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from generation import wire
from generation.budget import MemoryBudget
from generation.catalog import ModelInfo
from generation.environments import Environments
from generation.errors import TaskCancelled, WorkerError
from generation.patience import Patience
from generation.request import Outcome, Progress, Request, check_files, start_message
from generation.worker_environment import worker_environment
from generation.worker_process import WorkerProcess

__all__ = ["FamilySpec", "Outcome", "Patience", "Progress", "Request", "Supervisor", "WorkerState"]

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class FamilySpec:
    """A worker called `name` that runs `generation.families.<adapter>` in that family's environment."""

    name: str
    adapter: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerState:
    """For the doctor and the queue's page. `pid` None: not running."""

    family: str
    pid: int | None
    model: str | None
    jobs: tuple[str, ...]
    memory_mb: int


@dataclass(slots=True)
class _Lane:
    """What the supervisor keeps of one family. `change` is held while its worker is started or ended."""

    spec: FamilySpec
    worker: WorkerProcess | None = None
    model: str | None = None
    change: asyncio.Lock = field(default_factory=asyncio.Lock)


@dataclass(slots=True)
class _Run:
    """A call of `run`: `worker` is None until the start message has been sent."""

    task: asyncio.Task[Outcome]
    worker: WorkerProcess | None = None
    cancelled: bool = False


class Supervisor:
    """Give it requests; it finds room, starts workers, and turns whatever happens to them into WorkerError.

    `lock_dir`: where workers lock their family, so that a restarted bot waits for an orphan to die; the bot
    passes a folder beside its data. None: no lock. `specs` are families under another name than their
    folder's.
    """

    def __init__(
        self,
        *,
        environments: Environments,
        budget: MemoryBudget,
        settings: Patience | None = None,
        specs: Iterable[FamilySpec] = (),
        lock_dir: Path | None = None,
    ) -> None:
        self._environments = environments
        self._budget = budget
        self._patience = settings or Patience()
        self._lanes = {spec.name: _Lane(spec) for spec in specs}
        self._lock_dir = lock_dir
        self._runs: dict[str, _Run] = {}
        self._closed = False

    async def run(self, request: Request, on_progress: Callable[[Progress], None] | None = None) -> Outcome:
        """Do the request. Raises WorkerError; TaskCancelled after `cancel`. Several may run at once.

        When the caller is cancelled the job is cancelled too; its worker finishes winding it down on its own.
        """
        if self._closed:
            raise TaskCancelled
        if request.job in self._runs:
            _log.error("job %s is running already", request.job)
            raise WorkerError
        run = _Run(asyncio.ensure_future(self._run(request, on_progress)))
        self._runs[request.job] = run
        try:
            return await run.task
        except asyncio.CancelledError:
            if run.cancelled:
                raise TaskCancelled from None
            raise
        finally:
            self._runs.pop(request.job, None)

    async def cancel(self, job: str) -> None:
        """Cancel a running or waiting job; unknown or already cancelled: nothing happens."""
        run = self._runs.get(job)
        if run is None or run.cancelled:
            return
        run.cancelled = True
        if run.worker is not None:
            run.worker.cancel(job)
        else:
            run.task.cancel()

    def loaded(self, family: str) -> str | None:
        """The id of the model the family's worker used last, None without a worker or a model."""
        lane = self._lanes.get(family)
        return lane.model if lane is not None and lane.worker is not None else None

    def memory_fits(self, family: str, model: ModelInfo | None) -> bool:
        """Whether a job with `model` would start without waiting for another family's job."""
        return model is None or self._budget.fits_now(family, model.id, model.memory_mb)

    async def start(self, family: str) -> None:
        """Have the family's worker ready before its first job. Raises WorkerError."""
        lane = self._lane(family)
        python = await self._environments.ensure(lane.spec.adapter)
        await self._worker(lane, python)

    async def stop(self, family: str) -> None:
        """End the family's worker; its jobs are cancelled. The next job starts a fresh one."""
        lane = self._lane(family)
        async with lane.change:
            await self._end(lane)

    def kill(self, family: str) -> None:
        """As `stop`, at once and without asking: what it is at is lost."""
        lane = self._lanes.get(family)
        if lane is not None and lane.worker is not None:
            lane.worker.kill()

    async def close(self) -> None:
        """Cancel everything and end all workers, in bounded time."""
        self._closed = True
        for run in list(self._runs.values()):
            run.cancelled = True
            if run.worker is None:
                run.task.cancel()
        # Not `stop`: a worker that is just starting holds its lane's lock.
        workers = [lane.worker for lane in self._lanes.values() if lane.worker is not None]
        await asyncio.gather(*(worker.stop() for worker in workers))

    def states(self) -> list[WorkerState]:
        return [
            WorkerState(
                family=name,
                pid=lane.worker.pid if lane.worker is not None else None,
                model=lane.model,
                jobs=tuple(lane.worker.jobs) if lane.worker is not None else (),
                memory_mb=self._budget.held_mb(name),
            )
            for name, lane in self._lanes.items()
        ]

    async def _run(self, request: Request, on_progress: Callable[[Progress], None] | None) -> Outcome:
        lane = self._lane(request.family)
        start = await asyncio.to_thread(start_message, request)
        # An installation may take minutes: never while holding memory.
        python = await self._environments.ensure(lane.spec.adapter)
        await self._budget.reserve(
            request.family, request.model_id, request.memory_mb, end_idle=self._end_idle
        )
        try:
            worker = await self._worker(lane, python)
            await worker.vacant(request.job)
            lane.model = request.model_id or lane.model
            # No await from here to the start message: a cancel finds either the task or the job in the worker.
            self._runs[request.job].worker = worker
            done = await worker.run(start, _forward(on_progress))
        finally:
            self._budget.release(request.family, request.model_id)
        await asyncio.to_thread(check_files, done.files, request.out)
        return Outcome(files=done.files, facts=done.facts, seconds=done.seconds, out=request.out)

    async def _worker(self, lane: _Lane, python: Path) -> WorkerProcess:
        async with lane.change:
            if lane.worker is not None and lane.worker.usable:
                return lane.worker
            await self._end(lane)
            return await self._open(lane, python)

    async def _open(self, lane: _Lane, python: Path) -> WorkerProcess:
        name = lane.spec.name
        boot = self._environments.source_root / "generation" / "worker" / "boot.py"
        worker = WorkerProcess(
            family=lane.spec.adapter, patience=self._patience, on_gone=lambda: self._gone(lane, worker)
        )
        environment = worker_environment(
            os.environ,
            family=lane.spec.adapter,
            heartbeat=self._patience.heartbeat,
            family_lock=await asyncio.to_thread(self._lock, name),
        )
        if self._closed:
            raise TaskCancelled
        lane.worker = worker
        await worker.open([str(python), "-P", str(boot), lane.spec.adapter], environment)
        _log.info("worker of family %s started (pid %d)", name, worker.pid)
        return worker

    def _lock(self, family: str) -> Path | None:
        if self._lock_dir is None:
            return None
        self._lock_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        return self._lock_dir / f"worker-{family}.lock"

    async def _end(self, lane: _Lane) -> None:
        if lane.worker is not None:
            await lane.worker.stop()
            self._gone(lane, lane.worker)

    async def _end_idle(self, family: str) -> None:
        lane = self._lane(family)
        async with lane.change:
            if not self._budget.is_busy(family):
                _log.info("worker of family %s makes room", family)
                await self._end(lane)
                self._budget.forget(family)

    def _gone(self, lane: _Lane, worker: WorkerProcess | None) -> None:
        if lane.worker is worker:
            lane.worker = lane.model = None
            self._budget.forget(lane.spec.name)

    def _lane(self, family: str) -> _Lane:
        if family not in self._lanes:
            self._lanes[family] = _Lane(FamilySpec(name=family, adapter=family))
        return self._lanes[family]


def _forward(on_progress: Callable[[Progress], None] | None) -> Callable[[wire.Progress], None] | None:
    if on_progress is None:
        return None
    return lambda message: on_progress(Progress(message.done, message.total, message.stage))
