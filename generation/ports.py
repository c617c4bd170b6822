"""What the dispatcher needs from outside, as small as its real and its fake sides allow."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from generation.job import Job, JobState

if TYPE_CHECKING:
    from generation.supervisor import Outcome, Progress, Request


class Runner(Protocol):
    """Where requests are worked on (`supervisor.Supervisor`). Raises WorkerError, TaskCancelled when cancelled."""

    async def run(
        self, request: Request, on_progress: Callable[[Progress], None] | None = None
    ) -> Outcome: ...

    async def cancel(self, job: str) -> None: ...

    def loaded(self, family: str) -> str | None: ...


class JobStore(Protocol):
    """Where moves are committed (`data.jobs.Jobs`). Raises NotFound for a job that has moved on meanwhile."""

    async def move(
        self,
        job_id: str,
        to: JobState,
        *,
        expect: JobState | None = None,
        error_code: str | None = None,
        attempt: int | None = None,
        notices: Iterable[str] | None = None,
        params: Mapping[str, Any] | None = None,
    ) -> Job: ...


class Timings(Protocol):
    """Measured seconds (`data.timings.Timings`)."""

    def expected(self, model: str, work_units: float) -> float | None: ...

    def expected_load(self, model: str) -> float | None: ...

    async def add(self, model: str, work_units: float, seconds: float) -> None: ...

    async def add_load(self, model: str, seconds: float) -> None: ...
