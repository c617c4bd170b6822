"""The bot's connection to Discord: logs in, stays connected, hands commands and presses on, closes cleanly."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import aiohttp
import discord
from discord import app_commands
from discord.ext import commands

from bot.answers import DROPPED, Press
from bot.chats import Typing
from bot.checks import is_teacher, requester_of
from bot.commands import CommandMemory, LocaleTranslator, sync_commands
from bot.errors import NeedsMoreIntents, WrongServer, WrongToken, answer_error
from bot.i18n import Sentences
from bot.mentions import Mentions
from bot.publisher import DiscordPublisher
from bot.services.ports import Requester
from bot.setup_presses import SetupPresses, is_open
from bot.views import Presses
from bot.voice_messages import VoiceMessages
from generation.errors import AtelierError

if TYPE_CHECKING:
    from bot.services.desk import Desk

_log = logging.getLogger(__name__)

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.25, 15.0
GUILDS_COMPLETE_AFTER_S = 0.5
"""discord.py calls itself ready when no guild has come for so long; 2 s are meant for bots in many guilds."""
AUTHENTICATION_FAILED = 4004


class AtelierTree(app_commands.CommandTree["AtelierBot"]):
    """Every error of a command ends in a sentence for the person."""

    async def interaction_check(self, interaction: Press, /) -> bool:
        """Before the operator has said in which country and from which age, there is only setting up; who is blocked
        asks for nothing."""
        bot = self.client
        return await is_open(interaction, bot.desk.setup, bot.desk.care.blocks, bot.sentences, bot.requester)

    async def on_error(self, interaction: Press, error: app_commands.AppCommandError, /) -> None:
        if interaction.type is discord.InteractionType.autocomplete:
            _log.warning("autocompletion failed (%s)", type(getattr(error, "original", error)).__name__)
            return
        await answer_error(interaction, error, self.client.sentences)


class AtelierBot(commands.Bot):
    """Built whole by its arguments; `start(token)` runs it until `close()`.

    `extensions`: modules with `setup(bot)`. `guild_ids`: where the commands hold; empty means everywhere. `memory`
    spares Discord the same commands at every start. The intents are the smallest with which roles can be read, and
    mentions and voice messages to the bot be heard: without the message content intent Discord tells the text of no
    other message.
    """

    def __init__(
        self,
        *,
        desk: Desk,
        publisher: DiscordPublisher,
        sentences: Sentences,
        teacher_role: str,
        extensions: Sequence[str],
        guild_ids: Sequence[int] = (),
        memory: CommandMemory | None = None,
    ) -> None:
        intents = discord.Intents.none()
        intents.guilds = intents.guild_messages = intents.dm_messages = True
        super().__init__(
            command_prefix=commands.when_mentioned,
            help_command=None,
            tree_cls=AtelierTree,
            intents=intents,
            allowed_mentions=discord.AllowedMentions.none(),
            max_messages=None,
            guild_ready_timeout=GUILDS_COMPLETE_AFTER_S,
        )
        self.desk = desk
        self.publisher = publisher
        self.sentences = sentences
        self.logged_in = asyncio.Event()
        """Set as soon as posts can be sent, before the gateway is there."""
        self._teacher_role = teacher_role
        self._extensions = tuple(extensions)
        self._guild_ids = tuple(guild_ids)
        self._memory = memory
        self.setup_presses = SetupPresses(
            setup=lambda: desk.setup, sentences=sentences, teacher_role=teacher_role, who=self.requester
        )
        self._presses = Presses(
            desk=desk,
            publisher=publisher,
            sentences=sentences,
            who=self.requester,
            teaches=lambda member: is_teacher(member, teacher_role),
            setting_up=self.setup_presses,
        )
        self.care_presses = self._presses.care
        self.gallery_presses = self._presses.gallery
        self.typing = Typing(desk)
        self._mentions = Mentions(
            desk=desk, sentences=sentences, teacher_role=teacher_role, typing=self.typing
        )
        self._voice_messages = VoiceMessages(desk=desk, sentences=sentences, teacher_role=teacher_role)
        publisher.attach(self)

    @property
    def teacher_role(self) -> str:
        """Name or id, from the settings."""
        return self._teacher_role

    def requester(self, interaction: Press) -> Requester:
        """Who sent this. Raises NotAllowed outside a class server."""
        return requester_of(interaction, self._teacher_role)

    async def setup_hook(self) -> None:
        await self.tree.set_translator(LocaleTranslator(self.sentences))
        for extension in self._extensions:
            if extension not in self.extensions:
                await self.load_extension(extension)
        self.logged_in.set()
        await sync_commands(
            self.tree,
            application_id=self.application_id,
            guild_ids=self._guild_ids,
            memory=self._memory,
        )

    async def on_interaction(self, interaction: Press) -> None:
        await self._presses.answer(interaction)

    async def on_message(self, message: discord.Message, /) -> None:
        if message.guild is None:
            await self._voice_messages.answer(message, self.guilds)
        elif self.user is not None:
            await self._mentions.answer(message, self.user)

    async def on_guild_remove(self, guild: discord.Guild) -> None:
        try:
            await self.desk.setup.forget(str(guild.id))
        except AtelierError as error:
            _log.warning("what a class had stated was not forgotten (%s)", error.code)

    async def on_raw_message_delete(self, payload: discord.RawMessageDeleteEvent) -> None:
        await self._deleted(payload.guild_id, {payload.message_id})

    async def on_raw_bulk_message_delete(self, payload: discord.RawBulkMessageDeleteEvent) -> None:
        await self._deleted(payload.guild_id, payload.message_ids)

    async def _deleted(self, guild: int | None, messages: set[int]) -> None:
        """What hung in the gallery there is taken down; a forum's post has the id of the message it began with."""
        try:
            await self.desk.gallery_clearing.vanished(str(guild), [str(one) for one in messages])
        except AtelierError as error:
            _log.warning("a work that was deleted by hand was not noted (%s)", error.code)

    async def on_raw_thread_delete(self, payload: discord.RawThreadDeleteEvent) -> None:
        await self._deleted(payload.guild_id, {payload.thread_id})
        try:
            await self.desk.chat.forget(str(payload.thread_id))
        except AtelierError as error:
            _log.warning("a deleted thread was not forgotten (%s)", error.code)

    async def close(self) -> None:
        await self.typing.close()
        await super().close()

    async def on_ready(self) -> None:
        _log.info("connected; in %d class servers", len(self.guilds))

    async def start(self, token: str, *, reconnect: bool = True) -> None:
        """Log in and stay connected until `close`. Raises WrongToken, WrongServer or NeedsMoreIntents."""
        if not (token.isascii() and token.isprintable() and token.strip()) or " " in token.strip():
            raise WrongToken
        await self._login_patiently(token)
        await self.connect(reconnect=reconnect)

    async def _login_patiently(self, token: str) -> None:
        pauses = _Pauses()
        while not self.is_closed():
            try:
                await self.login(token)
            except discord.LoginFailure:
                raise WrongToken from None
            except discord.HTTPException as error:
                if error.status < 500 and error.status != 429:
                    raise WrongServer(str(error.status)) from None
                why = str(error.status)
            except DROPPED as error:
                why = type(error).__name__
            except RuntimeError:
                if not self.is_closed():
                    raise
                return  # closed in the middle: the session is gone
            else:
                return
            _log.warning("Discord is not there yet (%s); trying again in %.1f s", why, pauses.coming)
            await self._fresh_session()
            await pauses.wait()

    async def _fresh_session(self) -> None:
        """A session that failed at login would be left open by the next attempt."""
        await self.http.close()
        self.http.clear()
        self.http.connector = aiohttp.TCPConnector(limit=0)

    async def connect(self, *, reconnect: bool = True) -> None:
        """Like discord.py's, but the first connection may fail as often as it likes: it is tried again."""
        pauses = _Pauses()
        quiet = _ReconnectsInOneLine()
        logging.getLogger("discord.client").addFilter(quiet)
        try:
            while not self.is_closed():
                stand_in: Any = _NoSocketYet()
                self.ws = stand_in
                try:
                    await super().connect(reconnect=reconnect)
                except _NeverConnected:
                    await pauses.wait()
        except discord.PrivilegedIntentsRequired:
            raise NeedsMoreIntents from None
        except discord.ConnectionClosed as closed:
            if closed.code == AUTHENTICATION_FAILED:
                raise WrongToken from None
            raise WrongServer(f"gateway {closed.code}") from None
        finally:
            logging.getLogger("discord.client").removeFilter(quiet)


class _NeverConnected(Exception):
    """There was no connection yet that could be resumed."""


class _NoSocketYet:
    """Stands for the gateway's socket until there is one.

    After a failed connect discord.py asks the socket what to resume, also after the very first, when there is none.
    """

    open = False
    latency = math.nan

    @property
    def sequence(self) -> int | None:
        raise _NeverConnected


class _Pauses:
    """Longer and longer, up to LONGEST_PAUSE_S seconds."""

    def __init__(self) -> None:
        self.coming = FIRST_PAUSE_S

    async def wait(self) -> None:
        pause, self.coming = self.coming, min(2 * self.coming, LONGEST_PAUSE_S)
        await asyncio.sleep(pause)


class _ReconnectsInOneLine(logging.Filter):
    """discord.py logs a traceback for each lost connection; one line says as much."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.exc_info and record.exc_info[0] and str(record.msg).startswith("Attempting a reconnect"):
            wait = record.args[0] if isinstance(record.args, tuple) and record.args else 0.0
            record.msg = "the connection to Discord is gone (%s); trying again in %.1f s"
            record.args = (record.exc_info[0].__name__, wait)
            record.exc_info = record.exc_text = None
            record.levelno, record.levelname = logging.WARNING, "WARNING"
        return True
