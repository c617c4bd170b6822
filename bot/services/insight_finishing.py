"""What a text model said of its inside: read strictly, its words checked, drawn, kept, and only then shown."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from bot.services.finishing import model_of
from bot.services.insight import book_of, votes_of
from bot.services.insight_book import BookCount
from bot.services.insight_data import (
    HIDDEN,
    Insight,
    NextWord,
    Surprise,
    Tokens,
    most_surprising,
    read_insight,
    write_insight,
)
from bot.services.insight_drawing import InsightDrawing
from bot.services.insight_kept import kept_data, read_kept
from bot.services.ports import InsightPost
from data.artifacts import Artifact, Artifacts, NewArtifact
from data.errors import ArtifactChanged
from generation.catalog import Catalog
from generation.errors import WorkerGarbage
from generation.job import Job
from generation.supervisor import Outcome
from moderation.pipeline import Decision, Pipeline
from moderation.verdict import Approved, Verdict

DATA_LIMIT: Final = 1024 * 1024


class InsightFinisher:
    """Of what a worker wrote only checked words and plain numbers go on: the picture is drawn from these by our own
    code, pixel by pixel, so that no classifier of pictures has anything to judge in it."""

    def __init__(
        self, *, pipeline: Pipeline, drawing: InsightDrawing, artifacts: Artifacts, catalog: Catalog
    ) -> None:
        self._pipeline = pipeline
        self._drawing = drawing
        self._artifacts = artifacts
        self._catalog = catalog

    async def finish(self, job: Job, outcome: Outcome) -> Approved[InsightPost] | Verdict:
        if [(file.kind, file.index) for file in outcome.files] != [("data", 1)]:
            raise WorkerGarbage
        content = await asyncio.to_thread(_read, outcome.out / outcome.files[0].name)
        found = _fitting(job, read_insight(job.medium, content))
        decision = await self._judge(job, found)
        if decision.approved is None:
            found = await self._hide(found, job.guild_id)
            decision = await self._judge(job, found)
        if decision.approved is None:
            return decision.verdict
        return await decision.approved.compose(
            lambda _: self._keep(job, found, outcome.out, seconds=outcome.seconds)
        )

    async def finish_kept(
        self, job: Job, kept: Sequence[Artifact], *, seconds: float
    ) -> Approved[InsightPost] | Verdict:
        file = kept_data(kept)
        if file is None:
            raise ArtifactChanged
        found = await asyncio.to_thread(read_kept, job, file)
        decision = await self._judge(job, found)
        if decision.approved is None:
            return decision.verdict
        picture = _picture(kept)
        return decision.approved.map(lambda _: self._post(job, found, file, picture, seconds))

    async def _judge(self, job: Job, found: Insight) -> Decision[tuple[str, ...]]:
        """What was typed is judged once more as a request, what the model adds as its answer to that."""
        typed, written = _typed(job, found), _written(job, found)
        verdict = await self._pipeline.check_text(*typed, guild=job.guild_id)
        if not verdict.allowed:
            return Decision(None, verdict)
        return await self._pipeline.approve_text(*written, prompt="\n".join(typed), guild=job.guild_id)

    async def _hide(self, found: Insight, guild: str) -> Insight:
        """Without the words that are refused where they stand; what was typed cannot be taken out of it."""
        if isinstance(found, NextWord):
            choices = [
                choice
                if choice.text is None or await self._may_be_shown(_end_of(found.text) + choice.text, guild)
                else dataclasses.replace(choice, text=None)
                for choice in found.choices
            ]
            book = None if found.book is None else await self._hide_in(found.book, guild)
            return dataclasses.replace(found, choices=tuple(choices), book=book)
        if isinstance(found, Surprise):
            words = [
                word
                if word.best is None or await self._may_be_shown(word.best, guild)
                else dataclasses.replace(word, best=None)
                for word in found.words
            ]
            return dataclasses.replace(found, words=tuple(words))
        return found

    async def _hide_in(self, book: BookCount, guild: str) -> BookCount:
        followers = [
            (word if await self._may_be_shown(f"{book.ending} {word}", guild) else HIDDEN, votes)
            for word, votes in book.followers
        ]
        return dataclasses.replace(book, followers=tuple(followers))

    async def _may_be_shown(self, words: str, guild: str) -> bool:
        return (await self._pipeline.approve_text(words, guild=guild)).approved is not None

    async def _keep(self, job: Job, found: Insight, work: Path, *, seconds: float) -> InsightPost:
        """Draw, store, and show what is stored: numbers as they are, and the picture unless the class guesses first."""
        data = work / "insight.json"
        await asyncio.to_thread(data.write_bytes, write_insight(found))
        new = [NewArtifact(index=1, seed=None, kind="data", path=data)]
        if not job.params.get("vote"):
            drawn = await self._drawing.draw(job, found, work / "post", seconds=seconds)
            new.append(NewArtifact(index=0, seed=None, kind="diagram", path=drawn))
        kept = await self._artifacts.store(job.id, new)
        file = kept_data(kept)
        if file is None:
            raise ArtifactChanged
        return self._post(job, found, file, _picture(kept), seconds)

    def _post(
        self, job: Job, found: Insight, data: Path, picture: Path | None, seconds: float
    ) -> InsightPost:
        title, is_rehearsal = model_of(self._catalog, job)
        cut = not isinstance(found, Tokens) and found.cut
        return InsightPost(
            job=job,
            model_title=title,
            insight=found,
            picture=picture,
            data=data,
            seconds=seconds,
            is_rehearsal=is_rehearsal,
            notices=("prompt_cut",) if cut else (),
        )


def _fitting(job: Job, found: Insight) -> Insight:
    """An answer to what was asked. Of unexpected words only those that are told keep what was expected instead."""
    if isinstance(found, Tokens) and len(found.texts) != len(job.params["texts"]):
        raise WorkerGarbage
    if isinstance(found, Surprise):
        told = most_surprising(found.words)
        words = [
            word if place in told else dataclasses.replace(word, best=None)
            for place, word in enumerate(found.words)
        ]
        return dataclasses.replace(found, words=tuple(words))
    if isinstance(found, NextWord):
        return dataclasses.replace(found, book=book_of(job))
    return found


def _typed(job: Job, found: Insight) -> tuple[str, ...]:
    """What people wrote. Tokens are not judged one by one: they are pieces of it."""
    if isinstance(found, Tokens):
        return tuple(job.params["texts"])
    if isinstance(found, Surprise):
        return (job.params["text"], "".join(word.text for word in found.words))
    return (job.params["text"], *(votes_of(job) or {}))


def _written(job: Job, found: Insight) -> tuple[str, ...]:
    """What a model or a book adds, each word with what stands before it."""
    if isinstance(found, Tokens):
        return ()
    if isinstance(found, Surprise):
        return tuple(word.best for word in found.words if word.best)
    follow = [_end_of(found.text) + choice.text for choice in found.choices if choice.text]
    book = found.book
    read = [] if book is None else [f"{book.ending} {word}" for word, _ in book.followers if word != HIDDEN]
    typed = str(job.params["text"])
    if found.text == typed:
        return (*follow, *read)
    run = found.text[len(typed) :] if found.text.startswith(typed) else found.text
    return (_end_of(typed) + run, *follow, *read)


def _end_of(text: str) -> str:
    """Enough to tell what a next word would mean; the whole text before each would look like endless repetition."""
    return text[-60:] if len(text) <= 60 else text[-60:].partition(" ")[2]


def _picture(kept: Sequence[Artifact]) -> Path | None:
    return next((item.path for item in kept if item.kind == "diagram"), None)


def _read(file: Path) -> bytes:
    with file.open("rb") as opened:
        content = opened.read(DATA_LIMIT + 1)
    if len(content) > DATA_LIMIT:
        raise WorkerGarbage
    return content
