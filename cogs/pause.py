"""`/pause` and `/resume`, in German `/pause` and `/weiter`: the class sees both."""

from __future__ import annotations

from bot.answers import Press, defer
from bot.client import AtelierBot
from bot.commands import make_command
from bot.posts.lesson import LessonWords, lift_row


async def pause(interaction: Press) -> None:
    await defer(interaction, shared=True)
    bot = interaction.client
    paused = await bot.desk.lessons.pause(bot.requester(interaction))
    await interaction.followup.send(LessonWords(bot.sentences, interaction.locale).paused(paused))


async def resume(interaction: Press) -> None:
    await defer(interaction, shared=True)
    bot = interaction.client
    who = bot.requester(interaction)
    ready = await bot.desk.lessons.resume(who)
    words = LessonWords(bot.sentences, interaction.locale)
    if bot.desk.emergency.since(who) is None:
        await interaction.followup.send(words.resumed(ready))
        return
    text = bot.sentences.text("lesson.still_stopped", interaction.locale)
    await interaction.followup.send(text, view=lift_row(bot.sentences, interaction.locale))


async def setup(bot: AtelierBot) -> None:
    bot.tree.add_command(make_command(pause, "pause", bot.sentences))
    bot.tree.add_command(make_command(resume, "resume", bot.sentences))
