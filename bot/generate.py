"""`atelier generate`: one job through the same services, queue and checks, without Discord."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.app import open_atelier
from bot.i18n import Sentences
from bot.services.ports import ImagePost, ImageRequest, Posted, ReplyAddress, Requester, Status
from bot.settings import Settings
from generation.errors import AtelierError
from generation.job import Job
from moderation.verdict import Approved


@dataclass(slots=True)
class FolderPublisher:
    """A publisher for one person at a terminal: results go to a folder."""

    out: Path
    report: Any
    sentences: Sentences
    ended: asyncio.Future[dict[str, Any]] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )

    async def show_status(self, job: Job, address: ReplyAddress | None, status: Status) -> None:
        if status.total:
            self.report(self.sentences.text("cli.progress", job.locale, done=status.done, total=status.total))

    async def publish(self, post: Approved[ImagePost], address: ReplyAddress | None) -> Posted:
        value = post.value
        await asyncio.to_thread(self.out.mkdir, parents=True, exist_ok=True)
        files = [value.sheet, *(p.file for p in value.pictures if p.file is not None)]
        names = [f"{value.job.id}-{file.name}" for file in files]
        for file, name in zip(files, names, strict=True):
            await asyncio.to_thread(shutil.copyfile, file, self.out / name)
        self._finish(_result(value, names))
        return Posted(channel_id="folder", message_id=value.job.id)

    async def tell_owner(
        self,
        job: Job,
        address: ReplyAddress | None,
        code: str,
        values: Mapping[str, Any],
        *,
        private: bool,
    ) -> None:
        verdict = "refused" if private else "failed"
        sentence = self.sentences.text(f"error.{code}", job.locale, **values)
        self._finish({"job": job.id, "verdict": verdict, "code": code, "message": sentence, "files": []})

    def _finish(self, result: dict[str, Any]) -> None:
        if not self.ended.done():
            self.ended.set_result(result)


async def generate_image(
    settings: Settings, request: ImageRequest, *, out: Path, locale: str, report: Any
) -> dict[str, Any]:
    """Make pictures into `out`. Returns the result as plain values; "verdict" tells how it ended."""
    sentences = Sentences.load()
    who = Requester(
        guild_id="local", channel_id="local", person_id="operator", locale=locale, is_teacher=True
    )
    publisher = FolderPublisher(out=out, report=report, sentences=sentences)
    try:
        async with open_atelier(settings, publisher=publisher, sentences=sentences, report=report) as atelier:
            await atelier.desk.submit.image(request, who, None)
            return await publisher.ended
    except AtelierError as error:
        sentence = sentences.text(f"error.{error.code}", locale, **error.values)
        verdict = "refused" if error.code.startswith("refused_") else "failed"
        return {"job": None, "verdict": verdict, "code": error.code, "message": sentence, "files": []}


def _result(post: ImagePost, names: list[str]) -> dict[str, Any]:
    flagged = [picture.index for picture in post.pictures if picture.file is None]
    return {
        "job": post.job.id,
        "medium": post.job.medium,
        "model": post.job.model,
        "seeds": [picture.seed for picture in post.pictures],
        "parameters": dict(post.job.params),
        "files": names,
        "verdict": "partly_flagged" if flagged else "approved",
        "flagged": flagged,
        "seconds": round(post.seconds, 2),
    }


def as_json(result: Mapping[str, Any]) -> str:
    return json.dumps(result, ensure_ascii=False, indent=2)
