"""Options of slash commands that several media share."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands

from bot.client import AtelierBot
from bot.commands import choices_for

Interaction = discord.Interaction[AtelierBot]
Choices = list[app_commands.Choice[str]]


class Between(app_commands.Transformer):
    """Tells Discord the smallest and largest value, and lets every value through: the service has the sentence."""

    def __init__(self, kind: discord.AppCommandOptionType, low: float, high: float) -> None:
        self._kind, self._low, self._high = kind, low, high

    @property
    def type(self) -> discord.AppCommandOptionType:
        return self._kind

    @property
    def min_value(self) -> float:
        return self._low

    @property
    def max_value(self) -> float:
        return self._high

    async def transform(self, interaction: discord.Interaction[Any], value: Any, /) -> Any:
        return value


def complete_model(interaction: Interaction, medium: str, current: str) -> Choices:
    """Models on this machine; the practice models say that they are such."""
    bot = interaction.client
    options = []
    for model in bot.desk.catalog.models(medium):
        if model.path is None:
            continue
        title = model.title
        if model.mini:
            title = bot.sentences.text("model.rehearsal", interaction.locale, title=title)
        options.append((title, model.id))
    return choices_for(current, options)
