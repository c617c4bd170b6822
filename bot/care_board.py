"""The teachers' cards about reports and questions on Discord, in the channel that was chosen for reviews.

A card is known by its button, whose id names the report or the question: one that a crash left unnoted is found by it.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

import discord

from bot.answers import DROPPED
from bot.buttons import ButtonId, ids_on
from bot.i18n import Sentences
from bot.posts.care import SEEING, settled_text, waiting_card
from bot.services.care_ports import Waiting
from bot.services.ports import NotDelivered
from data.care_cards import CareCard

_log = logging.getLogger(__name__)
SEARCHED: Final = 200
T = TypeVar("T")


class DiscordCareBoard:
    """`bot.services.care_ports.CareBoard`."""

    def __init__(self, *, client: discord.Client, sentences: Sentences) -> None:
        self._client = client
        self._sentences = sentences

    async def put(self, card: CareCard, waiting: Waiting) -> str:
        text, view = waiting_card(card, waiting, self._sentences, self._locale(card))

        async def send() -> str:
            channel = await self._channel(card.channel)
            # the same nonce twice makes one message
            nonce, nobody = f"{card.kind[0]}-{card.marker}"[:25], discord.AllowedMentions.none()
            sent = await channel.send(text, view=view, nonce=nonce, allowed_mentions=nobody)
            return str(sent.id)

        return await _delivered(send)

    async def find(self, card: CareCard) -> str | None:
        wanted = str(ButtonId(action=SEEING[card.kind], subject=card.marker))

        async def search() -> str | None:
            channel, me = await self._channel(card.channel), self._client.user
            async for message in channel.history(limit=SEARCHED):
                if me is not None and message.author.id == me.id and wanted in ids_on(message):
                    return str(message.id)
            return None

        try:
            return await _delivered(search)
        except _Gone:
            return None

    async def settle(self, card: CareCard, message: str) -> None:
        text = settled_text(card, self._sentences, self._locale(card))

        async def edit() -> None:
            channel = await self._channel(card.channel)
            nobody = discord.AllowedMentions.none()
            await channel.get_partial_message(int(message)).edit(
                content=text, view=None, allowed_mentions=nobody
            )

        try:
            await _delivered(edit)
        except _Gone:
            _log.info("a card was gone before it could be changed")

    async def _channel(self, channel: str) -> discord.TextChannel | discord.Thread:
        """Raises NotDelivered for what is no channel for messages, or before the bot has logged in."""
        if self._client.user is None or self._client.is_closed() or not channel.isdigit():
            raise NotDelivered
        found = self._client.get_channel(int(channel)) or await self._client.fetch_channel(int(channel))
        if not isinstance(found, discord.TextChannel | discord.Thread):
            raise NotDelivered
        return found

    def _locale(self, card: CareCard) -> object:
        guild = self._client.get_guild(int(card.guild)) if card.guild.isdigit() else None
        return "de" if guild is None else guild.preferred_locale


class _Gone(NotDelivered):
    """The channel or the message is not there any more, or out of reach for good."""


async def _delivered(work: Callable[[], Awaitable[T]]) -> T:
    """Raises NotDelivered where Discord refuses or does not answer."""
    try:
        return await work()
    except (discord.NotFound, discord.Forbidden) as error:
        raise _Gone from error
    except (discord.DiscordException, *DROPPED) as error:
        raise NotDelivered from error
