"""When somebody mentions the bot: the next question in a conversation's thread, a hint anywhere else.

Discord gives the text of a message that mentions the bot without the message content intent; of others it gives none.
"""

from __future__ import annotations

import logging
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from typing import TYPE_CHECKING, Any, Final

import discord

from bot.answers import DROPPED
from bot.chats import Typing
from bot.checks import is_teacher
from bot.errors import sentence_for
from bot.i18n import Sentences, language_of
from bot.posts.care import ask_row_of
from bot.services.ports import Requester
from bot.texts import readable
from generation.errors import AtelierError, Refused

if TYPE_CHECKING:
    from bot.services.desk import Desk

_log = logging.getLogger(__name__)

HINT_EVERY_S: Final = 60.0
SAID_EVERY_S: Final = 10.0
REMEMBERED: Final = 1000
PRIVATE: Final = frozenset({"blocked"})
_WRITTEN = (discord.MessageType.default, discord.MessageType.reply)


class Seldom:
    """`seldom(key, seconds)` is true once in so many seconds for each key."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._until: OrderedDict[Hashable, float] = OrderedDict()

    def __call__(self, key: Hashable, seconds: float) -> bool:
        now = self._clock()
        if now < self._until.get(key, now):
            return False
        self._until[key] = now + seconds
        self._until.move_to_end(key)
        while len(self._until) > REMEMBERED:
            self._until.popitem(last=False)
        return True


class Mentions:
    """`answer` gets every message that Discord tells of."""

    def __init__(
        self,
        *,
        desk: Desk,
        sentences: Sentences,
        teacher_role: str,
        typing: Typing,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._desk = desk
        self._sentences = sentences
        self._teacher_role = teacher_role
        self._typing = typing
        self._seldom = Seldom(clock)

    async def answer(self, message: discord.Message, me: discord.ClientUser) -> None:
        """Never raises. Leaves alone what bots write and what does not mention the bot itself."""
        guild = message.guild
        if guild is None or not is_meant(message, me):
            return
        # a message does not say its author's language: the conversation's is taken, else the class's
        locale = language_of(guild.preferred_locale)
        try:
            conversation = await self._desk.chat.at(str(guild.id), str(message.channel.id))
            locale = locale if conversation is None else conversation.locale
            await self._desk.setup.demand(str(guild.id))
            if conversation is None:
                await self._hint(message, locale)
                return
            await self._ask(message, guild, locale)
        except AtelierError as error:
            await self._tell(message, error, locale)
        except Exception as error:  # noqa: BLE001  a person waits; a foreign error may quote the message
            _log.error("a mention failed (%s)", type(error).__name__)
            await self._tell(message, AtelierError(), locale)

    async def _ask(self, message: discord.Message, guild: discord.Guild, locale: str) -> None:
        who = Requester(
            guild_id=str(guild.id),
            channel_id=str(message.channel.id),
            person_id=str(message.author.id),
            locale=locale,
            is_teacher=is_teacher(message.author, self._teacher_role),
        )
        ticket = await self._desk.chat.ask(readable(message.content), who, None)
        self._typing.start(message.channel, ticket.job.id)

    async def _hint(self, message: discord.Message, locale: str) -> None:
        if self._seldom(("hint", message.channel.id, message.author.id), HINT_EVERY_S):
            await self._reply(message, self._sentences.text("chat.hint", locale))

    async def _tell(self, message: discord.Message, error: AtelierError, locale: str) -> None:
        _log.info("a mention answered with %s", error.code)
        text = sentence_for(error, self._sentences, locale)
        if isinstance(error, Refused) or error.code in PRIVATE:
            # why somebody's question is refused, or that they are blocked, is nobody else's business
            view = ask_row_of(error, self._sentences, locale)
            more: dict[str, Any] = {} if view is None else {"view": view}
            if not await self._quietly(message.author.send(text, **more)):
                await self._reply(message, self._sentences.text("chat.refused_here", locale))
        elif self._seldom((error.code, message.channel.id, message.author.id), SAID_EVERY_S):
            await self._reply(message, text)

    async def _reply(self, message: discord.Message, text: str) -> None:
        nobody = discord.AllowedMentions.none()
        await self._quietly(message.reply(text, mention_author=False, allowed_mentions=nobody))

    async def _quietly(self, saying: Awaitable[object]) -> bool:
        """Whether it could be said."""
        try:
            await saying
        except (discord.DiscordException, *DROPPED) as error:
            _log.warning("a mention could not be answered (%s)", type(error).__name__)
            return False
        return True


def is_meant(message: discord.Message, me: discord.ClientUser) -> bool:
    """Whether a person has mentioned the bot itself in a class: not a role, not everyone."""
    return (
        message.guild is not None
        and not message.author.bot
        and message.webhook_id is None
        and message.type in _WRITTEN
        and any(person.id == me.id for person in message.mentions)
    )
