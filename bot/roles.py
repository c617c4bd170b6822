"""Which roles of a class server make a teacher."""

from __future__ import annotations

from collections.abc import Iterable

import discord


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
