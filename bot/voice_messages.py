"""Recordings that people send to the bot in a direct message: they count for the words that were issued to them.

Discord gives direct messages, with their files, without the message content intent. A direct message belongs to no
class, so it has no buttons: what follows is done in the class again.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

import discord

from bot.answers import DROPPED
from bot.checks import is_teacher
from bot.errors import sentence_for
from bot.i18n import Sentences, language_of
from bot.mentions import Seldom
from bot.posts.consent import checked_card
from bot.services.audio_ports import Upload
from bot.services.ports import Requester
from data.voice_records import Voice
from generation.errors import AtelierError

if TYPE_CHECKING:
    from bot.services.desk import Desk

_log = logging.getLogger(__name__)
HINT_EVERY_S = 30.0


class VoiceMessages:
    """`answer` gets every direct message."""

    def __init__(
        self,
        *,
        desk: Desk,
        sentences: Sentences,
        teacher_role: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._desk = desk
        self._sentences = sentences
        self._teacher_role = teacher_role
        self._seldom = Seldom(clock)

    async def answer(self, message: discord.Message, guilds: Sequence[discord.Guild]) -> None:
        """Never raises. Leaves alone what bots send and what has no file. `guilds`: where the bot is."""
        if message.guild is not None or message.author.bot or not message.attachments:
            return
        locale = self._language(message, guilds[0] if guilds else None)
        try:
            ids = {str(guild.id): guild for guild in guilds}
            voice = await self._desk.enrol.reading(ids, str(message.author.id))
            if voice is None:
                await self._hint(message, locale)
                return
            locale = self._language(message, ids[voice.guild])
            await self._take(message, voice, ids[voice.guild], locale)
        except AtelierError as error:
            _log.info("a direct message answered with %s", error.code)
            await self._say(message, sentence_for(error, self._sentences, locale))
        except Exception as error:  # noqa: BLE001 - a person waits for an answer
            _log.error("a direct message failed (%s)", type(error).__name__)
            await self._say(message, self._sentences.text("error.internal", locale))

    def _language(self, message: discord.Message, guild: discord.Guild | None) -> str:
        """That of the person's last press; a message does not say its author's, so else the class's is taken."""
        known = self._desk.enrol.language_of(str(message.author.id))
        return known or language_of(None if guild is None else guild.preferred_locale)

    async def _take(self, message: discord.Message, voice: Voice, guild: discord.Guild, locale: str) -> None:
        who = Requester(
            guild_id=voice.guild,
            channel_id=str(message.channel.id),
            person_id=str(message.author.id),
            locale=locale,
            is_teacher=await self._teaches(message, guild),
        )
        await self._desk.setup.demand(voice.guild)
        await self._desk.care.blocks.demand_free(who)
        file = message.attachments[0]
        upload = Upload(name=file.filename, size=file.size, read=file.read)
        checked = await self._desk.enrol.take_phrase(voice.id, upload, who)
        text, _ = checked_card(checked, self._sentences, locale, is_teacher=who.is_teacher)
        after = self._sentences.text("consent.direct_after", locale)
        await self._say(message, f"{text}\n\n{after}")

    async def _teaches(self, message: discord.Message, guild: discord.Guild) -> bool:
        """Only for the sentence that names who confirms; who may confirm is decided elsewhere."""
        try:
            member = await guild.fetch_member(message.author.id)
        except (discord.DiscordException, *DROPPED):
            return False
        return is_teacher(member, self._teacher_role)

    async def _hint(self, message: discord.Message, locale: str) -> None:
        if self._seldom(message.author.id, HINT_EVERY_S):
            await self._say(message, self._sentences.text("consent.direct_none", locale))

    async def _say(self, message: discord.Message, text: str) -> None:
        await self._quietly(message.channel.send(text, allowed_mentions=discord.AllowedMentions.none()))

    async def _quietly(self, saying: Awaitable[object]) -> None:
        try:
            await saying
        except (discord.DiscordException, *DROPPED) as error:
            _log.warning("a direct message could not be answered (%s)", type(error).__name__)
