"""`/prompt-help`, in German `/prompt-hilfe`: private."""

from __future__ import annotations

from bot.answers import defer, say_in_private
from bot.client import AtelierBot
from bot.commands import make_command
from bot.posts.prompt_help import advice_embed, advice_row
from cogs.options import Interaction


async def prompt_help(interaction: Interaction, prompt: str) -> None:
    await defer(interaction, private=True)
    bot, locale = interaction.client, interaction.locale
    advice = await bot.desk.prompt_help.advise(prompt, bot.requester(interaction))
    embed, view = advice_embed(advice, bot.sentences, locale), advice_row(advice, bot.sentences, locale)
    await say_in_private(interaction, "", embed=embed, view=view)


async def setup(bot: AtelierBot) -> None:
    bot.tree.add_command(make_command(prompt_help, "prompt_help", bot.sentences))
