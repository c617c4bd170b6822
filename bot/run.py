"""`atelier run`: the bot on Discord, from start to an orderly end."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from bot.app import Atelier, open_atelier
from bot.care_board import DiscordCareBoard
from bot.client import AtelierBot
from bot.endpoints import InvalidEndpoint, point_to
from bot.errors import CannotStart
from bot.families import Report
from bot.gallery_wall import DiscordWall
from bot.i18n import Sentences
from bot.invite import application_id_of
from bot.permissions import start_lines
from bot.publisher import DiscordPublisher
from bot.settings import Settings
from cogs import EXTENSIONS
from generation.errors import AtelierError

_log = logging.getLogger(__name__)
_OK, _FAILED, _MISUSED = 0, 1, 2


class CommandFile:
    """Remembers in a file beside the database which commands Discord has been told; see `bot.commands`.

    A file that cannot be read or written costs one call more at the next start, not the start.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    async def recall(self) -> str | None:
        try:
            return await asyncio.to_thread(self._path.read_text, "utf-8")
        except (OSError, UnicodeDecodeError):
            return None

    async def remember(self, fingerprint: str) -> None:
        try:
            await asyncio.to_thread(self._path.write_text, fingerprint, "utf-8")
        except OSError as error:
            _log.warning("which commands Discord knows could not be noted (%s)", type(error).__name__)


async def run_discord(settings: Settings, *, sentences: Sentences, language: str, report: Report) -> int:
    """Run until a signal asks to stop. Returns an exit code; every failure is one sentence."""
    token = settings.discord_token.get_secret_value().strip() if settings.discord_token else ""
    if not token:
        report(sentences.text("cli.no_token", language))
        return _MISUSED
    if settings.discord_api_base is None and application_id_of(token) is None:
        report(sentences.text("cli.wrong_token", language))
        return _MISUSED
    try:
        point_to(api_base=settings.discord_api_base, gateway_url=settings.discord_gateway_url)
    except InvalidEndpoint as error:
        report(sentences.text("cli.bad_endpoint", language, reason=str(error)))
        return _MISUSED
    publisher = DiscordPublisher(sentences=sentences)
    wall = DiscordWall(sentences=sentences, tell=publisher.tell_person)
    async with (
        AsyncExitStack() as last,
        open_atelier(settings, publisher=publisher, sentences=sentences, report=report, wall=wall) as atelier,
    ):
        bot = AtelierBot(
            desk=atelier.desk,
            publisher=publisher,
            sentences=sentences,
            teacher_role=settings.teacher_role,
            extensions=EXTENSIONS,
            memory=CommandFile(settings.data_dir / "commands.sha256"),
        )
        wall.attach(bot)
        atelier.desk.care.cards.attach(DiscordCareBoard(client=bot, sentences=sentences))
        report(sentences.text("cli.connecting", language))
        running = asyncio.create_task(bot.start(token))
        # last of all: results that are being posted while the atelier closes still find their way
        last.push_async_callback(_leave, bot, running)
        return await _work(bot, atelier, running, _Voice(sentences, language, report))


@dataclass(frozen=True, slots=True)
class _Voice:
    """Says a sentence of the command line to whoever started the bot."""

    sentences: Sentences
    language: str
    report: Report

    def say(self, key: str, **values: object) -> None:
        self.report(self.sentences.text(f"cli.{key}", self.language, **values))


async def _leave(bot: AtelierBot, running: asyncio.Task[None]) -> None:
    await bot.close()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def _work(bot: AtelierBot, atelier: Atelier, running: asyncio.Task[None], voice: _Voice) -> int:
    beside = [
        asyncio.create_task(atelier.warm_up()),
        asyncio.create_task(_recover(bot, atelier)),
        asyncio.create_task(_greet(bot, voice)),
    ]
    try:
        return await _stay(running, voice)
    finally:
        for task in beside:
            task.cancel()
        await asyncio.gather(*beside, return_exceptions=True)


async def _recover(bot: AtelierBot, atelier: Atelier) -> None:
    """As soon as posts can be sent, see to what the last run left."""
    await bot.logged_in.wait()
    try:
        await atelier.recovery.run()
    except Exception as error:  # noqa: BLE001  the class goes on; what is left is found at the next start
        _log.error("the last run's jobs could not all be taken over (%s)", type(error).__name__)
    atelier.desk.chain.open()


async def _stay(running: asyncio.Task[None], voice: _Voice) -> int:
    """Until a signal asks to stop, or the connection ends for good."""
    with _signals() as asked:
        stopping = asyncio.create_task(asked.wait())
        try:
            await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopping.cancel()
    if not running.done():
        voice.say("stopped")
        return _OK
    error = running.exception()
    if isinstance(error, CannotStart):
        voice.say(error.code)
        return _MISUSED
    _log.error("the connection ended (%s)", type(error).__name__, exc_info=error)
    voice.say("connection_ended")
    return _FAILED


@contextmanager
def _signals() -> Iterator[asyncio.Event]:
    """Set by the first signal to stop. Afterwards a second one interrupts as usual, for those in a hurry."""
    loop = asyncio.get_running_loop()
    asked = asyncio.Event()
    taken = []
    for number in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError):  # Windows: Ctrl+C cancels the task that waits here
            loop.add_signal_handler(number, asked.set)
            taken.append(number)
    try:
        yield asked
    finally:
        for number in taken:
            loop.remove_signal_handler(number)


def keep_what_is_loaded() -> None:
    """Call once, when everything is there: the garbage collector need not look at all of it again and again.

    Each of its full rounds would hold up the event loop for some hundred milliseconds, with commands waiting.
    """
    gc.freeze()


async def _greet(bot: AtelierBot, voice: _Voice) -> None:
    await bot.logged_in.wait()
    await bot.wait_until_ready()
    keep_what_is_loaded()
    voice.say("running", name=str(bot.user))
    setup, role = bot.desk.setup, bot.teacher_role
    try:
        for line in await start_lines(bot.guilds, setup, voice.sentences, voice.language, teacher_role=role):
            voice.report(line)
    except AtelierError as error:
        _log.error("which permissions are missing could not be read (%s)", error.code)
