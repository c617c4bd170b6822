"""`/words`, `/reports`, `/block` and `/unblock`, in German `/woerter`, `/meldungen`, `/sperren` and `/freigeben`.

For teachers, which the services check; all answers are private.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord import app_commands

from bot.answers import Press, defer
from bot.client import AtelierBot
from bot.commands import choices_for, make_command
from bot.services.blocks import LONGEST_MINUTES
from cogs.options import Between, Choices

if TYPE_CHECKING:
    Minutes = int
else:
    _WHOLE = discord.AppCommandOptionType.integer
    Minutes = app_commands.Transform[int, Between(_WHOLE, 1, LONGEST_MINUTES)]


async def words(
    interaction: Press,
    add: str | None = None,
    allow: str | None = None,
    remove: str | None = None,
    anyway: bool = False,
) -> None:
    await defer(interaction, private=True)
    await interaction.client.care_presses.words(
        interaction, add=add, allow=allow, remove=remove, anyway=anyway
    )


async def complete_word(interaction: Press, current: str) -> Choices:
    own = await interaction.client.care_presses.own_words(interaction)
    return choices_for(current, [(word, word) for word in own])


async def reports(interaction: Press) -> None:
    await defer(interaction, private=True)
    await interaction.client.care_presses.show(interaction)


async def block(interaction: Press, person: discord.User, minutes: Minutes | None = None) -> None:
    await defer(interaction, private=True)
    await interaction.client.care_presses.block(interaction, person, minutes)


async def unblock(interaction: Press, person: discord.User | None = None) -> None:
    await defer(interaction, private=True)
    await interaction.client.care_presses.unblock(interaction, person)


async def setup(bot: AtelierBot) -> None:
    completions = {"remove": complete_word}
    bot.tree.add_command(make_command(words, "words", bot.sentences, completions=completions))
    bot.tree.add_command(make_command(reports, "reports", bot.sentences))
    bot.tree.add_command(make_command(block, "block", bot.sentences))
    bot.tree.add_command(make_command(unblock, "unblock", bot.sentences))
