"""From a worker's files to a post: check, compose what is shown, keep it, post it. The only way to the publisher."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from bot.services.finishing import Finisher
from bot.services.ports import Post
from bot.services.posting import Posting
from data.artifacts import Artifacts
from data.errors import ArtifactChanged, StaleMove
from data.jobs import Jobs
from generation.errors import AtelierError, ModelMissing, MoveRefused, Value, WorkerError
from generation.job import Job, JobState
from generation.moves import refused
from generation.supervisor import Outcome
from moderation.verdict import CHECK_FAILED, Approved, Verdict

_log = logging.getLogger(__name__)
AGAIN: Final = "-again-"
"""In the names of folders with copies of kept files; whoever makes one removes it."""
REFUSAL = "refused_"
"""How the codes of all refusals begin."""


class Deliver:
    """The second half of a job's way. `on_outcome` and `on_failure` are the dispatcher's callbacks.

    `finishers` know what is done with a medium's files, see `bot.services.finishing`. What begins with a job's id in
    `work_dir` is removed when the job has ended.
    """

    def __init__(
        self,
        *,
        jobs: Jobs,
        artifacts: Artifacts,
        finishers: Mapping[str, Finisher],
        posting: Posting,
        work_dir: Path,
    ) -> None:
        self._jobs = jobs
        self._artifacts = artifacts
        self._finishers = finishers
        self._posting = posting
        self._work_dir = work_dir

    async def on_outcome(self, job: Job, outcome: Outcome) -> None:
        """The worker is done: nothing of `outcome` has been seen by anybody yet.

        Raises when not even the job's failure could be stored; the dispatcher sees to that.
        """
        try:
            job = await self._jobs.move(job.id, JobState.CHECKING)
            await self._check_and_post(job, outcome)
        except MoveRefused as refusal:
            await self.on_end(refused(job, refusal), refusal.code, refusal.values)
        except StaleMove:
            _log.info("job %s was ended by somebody else while it was checked", job.id)
            await self._artifacts.delete(job.id)
        except AtelierError as error:
            await self._end(job, JobState.FAILED, error.code, error.values)
        except Exception as error:  # noqa: BLE001
            # whatever it was: somebody waits for this job, and nothing of it may be shown
            _log_failure(job, error)
            await self._end(job, JobState.FAILED, "internal")
        finally:
            # not the copies of one that was approved anew: a pause may have ended while this one was being kept
            await asyncio.to_thread(self._discard, job, outcome.out, spare=AGAIN)

    async def on_failure(self, job: Job, error: WorkerError) -> None:
        """The dispatcher has already moved the job to failed, cancelled or refused; its owner is told."""
        await self.on_end(job, error.code, error.values)

    async def on_end(self, job: Job, code: str, values: Mapping[str, Value] | None = None) -> None:
        """Tell the owner of a job that has ended without a post, and remove what it left."""
        # a refusal is nobody else's business, also where it came as a cancellation
        private = job.state is JobState.REFUSED or code.startswith(REFUSAL)
        await self._posting.tell(job, code, values or {}, private=private)
        await asyncio.to_thread(self._discard, job)
        # a job that was cancelled or failed after its files were kept
        await self._artifacts.delete(job.id)

    async def post_again(self, job: Job) -> None:
        """A job in `posting`, after a restart or when no way was open: check it again, post it once. Never raises."""
        try:
            await self._post_again(job)
        except MoveRefused as refusal:
            await self._take_back(refused(job, refusal))
        except StaleMove:
            _log.info("job %s had already ended", job.id)
        except Exception as error:  # noqa: BLE001
            # the disk, most likely; the files are kept, so nothing is lost by waiting
            _log_failure(job, error)
            self._posting.later(job, self.post_again)

    async def _post_again(self, job: Job) -> None:
        if await self._posting.finish(job):
            return
        if self._posting.has_waited_enough(job):
            await self._end(job, JobState.FAILED, "not_delivered")
            return
        await self._jobs.recheck(job.id)  # before it is worth anybody's while to check its files
        try:
            post = await self._approve_kept(job)
        except ArtifactChanged as error:
            await self._end(job, JobState.FAILED, error.code)
            return
        if isinstance(post, Verdict):
            await self._refuse(job, post)
        else:
            await self._posting.post(job, post, again=self.post_again)

    async def _take_back(self, job: Job) -> None:
        """An earlier try may have got through without anybody knowing: no refused job may stand. Never raises."""
        try:
            taken = await self._posting.take_back(job)
            if taken.hindrance is not None:
                _log.warning("job %s was refused and may still be seen (%s)", job.id, taken.hindrance)
            await self.on_end(job, job.error_code or "refused")
        except Exception as error:  # noqa: BLE001  what is left is found again: see `data.traces`
            _log_failure(job, error)

    async def _approve_kept(self, job: Job) -> Approved[Post] | Verdict:
        """The post made of the kept files, or the verdict that refuses them. Raises ArtifactChanged."""
        kept = await self._artifacts.of_job(job.id)
        if not kept or await self._artifacts.verify(job.id):
            raise ArtifactChanged
        return await self._finisher(job).finish_kept(job, kept, seconds=await self._measured(job))

    def _finisher(self, job: Job) -> Finisher:
        """Raises ModelMissing for a medium that this bot was started without."""
        finisher = self._finishers.get(job.medium)
        if finisher is None:
            raise ModelMissing("medium_off")
        return finisher

    async def _measured(self, job: Job) -> float:
        """Seconds in the worker, from the committed moves."""
        at = {event.new: event.at for event in await self._jobs.events(job.id)}
        return max(0.0, at.get(JobState.CHECKING, 0.0) - at.get(JobState.RUNNING, 0.0))

    async def _check_and_post(self, job: Job, outcome: Outcome) -> None:
        finished = await self._finisher(job).finish(job, outcome)
        if isinstance(finished, Verdict):
            await self._refuse(job, finished)
            return
        job = await self._jobs.move(job.id, JobState.POSTING)
        post = finished.map(lambda value: dataclasses.replace(value, job=job))
        await self._posting.post(job, post, again=self.post_again)

    async def _refuse(self, job: Job, verdict: Verdict) -> None:
        await self._end(job, JobState.REFUSED, f"refused_{verdict.code or CHECK_FAILED}")

    async def _end(
        self, job: Job, state: JobState, code: str, values: Mapping[str, Value] | None = None
    ) -> None:
        """Remove what was kept, commit the end, tell the owner. In this order: nothing refused stays."""
        await self._artifacts.delete(job.id)
        try:
            job = await self._jobs.move(job.id, state, error_code=code)
        except StaleMove:
            _log.info("job %s had already ended", job.id)
            return
        private = state is JobState.REFUSED or code.startswith(REFUSAL)
        await self._posting.tell(job, code, values or {}, private=private)

    def _discard(self, job: Job, *others: Path, spare: str = "") -> None:
        """Remove the unchecked files of all its attempts. `spare`: what is in the names of those that stay."""
        for folder in (*self._work_dir.glob(f"{job.id}-*"), *others):
            if not spare or spare not in folder.name:
                shutil.rmtree(folder, ignore_errors=True)


def _log_failure(job: Job, error: Exception) -> None:
    # the message of a foreign error may quote a prompt: the type must do above DEBUG
    _log.error("job %s could not be delivered (%s)", job.id, type(error).__name__)
    _log.debug("job %s could not be delivered", job.id, exc_info=error)
