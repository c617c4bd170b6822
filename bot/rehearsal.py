"""A class for rehearsal on this machine: the class server, its people, and the unmodified bot against it."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.bot_process import BotProcess, bot_variables
from bot.families import NEEDED_FAMILIES, catalog_of, environments_of
from bot.i18n import Sentences
from bot.local.server import ClassServer
from bot.local.visitor import Visitor
from bot.settings import Settings
from generation.environments import Environments
from generation.errors import AtelierError

Report = Callable[[str], None]
TEACHER = "Frau Sommer"
_START_S = 90.0


class RehearsalFailed(Exception):
    """The bot did not come up; the message holds the end of its log."""


class PortTaken(Exception):
    """The class server cannot listen there; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    server: ClassServer
    bot: BotProcess
    extras: asyncio.Task[frozenset[str]]
    """Makes the environments that the class can begin without; its result names the families that can be used."""

    @property
    def address(self) -> str:
        return self.server.base_url


@asynccontextmanager
async def open_rehearsal(
    settings: Settings, *, port: int, sentences: Sentences, language: str, report: Report
) -> AsyncIterator[Rehearsal]:
    """Make what is missing, start server and bot, wait until the commands are there.

    Pictures and their checks are ready then; what takes longer, such as a package that is compiled, goes on beside.
    Everything lies in a folder of its own that is deleted at the end. Raises AtelierError (EnvironmentFailed and the
    like), PortTaken, RehearsalFailed.
    """
    catalog = await asyncio.to_thread(catalog_of, settings)
    environments = environments_of(settings, report=report)
    await _prepare(environments, settings)
    wanted = [family for family in settings.families if catalog.is_usable(family)]
    extras = asyncio.create_task(_prepare_extras(environments, wanted, sentences, language, report))
    folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="klassenatelier-rehearsal-"))
    server = ClassServer(port=port)
    try:
        await _listen(server)
        variables = bot_variables(
            settings,
            token=server.token,
            api_base=server.api_base,
            gateway_url=server.gateway_url,
            data_dir=folder / "bot",
        )
        bot = BotProcess(variables, log=folder / "bot.log")
        await bot.start()
        try:
            report(sentences.text("cli.bot_starts", language))
            await _wait_for_commands(server, bot)
            yield Rehearsal(server=server, bot=bot, extras=extras)
        finally:
            await bot.stop()
    finally:
        extras.cancel()
        await asyncio.gather(extras, return_exceptions=True)
        await environments.close()
        await server.stop()
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


async def _listen(server: ClassServer) -> None:
    try:
        await server.start()
    except OSError as error:
        raise PortTaken(error.strerror or str(error)) from error


async def _prepare(environments: Environments, settings: Settings) -> None:
    """Checks and composing first, so that nothing is ever made that could not be checked."""
    for family in NEEDED_FAMILIES:
        if family in settings.families:
            await environments.ensure(family)


async def _prepare_extras(
    environments: Environments, wanted: Sequence[str], sentences: Sentences, language: str, report: Report
) -> frozenset[str]:
    """All other families, one after the other. One that cannot be made is told; the class goes on without it."""
    ready = set(wanted) & set(NEEDED_FAMILIES)
    for family in wanted:
        if family in ready:
            continue
        try:
            await environments.ensure(family)
        except AtelierError as error:
            report(sentences.text("cli.family_not_ready", language, family=family))
            report(sentences.text(f"error.{error.code}", language, **error.values))
        else:
            ready.add(family)
    return frozenset(ready)


async def _wait_for_commands(server: ClassServer, bot: BotProcess) -> None:
    try:
        async with asyncio.timeout(_START_S):
            await _commands_there(server, bot)
    except TimeoutError:
        raise RehearsalFailed(await asyncio.to_thread(bot.last_lines)) from None


async def _commands_there(server: ClassServer, bot: BotProcess) -> None:
    teacher = await Visitor.enter(server.base_url, person=TEACHER, locale="de")
    try:
        while not (await teacher.refresh())["commands"]:
            if bot.returncode is not None:
                raise RehearsalFailed(await asyncio.to_thread(bot.last_lines))
            await asyncio.sleep(0.1)
    finally:
        await teacher.leave()
