"""Who somebody is and what they may, decided here for every command, button and form, never by the client."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import discord

from bot.i18n import language_of
from bot.services.ports import Requester
from generation.errors import NotAllowed


def is_teacher(person: discord.Member | discord.User, role: str) -> bool:
    """Whether the person has the role with this name or id in the class where they act. No role set: nobody."""
    return isinstance(person, discord.Member) and bool(teacher_roles(person.roles, role))


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


def requester_of(interaction: discord.Interaction[Any], teacher_role: str) -> Requester:
    """Raises NotAllowed outside a class server: a direct message belongs to no class."""
    if interaction.guild_id is None:
        raise NotAllowed("only_in_class")
    return Requester(
        guild_id=str(interaction.guild_id),
        channel_id=str(interaction.channel_id or 0),
        person_id=str(interaction.user.id),
        locale=language_of(interaction.locale),
        is_teacher=is_teacher(interaction.user, teacher_role),
    )
