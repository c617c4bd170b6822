"""`/emergency-stop`, in German `/notaus`: everything of the class ends now, and stays so until a teacher lifts it."""

from __future__ import annotations

import asyncio

from bot.answers import Press, defer, say_in_private
from bot.client import AtelierBot
from bot.commands import make_command
from bot.posts.lesson import LessonWords, lift_row


async def emergency(interaction: Press) -> None:
    bot = interaction.client
    # before anything is answered: it must not wait for Discord
    stopping = asyncio.create_task(bot.desk.emergency.stop(bot.requester(interaction)))
    try:
        await defer(interaction, private=True)
    finally:
        stopped = await stopping
    text = LessonWords(bot.sentences, interaction.locale).stopped(stopped)
    await say_in_private(interaction, text, view=lift_row(bot.sentences, interaction.locale))


async def setup(bot: AtelierBot) -> None:
    bot.tree.add_command(make_command(emergency, "emergency", bot.sentences))
