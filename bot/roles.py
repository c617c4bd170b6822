"""Which roles of a class server make a teacher, which the class, and what the class sees."""

from __future__ import annotations

from collections.abc import Iterable

import discord

from bot.i18n import LANGUAGES, Sentences


def teacher_roles(roles: Iterable[discord.Role], wanted: str) -> list[discord.Role]:
    """Those among `roles` that make a teacher.

    Never @everyone, which would make the whole class teachers. A role that Discord or another bot hands out (for
    boosting the server, say) counts by its id alone: whoever gets it has not got it from somebody of the school.
    """
    name = wanted.strip().removeprefix("@")
    if not name:
        return []
    return [
        role
        for role in roles
        if not role.is_default()
        and (str(role.id) == name or (role.name.casefold() == name.casefold() and not role.managed))
    ]


def class_roles(roles: Iterable[discord.Role], sentences: Sentences) -> list[discord.Role]:
    """Those that are called as the class's role is, in either language."""
    names = {sentences.text("setup.role_class", language).casefold() for language in LANGUAGES}
    return [one for one in roles if one.name.casefold() in names and not one.is_default()]


def class_sees(
    channel: discord.TextChannel | discord.ForumChannel, roles: Iterable[discord.Role], sentences: Sentences
) -> bool:
    """Whether pupils see this channel: everybody does, or whoever has the class's role."""
    seen_as = (channel.guild.default_role, *class_roles(roles, sentences))
    return any(channel.permissions_for(one).view_channel for one in seen_as)
