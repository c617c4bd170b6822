"""What becomes of a job whose attempt went wrong: another attempt, a smaller one, or none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from generation.errors import (
    OutOfMemory,
    TaskCancelled,
    WorkerCrashed,
    WorkerError,
    WorkerGarbage,
    WorkerHung,
)
from generation.job import MAX_ATTEMPTS, Job
from generation.params import SIZE_LOW, SIZE_STEP

SMALLER_RETRY: Final = "smaller_retry"


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """`behind_others`: the job took its worker down, so somebody else's goes first."""

    params: Mapping[str, Any]
    notices: tuple[str, ...]
    behind_others: bool


def retry_of(job: Job, error: WorkerError) -> Retry | None:
    """The next attempt of a job that is running; None: it has failed for good.

    A job that ended its worker three times is the reason itself and is set aside. Out of memory is tried once
    more, smaller: the same request would fail the same way.
    """
    if job.attempt >= MAX_ATTEMPTS:
        return None
    if isinstance(error, OutOfMemory):
        params = smaller(job.params)
        if params is None or SMALLER_RETRY in job.notices:
            return None
        return Retry(params=params, notices=(*job.notices, SMALLER_RETRY), behind_others=False)
    if isinstance(error, WorkerCrashed | WorkerHung | WorkerGarbage):
        return Retry(params=job.params, notices=job.notices, behind_others=True)
    if isinstance(error, TaskCancelled):
        # nobody asked for that: its worker was stopped on somebody else's account
        return Retry(params=job.params, notices=job.notices, behind_others=False)
    return None


def smaller(params: Mapping[str, Any]) -> dict[str, Any] | None:
    """Half as many pictures; of a single one, three quarters of the size. None: it cannot be smaller.

    Fewer comes first because the pictures that remain are exactly those that were asked for.
    """
    count = params.get("count", 1)
    if count > 1:
        return {**params, "count": count // 2}
    sides = {name: params[name] for name in ("width", "height") if name in params}
    less = {name: max(SIZE_LOW, side * 3 // 4 // SIZE_STEP * SIZE_STEP) for name, side in sides.items()}
    return None if less == sides else {**params, **less}
