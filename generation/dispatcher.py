"""From the queue to the workers and on to whoever checks and posts. Moves are committed before effects."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar

from generation.errors import AtelierError, MoveRefused, TaskCancelled, WorkerError
from generation.forecast import Forecast
from generation.job import Job, JobState
from generation.moves import Moves, Recovered, refused
from generation.ports import JobStore, Runner, Timings
from generation.queue import FairQueue
from generation.retry import Retry, retry_of

if TYPE_CHECKING:
    from generation.supervisor import Outcome, Progress, Request

T = TypeVar("T")
_LOG = logging.getLogger(__name__)

CLOSE_SECONDS: Final = 10.0


@dataclass(slots=True)
class _Active:
    """A job between being picked and the end of its delivery."""

    job: Job
    since: float
    cancelled: TaskCancelled | None = None
    started: bool = False
    delivering: bool = False


class Dispatcher:
    """Runs queued jobs, at most `concurrency[family]` (1) of a family at a time.

    `requests` turns a job into what the runner gets; before that `prepare` looks up what its parameters refer to, and
    raises an AtelierError where that is gone. `on_outcome(job, outcome)` gets a job that is still
    `running` and moves it on; `on_failure(job, error)` one that is `failed`, `cancelled` or `refused` already. Both are
    called in tasks of their own, while the next job runs. `fits`: whether a job's model finds room in memory.
    `is_held`: whether nothing of this class may start now; call `wake` when that has changed.
    """

    def __init__(  # noqa: PLR0913  the composition root names each of them
        self,
        *,
        queue: FairQueue,
        supervisor: Runner,
        store: JobStore,
        timings: Timings,
        requests: Callable[[Job], Request],
        on_progress: Callable[[Job, Progress], None],
        on_outcome: Callable[[Job, Outcome], Awaitable[None]],
        on_failure: Callable[[Job, WorkerError], Awaitable[None]],
        prepare: Callable[[Job], Awaitable[Job]] | None = None,
        concurrency: Mapping[str, int] | None = None,
        fits: Callable[[Job], bool] = lambda job: True,
        is_held: Callable[[str], bool] = lambda guild: False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._queue = queue
        self._runner = supervisor
        self._moves = Moves(store)
        self._forecast = Forecast(timings)
        self._requests = requests
        self._prepare = prepare
        self._on_progress = on_progress
        self._on_outcome = on_outcome
        self._on_failure = on_failure
        self._concurrency = dict(concurrency or {})
        self._fits = fits
        self._is_held = is_held
        self._clock = clock
        self._active: dict[str, _Active] = {}
        self._busy: Counter[str] = Counter()
        self._families: set[str] = set()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._open = False

    async def start(self) -> None:
        """Begin with the jobs that wait."""
        self._open = True
        self._dispatch()

    def wake(self) -> None:
        """A class that was held may go on."""
        self._dispatch()

    def submit(self, job: Job) -> int:
        """Let a job wait that is stored as queued; its place (1: next). Raises ValueError for any other."""
        if job.state is not JobState.QUEUED or job.id in self._active:
            raise ValueError("only a queued job can wait")
        self._add(job)
        place = self.place(job.id)
        self._dispatch()
        return place

    async def cancel(self, job_id: str, why: str = TaskCancelled.default_code) -> bool:
        """True: it will not be posted any more. False: unknown, ended, or being posted already.

        A waiting job is cancelled when this returns, a running one within a step; `on_failure` hears of both, with
        the code `why`.
        """
        return await asyncio.shield(self._spawn(self._cancel(job_id, TaskCancelled(why))))

    async def recover(self, jobs: Iterable[Job]) -> Recovered:
        """Take over the last run's unfinished jobs, in order of arrival.

        Jobs that were running or checking wait again until they have had three attempts. Those given up are
        `failed` with the code "restarted", or `refused`; telling their owners is the caller's part.
        """
        found = [job for job in jobs if job.id not in self._queue and job.id not in self._active]
        moved = await asyncio.gather(*map(self._moves.recover, found))
        # again: one may have been submitted meanwhile
        recovered = Recovered.of(job for job in moved if job is not None and job.id not in self._queue)
        for job in recovered.queued:
            self._add(job)
        self._dispatch()
        return recovered

    async def close(self) -> None:
        """Stop in bounded time: running jobs wait again in the store, deliveries are given time to end."""
        self._open = False
        self._moves.close()
        for active in list(self._active.values()):
            if active.started and not active.delivering:
                self._spawn(self._runner.cancel(active.job.id))
        end = asyncio.get_running_loop().time() + CLOSE_SECONDS
        while self._tasks and (left := end - asyncio.get_running_loop().time()) > 0:
            await asyncio.wait(self._tasks, timeout=left, return_when=asyncio.FIRST_COMPLETED)
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for active in list(self._active.values()):
            if not active.delivering:
                with suppress(AtelierError):
                    await self._moves.put_back(active.job)

    def place(self, job_id: str) -> int:
        """1: next; 0: not waiting (any more)."""
        return self._queue.place(job_id)

    async def expected_seconds(self, job: Job) -> float | None:
        """Seconds until the worker is done; far back an estimate. None: something before it was never measured."""
        active = self._active.get(job.id)
        if active is not None:
            return 0.0 if active.delivering else self._forecast.left(active.job, active.since, self._clock())
        work = self._queue.work_until(job.id)
        if not work:
            return None
        now, family = self._clock(), job.family
        running = [
            self._forecast.left(active.job, active.since, now)
            for active in self._active.values()
            if active.job.family == family and not active.delivering
        ]
        seconds = self._forecast.together(work, running, self._loaded())
        return None if seconds is None else seconds / self._concurrency.get(family, 1)

    def is_in_work(self, job_id: str) -> bool:
        """Between its start and the end of its delivery, also when its row says already that it has ended."""
        return job_id in self._active

    def running(self) -> list[Job]:
        """The jobs that workers have now."""
        return [active.job for active in self._active.values() if active.started and not active.delivering]

    def _add(self, job: Job, *, first: bool = False, behind_others: bool = False) -> None:
        self._families.add(job.family)
        self._queue.add(job, first=first, behind_others=behind_others)

    def _loaded(self) -> frozenset[str]:
        models = (self._runner.loaded(family) for family in self._families)
        return frozenset(model for model in models if model is not None)

    def _can_run(self, job: Job) -> bool:
        if self._busy[job.family] >= self._concurrency.get(job.family, 1):
            return False
        # With nothing running there is nothing to wait for: the runner makes room or says that it is too big.
        return not self._busy.total() or self._fits(job)

    def _next(self) -> Job | None:
        return self._queue.pick(self._can_run, self._loaded(), is_held=self._is_held)

    def _dispatch(self) -> None:
        """Start everything that can run now."""
        while self._open and (job := self._next()) is not None:
            self._busy[job.family] += 1
            self._active[job.id] = active = _Active(job, self._clock())
            self._spawn(self._serve(active))

    async def _serve(self, active: _Active) -> None:
        try:
            outcome, error = await self._attempt(active)
            if outcome is not None and active.cancelled is None:
                active.delivering = True
                self._spawn(self._forecast.note(active.job, outcome))
                await self._deliver(active.job, outcome)
            else:
                await self._after_failure(active, error or TaskCancelled())
        except MoveRefused as refusal:  # it has ended, in the very transaction that should have moved it on
            _LOG.info("job %s is refused (%s)", active.job.id, refusal)
            self._spawn(self._tell(refused(active.job, refusal), WorkerError(refusal.code)))
        except AtelierError as error:  # somebody else has moved it, or the disk refuses while closing
            _LOG.info("job %s is left as it is (%s)", active.job.id, error)
        except Exception as error:  # noqa: BLE001  the queue goes on; a restart finds the job's row
            _LOG.error("job %s is left as it is (%s)", active.job.id, type(error).__name__)
            _LOG.debug("job %s is left as it is", active.job.id, exc_info=error)
        if self._active.get(active.job.id) is active:
            del self._active[active.job.id]
        self._dispatch()

    async def _attempt(self, active: _Active) -> tuple[Outcome | None, WorkerError | None]:
        """One attempt; the family's place is free again as soon as the worker is done. Raises NotFound, MoveRefused."""
        try:
            active.job = await self._moves.commit(active.job.id, JobState.RUNNING, expect=JobState.QUEUED)
            request = await self._request(active.job)
            if active.cancelled is not None or self._moves.closing:
                return None, TaskCancelled()
            active.started, active.since = True, self._clock()
            return await self._run(active.job, request), None
        except WorkerError as error:
            return None, error
        finally:
            self._busy[active.job.family] -= 1
            self._dispatch()

    async def _request(self, job: Job) -> Request:
        """Raises WorkerError, whatever happens."""

        async def prepared() -> Request:
            return self._requests(job if self._prepare is None else await self._prepare(job))

        return await self._tried(job, prepared())

    async def _run(self, job: Job, request: Request) -> Outcome:
        """Raises WorkerError, whatever happens."""
        return await self._tried(
            job, self._runner.run(request, lambda progress: self._on_progress(job, progress))
        )

    async def _tried(self, job: Job, work: Awaitable[T]) -> T:
        try:
            return await work
        except WorkerError:
            raise
        except AtelierError as error:
            raise WorkerError(error.code, **error.values) from error
        except Exception as error:
            # the message of a foreign error may quote a prompt
            _LOG.error("job %s could not be run (%s)", job.id, type(error).__name__)
            _LOG.debug("job %s could not be run", job.id, exc_info=error)
            raise WorkerError("internal") from error

    async def _deliver(self, job: Job, outcome: Outcome) -> None:
        try:
            await self._on_outcome(job, outcome)
        except Exception as error:  # noqa: BLE001  somebody waits for this job, whatever it was
            _LOG.error("job %s could not be delivered (%s)", job.id, type(error).__name__)
            await self._end(job, JobState.FAILED, WorkerError("internal"))

    async def _after_failure(self, active: _Active, error: WorkerError) -> None:
        job = active.job
        retry = retry_of(job, error)
        if active.cancelled is not None:
            await self._end(job, JobState.CANCELLED, active.cancelled)
        elif self._moves.closing:
            await self._moves.put_back(job)
        elif retry is not None:
            await self._retry(active, retry, error)
        else:
            await self._end(job, JobState.FAILED, error)

    async def _retry(self, active: _Active, retry: Retry, error: WorkerError) -> None:
        job = active.job
        _LOG.warning("job %s is tried again (attempt %d: %s)", job.id, job.attempt, error.code)
        job = await self._moves.commit(
            job.id,
            JobState.QUEUED,
            expect=JobState.RUNNING,
            error_code=error.code,
            notices=retry.notices,
            params=retry.params,
        )
        if active.cancelled is not None:  # while that was committed
            await self._end(job, JobState.CANCELLED, active.cancelled)
        else:
            del self._active[job.id]
            self._add(job, first=True, behind_others=retry.behind_others)

    async def _cancel(self, job_id: str, why: TaskCancelled) -> bool:
        job = self._queue.remove(job_id)
        if job is not None:
            return await self._end(job, JobState.CANCELLED, why)
        active = self._active.get(job_id)
        if active is None:
            return False
        if active.delivering:
            # while it is checked this wins; once it is being posted the table of moves says no
            return await self._end(active.job, JobState.CANCELLED, why)
        active.cancelled = active.cancelled or why
        if active.started:
            await self._runner.cancel(job_id)
        return True

    async def _end(self, job: Job, to: JobState, error: WorkerError) -> bool:
        """Commit the end, then let the owner be told. False: it has ended, or is being posted, already."""
        ended = await self._moves.end(job, to, error.code)
        if ended is not None:
            self._spawn(self._tell(ended, error))
        return ended is not None

    async def _tell(self, job: Job, error: WorkerError) -> None:
        try:
            await self._on_failure(job, error)
        except Exception as failure:  # noqa: BLE001  the job has ended; nothing else depends on this
            _LOG.error("the owner of job %s was not told (%s)", job.id, type(failure).__name__)

    def _spawn(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
