"""From a worker's files to a post: check, compose what is shown, keep it, post it. The only way to the publisher."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
import shutil

from bot.services.compose import Composer
from bot.services.ports import ImagePost, NotDelivered, Publisher, ReplyAddress
from data.addresses import ReplyAddresses
from data.artifacts import Artifacts, NewArtifact
from data.jobs import Jobs
from data.posts import Posts
from generation.errors import AtelierError, NotFound, WorkerError, WorkerGarbage
from generation.job import Job, JobState
from generation.supervisor import Outcome
from moderation.pipeline import ImageDecision, Pipeline
from moderation.verdict import Approved

_log = logging.getLogger(__name__)


class Deliver:
    """The second half of a job's way. `on_outcome` and `on_failure` are the dispatcher's callbacks."""

    def __init__(
        self,
        *,
        jobs: Jobs,
        addresses: ReplyAddresses,
        artifacts: Artifacts,
        posts: Posts,
        pipeline: Pipeline,
        composer: Composer,
        publisher: Publisher,
    ) -> None:
        self._jobs = jobs
        self._addresses = addresses
        self._artifacts = artifacts
        self._posts = posts
        self._pipeline = pipeline
        self._composer = composer
        self._publisher = publisher

    async def on_outcome(self, job: Job, outcome: Outcome) -> None:
        """The worker is done: nothing of `outcome` has been seen by anybody yet."""
        try:
            job = await self._jobs.move(job.id, JobState.CHECKING)
            await self._check_and_post(job, outcome)
        except NotFound:
            _log.info("job %s was ended by somebody else while it was checked", job.id)
        except AtelierError as error:
            await self._end(job, JobState.FAILED, error.code)
        except Exception as error:  # noqa: BLE001
            # whatever it was: somebody waits for this job, and nothing of it may be shown
            _log.exception("job %s could not be delivered (%s)", job.id, type(error).__name__)
            await self._end(job, JobState.FAILED, "internal")
        finally:
            await asyncio.to_thread(shutil.rmtree, outcome.out, ignore_errors=True)

    async def on_failure(self, job: Job, error: WorkerError) -> None:
        """The dispatcher has already moved the job to failed or cancelled; its owner is told."""
        await self._tell(job, error.code, private=False)

    async def post_again(self, job: Job) -> None:
        """After a restart: a job that was being posted. Its kept files are checked again, then posted once."""
        if await self._artifacts.verify(job.id):
            await self._end(job, JobState.FAILED, "restarted")
            return
        kept = await self._artifacts.of_job(job.id)
        files = [file.path for file in kept if file.kind == "image" and file.path is not None]
        decision = await self._pipeline.approve_images(files)
        if decision.approved is None or decision.flagged:
            await self._refuse(job, decision)
            await self._artifacts.delete(job.id)
            return
        seconds = await self._measured(job)
        await self._post(
            job, decision.approved.map(lambda _: self._composer.kept_post(job, kept, seconds=seconds))
        )

    async def _measured(self, job: Job) -> float:
        """Seconds in the worker, from the committed moves."""
        at = {event.new: event.at for event in await self._jobs.events(job.id)}
        return max(0.0, at.get(JobState.CHECKING, 0.0) - at.get(JobState.RUNNING, 0.0))

    async def _check_and_post(self, job: Job, outcome: Outcome) -> None:
        made = sorted(outcome.files, key=lambda file: file.index)
        if [file.index for file in made] != list(range(1, int(job.params["count"]) + 1)):
            raise WorkerGarbage
        decision = await self._pipeline.approve_images([outcome.out / file.name for file in made])
        if decision.approved is None:
            await self._refuse(job, decision)
            return
        approved = await decision.approved.compose(
            lambda files: self._composer.compose(job, outcome, frozenset(files))
        )
        kept = await approved.compose(lambda post: self._keep(job, post))
        job = await self._jobs.move(job.id, JobState.POSTING)
        await self._post(job, kept.map(lambda post: dataclasses.replace(post, job=job)))

    async def _keep(self, job: Job, post: ImagePost) -> ImagePost:
        """What is posted is what is stored: copy the files and show the copies."""
        sheet = NewArtifact(index=0, seed=job.seed, kind="sheet", path=post.sheet)
        pictures = [
            NewArtifact(index=p.index, seed=p.seed, kind="image", path=p.file, flagged=p.file is None)
            for p in post.pictures
        ]
        kept = await self._artifacts.store(job.id, [sheet, *pictures])
        return self._composer.kept_post(job, kept, seconds=post.seconds)

    async def _post(self, job: Job, post: Approved[ImagePost]) -> None:
        await self._posts.plan(job.id, job.channel_id, job.id)
        try:
            posted = await self._publisher.publish(post, await self._address(job))
        except NotDelivered:
            _log.warning(
                "job %s could not be delivered; it is kept and tried again at the next start", job.id
            )
            return
        await self._posts.done(job.id, posted.channel_id, posted.message_id)
        await self._jobs.move(job.id, JobState.POSTED)

    async def _refuse(self, job: Job, decision: ImageDecision) -> None:
        code = next(verdict.code for verdict in decision.verdicts if not verdict.allowed)
        await self._end(job, JobState.REFUSED, f"refused_{code}")

    async def _end(self, job: Job, state: JobState, code: str) -> None:
        try:
            job = await self._jobs.move(job.id, state, error_code=code)
        except NotFound:
            _log.info("job %s had already ended", job.id)
            return
        await self._tell(job, code, private=state is JobState.REFUSED)

    async def _tell(self, job: Job, code: str, *, private: bool) -> None:
        await self._publisher.tell_owner(job, await self._address(job), code, {}, private=private)
        await self._addresses.delete(job.id)

    async def _address(self, job: Job) -> ReplyAddress | None:
        address = await self._addresses.get(job.id)
        return None if address is None else ReplyAddress(address)
