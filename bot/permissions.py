"""Which permissions the bot wants and lacks, by Discord's own arithmetic, and what each one is for."""

from __future__ import annotations

from collections.abc import Iterable

import discord

from bot.i18n import Sentences
from bot.invite import PERMISSIONS
from bot.texts import shown

NAME_SHOWN = 60


def lacking_in(granted: discord.Permissions) -> tuple[str, ...]:
    """The wanted permissions that are not among these; nothing is lacking for an administrator."""
    if granted.administrator:
        return ()
    return tuple(name for name, bit in PERMISSIONS.items() if not granted.value & bit)


def permission_lines(guilds: Iterable[discord.Guild], sentences: Sentences, language: str) -> tuple[str, ...]:
    """For whoever starts the bot: what it may not do in which class server, and what that would be for."""
    lines = []
    for guild in guilds:
        for name in lacking_in(guild.me.guild_permissions):
            wanted = sentences.text(f"permission.{name}", language)
            server = shown(guild.name, NAME_SHOWN)
            lines.append(sentences.text("cli.permission_missing", language, server=server, wanted=wanted))
    return tuple(lines)
