"""`/voice-withdraw`, in German `/stimme-widerrufen`: ends the use of a voice at once, and takes back what it made."""

from __future__ import annotations

import discord

from bot.answers import defer, say_in_private
from bot.client import AtelierBot
from bot.commands import choices_for, make_command
from bot.revoke_presses import revocable_rows, tell_revoked
from cogs.options import Choices, Interaction


async def withdraw_voice(interaction: Interaction, voice: str | None = None) -> None:
    await defer(interaction, private=True)
    bot = interaction.client
    who = bot.requester(interaction)
    if voice is not None:
        revoked = await bot.desk.revoke.revoke(voice, who)
        await tell_revoked(interaction, revoked, who, bot.sentences, bot.publisher)
        return
    offered = await bot.desk.revoke.offered(who)
    key = "revoke.which" if offered else "revoke.none"
    text = bot.sentences.text(key, interaction.locale)
    await say_in_private(interaction, text, view=revocable_rows(offered, bot.sentences, interaction.locale))


async def complete_voice(interaction: Interaction, current: str) -> Choices:
    """A teacher sees whose voice it is: names may be alike."""
    bot = interaction.client
    who = bot.requester(interaction)
    offered = await bot.desk.revoke.offered(who)
    return choices_for(current, [(_named(interaction, one.name, one.person), one.id) for one in offered])


def _named(interaction: Interaction, name: str, person: str) -> str:
    guild: discord.Guild | None = interaction.guild
    if person == str(interaction.user.id):
        return name
    member = guild.get_member(int(person)) if guild is not None and person.isdigit() else None
    return f"{name} · {person if member is None else member.display_name}"


async def setup(bot: AtelierBot) -> None:
    completions = {"voice": complete_voice}
    bot.tree.add_command(
        make_command(withdraw_voice, "voice_withdraw", bot.sentences, completions=completions)
    )
