"""`/tokens`."""

from __future__ import annotations

from bot.answers import defer
from bot.client import AtelierBot
from bot.commands import make_command
from bot.services.insight import TokensRequest
from bot.views import show_waiting
from cogs.next_word import complete_text_model
from cogs.options import Interaction


async def tokens(
    interaction: Interaction, text: str, english: str | None = None, model: str | None = None
) -> None:
    address = await defer(interaction)
    bot = interaction.client
    request = TokensRequest(text=text, english=english, model=model)
    ticket = await bot.desk.insight.tokens(request, bot.requester(interaction), address)
    await show_waiting(bot.publisher, ticket, address)


async def setup(bot: AtelierBot) -> None:
    completions = {"model": complete_text_model}
    bot.tree.add_command(make_command(tokens, "tokens", bot.sentences, completions=completions))
