"""Who somebody is and what they may, decided here for every command, button and form, never by the client."""

from __future__ import annotations

from typing import Any

import discord

from bot.i18n import language_of
from bot.roles import teacher_roles
from bot.services.ports import Requester
from generation.errors import NotAllowed


def is_teacher(person: discord.Member | discord.User, role: str) -> bool:
    """Whether the person has the role with this name or id in the class where they act. No role set: nobody."""
    return isinstance(person, discord.Member) and bool(teacher_roles(person.roles, role))


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
