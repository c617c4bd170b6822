"""A result that was posted once is approved anew before it is shown anywhere else: to teachers, in the gallery.

The pipeline judges its kept files again, as it does after a restart. What it refuses now is destroyed and taken back.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Final, Protocol

from bot.services.finishing import Finisher
from bot.services.ports import Post, TakenBack
from data.artifacts import Artifacts
from data.errors import ArtifactChanged
from data.jobs import Jobs
from generation.errors import ModelMissing, NotFound, Refused
from generation.job import Job, JobState
from moderation.verdict import CHECK_FAILED, Approved, Verdict

_log = logging.getLogger(__name__)
UNSURE: Final = frozenset({CHECK_FAILED})
"""Nothing is known against it: it is not shown, and stays."""


class TakesBack(Protocol):
    """`bot.services.posting.Posting`."""

    async def take_back(self, job: Job) -> TakenBack: ...


class GalleryApproval:
    """`finishers` as in `bot.services.deliver.Deliver`."""

    def __init__(
        self, *, jobs: Jobs, artifacts: Artifacts, finishers: Mapping[str, Finisher], posting: TakesBack
    ) -> None:
        self._jobs = jobs
        self._artifacts = artifacts
        self._finishers = finishers
        self._posting = posting

    async def of(self, job: Job) -> Approved[Post]:
        """The post made of its kept files. Raises NotFound gallery_lost, ModelMissing, Refused."""
        finisher = self._finishers.get(job.medium)
        if finisher is None:
            raise ModelMissing("medium_off")
        if job.state is not JobState.POSTED:
            raise NotFound("gallery_lost")
        kept = await self._artifacts.of_job(job.id)
        if not kept or await self._artifacts.verify(job.id):
            raise NotFound("gallery_lost")
        try:
            post = await finisher.finish_kept(job, kept, seconds=await self._measured(job))
        except ArtifactChanged:
            raise NotFound("gallery_lost") from None
        if isinstance(post, Verdict):
            await self._refuse(job, post.code or CHECK_FAILED)
            raise Refused(f"refused_{post.code or CHECK_FAILED}")
        return post

    async def _refuse(self, job: Job, code: str) -> None:
        """Destroyed before anybody hears of it; its post goes, too."""
        if code in UNSURE:
            return
        await self._artifacts.delete(job.id)
        taken = await self._posting.take_back(job)
        if taken.hindrance is not None:
            _log.warning("job %s is refused now and may still be seen (%s)", job.id, taken.hindrance)

    async def _measured(self, job: Job) -> float:
        """Seconds in the worker, from the committed moves."""
        at = {event.new: event.at for event in await self._jobs.events(job.id)}
        return max(0.0, at.get(JobState.CHECKING, 0.0) - at.get(JobState.RUNNING, 0.0))
