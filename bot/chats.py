"""Conversations on Discord: their threads, what is said at the beginning and at the end, that an answer is coming."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
from typing import TYPE_CHECKING, Final

import discord

from bot.answers import DROPPED, Press, defer
from bot.buttons import chat_row
from bot.i18n import Sentences
from bot.services.chat import MEMORY_TURNS, OPEN_LIMIT
from bot.services.ports import ChatRequest, Requester
from bot.texts import cut, plain, readable, shown
from generation.errors import LimitReached, NotAllowed, NotFound

if TYPE_CHECKING:
    from bot.services.desk import Desk
    from data.conversations import Conversation

_log = logging.getLogger(__name__)

THREAD_NAME_LIMIT: Final = 100
SLEEPS_AFTER_MINUTES: Final = 1440
"""A thread in which nobody writes is archived by Discord; whoever writes wakes it up."""
TYPING_EVERY_S: Final = 8.0
"""Discord shows it for ten seconds."""
TYPING_LONGEST_S: Final = 900.0


class Typing:
    """The sign that an answer is being written, in its thread, until it is there."""

    def __init__(self, desk: Desk, *, every: float = TYPING_EVERY_S) -> None:
        self._desk = desk
        self._every = every
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, channel: discord.abc.Messageable, job_id: str) -> None:
        task = asyncio.create_task(self._type(channel, job_id))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _type(self, channel: discord.abc.Messageable, job_id: str) -> None:
        try:
            for _ in range(int(TYPING_LONGEST_S / self._every)):
                if not await self._desk.chat.is_writing(job_id):
                    return
                await channel.typing()
                await asyncio.sleep(self._every)
        except Exception as error:  # noqa: BLE001  a sign that is missing hurts nobody
            _log.info("that job %s is being written could not be shown (%s)", job_id, type(error).__name__)


async def open_chat(
    interaction: Press, request: ChatRequest, who: Requester, *, desk: Desk, sentences: Sentences
) -> tuple[discord.Thread, str | None]:
    """A thread with its introduction, after `defer`; and the job of the first question, if there is one.

    Raises NotAllowed where no thread can be made, and what the services raise.
    """
    channel = _place(interaction)
    await _forget_deleted(interaction.client, desk, who)
    opening = await desk.chat.prepare(request, who)
    neutral = sentences.text("chat.name", who.locale, name=plain(interaction.user.display_name))
    thread = await _make_thread(channel, cut(opening.name or neutral, THREAD_NAME_LIMIT))
    try:
        conversation = await desk.chat.open(opening, who, str(thread.id))
    except LimitReached:
        await _close_thread(thread, lock=False)
        raise
    await _introduce(thread, interaction, conversation, desk=desk, sentences=sentences)
    link = sentences.text("chat.opened", who.locale, thread=thread.mention)
    if opening.private:
        link += "\n" + sentences.text("chat.private", who.locale)
    await interaction.edit_original_response(content=link)
    if opening.prompt is None:
        return thread, None
    there = dataclasses.replace(who, channel_id=str(thread.id))
    ticket = await desk.chat.ask(opening.prompt, there, None)
    return thread, ticket.job.id


async def end_chat(
    interaction: Press,
    who: Requester,
    *,
    desk: Desk,
    sentences: Sentences,
    conversation_id: str | None = None,
) -> None:
    """Forget the conversation of this thread, say so, and close the thread. Raises NotFound or NotAllowed."""
    await defer(interaction)
    await desk.chat.end(who, conversation_id=conversation_id)
    may_lock = interaction.app_permissions.manage_threads
    key = "chat.ended" if may_lock else "chat.ended_open"
    words = sentences.text(key, who.locale, who=interaction.user.mention)
    await interaction.edit_original_response(content=words, allowed_mentions=discord.AllowedMentions.none())
    if isinstance(interaction.channel, discord.Thread):
        await _close_thread(interaction.channel, lock=may_lock)


def text_of(message: discord.Message) -> str:
    """What a message says, for a model to read; of a text that the bot has posted the text alone."""
    described = [embed.description for embed in message.embeds if embed.description]
    if len(described) > 1 and message.author.bot:
        # the first embed of such a post says what was asked
        return readable("\n".join(described[1:]))
    return readable(message.content or "\n".join(described))


def _place(interaction: Press) -> discord.TextChannel:
    channel = interaction.channel
    if not isinstance(channel, discord.TextChannel) or channel.type is not discord.ChannelType.text:
        raise NotAllowed("chat_place")
    allowed = interaction.app_permissions
    if not (allowed.create_public_threads and allowed.send_messages_in_threads):
        raise NotAllowed("chat_permission")
    return channel


async def _make_thread(channel: discord.TextChannel, name: str) -> discord.Thread:
    try:
        return await channel.create_thread(
            name=name, type=discord.ChannelType.public_thread, auto_archive_duration=SLEEPS_AFTER_MINUTES
        )
    except discord.Forbidden:
        raise NotAllowed("chat_permission") from None


async def _introduce(
    thread: discord.Thread,
    interaction: Press,
    conversation: Conversation,
    *,
    desk: Desk,
    sentences: Sentences,
) -> None:
    me = interaction.client.user
    words = sentences.text(
        "chat.intro",
        conversation.locale,
        bot="@" if me is None else me.mention,
        turns=MEMORY_TURNS,
        model=shown(_title(desk, conversation.model), 100),
    )
    view = chat_row(sentences, conversation.id, conversation.locale)
    await thread.send(words, view=view, allowed_mentions=discord.AllowedMentions.none())
    try:
        await thread.add_user(interaction.user)
    except (discord.HTTPException, *DROPPED) as error:
        _log.debug("nobody was added to a thread (%s)", type(error).__name__)


def _title(desk: Desk, model_id: str) -> str:
    try:
        return desk.catalog.get(model_id).title
    except NotFound:
        return model_id


async def _forget_deleted(client: discord.Client, desk: Desk, who: Requester) -> None:
    """Threads that were deleted while the bot was away would count as open for ever."""
    threads = await desk.chat.open_threads(who)
    for thread_id in threads if len(threads) >= OPEN_LIMIT else ():
        try:
            await client.fetch_channel(int(thread_id))
        except discord.NotFound:
            await desk.chat.forget(thread_id)
        except (discord.DiscordException, *DROPPED) as error:
            _log.debug("whether a thread is still there is not known (%s)", type(error).__name__)


async def _close_thread(thread: discord.Thread, *, lock: bool) -> None:
    try:
        await (thread.edit(archived=True, locked=True) if lock else thread.edit(archived=True))
    except (discord.HTTPException, *DROPPED) as error:
        _log.warning("a thread could not be closed (%s)", type(error).__name__)
