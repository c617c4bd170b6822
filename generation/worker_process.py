"""One live worker process, seen from the bot: its pipes, its jobs in flight, its signs of life."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from generation import wire
from generation.errors import (
    ModelMissing,
    OutOfMemory,
    TaskCancelled,
    WorkerCrashed,
    WorkerError,
    WorkerGarbage,
    WorkerHung,
)

_STDERR_LINE = 500
_DRAIN = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long to wait for what, in seconds."""

    heartbeat: float = 2.0
    """A worker's sign of life comes this often."""
    silence: float = 60.0
    """Nothing at all for this long: hung. A C call may hold the interpreter's lock for many seconds."""
    loading: float = 300.0
    """The same while a worker starts or a job loads its model."""
    progress: float = 60.0
    """A job without a step for this long is hung …"""
    step_factor: float = 10.0
    """… unless a step was measured to need more: then this many times the longest."""
    shutdown: float = 3.0
    """From asking a worker to end to SIGTERM."""
    terminate: float = 3.0
    """From SIGTERM to SIGKILL, and from there to giving up on it."""


@dataclass(slots=True, kw_only=True)
class _InFlight:
    start: wire.Start
    future: asyncio.Future[wire.Done]
    on_progress: Callable[[wire.Progress], None] | None
    moved_at: float
    begun: bool = False
    loading: bool = False
    cancelling: bool = False
    done: int = 0

    def moved(self, message: wire.Progress, now: float) -> float:
        """Seconds a step took since the last message, 0 if unknown."""
        steps, seconds = message.done - self.done, now - self.moved_at
        measured = seconds / steps if steps > 0 and self.begun and not self.loading else 0.0
        self.begun, self.loading, self.done, self.moved_at = True, False, message.done, now
        return measured


class _Pipes(asyncio.SubprocessProtocol):
    """Hands on what the process writes. A class of its own keeps asyncio's names out of `WorkerProcess`."""

    def __init__(self, worker: WorkerProcess) -> None:
        self._worker = worker

    def pipe_data_received(self, fd: int, data: bytes | str) -> None:
        data = data if isinstance(data, bytes) else data.encode()
        if fd == 1:
            self._worker.received(data)
        else:
            self._worker.complained(data)

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        if fd == 1:
            self._worker.output_ended()

    def process_exited(self) -> None:
        self._worker.exited()


@dataclass(slots=True, kw_only=True)
class WorkerProcess:
    """`family` is what the worker must call itself; `on_gone` is called once, at its end."""

    family: str
    patience: Patience
    on_gone: Callable[[], None]
    pid: int = 0
    jobs: dict[str, _InFlight] = field(default_factory=dict)
    slowest_step: float = 0.0
    _transport: asyncio.SubprocessTransport | None = None
    _ready: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    _gone: asyncio.Event = field(default_factory=asyncio.Event)
    _error: WorkerError | None = None
    _stopping: bool = False
    _output_ended: bool = False
    _rest: bytearray = field(default_factory=bytearray)
    _heard_at: float = field(default_factory=time.monotonic)
    _watch: asyncio.TimerHandle | None = None

    @property
    def usable(self) -> bool:
        return self._error is None and not self._stopping and not self._gone.is_set()

    async def open(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        """Start the process and wait until it is ready. Raises WorkerError."""
        loop = asyncio.get_running_loop()
        try:
            transport, _ = await loop.subprocess_exec(
                lambda: _Pipes(self), *command, env=dict(environment), start_new_session=True
            )
        except OSError as error:
            raise WorkerCrashed from error
        self._transport = transport
        self.pid = transport.get_pid()
        self._check_life()
        try:
            await self._ready
        except asyncio.CancelledError:
            self._fail(WorkerCrashed())
            raise

    async def run(
        self, start: wire.Start, on_progress: Callable[[wire.Progress], None] | None = None
    ) -> wire.Done:
        """Have the worker do `start`. Raises WorkerError. When the caller is cancelled, so is the job."""
        while (earlier := self.jobs.get(start.job)) is not None:
            await asyncio.wait([earlier.future])  # an attempt nobody waits for any more is still winding down
        line = wire.encode(start)
        if not self.usable:
            raise self._error or WorkerCrashed()
        future: asyncio.Future[wire.Done] = asyncio.get_running_loop().create_future()
        self.jobs[start.job] = _InFlight(
            start=start, future=future, on_progress=on_progress, moved_at=time.monotonic()
        )
        self._write(line)
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
            self._write(wire.encode(wire.Cancel(job=job)))

    async def stop(self) -> None:
        """End the process in bounded time: asked first, then terminated, then killed. Its jobs are
        cancelled."""
        self._stopping = True
        if not self._gone.is_set() and self._error is None:
            self._write(wire.encode(wire.Shutdown()))
            if not await self._gone_within(self.patience.shutdown):
                self._signal(signal.SIGTERM)
        if not await self._gone_within(self.patience.terminate):
            self._kill()
            if not await self._gone_within(self.patience.terminate):
                self._log.error("worker of family %s cannot be killed (pid %d)", self.family, self.pid)
        self._fail(TaskCancelled())
        self._close()

    # what the pipes report

    def received(self, data: bytes) -> None:
        self._heard_at = time.monotonic()
        if self._error is not None:
            return
        self._rest += data
        *lines, rest = self._rest.split(b"\n")
        self._rest = rest
        for line in lines:
            try:
                self._take(wire.decode_report(bytes(line)))
            except wire.WireError as error:
                self._garbage(str(error))
                return
        if len(rest) > wire.LINE_LIMIT:
            self._garbage("longer than a line may be")

    def complained(self, data: bytes) -> None:
        """stderr may hold prompt text, so it is for debugging only."""
        if self._log.isEnabledFor(logging.DEBUG):
            for line in data.decode(errors="replace").splitlines():
                self._log.debug("%s", line[:_STDERR_LINE])

    def output_ended(self) -> None:
        self._output_ended = True
        if self._transport is not None and self._transport.get_returncode() is not None:
            self._finish()
        elif not self._stopping:
            # the process usually ends right after; without its output it is of no use either way
            asyncio.get_running_loop().call_later(_DRAIN, self._fail, WorkerCrashed())

    def exited(self) -> None:
        """The process is gone, but a child of its own may hold stdout open: take what is there and go on."""
        if self._output_ended:
            self._finish()
        else:
            asyncio.get_running_loop().call_later(_DRAIN, self._finish)

    # inside

    @property
    def _log(self) -> logging.Logger:
        return logging.getLogger(f"{__name__}.{self.family}")

    def _take(self, report: wire.Report) -> None:
        match report:
            case wire.Heartbeat():
                pass
            case wire.Ready():
                self._take_ready(report)
            case wire.Loading():
                if (one := self.jobs.get(report.job)) is not None:
                    one.loading, one.begun, one.moved_at = True, True, time.monotonic()
            case wire.Progress():
                self._take_progress(report)
            case wire.Done() | wire.Failed():
                self._take_end(report)

    def _take_ready(self, ready: wire.Ready) -> None:
        if ready.family != self.family or ready.protocol != wire.PROTOCOL or self._ready.done():
            self._garbage("a wrong ready")
        else:
            self._ready.set_result(None)

    def _take_progress(self, message: wire.Progress) -> None:
        one = self.jobs.get(message.job)
        if one is None:
            return
        if message.attempt != one.start.attempt:
            self._garbage("progress of another attempt")
            return
        self.slowest_step = max(self.slowest_step, one.moved(message, time.monotonic()))
        if one.on_progress is not None and message.total:
            # not called from here: an error in it must not end the pipe
            asyncio.get_running_loop().call_soon(one.on_progress, message)

    def _take_end(self, report: wire.Done | wire.Failed) -> None:
        one = self.jobs.get(report.job)
        if one is None:
            return
        if report.attempt != one.start.attempt or (
            isinstance(report, wire.Done) and report.seed != one.start.seed
        ):
            self._garbage("an answer to something else")
            return
        del self.jobs[report.job]
        for other in self.jobs.values():
            other.moved_at = max(other.moved_at, time.monotonic()) if not other.begun else other.moved_at
        if isinstance(report, wire.Done):
            one.future.set_result(report)
        else:
            self._log.debug("job %s failed: %s %s", report.job, report.code, report.detail)
            one.future.set_exception(_error_of(report, asked=one.cancelling or self._stopping))

    def _garbage(self, what: str) -> None:
        self._log.warning("worker of family %s does not keep to the protocol: %s", self.family, what)
        self._fail(WorkerGarbage())

    def _fail(self, error: WorkerError) -> None:
        """Fail everything in flight and kill the process group. The first error counts."""
        if self._error is not None:
            return
        self._error = error
        jobs, self.jobs = self.jobs, {}
        for one in jobs.values():
            failure = TaskCancelled() if self._stopping else type(error)(error.code, **error.values)
            one.future.set_exception(failure)
        if not self._ready.done():
            self._ready.set_exception(error)
            self._ready.exception()
        self._kill()

    def _finish(self) -> None:
        if self._gone.is_set():
            return
        if not self._stopping and self._error is None:
            code = self._transport.get_returncode() if self._transport is not None else None
            self._log.warning("worker of family %s ended by itself with status %s", self.family, code)
        self._gone.set()
        self._fail(WorkerCrashed())
        self._close()
        self.on_gone()

    def _close(self) -> None:
        if self._watch is not None:
            self._watch.cancel()
        if self._transport is not None:
            self._transport.close()

    def _check_life(self) -> None:
        late = self._late(time.monotonic())
        if late is not None:
            self._log.warning("worker of family %s is killed: %s", self.family, late)
            self._fail(WorkerHung())
            return
        tick = min(1.0, self.patience.silence / 10, self.patience.progress / 10)
        self._watch = asyncio.get_running_loop().call_later(tick, self._check_life)

    def _late(self, now: float) -> str | None:
        patience = self.patience
        loading = not self._ready.done() or any(one.loading for one in self.jobs.values())
        if now - self._heard_at > (patience.loading if loading else patience.silence):
            return "no sign of life"
        limit = max(patience.progress, patience.step_factor * self.slowest_step)
        for one in self.jobs.values():
            waits = not one.begun and any(other.begun for other in self.jobs.values())
            if not waits and now - one.moved_at > (patience.loading if one.loading else limit):
                return "no progress"
        return None

    def _write(self, line: bytes) -> None:
        pipe: Any = self._transport and self._transport.get_pipe_transport(0)
        if pipe is not None and not pipe.is_closing():
            pipe.write(line)

    def _kill(self) -> None:
        self._signal(signal.SIGTERM if sys.platform == "win32" else signal.SIGKILL)

    def _signal(self, number: int) -> None:
        """To the whole group: a model library may have started children."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if sys.platform == "win32":
                if self._transport is not None:
                    self._transport.terminate()
            elif self.pid:
                os.killpg(self.pid, number)

    async def _gone_within(self, seconds: float) -> bool:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._gone.wait(), seconds)
        return self._gone.is_set()


def _look_at(future: asyncio.Future[wire.Done]) -> None:
    """Nobody waits for this one: keep asyncio from warning about an error never looked at."""
    if not future.cancelled():
        future.exception()


def _error_of(failed: wire.Failed, *, asked: bool) -> WorkerError:
    if failed.code == "cancelled":
        return TaskCancelled() if asked else WorkerError()
    if failed.code == "out_of_memory":
        return OutOfMemory()
    if failed.code == "model_missing":
        return ModelMissing()
    return WorkerError("invalid_input" if failed.code == "invalid" else None)
