"""What stands in for text models in tests of the services: they write what the test says, or all that they read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from bot.services.ports import Posted, ReplyAddress, TextPost
from generation.catalog import Catalog
from generation.supervisor import Outcome, Progress, Request
from generation.worker.api import File
from moderation.verdict import Approved
from tests.fakes import FakeDiscord, Fault, Workshop, model_info
from tests.fakes_dispatch import FakeRunner


def echo(request: Request) -> str:
    """Every message that the model got: what leaks into a conversation is seen in its answer."""
    return "\n".join(f"{message['role']}: {message['text']}" for message in request.params["messages"])


@dataclass
class TextWorkshop(Workshop):
    """Workers that write too. `write` makes the text of an answer, `facts` come with it."""

    write: Callable[[Request], str] = echo
    facts: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        Workshop.__init__(self)

    async def _work(self, request: Request, on_progress: Callable[[Progress], None] | None) -> Outcome:
        if request.task != "text":
            return await super()._work(request, on_progress)
        request.out.mkdir(parents=True, exist_ok=True)
        outcome = await FakeRunner._work(self, request, on_progress)
        self.fault.get("text", Fault())()
        (request.out / "1.txt").write_text(self.write(request), encoding="utf-8")
        file = File(name="1.txt", index=1, seed=request.seed, kind="text")
        return replace(outcome, files=(file,), facts=dict(self.facts))

    def read(self, job_id: str) -> list[tuple[str, str]]:
        """What the model got for a job, as (role, text)."""
        request = next(one for one in reversed(self.requests) if one.job == job_id)
        return [(message["role"], message["text"]) for message in request.params["messages"]]


@dataclass
class TextDiscord(FakeDiscord):
    """Keeps the posts of texts. `fault` is asked before each."""

    texts: dict[str, TextPost] = field(default_factory=dict)

    async def publish(self, post: Approved[Any], address: ReplyAddress | None) -> Posted:
        if not isinstance(post.value, TextPost):
            return await super().publish(post, address)
        self.fault()
        job = post.value.job
        self.texts[job.id] = post.value
        return Posted(channel_id=job.channel_id, message_id=f"m-{job.id}")


def text_catalog(*names: str) -> Catalog:
    texts = [model_info(name, "text", "text", mini=True) for name in names or ("writer", "poet")]
    return Catalog([*texts, model_info("checker", "safety", "safety")])
