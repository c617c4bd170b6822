"""One live worker, seen from the bot: the jobs it has in flight and its signs of life."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence

from generation import wire
from generation.child_process import ChildProcess
from generation.errors import TaskCancelled, WorkerCrashed, WorkerError, WorkerGarbage, WorkerHung
from generation.in_flight import InFlight
from generation.patience import Patience

_TICK = 1.0


class WorkerProcess:
    """`family` is what the worker must call itself; `on_gone` is called once, when the process is gone.

    Whatever goes wrong with the process fails all its jobs and kills it: a new one is cheaper than a doubtful one.
    """

    def __init__(self, *, family: str, patience: Patience, on_gone: Callable[[], None]) -> None:
        self.family = family
        self.jobs: dict[str, InFlight] = {}
        self._patience = patience
        self._on_gone = on_gone
        self._log = logging.getLogger(f"{__name__}.{family}")
        self._child = ChildProcess(
            line_limit=wire.LINE_LIMIT, on_line=self._take_line, on_end=self._ended, log=self._log
        )
        self._ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._error: WorkerError | None = None
        self._stopping = False
        self._watch: asyncio.TimerHandle | None = None

    @property
    def pid(self) -> int:
        return self._child.pid

    @property
    def usable(self) -> bool:
        return self._error is None and not self._stopping

    async def open(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        """Start the process and wait until it is ready. Raises WorkerError."""
        try:
            await self._child.start(command, environment)
            self._check_life()
            await self._ready
        except OSError as error:
            self._fail(WorkerCrashed())
            raise WorkerCrashed from error
        except asyncio.CancelledError:
            self._fail(WorkerCrashed())
            raise

    async def vacant(self, job: str) -> None:
        """Wait until an earlier attempt at `job`, which nobody waits for any more, has wound down."""
        while (earlier := self.jobs.get(job)) is not None:
            await asyncio.wait([earlier.future])

    async def run(
        self, start: wire.Start, on_progress: Callable[[wire.Progress], None] | None = None
    ) -> wire.Done:
        """Have the worker do `start`. Raises WorkerError. When the caller is cancelled, so is the job."""
        try:
            line = wire.encode(start)
        except wire.WireError as error:
            raise WorkerError("invalid_input") from error
        if not self.usable or start.job in self.jobs:
            raise self._error or WorkerCrashed()
        future: asyncio.Future[wire.Done] = asyncio.get_running_loop().create_future()
        self.jobs[start.job] = InFlight(
            start=start, future=future, on_progress=on_progress, moved_at=time.monotonic()
        )
        self._child.write(line)
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            future.add_done_callback(_look_at)
            self.cancel(start.job)
            raise

    def cancel(self, job: str) -> None:
        """Ask for the job's end; `run` then raises TaskCancelled. Unknown and repeated: nothing happens."""
        one = self.jobs.get(job)
        if one is not None and not one.cancelling:
            one.cancelling = True
            self._child.write(wire.encode(wire.Cancel(job=job)))

    def kill(self) -> None:
        """End the process now, without asking. Its jobs are cancelled."""
        self._stopping = True
        self._fail(TaskCancelled())

    async def stop(self) -> None:
        """End the process in bounded time: asked first, then terminated, then killed. Its jobs are cancelled."""
        self._stopping = True
        if self._error is None:
            seconds = 0.0
            if self._ready.done():
                self._child.write(wire.encode(wire.Shutdown()))
                seconds = self._patience.shutdown
            if not await self._child.gone_within(seconds):
                self._child.terminate()
        if not await self._child.gone_within(self._patience.terminate):
            self._child.kill()
            if not await self._child.gone_within(self._patience.terminate):
                self._log.error("worker of family %s cannot be killed (pid %d)", self.family, self.pid)
        self._fail(TaskCancelled())
        self._child.close()

    def _take_line(self, line: bytes) -> None:
        if self._error is not None:
            return
        try:
            self._take(wire.decode_report(line))
        except wire.WireError as error:
            self._log.warning("worker of family %s does not keep to the protocol: %s", self.family, error)
            self._fail(WorkerGarbage())

    def _take(self, report: wire.Report) -> None:
        """Raises WireError for an answer to something else."""
        if isinstance(report, wire.Heartbeat):
            return
        if isinstance(report, wire.Ready):
            if report.family != self.family or report.protocol != wire.PROTOCOL or self._ready.done():
                raise wire.WireError("ready: another family, another protocol or twice")
            self._ready.set_result(None)
            return
        one = self.jobs.get(report.job)
        if one is None:
            return
        if isinstance(report, wire.Loading):
            one.load(time.monotonic())
            return
        if not one.answers(report):
            raise wire.WireError("another attempt or another seed")
        if isinstance(report, wire.Progress):
            one.move(report, time.monotonic())
        else:
            self._take_end(one, report)

    def _take_end(self, one: InFlight, report: wire.Done | wire.Failed) -> None:
        del self.jobs[report.job]
        for other in self.jobs.values():
            if not other.begun:
                other.moved_at = time.monotonic()  # its turn may be now
        if isinstance(report, wire.Failed):
            self._log.debug("job %s failed: %s %s", report.job, report.code, report.detail)
        one.settle(report, stopping=self._stopping)

    def _fail(self, error: WorkerError) -> None:
        """Fail everything in flight and kill the process group. The first error counts."""
        if self._error is not None:
            return
        self._error = error
        if self._watch is not None:
            self._watch.cancel()
        jobs, self.jobs = self.jobs, {}
        for one in jobs.values():
            one.future.set_exception(TaskCancelled() if self._stopping else type(error)())
        if not self._ready.done():
            self._ready.set_exception(TaskCancelled() if self._stopping else error)
            _look_at(self._ready)
        self._child.kill()

    def _ended(self, status: int | None) -> None:
        if self.usable:
            self._log.warning("worker of family %s ended by itself with status %s", self.family, status)
        self._fail(WorkerCrashed())
        self._on_gone()

    def _check_life(self) -> None:
        if (what := self._missing(time.monotonic())) is not None:
            self._log.warning("worker of family %s is killed: %s", self.family, what)
            self._fail(WorkerHung())
            return
        tick = min(_TICK, self._patience.silence / 10, self._patience.progress / 10)
        self._watch = asyncio.get_running_loop().call_later(tick, self._check_life)

    def _missing(self, now: float) -> str | None:
        loading = not self._ready.done() or any(one.loading for one in self.jobs.values())
        if now - self._child.heard_at > (self._patience.loading if loading else self._patience.silence):
            return "no sign of life"
        # A job that waits in the worker is nobody's fault as long as another one is at work.
        working = [one for one in self.jobs.values() if one.begun] or self.jobs.values()
        if any(one.is_stuck(self._patience, now) for one in working):
            return "no progress"
        return None


def _look_at(future: asyncio.Future[wire.Done] | asyncio.Future[None]) -> None:
    """Nobody waits for this one: keep asyncio from warning about an error never looked at."""
    if not future.cancelled():
        future.exception()
