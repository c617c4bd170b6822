"""`/next-word`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord import app_commands

from bot.answers import defer
from bot.client import AtelierBot
from bot.commands import choices_for, make_command
from bot.services.insight import NextWordRequest
from bot.services.write import MEDIUM
from bot.views import show_waiting
from cogs.options import Between, Choices, Interaction, complete_model
from generation.text_params import TEMPERATURE_HIGH, TEMPERATURE_LOW

if TYPE_CHECKING:
    Temperature = float
else:
    _DECIMAL = discord.AppCommandOptionType.number
    Temperature = app_commands.Transform[float, Between(_DECIMAL, TEMPERATURE_LOW, TEMPERATURE_HIGH)]

BEGINNINGS = ("b1", "b2", "b3", "b4", "b5")


async def next_word(
    interaction: Interaction,
    text: str,
    temperature: Temperature | None = None,
    model: str | None = None,
    vote: bool = False,
) -> None:
    address = await defer(interaction)
    bot = interaction.client
    request = NextWordRequest(text=text, temperature=temperature, model=model, vote=vote)
    ticket = await bot.desk.insight.next_word(request, bot.requester(interaction), address)
    await show_waiting(bot.publisher, ticket, address)


async def complete_beginning(interaction: Interaction, current: str) -> Choices:
    """Beginnings that the practice model knows how to go on with."""
    sentences = interaction.client.sentences
    texts = (sentences.text(f"beginning.{key}", interaction.locale) for key in BEGINNINGS)
    return choices_for(current, [(text, text) for text in texts])


async def complete_text_model(interaction: Interaction, current: str) -> Choices:
    return complete_model(interaction, MEDIUM, current)


async def setup(bot: AtelierBot) -> None:
    completions = {"text": complete_beginning, "model": complete_text_model}
    bot.tree.add_command(make_command(next_word, "next_word", bot.sentences, completions=completions))
