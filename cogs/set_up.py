"""`/set-up`, in German `/einrichten`: what a class server still needs, explained step by step."""

from __future__ import annotations

from bot.answers import Press, defer
from bot.client import AtelierBot
from bot.commands import make_command


async def set_up(interaction: Press) -> None:
    await defer(interaction, private=True)
    await interaction.client.setup_presses.show(interaction)


async def setup(bot: AtelierBot) -> None:
    bot.tree.add_command(make_command(set_up, "set_up", bot.sentences))
