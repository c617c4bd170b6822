"""`/text`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord import app_commands

from bot.answers import defer
from bot.client import AtelierBot
from bot.commands import choices_for, make_command
from bot.services.ports import TextRequest
from bot.services.write import MEDIUM, PRESETS
from bot.views import show_waiting
from cogs.options import Between, Choices, Interaction, complete_model
from generation.text_params import LENGTH_LIMIT, TEMPERATURE_HIGH, TEMPERATURE_LOW

if TYPE_CHECKING:
    Length = int
    Temperature = float
else:
    _WHOLE, _DECIMAL = discord.AppCommandOptionType.integer, discord.AppCommandOptionType.number
    Length = app_commands.Transform[int, Between(_WHOLE, 1, LENGTH_LIMIT)]
    Temperature = app_commands.Transform[float, Between(_DECIMAL, TEMPERATURE_LOW, TEMPERATURE_HIGH)]


async def text(
    interaction: Interaction,
    prompt: str,
    preset: str | None = None,
    model: str | None = None,
    temperature: Temperature | None = None,
    length: Length | None = None,
    seed: str | None = None,
) -> None:
    address = await defer(interaction)
    bot = interaction.client
    request = TextRequest(
        prompt=prompt, preset=preset, model=model, temperature=temperature, length=length, seed=seed
    )
    ticket = await bot.desk.write.text(request, bot.requester(interaction), address)
    await show_waiting(bot.publisher, ticket, address)


async def complete_preset(interaction: Interaction, current: str) -> Choices:
    sentences = interaction.client.sentences
    names = [(sentences.text(f"preset.{preset}", interaction.locale), preset) for preset in PRESETS]
    return choices_for(current, names)


async def complete_text_model(interaction: Interaction, current: str) -> Choices:
    return complete_model(interaction, MEDIUM, current)


async def setup(bot: AtelierBot) -> None:
    completions = {"preset": complete_preset, "model": complete_text_model}
    bot.tree.add_command(make_command(text, "text", bot.sentences, completions=completions))
