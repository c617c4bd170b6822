"""From a worker's files to a post: check, compose what is shown, keep it, post it. The only way to the publisher."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
import shutil
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from tempfile import mkdtemp

from bot.services.compose import Composer
from bot.services.ports import ImagePost
from bot.services.posting import Posting
from data.artifacts import Artifact, Artifacts, NewArtifact
from data.errors import ArtifactChanged, StaleMove
from data.jobs import Jobs
from generation.errors import AtelierError, Value, WorkerError, WorkerGarbage
from generation.job import Job, JobState
from generation.supervisor import Outcome
from moderation.pipeline import ImageDecision, Pipeline
from moderation.verdict import CHECK_FAILED, Approved

_log = logging.getLogger(__name__)


class Deliver:
    """The second half of a job's way. `on_outcome` and `on_failure` are the dispatcher's callbacks.

    `prepare` makes sure that the checks can run: on a fresh machine their environment may still be on its way, and
    a check that waits for it would refuse. What begins with a job's id in `work_dir` is removed when the job has ended.
    """

    def __init__(
        self,
        *,
        jobs: Jobs,
        artifacts: Artifacts,
        pipeline: Pipeline,
        composer: Composer,
        posting: Posting,
        work_dir: Path,
        prepare: Callable[[], Awaitable[None]],
    ) -> None:
        self._jobs = jobs
        self._artifacts = artifacts
        self._pipeline = pipeline
        self._composer = composer
        self._posting = posting
        self._work_dir = work_dir
        self._prepare = prepare

    async def on_outcome(self, job: Job, outcome: Outcome) -> None:
        """The worker is done: nothing of `outcome` has been seen by anybody yet.

        Raises when not even the job's failure could be stored; the dispatcher sees to that.
        """
        try:
            job = await self._jobs.move(job.id, JobState.CHECKING)
            await self._check_and_post(job, outcome)
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
            await asyncio.to_thread(self._discard, job, outcome.out)

    async def on_failure(self, job: Job, error: WorkerError) -> None:
        """The dispatcher has already moved the job to failed or cancelled; its owner is told."""
        await self.on_end(job, error.code, error.values)

    async def on_end(self, job: Job, code: str, values: Mapping[str, Value] | None = None) -> None:
        """Tell the owner of a job that has ended without a post, and remove what it left."""
        await self._posting.tell(job, code, values or {}, private=job.state is JobState.REFUSED)
        await asyncio.to_thread(self._discard, job)
        # a job that was cancelled or failed after its files were kept
        await self._artifacts.delete(job.id)

    async def post_again(self, job: Job) -> None:
        """A job in `posting`, after a restart or when no way was open: check it again, post it once. Never raises."""
        try:
            await self._post_again(job)
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
        try:
            post = await self._approve_kept(job)
        except ArtifactChanged as error:
            await self._end(job, JobState.FAILED, error.code)
            return
        if isinstance(post, ImageDecision):
            await self._refuse(job, post)
        else:
            await self._posting.post(job, post, again=self.post_again)

    async def _approve_kept(self, job: Job) -> Approved[ImagePost] | ImageDecision:
        """The post made of the kept files, or the decision that refuses them. Raises ArtifactChanged."""
        kept = await self._artifacts.of_job(job.id)
        pictures = [item for item in kept if item.kind == "image" and item.path is not None]
        if not pictures or await self._artifacts.verify(job.id):
            raise ArtifactChanged
        decision = await self._judge_copies(job, pictures)
        if decision.approved is None or decision.flagged:
            return decision
        if decision.digests != tuple(item.sha256 for item in pictures):
            raise ArtifactChanged
        seconds = await self._measured(job)
        return await decision.approved.compose(lambda _: self._composer.kept_post(job, kept, seconds=seconds))

    async def _judge_copies(self, job: Job, pictures: Sequence[Artifact]) -> ImageDecision:
        """The pipeline destroys what it does not approve, also when it is cancelled: it gets copies."""
        folder = Path(mkdtemp(dir=self._work_dir, prefix=f"{job.id}-again-"))
        try:
            copies = await asyncio.to_thread(_copy_into, folder, pictures)
            return await self._pipeline.approve_images(copies)
        finally:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    async def _measured(self, job: Job) -> float:
        """Seconds in the worker, from the committed moves."""
        at = {event.new: event.at for event in await self._jobs.events(job.id)}
        return max(0.0, at.get(JobState.CHECKING, 0.0) - at.get(JobState.RUNNING, 0.0))

    async def _check_and_post(self, job: Job, outcome: Outcome) -> None:
        made = sorted(outcome.files, key=lambda file: file.index)
        if [file.index for file in made] != list(range(1, int(job.params["count"]) + 1)):
            raise WorkerGarbage
        await self._prepare()
        decision = await self._pipeline.approve_images([outcome.out / file.name for file in made])
        if decision.approved is None:
            await self._refuse(job, decision)
            return
        approved = await decision.approved.compose(
            lambda files: self._composer.compose(job, outcome, frozenset(files))
        )
        kept = await approved.compose(lambda post: self._keep(job, post))
        job = await self._jobs.move(job.id, JobState.POSTING)
        post = kept.map(lambda value: dataclasses.replace(value, job=job))
        await self._posting.post(job, post, again=self.post_again)

    async def _keep(self, job: Job, post: ImagePost) -> ImagePost:
        """What is posted is what is stored: copy the files and show the copies."""
        sheet = NewArtifact(index=0, seed=job.seed, kind="sheet", path=post.sheet)
        pictures = [
            NewArtifact(index=p.index, seed=p.seed, kind="image", path=p.file, flagged=p.file is None)
            for p in post.pictures
        ]
        kept = await self._artifacts.store(job.id, [sheet, *pictures])
        return await self._composer.kept_post(job, kept, seconds=post.seconds)

    async def _refuse(self, job: Job, decision: ImageDecision) -> None:
        codes = [verdict.code for verdict in decision.verdicts if not verdict.allowed]
        code = next(iter(codes), CHECK_FAILED)
        await self._end(job, JobState.REFUSED, f"refused_{code}")

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
        await self._posting.tell(job, code, values or {}, private=state is JobState.REFUSED)

    def _discard(self, job: Job, *others: Path) -> None:
        """Remove the unchecked files of all its attempts."""
        for folder in (*self._work_dir.glob(f"{job.id}-*"), *others):
            shutil.rmtree(folder, ignore_errors=True)


def _copy_into(folder: Path, pictures: Sequence[Artifact]) -> list[Path]:
    sources = [item.path for item in pictures if item.path is not None]
    return [Path(shutil.copyfile(source, folder / source.name)) for source in sources]


def _log_failure(job: Job, error: Exception) -> None:
    # the message of a foreign error may quote a prompt: the type must do above DEBUG
    _log.error("job %s could not be delivered (%s)", job.id, type(error).__name__)
    _log.debug("job %s could not be delivered", job.id, exc_info=error)
