"""`/notes`, in German `/noten`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord import app_commands

from bot.answers import defer
from bot.client import AtelierBot
from bot.commands import choices_for, make_command
from bot.services.audio_ports import NotesRequest
from bot.views import show_or_ask
from cogs.music import upload_of
from cogs.options import Between, Choices, Interaction, complete_model
from generation.music_params import (
    NOTES_COUNT_LIMIT,
    NOTES_TEMPERATURE_HIGH,
    NOTES_TEMPERATURE_LOW,
    TOKENS_HIGH,
    TOKENS_LOW,
)

if TYPE_CHECKING:
    Count = int
    Tokens = int
    Temperature = float
else:
    _WHOLE, _DECIMAL = discord.AppCommandOptionType.integer, discord.AppCommandOptionType.number
    Count = app_commands.Transform[int, Between(_WHOLE, 1, NOTES_COUNT_LIMIT)]
    Tokens = app_commands.Transform[int, Between(_WHOLE, TOKENS_LOW, TOKENS_HIGH)]
    Temperature = app_commands.Transform[
        float, Between(_DECIMAL, NOTES_TEMPERATURE_LOW, NOTES_TEMPERATURE_HIGH)
    ]

TITLES = ("s1", "s2", "s3", "s4", "s5")
MELODIES = ("m1", "m2", "m3")


async def notes(
    interaction: Interaction,
    prompt: str | None = None,
    melody: str | None = None,
    file: discord.Attachment | None = None,
    count: Count | None = None,
    tokens: Tokens | None = None,
    temperature: Temperature | None = None,
    seed: str | None = None,
    model: str | None = None,
) -> None:
    address = await defer(interaction)
    bot = interaction.client
    request = NotesRequest(
        prompt=prompt,
        melody=melody,
        file=upload_of(file),
        count=count,
        tokens=tokens,
        temperature=temperature,
        seed=seed,
        model=model,
    )
    outcome = await bot.desk.notes.notes(request, bot.requester(interaction), address)
    await show_or_ask(bot.publisher, bot.sentences, interaction, outcome, address)


async def complete_title(interaction: Interaction, current: str) -> Choices:
    sentences = interaction.client.sentences
    texts = (sentences.text(f"song.{key}", interaction.locale) for key in TITLES)
    return choices_for(current, [(text, text) for text in texts])


async def complete_melody(interaction: Interaction, current: str) -> Choices:
    """Beginnings of songs that everybody knows: the name is shown, the notes are sent."""
    sentences = interaction.client.sentences
    pairs = [
        (
            sentences.text(f"song.{key}_name", interaction.locale),
            sentences.text(f"song.{key}", interaction.locale),
        )
        for key in MELODIES
    ]
    return choices_for(current, [(f"{name}: {notes}", notes) for name, notes in pairs])


async def complete_notes_model(interaction: Interaction, current: str) -> Choices:
    return complete_model(interaction, "notes", current)


async def setup(bot: AtelierBot) -> None:
    completions = {"prompt": complete_title, "melody": complete_melody, "model": complete_notes_model}
    bot.tree.add_command(make_command(notes, "notes", bot.sentences, completions=completions))
