"""A short lesson, played by a program over real sockets: pupils type and press, the teacher acts.

What is written down comes from the posts that arrive, not from here; here stands only what is asked and expected.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from bot.i18n import Sentences
from bot.lesson import pictures, school, sounds, texts, videos, voices
from bot.lesson.people import Lesson, Step, Unexpected
from bot.local.visitor import InteractionFailed, VisitError, Visitor
from bot.transcript import Transcript

Report = Callable[[str], None]
STEPS = (*pictures.STEPS, *texts.STEPS, *sounds.STEPS, *voices.STEPS, *videos.STEPS, *school.STEPS)


async def play(
    base_url: str,
    out: Path,
    *,
    families: Collection[str],
    python: Callable[[str], Path],
    sentences: Sentences,
    language: str,
    report: Report,
) -> tuple[Transcript, int]:
    """Play all steps; returns what was posted and the number of steps that went wrong. Each step is tried.

    A step whose family is not among `families` is left out, and said to be: no compiler is no failure. Without
    pictures there is no lesson, so those are always tried. `python`: the interpreter of a family, see `hearing.py`.
    """
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
            language=language,
            python=python,
        )
        for number, step in enumerate(STEPS, 1):
            report(
                sentences.text("cli.lesson_step", language, number=number, person=step.person, what=step.what)
            )
            if step.needs not in {"diffusion", *families}:
                report(sentences.text("cli.lesson_left_out", language, family=step.needs))
                continue
            wrong += not await _try(step, lesson, report)
        await asyncio.to_thread(lesson.transcript.write)
        return lesson.transcript, wrong


async def _try(step: Step, lesson: Lesson, report: Report) -> bool:
    language = lesson.language
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
    for checked in (one["checked"] for one in lesson.transcript.rows[before:] if "checked" in one):
        report(f"     {checked}")
    return True
