"""The gallery on Discord: cards for the teachers and works for the class, in a text channel or a forum.

A message is known by its buttons, whose ids name the work (and of a card the round): one that a crash left unnoted is
found by them, so that nothing is sent twice and nothing stays that was to go.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import discord

from bot.answers import DROPPED
from bot.buttons import ButtonId, ids_on
from bot.delivery import TOO_LARGE, once_more
from bot.i18n import Sentences
from bot.posts.gallery import compose_card, compose_work, decision_line, files_shown, thread_name, told_text
from bot.posts.shared import ComposedPost, Fill, PostArchive, PostFile
from bot.roles import class_sees
from bot.services.gallery_ports import Hung, NoPlace, Work
from bot.services.ports import Hindrance, NotDelivered, TakenBack
from data import files
from data.gallery_records import Entry, GalleryDecision, GalleryMessage, GalleryPlace, ShownFile
from generation.job import Job
from moderation.verdict import Approved

_log = logging.getLogger(__name__)
SEARCHED: Final = 100
SEARCHED_BACK: Final = 1000
MARGIN_S: Final = 600.0
Channel = discord.TextChannel | discord.ForumChannel
Tell = Callable[[str, str], Awaitable[bool]]


@dataclass(frozen=True, slots=True)
class _Made:
    """A work that was composed and may be sent. `marker`: the id of the button by which it is found."""

    work: Work
    place: GalleryPlace
    compose: Callable[..., ComposedPost]
    marker: str


class DiscordWall:
    """`bot.services.gallery_ports.GalleryWall`. `attach` gives it its client; `tell`: see `Publisher.tell_person`."""

    def __init__(self, *, sentences: Sentences, tell: Tell) -> None:
        self._sentences = sentences
        self._tell = tell
        self._client: discord.Client | None = None

    def attach(self, client: discord.Client) -> None:
        self._client = client

    async def review(self, work: Approved[Work], channel: str) -> Hung:
        value = _value(work)
        marker = str(ButtonId(action="galaccept", subject=value.entry.job, index=value.entry.round))
        return await self._show(_Made(value, GalleryPlace.REVIEW, compose_card, marker), channel)

    async def hang(self, work: Approved[Work], channel: str) -> Hung:
        value = _value(work)
        marker = str(ButtonId(action="galstar", subject=value.entry.job))
        return await self._show(_Made(value, GalleryPlace.GALLERY, compose_work, marker), channel)

    async def settle(self, message: GalleryMessage, entry: Entry, decision: GalleryDecision) -> None:
        locale = self._locale(entry)
        text = self._sentences.text(
            "gallery.settled", locale, person=f"<@{entry.person}>", job=entry.job,
            said=decision_line(decision, self._sentences, locale),
        )  # fmt: skip
        try:
            partial = self._messageable(message.channel).get_partial_message(int(message.message or 0))
            await once_more(
                lambda: partial.edit(content=text, view=None, allowed_mentions=discord.AllowedMentions.none())
            )
        except (discord.DiscordException, NotDelivered, *DROPPED) as error:
            _log.info("a card could not be changed (%s)", type(error).__name__)

    async def remove(self, message: GalleryMessage, entry: Entry) -> TakenBack:
        try:
            if message.message is None:
                return await self._remove_found(message, entry)
            return await self._delete(message.channel, int(message.message))
        except discord.NotFound:
            return TakenBack()
        except discord.Forbidden as error:
            _log.warning("a work's message may not be deleted (%s/%s)", error.status, error.code)
            return TakenBack(hindrance=Hindrance.FORBIDDEN)
        except Exception as error:  # noqa: BLE001  a client that is starting or closing, a broken line: tried again
            _log.warning("a work's message could not be deleted yet (%s)", type(error).__name__)
            return TakenBack(hindrance=Hindrance.AWAY)

    async def tell(self, job: Job, entry: Entry, decision: GalleryDecision) -> bool:
        if not self._required().is_ready():
            raise NotDelivered("not connected")
        return await self._tell(entry.person, told_text(entry, decision, self._sentences, job.locale))

    # -- sending --

    async def _show(self, made: _Made, channel_id: str) -> Hung:
        """Raises NotDelivered, NoPlace."""
        try:
            channel = await self._channel(channel_id)
            if made.place is GalleryPlace.REVIEW and class_sees(
                channel, channel.guild.roles, self._sentences
            ):
                # it was closed when it was chosen; what waits for a review is not for the class
                _log.warning("the teachers' channel is open to the class: no card is shown there")
                raise NoPlace
            message = await self._found(channel, made) or await self._sent(channel, made)
        except (discord.Forbidden, discord.NotFound) as error:
            _log.warning("a work may not be shown there (%s/%s)", error.status, error.code)
            raise NoPlace from None
        except (discord.DiscordException, *DROPPED) as error:
            _log.warning("a work could not be shown (%s)", type(error).__name__)
            raise NotDelivered from None
        stands = GalleryMessage(
            job=made.work.entry.job, place=made.place, round=made.work.entry.round,
            channel=str(message.channel.id), message=str(message.id),
        )  # fmt: skip
        shown = await asyncio.to_thread(_files_of, files_shown(made.work, self._sentences))
        return Hung(message=stands, files=shown)

    async def _found(self, channel: Channel, made: _Made) -> discord.Message | None:
        """The one that stands; a second one is deleted: a forum's post has no nonce, and discord.py itself repeats what
        a server's error answers."""
        found: discord.Message | None = None
        try:
            async for message in self._candidates(channel, made.work.entry.job, None, SEARCHED):
                if made.marker not in ids_on(message):
                    continue
                if found is not None:
                    await self._delete(str(message.channel.id), message.id)
                found = found or message
                if not isinstance(channel, discord.ForumChannel):
                    break
        except discord.Forbidden:
            _log.info("the history of the channel may not be read: a work may stand twice after a crash")
        return found

    async def _sent(self, channel: Channel, made: _Made) -> discord.Message:
        for fill in (Fill.ALL, Fill.SHEET, Fill.NOTHING):
            composed = self._composed(made, channel.guild.filesize_limit, fill)
            try:
                return await self._send(channel, made, composed)
            except discord.HTTPException as error:
                if error.status != 413 and error.code != TOO_LARGE:
                    raise
        raise NotDelivered

    async def _send(self, channel: Channel, made: _Made, composed: ComposedPost) -> discord.Message:
        nobody = discord.AllowedMentions.none()
        opened = [file.open() for file in composed.files]
        view = composed.view or discord.ui.View()
        if isinstance(channel, discord.ForumChannel):
            # some forums take no post without one of their tags
            tags = channel.available_tags[:1] if channel.flags.require_tag else []
            posted = await channel.create_thread(
                applied_tags=tags,
                name=thread_name(made.work, self._sentences)[:100],
                content=composed.content,
                embeds=list(composed.embeds),
                files=opened,
                view=view,
                allowed_mentions=nobody,
            )
            return await self._found(channel, made) or posted.message
        # the same nonce twice makes one message
        nonce = f"{made.work.entry.job}-{made.place[0]}{made.work.entry.round}"
        return await channel.send(
            composed.content,
            embeds=list(composed.embeds),
            files=opened,
            view=view,
            nonce=nonce,
            allowed_mentions=nobody,
        )

    def _composed(self, made: _Made, file_limit: int, fill: Fill) -> ComposedPost:
        return made.compose(made.work, self._sentences, file_limit=file_limit, fill=fill)

    # -- taking away --

    async def _remove_found(self, message: GalleryMessage, entry: Entry) -> TakenBack:
        channel = await self._channel(message.channel)
        since = datetime.fromtimestamp(
            max(entry.submitted_at - MARGIN_S, discord.utils.DISCORD_EPOCH / 1000), UTC
        )
        taken = TakenBack()
        async for found in self._candidates(channel, entry.job, since, SEARCHED_BACK):
            if any(one.split(":")[2:3] == [entry.job] for one in ids_on(found)):
                taken += await self._delete(str(found.channel.id), found.id)
        return taken

    async def _delete(self, channel_id: str, message_id: int) -> TakenBack:
        message = self._messageable(channel_id).get_partial_message(message_id)
        thread = await self._required().fetch_channel(message_id) if channel_id == str(message_id) else None
        if isinstance(thread, discord.Thread):
            await self._delete_post(thread, message)
        else:
            await once_more(message.delete)
        return TakenBack(deleted=1)

    async def _delete_post(self, thread: discord.Thread, message: discord.PartialMessage) -> None:
        """A forum's. Without the right to delete it what it began with goes, and its bare title out of the way."""
        try:
            await once_more(thread.delete)
        except discord.Forbidden:
            if thread.archived:  # in an old post nothing can be deleted
                with suppress(discord.Forbidden):
                    await thread.edit(archived=False)
            await once_more(message.delete)
            with suppress(discord.HTTPException):
                await thread.edit(archived=True)

    async def _candidates(
        self, channel: Channel, job_id: str, since: datetime | None, limit: int
    ) -> AsyncIterator[discord.Message]:
        """Our own messages in which a work may stand."""
        me = self._required().user
        if isinstance(channel, discord.ForumChannel):
            async for message in self._starters(channel, job_id):
                yield message
            return
        async for message in channel.history(limit=limit, after=since, oldest_first=False):
            if me is not None and message.author.id == me.id:
                yield message

    async def _starters(self, forum: discord.ForumChannel, job_id: str) -> AsyncIterator[discord.Message]:
        """The beginnings of our posts that name this work."""
        me = self._required().user
        for thread in await forum.guild.active_threads():
            ours = me is not None and thread.owner_id == me.id
            if thread.parent_id == forum.id and ours and thread.name.endswith(job_id):
                with suppress(discord.NotFound):
                    yield await thread.fetch_message(thread.id)

    async def _channel(self, channel_id: str) -> Channel:
        """Raises NoPlace for what is no text channel and no forum."""
        if not channel_id.isdigit():
            raise NoPlace
        client = self._required()
        found = client.get_channel(int(channel_id)) or await client.fetch_channel(int(channel_id))
        if not isinstance(found, discord.TextChannel | discord.ForumChannel):
            raise NoPlace
        return found

    def _messageable(self, channel_id: str) -> discord.PartialMessageable:
        return self._required().get_partial_messageable(int(channel_id))

    def _locale(self, entry: Entry) -> object:
        guild = self._required().get_guild(int(entry.guild)) if entry.guild.isdigit() else None
        return "de" if guild is None else guild.preferred_locale

    def _required(self) -> discord.Client:
        if self._client is None:
            raise NotDelivered("the wall has no client yet")
        return self._client


def _value(work: Approved[Work]) -> Work:
    if not isinstance(work, Approved):
        raise TypeError("only what the pipeline approved is shown")
    return work.value


def _files_of(shown: Sequence[PostFile | PostArchive]) -> tuple[ShownFile, ...]:
    """What is shown, with what was approved of it. Reads the disk."""
    plain: list[PostFile] = []
    for file in shown:
        plain += file.files if isinstance(file, PostArchive) else [file]
    hashed = ((file, files.digest(file.path)) for file in plain)
    return tuple(
        ShownFile(name=one.path.name, sha256=sha256, alt=one.alt) for one, sha256 in hashed if sha256
    )
