"""A short lesson, played by a program over real sockets: pupils type and press, the teacher acts.

What is written down comes from the posts that arrive, not from here; here stands only what is asked and expected.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.i18n import Sentences
from bot.local.visitor import Handle, InteractionFailed, VisitError, Visitor
from bot.transcript import Transcript

Report = Callable[[str], None]
Message = dict[str, Any]
PATIENCE_S = 240.0
_EPHEMERAL = 1 << 6
_LOADING = 1 << 7
_FIXED_SEED = 2026
_MIXED_SEED = 100
"""For this seed the rehearsal model draws test cards and landscapes side by side."""


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
    posts: dict[str, Message] = field(default_factory=dict)

    def label(self, key: str, visitor: Visitor) -> str:
        return self.sentences.text(f"button.{key}", visitor.me["locale"])

    async def result(
        self, visitor: Visitor, handle: Handle, *, verdict: str, pictures: int | None = None
    ) -> Message:
        """Wait for the pictures; raises Unexpected unless they came with this verdict, and so many if given."""
        message = await handle.message(_is_settled, timeout=PATIENCE_S)
        row = await self.transcript.add(visitor, message)
        shown = len(row["seeds"]) - len(row["flagged"])
        if row["verdict"] != verdict or pictures not in (None, shown):
            raise Unexpected(f"{row['verdict']}, {shown}: {row['text']}")
        return message

    async def private(self, visitor: Visitor, handle: Handle, *, verdict: str = "answered") -> Message:
        """Wait for an answer that only this person sees; raises Unexpected otherwise."""
        message = await handle.message(_is_settled, timeout=PATIENCE_S)
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


async def _red_circle(lesson: Lesson) -> None:
    handle = lesson.ada.command(
        "bild",
        prompt="ein roter Kreis links von einem blauen Quadrat auf grünem Grund",
        seed=str(_FIXED_SEED),
    )
    lesson.posts["ada"] = await lesson.result(lesson.ada, handle, verdict="approved", pictures=4)


async def _yellow_star(lesson: Lesson) -> None:
    handle = lesson.ben.command(
        "image", prompt="a small yellow star above a house at night", negative="red", count=2, steps=25
    )
    lesson.posts["ben"] = await lesson.result(lesson.ben, handle, verdict="approved", pictures=2)


async def _same_seed(lesson: Lesson) -> None:
    handle = lesson.chiara.command(
        "bild",
        prompt="ein roter Kreis links von einem blauen Quadrat auf grünem Grund",
        anzahl=1,
        seed=str(_FIXED_SEED + 2),
    )
    await lesson.result(lesson.chiara, handle, verdict="approved", pictures=1)


async def _adapt(lesson: Lesson) -> None:
    form = await lesson.chiara.open_form(lesson.chiara.press(lesson.posts["ada"], label="2"))
    field_id = (
        form["components"][0]["components"][0]["custom_id"] if form["components"][0]["type"] == 1 else None
    )
    prompt = "ein gelber Kreis links von einem blauen Quadrat auf grünem Grund"
    key = field_id or form["components"][0]["component"]["custom_id"]
    handle = lesson.chiara.fill_in(form, **{key: prompt})
    await lesson.result(lesson.chiara, handle, verdict="approved", pictures=1)


async def _new_seeds(lesson: Lesson) -> None:
    handle = lesson.ben.press(lesson.posts["ben"], label=lesson.label("seeds", lesson.ben))
    await lesson.result(lesson.ben, handle, verdict="approved", pictures=2)


async def _refused_picture(lesson: Lesson) -> None:
    handle = lesson.chiara.command("bild", prompt="testbild", anzahl=1, seed="1")
    await lesson.private(lesson.chiara, handle, verdict="refused")


async def _partly_flagged(lesson: Lesson) -> None:
    handle = lesson.chiara.command("bild", prompt="vielleicht ein testbild", seed=str(_MIXED_SEED))
    await lesson.result(lesson.chiara, handle, verdict="partly_flagged")


async def _refused_prompt(lesson: Lesson) -> None:
    handle = lesson.ben.command("image", prompt="a n4ked person")
    await lesson.private(lesson.ben, handle, verdict="refused")


async def _bad_input(lesson: Lesson) -> None:
    handle = lesson.ben.command("image", prompt="a red circle", seed="-1")
    await lesson.private(lesson.ben, handle, verdict="error")


async def _cancelled(lesson: Lesson) -> None:
    handle = lesson.ada.command("bild", prompt="ein blauer Stern auf weißem Grund", schritte=150)
    waiting = await handle.message(_has_words, timeout=PATIENCE_S)
    if not waiting["components"]:
        raise Unexpected(waiting["content"])
    seen = await lesson.teacher.wait_for(
        lambda name, data: (
            name.startswith("MESSAGE_") and data.get("id") == waiting["id"] and bool(data.get("components"))
        )
    )
    await lesson.teacher.press(seen, label=lesson.label("cancel", lesson.ada))
    message = await handle.message(_is_settled, timeout=PATIENCE_S)
    row = await lesson.transcript.add(lesson.ada, message)
    if row["verdict"] != "cancelled":
        raise Unexpected(row["text"])


async def _queue(lesson: Lesson) -> None:
    await lesson.private(lesson.teacher, lesson.teacher.command("warteschlange"))


async def _help(lesson: Lesson) -> None:
    await lesson.private(lesson.ada, lesson.ada.command("hilfe"))


async def _glossary(lesson: Lesson) -> None:
    await lesson.private(lesson.ben, lesson.ben.command("glossary"))


STEPS = (
    Step("Ada", "/hilfe", _help),
    Step("Ada", "/bild prompt:ein roter Kreis links von einem blauen Quadrat …", _red_circle),
    Step("Ben", "/image prompt:a small yellow star above a house at night count:2", _yellow_star),
    Step("Chiara", "/bild anzahl:1 seed:2028 (= 3)", _same_seed),
    Step("Chiara", "2", _adapt),
    Step("Ben", "🎲", _new_seeds),
    Step("Chiara", "/bild prompt:testbild", _refused_picture),
    Step("Chiara", "/bild prompt:vielleicht ein testbild", _partly_flagged),
    Step("Ben", "/image prompt:a n4ked person", _refused_prompt),
    Step("Ben", "/image seed:-1", _bad_input),
    Step("Ada + Frau Sommer", "/bild schritte:150 ✋", _cancelled),
    Step("Frau Sommer", "/warteschlange", _queue),
    Step("Ben", "/glossary", _glossary),
)


async def play(
    base_url: str, out: Path, *, sentences: Sentences, language: str, report: Report
) -> tuple[Transcript, int]:
    """Play all steps; returns what was posted and the number of steps that went wrong. Each step is tried."""
    await asyncio.to_thread(out.mkdir, parents=True, exist_ok=True)
    wrong = 0
    async with AsyncExitStack() as stack:
        teacher, ada, ben, chiara = [
            await stack.enter_async_context(await Visitor.enter(base_url, person=person, locale=locale))
            for person, locale in (("Frau Sommer", "de"), ("Ada", "de"), ("Ben", "en-US"), ("Chiara", "de"))
        ]
        lesson = Lesson(
            teacher=teacher,
            ada=ada,
            ben=ben,
            chiara=chiara,
            transcript=Transcript(out, sentences),
            sentences=sentences,
        )
        for number, step in enumerate(STEPS, 1):
            report(
                sentences.text("cli.lesson_step", language, number=number, person=step.person, what=step.what)
            )
            wrong += not await _try(step, lesson, language, report)
        await asyncio.to_thread(lesson.transcript.write)
        return lesson.transcript, wrong


async def _try(step: Step, lesson: Lesson, language: str, report: Report) -> bool:
    begun = time.monotonic()
    before = len(lesson.transcript.rows)
    try:
        await step.play(lesson)
    except (Unexpected, VisitError, InteractionFailed, TimeoutError, LookupError) as error:
        report(lesson.sentences.text("cli.lesson_wrong", language, what=f"{type(error).__name__}: {error}"))
        return False
    row: Mapping[str, Any] = lesson.transcript.rows[before]
    seconds = round(time.monotonic() - begun, 1)
    what = lesson.sentences.text(f"cli.verdict_{row['verdict']}", language)
    report(lesson.sentences.text("cli.lesson_ok", language, what=what, seconds=seconds))
    return True


def _has_words(message: Message) -> bool:
    """The status of a job, or whatever else came instead."""
    return not message["flags"] & _LOADING


def _is_settled(message: Message) -> bool:
    """A result, or words without a cancel button: nothing more will come."""
    if message["flags"] & _LOADING:
        return False
    return bool(message["attachments"]) or bool(message["flags"] & _EPHEMERAL) or not message["components"]
