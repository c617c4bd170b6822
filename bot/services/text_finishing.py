"""Texts that a model wrote: read, tidied, checked whole, kept (in its conversation too), and only then shown."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from pathlib import Path

from bot.services.finishing import model_of
from bot.services.ports import TextPost
from data.artifacts import Artifact, Artifacts, NewArtifact
from data.conversations import Conversations
from data.errors import ArtifactChanged
from generation.catalog import Catalog
from generation.errors import WorkerGarbage
from generation.job import Job
from generation.params import is_control
from generation.supervisor import Outcome
from moderation.pipeline import Pipeline
from moderation.text_rules import PRIVACY, REPETITION, tidy
from moderation.verdict import Approved, Verdict

ANSWER_LIMIT = 64 * 1024
"""Bytes; a thousand tokens are a tenth of it."""
_NOTICES = {PRIVACY: "contacts_removed", REPETITION: "repetition_cut"}


class TextFinisher:
    def __init__(
        self, *, pipeline: Pipeline, artifacts: Artifacts, conversations: Conversations, catalog: Catalog
    ) -> None:
        self._pipeline = pipeline
        self._artifacts = artifacts
        self._conversations = conversations
        self._catalog = catalog

    async def finish(self, job: Job, outcome: Outcome) -> Approved[TextPost] | Verdict:
        if [(file.kind, file.index) for file in outcome.files] != [("text", 1)]:
            raise WorkerGarbage
        file = outcome.out / outcome.files[0].name
        text, digest = await asyncio.to_thread(read_answer, file)
        tidied = await asyncio.to_thread(tidy, text)
        if tidied.removed:
            text, file = tidied.text, outcome.out / "tidied.txt"
            digest = await asyncio.to_thread(_write, file, text)
        decision = await self._pipeline.approve_text(text, prompt=_prompt(job), guild=job.guild_id)
        if decision.approved is None:
            return decision.verdict
        # the very bytes that were judged: the worker that wrote them is still running
        kept = NewArtifact(index=1, seed=job.seed, kind="text", path=file, sha256=digest)
        notices = tuple(
            code for code in ("prompt_cut", "memory_cut", "length_reached") if _has(outcome, code)
        )
        notices += tuple(_NOTICES[what] for what in tidied.removed)
        return await decision.approved.compose(
            lambda texts: self._keep(job, texts[0], kept, seconds=outcome.seconds, notices=notices)
        )

    async def finish_kept(
        self, job: Job, kept: Sequence[Artifact], *, seconds: float
    ) -> Approved[TextPost] | Verdict:
        file = next((item.path for item in kept if item.kind == "text" and item.path is not None), None)
        if file is None:
            raise ArtifactChanged
        text, _ = await asyncio.to_thread(read_answer, file)
        decision = await self._pipeline.approve_text(text, prompt=_prompt(job), guild=job.guild_id)
        if decision.approved is None:
            return decision.verdict
        return decision.approved.map(lambda texts: self._post(job, texts[0], file, seconds, ()))

    async def _keep(
        self, job: Job, text: str, new: NewArtifact, *, seconds: float, notices: tuple[str, ...]
    ) -> TextPost:
        """What is posted is what is stored."""
        (kept,) = await self._artifacts.store(job.id, [new])
        if kept.path is None:
            raise ArtifactChanged
        if conversation := job.params.get("conversation"):
            question = str(job.params["prompt"])
            await self._conversations.remember(job.id, str(conversation), question=question, answer=text)
        return self._post(job, text, kept.path, seconds, notices)

    def _post(self, job: Job, text: str, file: Path, seconds: float, notices: tuple[str, ...]) -> TextPost:
        title, is_rehearsal = model_of(self._catalog, job)
        return TextPost(
            job=job,
            model_title=title,
            text=text,
            file=file,
            seconds=seconds,
            is_rehearsal=is_rehearsal,
            notices=notices,
        )


def read_answer(file: Path) -> tuple[str, str]:
    """A text and the SHA-256 of its file. Raises WorkerGarbage for anything else. Reads the disk."""
    with file.open("rb") as opened:
        content = opened.read(ANSWER_LIMIT + 1)
    try:
        text = content.decode("utf-8").strip()
    except UnicodeDecodeError:
        raise WorkerGarbage from None
    if (
        len(content) > ANSWER_LIMIT
        or not text
        or any(is_control(char) for char in text if char not in "\n\t")
    ):
        raise WorkerGarbage
    return text, hashlib.sha256(content).hexdigest()


def _write(file: Path, text: str) -> str:
    """Returns the SHA-256 of what was written. Writes the disk."""
    content = text.encode()
    with file.open("xb") as opened:  # the worker must not have put something there
        opened.write(content)
    return hashlib.sha256(content).hexdigest()


def _prompt(job: Job) -> str:
    return str(job.params.get("prompt", ""))


def _has(outcome: Outcome, code: str) -> bool:
    facts = outcome.facts
    return facts.get("ended") == "length" if code == "length_reached" else bool(facts.get(code))
