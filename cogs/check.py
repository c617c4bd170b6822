"""`/check`, in German `/pruefe`: private."""

from __future__ import annotations

import discord

from bot.answers import defer, say_in_private
from bot.client import AtelierBot
from bot.commands import make_command
from bot.posts.sound_check import compose_sound_check
from bot.services.audio_ports import Upload
from cogs.options import Interaction


async def check(interaction: Interaction, file: discord.Attachment) -> None:
    await defer(interaction, private=True)
    bot = interaction.client
    upload = Upload(name=file.filename, size=file.size, read=file.read)
    report = await bot.desk.sound_check.take(upload, bot.requester(interaction))
    await say_in_private(
        interaction, compose_sound_check(report, file.filename, bot.sentences, interaction.locale)
    )


async def setup(bot: AtelierBot) -> None:
    bot.tree.add_command(make_command(check, "check", bot.sentences))
