"""`/likely`, in German `/wahrscheinlich`."""

from __future__ import annotations

from bot.answers import defer
from bot.client import AtelierBot
from bot.commands import make_command
from bot.services.insight import LikelyRequest
from bot.views import show_waiting
from cogs.next_word import complete_text_model
from cogs.options import Interaction


async def likely(interaction: Interaction, text: str, model: str | None = None) -> None:
    address = await defer(interaction)
    bot = interaction.client
    request = LikelyRequest(text=text, model=model)
    ticket = await bot.desk.insight.likely(request, bot.requester(interaction), address)
    await show_waiting(bot.publisher, ticket, address)


async def setup(bot: AtelierBot) -> None:
    completions = {"model": complete_text_model}
    bot.tree.add_command(make_command(likely, "likely", bot.sentences, completions=completions))
