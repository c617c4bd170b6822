"""What stands in for text models that are looked into, and for the family that draws."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from bot.services.ports import InsightPost, Posted, ReplyAddress
from generation.supervisor import Outcome, Progress, Request
from generation.worker.api import File
from moderation.verdict import Approved
from tests.fakes_dispatch import FakeRunner
from tests.fakes_text import TextDiscord, TextWorkshop

SNOW = (
    (" weiß", 0.6),
    (" schwarz", 0.15),
    (" blau", 0.1),
    (" rot", 0.05),
    (" grün", 0.02),
    (" gelb", 0.01),
    ("\n", 0.01),
    (".", 0.01),
    ("", 0.01),
    ("⟨E2⟩", 0.01),
)


def snow(request: Request) -> dict[str, Any]:
    """Ten choices; with `run` the text goes on."""
    params = request.params
    text = params["text"] + " und noch mehr" * bool(params["run"])
    choices = [
        {"id": number, "text": word, "probability": share} for number, (word, share) in enumerate(SNOW)
    ]
    return {"text": text, "tokens": 7, "choices": choices, "rest": 0.03, "cut": False}


def words(request: Request) -> dict[str, Any]:
    """The first word has nothing before it; each following one is half as likely as the one before."""
    pieces = request.params["text"].split(" ")
    rows = [
        {
            "text": piece if number == 0 else f" {piece}",
            "probability": None if number == 0 else 0.5**number,
            "bits": None if number == 0 else float(number),
            "best": None if number == 0 else " Tier",
        }
        for number, piece in enumerate(pieces)
    ]
    return {"words": rows, "cut": False}


def letters(request: Request) -> dict[str, Any]:
    return {"texts": [[{"id": ord(char), "text": char} for char in text] for text in request.params["texts"]]}


@dataclass
class InsightWorkshop(TextWorkshop):
    """`tell[task]` makes what a worker writes; pictures say what they were asked to show, as JSON."""

    tell: dict[str, Callable[[Request], Any]] = field(
        default_factory=lambda: {"next_word": snow, "surprise": words, "tokens": letters}
    )
    raw: Callable[[Any], bytes] = lambda plain: json.dumps(plain).encode()

    async def _work(self, request: Request, on_progress: Callable[[Progress], None] | None) -> Outcome:
        drawing = request.task.startswith("draw_")
        if not drawing and request.task not in self.tell:
            return await super()._work(request, on_progress)
        request.out.mkdir(parents=True, exist_ok=True)
        outcome = await FakeRunner._work(self, request, on_progress)
        if drawing:
            (request.out / "diagram.png").write_text(json.dumps(dict(request.params)))
            made = File(name="diagram.png", index=0, kind="diagram")
        else:
            (request.out / "1.json").write_bytes(self.raw(self.tell[request.task](request)))
            made = File(name="1.json", index=1, kind="data")
        outcome = replace(outcome, files=(made,))
        return self.change.get(request.task, lambda same: same)(outcome)

    def drawn(self, job_id: str) -> Mapping[str, Any]:
        """What the media family was asked to draw for a job."""
        return next(one.params for one in reversed(self.requests) if one.job == f"{job_id}-post")


@dataclass
class InsightDiscord(TextDiscord):
    insights: dict[str, InsightPost] = field(default_factory=dict)

    async def publish(self, post: Approved[Any], address: ReplyAddress | None) -> Posted:
        if not isinstance(post.value, InsightPost):
            return await super().publish(post, address)
        self.fault()
        job = post.value.job
        self.insights[job.id] = post.value
        return Posted(channel_id=job.channel_id, message_id=f"m-{job.id}")
