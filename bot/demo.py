"""`atelier demo`: the rehearsal class with its page, or a lesson played by itself."""

from __future__ import annotations

import asyncio
import webbrowser
from collections.abc import Callable
from pathlib import Path

from bot.families import environments_of
from bot.i18n import Sentences
from bot.lesson import STEPS, play
from bot.out_folder import writable_folder
from bot.rehearsal import PortTaken, Rehearsal, RehearsalFailed, open_rehearsal
from bot.settings import Settings

Report = Callable[[str], None]


async def show_page(
    settings: Settings, *, port: int, browser: bool, sentences: Sentences, language: str, report: Report
) -> int:
    """Keep the class open until it is stopped. Returns an exit code."""
    try:
        async with open_rehearsal(
            settings, port=port, sentences=sentences, language=language, report=report
        ) as rehearsal:
            report(sentences.text("cli.page_ready", language, address=rehearsal.address))
            report(sentences.text("cli.page_hint", language))
            if browser:
                await asyncio.to_thread(webbrowser.open, rehearsal.address)
            return await _until_bot_ends(rehearsal, sentences, language, report)
    except RehearsalFailed as error:
        report(sentences.text("cli.rehearsal_failed", language, log=str(error)))
    except PortTaken as error:
        report(sentences.text("cli.port_taken", language, port=port))
        report(f"({error})")
    return 1


async def _until_bot_ends(rehearsal: Rehearsal, sentences: Sentences, language: str, report: Report) -> int:
    await rehearsal.bot.wait()
    log = await asyncio.to_thread(rehearsal.bot.last_lines)
    report(sentences.text("cli.rehearsal_failed", language, log=log))
    return 1


async def play_once(
    settings: Settings, *, out: Path, sentences: Sentences, language: str, report: Report
) -> int:
    """Play the lesson and write everything that was posted to `out`. 0 only if every step went as expected."""
    if not await writable_folder(out):
        report(sentences.text("cli.bad_out", language, folder=str(out)))
        return 2
    try:
        async with open_rehearsal(
            settings, port=0, sentences=sentences, language=language, report=report
        ) as rehearsal:
            families = await rehearsal.extras
            transcript, wrong = await play(
                rehearsal.address,
                out,
                families=families,
                python=environments_of(settings, report=report).python,
                sentences=sentences,
                language=language,
                report=report,
            )
    except RehearsalFailed as error:
        report(sentences.text("cli.rehearsal_failed", language, log=str(error)))
        return 1
    files = sum(len(row["files"]) for row in transcript.rows)
    report(
        sentences.text("cli.lesson_done", language, posts=len(transcript.rows), files=files, folder=str(out))
    )
    if wrong:
        report(sentences.text("cli.lesson_failed", language, n=wrong, steps=len(STEPS)))
    return 1 if wrong else 0
