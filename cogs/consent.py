"""`/stimme-aufnehmen` and `/einwilligungen`, in English `/record-voice` and `/consents`. Everything is private."""

from __future__ import annotations

from bot.answers import defer
from bot.client import AtelierBot
from bot.commands import make_command
from bot.consent_presses import show_consents, show_voice
from cogs.options import Interaction


async def record_voice(interaction: Interaction) -> None:
    await defer(interaction, private=True)
    bot = interaction.client
    await show_voice(interaction, bot.desk, bot.sentences, bot.requester(interaction))


async def consents(interaction: Interaction) -> None:
    await defer(interaction, private=True)
    bot = interaction.client
    await show_consents(interaction, bot.desk, bot.sentences, bot.requester(interaction))


async def setup(bot: AtelierBot) -> None:
    bot.tree.add_command(make_command(record_voice, "record_voice", bot.sentences))
    bot.tree.add_command(make_command(consents, "consents", bot.sentences))
