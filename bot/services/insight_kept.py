"""What a post shows of a model's inside, read again from the kept files: presses work after any restart."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from bot.services.insight_data import Insight, NextWord, read_insight
from data.artifacts import Artifact, Artifacts
from data.errors import ArtifactChanged
from generation.errors import NotFound
from generation.job import Job


class KeptInsights:
    def __init__(self, *, artifacts: Artifacts) -> None:
        self._artifacts = artifacts

    async def next_word(self, job: Job) -> NextWord:
        """Raises NotFound job_gone where nothing is kept, ArtifactChanged where it is no longer what was checked."""
        kept = await self._artifacts.of_job(job.id)
        if await self._artifacts.verify(job.id):
            raise ArtifactChanged
        file = kept_data(kept)
        if file is None:
            raise NotFound("job_gone")
        found = await asyncio.to_thread(read_kept, job, file)
        if not isinstance(found, NextWord):
            raise NotFound("job_gone")
        return found


def kept_data(kept: Sequence[Artifact]) -> Path | None:
    return next((item.path for item in kept if item.kind == "data" and item.path is not None), None)


def read_kept(job: Job, file: Path) -> Insight:
    """Raises WorkerGarbage. Reads the disk."""
    return read_insight(job.medium, file.read_bytes())
