"""`/book`, in German `/buch`."""

from __future__ import annotations

import aiohttp
import discord

from bot.answers import defer
from bot.client import AtelierBot
from bot.commands import make_command
from bot.services.insight import BookRequest
from bot.services.insight_book import BOOK_LIMIT
from bot.views import show_waiting
from cogs.next_word import complete_beginning, complete_text_model
from cogs.options import Interaction
from generation.errors import InvalidInput


async def book(
    interaction: Interaction, text: str, file: discord.Attachment | None = None, model: str | None = None
) -> None:
    address = await defer(interaction)
    bot = interaction.client
    content = None if file is None else await read_upload(file)
    request = BookRequest(text=text, book=content, model=model)
    ticket = await bot.desk.insight.book(request, bot.requester(interaction), address)
    await show_waiting(bot.publisher, ticket, address)


async def read_upload(file: discord.Attachment) -> bytes:
    """Raises InvalidInput book_large before anything is fetched, or book_unreadable."""
    if file.size > BOOK_LIMIT:
        raise InvalidInput("book_large")
    try:
        return await file.read()
    except (discord.DiscordException, aiohttp.ClientError, TimeoutError):
        raise InvalidInput("book_unreadable") from None


async def setup(bot: AtelierBot) -> None:
    completions = {"text": complete_beginning, "model": complete_text_model}
    bot.tree.add_command(make_command(book, "book", bot.sentences, completions=completions))
