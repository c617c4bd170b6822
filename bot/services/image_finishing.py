"""Pictures: each is checked alone, flagged ones go black, the media family makes the sheet, all of it is kept."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from tempfile import mkdtemp

from bot.services.compose import Composer
from bot.services.ports import ImagePost
from data.artifacts import Artifact, Artifacts, NewArtifact
from data.errors import ArtifactChanged
from generation.errors import WorkerGarbage
from generation.job import Job
from generation.supervisor import Outcome
from moderation.pipeline import ImageDecision, Pipeline
from moderation.verdict import CHECK_FAILED, Approved, Verdict


class ImageFinisher:
    """`prepare` makes sure that the check can run: on a fresh machine its environment may still be on its way, and a
    check that waits for it would refuse.
    """

    def __init__(
        self,
        *,
        pipeline: Pipeline,
        composer: Composer,
        artifacts: Artifacts,
        work_dir: Path,
        prepare: Callable[[], Awaitable[None]],
    ) -> None:
        self._pipeline = pipeline
        self._composer = composer
        self._artifacts = artifacts
        self._work_dir = work_dir
        self._prepare = prepare

    async def finish(self, job: Job, outcome: Outcome) -> Approved[ImagePost] | Verdict:
        made = sorted(outcome.files, key=lambda file: file.index)
        if [file.index for file in made] != list(range(1, int(job.params["count"]) + 1)):
            raise WorkerGarbage
        await self._prepare()
        decision = await self._pipeline.approve_images([outcome.out / file.name for file in made])
        if decision.approved is None:
            return _refusal(decision)
        approved = await decision.approved.compose(
            lambda files: self._composer.compose(job, outcome, frozenset(files))
        )
        return await approved.compose(lambda post: self._keep(job, post))

    async def finish_kept(
        self, job: Job, kept: Sequence[Artifact], *, seconds: float
    ) -> Approved[ImagePost] | Verdict:
        pictures = [item for item in kept if item.kind == "image" and item.path is not None]
        if not pictures:
            raise ArtifactChanged
        decision = await self._judge_copies(job, pictures)
        if decision.approved is None or decision.flagged:
            return _refusal(decision)
        if decision.digests != tuple(item.sha256 for item in pictures):
            raise ArtifactChanged
        return await decision.approved.compose(lambda _: self._composer.kept_post(job, kept, seconds=seconds))

    async def _judge_copies(self, job: Job, pictures: Sequence[Artifact]) -> ImageDecision:
        """The pipeline destroys what it does not approve, also when it is cancelled: it gets copies."""
        folder = Path(mkdtemp(dir=self._work_dir, prefix=f"{job.id}-again-"))
        try:
            copies = await asyncio.to_thread(_copy_into, folder, pictures)
            return await self._pipeline.approve_images(copies)
        finally:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    async def _keep(self, job: Job, post: ImagePost) -> ImagePost:
        """What is posted is what is stored: copy the files and show the copies."""
        sheet = NewArtifact(index=0, seed=job.seed, kind="sheet", path=post.sheet)
        pictures = [
            NewArtifact(index=p.index, seed=p.seed, kind="image", path=p.file, flagged=p.file is None)
            for p in post.pictures
        ]
        kept = await self._artifacts.store(job.id, [sheet, *pictures])
        return await self._composer.kept_post(job, kept, seconds=post.seconds)


def _refusal(decision: ImageDecision) -> Verdict:
    refused = (verdict for verdict in decision.verdicts if not verdict.allowed)
    return next(refused, Verdict.refuse("image", CHECK_FAILED))


def _copy_into(folder: Path, pictures: Sequence[Artifact]) -> list[Path]:
    sources = [item.path for item in pictures if item.path is not None]
    return [Path(shutil.copyfile(source, folder / source.name)) for source in sources]
