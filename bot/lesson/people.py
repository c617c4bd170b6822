"""The people of the lesson at their windows, and what they wait for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.i18n import Sentences
from bot.local.visitor import Handle, Visitor
from bot.transcript import Transcript

Message = dict[str, Any]
PATIENCE_S = 240.0
_EPHEMERAL = 1 << 6
_LOADING = 1 << 7


class Unexpected(Exception):
    """A post that is not what a class would expect."""


@dataclass(slots=True)
class Lesson:
    """The people of the class at their windows, and what was posted so far."""

    teacher: Visitor
    ada: Visitor
    ben: Visitor
    chiara: Visitor
    transcript: Transcript
    sentences: Sentences
    language: str
    """In which the lesson is told."""
    python: Callable[[str], Path]
    """The interpreter of a family: media can play what was posted, voices can speak for somebody."""
    posts: dict[str, Message] = field(default_factory=dict)

    def label(self, key: str, visitor: Visitor) -> str:
        return self.sentences.text(f"button.{key}", visitor.me["locale"])

    async def result(
        self, visitor: Visitor, handle: Handle, *, verdict: str, pictures: int | None = None
    ) -> Message:
        """Wait for the pictures; raises Unexpected unless they came with this verdict, and so many if given."""
        message = await handle.message(is_settled, timeout=PATIENCE_S)
        row = await self.transcript.add(visitor, message)
        shown = len(row["seeds"]) - len(row["flagged"])
        if row["verdict"] != verdict or pictures not in (None, shown):
            raise Unexpected(f"{row['verdict']}, {shown}: {row['text']}")
        return message

    async def said(self, visitor: Visitor, message: Message, *words: str) -> Message:
        """Write a text post down; raises Unexpected unless it came approved and holds these words."""
        row = await self.transcript.add(visitor, message)
        missing = [word for word in words if word not in row["text"]]
        if row["verdict"] != "approved" or missing:
            raise Unexpected(f"{row['verdict']}, {missing}: {row['text']}")
        return message

    async def private(self, visitor: Visitor, handle: Handle, *, verdict: str = "answered") -> Message:
        """Wait for an answer that only this person sees; raises Unexpected otherwise."""
        message = await handle.message(is_settled, timeout=PATIENCE_S)
        row = await self.transcript.add(visitor, message)
        if row["verdict"] != verdict or not row["private"]:
            raise Unexpected(f"{row['verdict']}, private={row['private']}: {row['text']}")
        others = [one for one in (self.teacher, self.ada, self.ben, self.chiara) if one is not visitor]
        if any(message["id"] in one.seen for one in others):
            raise Unexpected("somebody else saw a private answer")
        return message


@dataclass(frozen=True, slots=True)
class Step:
    person: str
    what: str
    play: Callable[[Lesson], Awaitable[object]]
    needs: str = "diffusion"
    """The family without which this step is left out."""


def has_words(message: Message) -> bool:
    """The status of a job, or whatever else came instead."""
    return not message["flags"] & _LOADING


def is_settled(message: Message) -> bool:
    """A result, or words without a cancel button: nothing more will come."""
    if message["flags"] & _LOADING:
        return False
    result = message["attachments"] or message["embeds"] or message["flags"] & _EPHEMERAL
    return bool(result) or not message["components"]
