"""Which permissions the bot wants and lacks, by Discord's own arithmetic, and what each one is for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import discord

from bot.i18n import Sentences
from bot.invite import PERMISSIONS
from bot.roles import teacher_roles
from bot.services.setup import Setup
from bot.services.setup_rules import Place
from bot.texts import shown

NAME_SHOWN = 60


def lacking_in(granted: discord.Permissions) -> tuple[str, ...]:
    """The wanted permissions that are not among these; nothing is lacking for an administrator."""
    if granted.administrator:
        return ()
    return tuple(name for name, bit in PERMISSIONS.items() if not granted.value & bit)


async def start_lines(
    guilds: Iterable[discord.Guild],
    setup: Setup,
    sentences: Sentences,
    language: str,
    *,
    teacher_role: str,
) -> tuple[str, ...]:
    """All that whoever starts the bot should know: permissions, also in the chosen channels, and who is a teacher."""
    lines: list[str] = []
    for guild in guilds:
        lines += permission_lines([guild], sentences, language)
        for place in Place:
            channel = guild.get_channel(int(await setup.place(str(guild.id), place) or 0))
            lines += () if channel is None else _channel_lines(channel, sentences, language)
        held = len(teacher_roles(guild.roles, teacher_role))
        if held != 1:
            key = "cli.teacher_role_twice" if held else "cli.teacher_role_missing"
            server, role = shown(guild.name, NAME_SHOWN), shown(teacher_role, NAME_SHOWN)
            lines.append(sentences.text(key, language, server=server, role=role))
    return tuple(lines)


def _channel_lines(channel: discord.abc.GuildChannel, sentences: Sentences, language: str) -> Iterator[str]:
    """What is lacking there and not everywhere."""
    guild = channel.guild
    everywhere = lacking_in(guild.me.guild_permissions)
    for name in lacking_in(channel.permissions_for(guild.me)):
        if name not in everywhere:
            yield sentences.text(
                "cli.permission_missing_in",
                language,
                server=shown(guild.name, NAME_SHOWN),
                channel=shown(channel.name, NAME_SHOWN),
                wanted=sentences.text(f"permission.{name}", language),
            )


def permission_lines(guilds: Iterable[discord.Guild], sentences: Sentences, language: str) -> tuple[str, ...]:
    """For whoever starts the bot: what it may not do in which class server, and what that would be for."""
    lines = []
    for guild in guilds:
        for name in lacking_in(guild.me.guild_permissions):
            wanted = sentences.text(f"permission.{name}", language)
            server = shown(guild.name, NAME_SHOWN)
            lines.append(sentences.text("cli.permission_missing", language, server=server, wanted=wanted))
    return tuple(lines)
