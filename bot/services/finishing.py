"""What is done with a worker's files before they are shown: checked, composed, kept. One finisher a medium."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from bot.services.ports import Post
from data.artifacts import Artifact
from generation.catalog import Catalog
from generation.errors import NotFound
from generation.job import Job
from generation.supervisor import Outcome
from moderation.verdict import Approved, Verdict


class Finisher(Protocol):
    """Nothing of what it gets has been seen by anybody. It answers with a post whose files are kept, or a refusal."""

    async def finish(self, job: Job, outcome: Outcome) -> Approved[Post] | Verdict:
        """Raises an AtelierError when the job fails, e.g. WorkerGarbage."""

    async def finish_kept(
        self, job: Job, kept: Sequence[Artifact], *, seconds: float
    ) -> Approved[Post] | Verdict:
        """The same from files that were kept before a restart; they are as they were stored. Raises ArtifactChanged."""


def model_of(catalog: Catalog, job: Job) -> tuple[str, bool]:
    """Title, and whether it is a mini model. One that was taken out of the catalog meanwhile is named by its id."""
    try:
        model = catalog.get(job.model)
    except NotFound:
        return job.model, False
    return model.title, model.mini
