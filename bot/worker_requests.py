"""What a worker is told about a job, and whether its model fits into memory at all."""

from __future__ import annotations

from pathlib import Path

from bot.services.insight_data import worker_task
from generation.catalog import Catalog, ModelInfo
from generation.clip_params import CLIP
from generation.errors import ModelMissing, NotFound
from generation.job import Job
from generation.supervisor import Request, Supervisor


def fits(job: Job, catalog: Catalog, supervisor: Supervisor) -> bool:
    try:
        model = catalog.get(job.model)
    except NotFound:
        return True  # gone since the last run: it needs no memory to fail
    return supervisor.memory_fits(job.family, model)


def request_of(job: Job, catalog: Catalog, work_dir: Path) -> Request:
    """What the family's worker gets for this attempt. Raises ModelMissing."""
    task, params = worker_task(job)
    return Request(
        family=job.family,
        task=task,
        params=params,
        job=job.id,
        attempt=job.attempt,
        seed=job.seed,
        out=work_dir / f"{job.id}-{job.attempt}",
        model=None if job.medium == CLIP else model_of(job, catalog),
    )


def model_of(job: Job, catalog: Catalog) -> ModelInfo:
    try:
        model = catalog.get(job.model)
    except NotFound:
        raise ModelMissing("model_missing", model=job.model) from None
    catalog.demand_checker(model)  # it may have been taken away since the job was accepted
    return model
