"""What is shown of an image job: the numbered sheet, single files and their recipe, made by the media family."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from bot.services.finishing import model_of
from bot.services.ports import ImagePost, Picture
from data.artifacts import Artifact, Artifacts
from data.errors import ArtifactChanged
from generation.catalog import Catalog
from generation.errors import WorkerGarbage
from generation.job import Job, seed_of
from generation.ports import Runner
from generation.supervisor import Outcome, Request

Sentence = Callable[..., str]
"""`sentence(key, locale, **values)`; `bot.i18n` on Discord."""


class Composer:
    def __init__(
        self, *, supervisor: Runner, catalog: Catalog, artifacts: Artifacts, sentence: Sentence
    ) -> None:
        self._supervisor = supervisor
        self._catalog = catalog
        self._artifacts = artifacts
        self._sentence = sentence

    async def compose(self, job: Job, outcome: Outcome, approved: frozenset[Path]) -> ImagePost:
        """Put the `approved` files on a sheet; all others become black tiles with a sentence.

        Raises WorkerError when the media family cannot, or gives back other pictures than the approved ones.
        """
        out = outcome.out / "post"
        out.mkdir(mode=0o700)
        made = await self._supervisor.run(
            Request(
                family="media",
                task="image_sheet",
                job=f"{job.id}-post",
                attempt=job.attempt,
                seed=job.seed,
                params=await self._sheet_params(job, outcome, approved),
                out=out,
                model=None,
            )
        )
        files = {(file.kind, file.index): made.out / file.name for file in made.files}
        expected = {("image", file.index) for file in outcome.files if outcome.out / file.name in approved}
        if set(files) != {("sheet", 0), *expected}:
            raise WorkerGarbage
        return await self._post(job, files["sheet", 0], files, seconds=outcome.seconds)

    async def kept_post(self, job: Job, kept: Sequence[Artifact], *, seconds: float) -> ImagePost:
        """The post of files that are kept already. Raises ArtifactChanged when there is no sheet among them."""
        files = {(file.kind, file.index): file.path for file in kept if file.path is not None}
        if ("sheet", 0) not in files:
            raise ArtifactChanged
        return await self._post(job, files["sheet", 0], files, seconds=seconds)

    async def _post(
        self, job: Job, sheet: Path, files: Mapping[tuple[str, int], Path], *, seconds: float
    ) -> ImagePost:
        title, is_rehearsal = model_of(self._catalog, job)
        return ImagePost(
            job=job,
            model_title=title,
            sheet=sheet,
            pictures=tuple(
                Picture(index=index, seed=seed_of(job.seed, index), file=files.get(("image", index)))
                for index in range(1, int(job.params["count"]) + 1)
            ),
            seconds=seconds,
            beside=None if await self._beside(job) is None else job.seed,
            is_rehearsal=is_rehearsal,
        )

    async def _sheet_params(self, job: Job, outcome: Outcome, approved: frozenset[Path]) -> Mapping[str, Any]:
        paths = {file.index: outcome.out / file.name for file in outcome.files}
        pictures = [
            {
                "file": str(path) if path in approved else None,
                "index": index,
                "seed": seed_of(job.seed, index),
            }
            for index, path in sorted(paths.items())
        ]
        beside = await self._beside(job)
        return {
            "pictures": pictures,
            "beside": None if beside is None else str(beside),
            "label": self._sentence("post.label", job.locale),
            "flagged_text": self._sentence("post.flagged_tile", job.locale),
            "old_label": self._sentence("post.old", job.locale),
            "new_label": self._sentence("post.new", job.locale),
            "recipe": self._recipe(job, outcome, [p["index"] for p in pictures if p["file"] is None]),
        }

    async def _beside(self, job: Job) -> Path | None:
        """The kept picture that was adapted; None if there is none, or if it is no longer what was approved."""
        if job.parent is None:
            return None
        for kept in await self._artifacts.of_job(job.parent):
            if kept.kind == "image" and kept.index == job.parent_index:
                return None if kept.path in await self._artifacts.verify(job.parent) else kept.path
        return None

    def _recipe(self, job: Job, outcome: Outcome, flagged: list[Any]) -> dict[str, Any]:
        return {
            "job": job.id,
            "medium": job.medium,
            "model": job.model,
            "model_title": model_of(self._catalog, job)[0],
            "params": dict(job.params),
            "seed": job.seed,
            "seeds": [seed_of(job.seed, index) for index in range(1, int(job.params["count"]) + 1)],
            "parent": None if job.parent is None else {"job": job.parent, "index": job.parent_index},
            "flagged": flagged,
            "seconds": round(outcome.seconds, 2),
            "facts": dict(outcome.facts),
        }
