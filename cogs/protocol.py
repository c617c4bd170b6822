"""`/log`, in German `/protokoll`: for teachers, the class's log as a private file."""

from __future__ import annotations

import io

import discord

from bot.answers import defer
from bot.client import AtelierBot
from bot.commands import make_command
from cogs.options import Interaction

FILE_NAME = "log.csv"
HASH_SHOWN = 16


async def log(interaction: Interaction, person: discord.User | None = None) -> None:
    await defer(interaction, private=True)
    bot = interaction.client
    who = bot.requester(interaction)
    made = await bot.desk.protocol.export(who, person=None if person is None else str(person.id))
    text = bot.sentences.text
    lines = [text("log.done", who.locale, n=made.lines)]
    if made.broken is None:
        lines.append(text("log.unchanged", who.locale))
    else:
        lines.append(text("log.broken", who.locale, number=made.broken))
    lines.append(text("log.head", who.locale, number=made.head.number, hash=made.head.hash[:HASH_SHOWN]))
    file = discord.File(io.BytesIO(made.content), filename=FILE_NAME)
    await interaction.followup.send("\n".join(lines), file=file, ephemeral=True)


async def setup(bot: AtelierBot) -> None:
    bot.tree.add_command(make_command(log, "log", bot.sentences))
