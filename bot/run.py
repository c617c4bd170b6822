"""`atelier run`: the bot on Discord, from start to an orderly end."""

from __future__ import annotations

import asyncio
import logging
import signal
from pathlib import Path

from bot.app import Atelier, Report, open_atelier
from bot.client import AtelierBot
from bot.endpoints import InvalidEndpoint, point_to
from bot.errors import CannotStart
from bot.i18n import Sentences
from bot.publisher import DiscordPublisher
from bot.settings import Settings
from cogs import EXTENSIONS
from generation.errors import AtelierError

_log = logging.getLogger(__name__)
_OK, _FAILED, _MISUSED = 0, 1, 2


class CommandFile:
    """Remembers in a file beside the database which commands Discord has been told; see `bot.commands`."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def recall(self) -> str | None:
        exists = await asyncio.to_thread(self._path.is_file)
        return await asyncio.to_thread(self._path.read_text, "utf-8") if exists else None

    async def remember(self, fingerprint: str) -> None:
        await asyncio.to_thread(self._path.write_text, fingerprint, "utf-8")


async def run_discord(settings: Settings, *, sentences: Sentences, language: str, report: Report) -> int:
    """Run until a signal asks to stop. Returns an exit code; every failure is one sentence."""
    token = settings.discord_token.get_secret_value().strip() if settings.discord_token else ""
    if not token:
        report(sentences.text("cli.no_token", language))
        return _MISUSED
    try:
        point_to(api_base=settings.discord_api_base, gateway_url=settings.discord_gateway_url)
    except InvalidEndpoint as error:
        report(sentences.text("cli.bad_endpoint", language, reason=str(error)))
        return _MISUSED
    publisher = DiscordPublisher(sentences=sentences)
    async with open_atelier(settings, publisher=publisher, sentences=sentences, report=report) as atelier:
        bot = AtelierBot(
            desk=atelier.desk,
            publisher=publisher,
            sentences=sentences,
            teacher_role=settings.teacher_role,
            extensions=EXTENSIONS,
            memory=CommandFile(settings.data_dir / "commands.sha256"),
        )
        report(sentences.text("cli.connecting", language))
        warming = asyncio.create_task(atelier.warm_up())
        recovering = asyncio.create_task(_recover(bot, atelier))
        try:
            return await _stay(bot, token, sentences, language, report)
        finally:
            for task in (warming, recovering):
                task.cancel()
            await asyncio.gather(warming, recovering, return_exceptions=True)


async def _recover(bot: AtelierBot, atelier: Atelier) -> None:
    """As soon as posts can be sent, see to what the last run left."""
    await bot.logged_in.wait()
    try:
        await atelier.recovery.run()
    except AtelierError as error:
        _log.error("the last run's jobs could not all be taken over (%s)", error.code)


async def _stay(bot: AtelierBot, token: str, sentences: Sentences, language: str, report: Report) -> int:
    loop = asyncio.get_running_loop()
    asked = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, asked.set)
    running = asyncio.create_task(bot.start(token))
    stopping = asyncio.create_task(asked.wait())
    greeting = asyncio.create_task(_greet(bot, sentences, language, report))
    try:
        await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            running.result()  # raises why the connection ended
            return _FAILED
    except CannotStart as error:
        report(sentences.text(f"cli.{error.code}", language))
        return _MISUSED
    else:
        report(sentences.text("cli.stopped", language))
        return _OK
    finally:
        await bot.close()
        for task in (running, stopping, greeting):
            task.cancel()
        await asyncio.gather(running, stopping, greeting, return_exceptions=True)


async def _greet(bot: AtelierBot, sentences: Sentences, language: str, report: Report) -> None:
    await bot.logged_in.wait()
    await bot.wait_until_ready()
    report(sentences.text("cli.running", language, name=str(bot.user)))
