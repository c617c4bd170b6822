"""A class server as `/set-up` sees it, and making what is not there: two roles and up to three channels.

Read over HTTP each time and not from discord.py's memory, which hears of a new role or channel a moment later.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

import discord

from bot.answers import DROPPED
from bot.i18n import LANGUAGES, Sentences
from bot.permissions import lacking_in
from bot.roles import class_roles, class_sees, teacher_roles
from bot.services.setup_rules import Found, FoundChannel, Place, Report
from generation.errors import NotAllowed

_log = logging.getLogger(__name__)
_BOTS_OWN = discord.Permissions(
    view_channel=True, send_messages=True, embed_links=True, attach_files=True, read_message_history=True
)


class Ground:
    """`teacher_role`: name or id from the settings; a role that is only known by its id cannot be made."""

    def __init__(self, *, sentences: Sentences, teacher_role: str) -> None:
        self._sentences = sentences
        self._teacher_role = teacher_role.strip().removeprefix("@")

    async def read(self, guild: discord.Guild) -> Found:
        """What is there now. Raises NotAllowed setup_unseen where Discord does not say, setup_broken where it fails."""
        try:
            roles, channels = await guild.fetch_roles(), await guild.fetch_channels()
        except discord.Forbidden:
            raise NotAllowed("setup_unseen") from None
        except (discord.HTTPException, *DROPPED) as error:
            _log.warning("a class server could not be looked at (%s)", type(error).__name__)
            raise NotAllowed("setup_broken") from None
        granted = guild.me.guild_permissions
        return Found(
            channels=tuple(
                _found(one, everybody=class_sees(one, roles, self._sentences))
                for one in channels
                if isinstance(one, discord.TextChannel | discord.ForumChannel)
            ),
            names={place: self._names(f"setup.channel_{place}") for place in Place},
            teacher_role=bool(teacher_roles(roles, self._teacher_role)),
            class_role=bool(class_roles(roles, self._sentences)),
            missing=lacking_in(granted),
            makes_roles=granted.manage_roles and not self._teacher_role.isdecimal(),
            makes_channels=granted.manage_channels,
        )

    async def make(
        self, guild: discord.Guild, report: Report, locale: object
    ) -> Mapping[Place, FoundChannel]:
        """Make what `report` says is not there, roles first. Returns all channels of the places.

        Raises NotAllowed setup_forbidden, setup_broken; what was made until then stays, and the next look finds it.
        """
        try:
            return await self._make(guild, report, locale)
        except discord.Forbidden:
            raise NotAllowed("setup_forbidden") from None
        except (discord.HTTPException, *DROPPED) as error:
            _log.warning("setting up was broken off (%s)", type(error).__name__)
            raise NotAllowed("setup_broken") from None

    async def _make(
        self, guild: discord.Guild, report: Report, locale: object
    ) -> Mapping[Place, FoundChannel]:
        if not report.found.teacher_role:
            await self._make_role(guild, self._teacher_role, locale)
        if not report.found.class_role:
            await self._make_role(guild, self._sentences.text("setup.role_class", locale), locale)
        roles = await guild.fetch_roles()
        teachers = teacher_roles(roles, self._teacher_role)
        channels = dict(report.channels)
        for place in Place:
            if place not in channels:
                made = await guild.create_text_channel(
                    self._sentences.text(f"setup.channel_{place}", locale),
                    topic=self._sentences.text(f"setup.topic_{place}", locale),
                    overwrites=_overwrites(guild, place, teachers),
                    reason=self._sentences.text("setup.reason", locale),
                )
                channels[place] = _found(made, everybody=class_sees(made, roles, self._sentences))
        return channels

    async def _make_role(self, guild: discord.Guild, name: str, locale: object) -> None:
        """Without any permission of its own: what a teacher may is decided by the bot, for its own commands."""
        reason = self._sentences.text("setup.reason", locale)
        await guild.create_role(name=name, permissions=discord.Permissions.none(), hoist=True, reason=reason)

    def _names(self, key: str) -> tuple[str, ...]:
        return tuple(self._sentences.text(key, language) for language in LANGUAGES)


def _found(channel: discord.TextChannel | discord.ForumChannel, *, everybody: bool) -> FoundChannel:
    return FoundChannel(
        id=str(channel.id),
        name=channel.name,
        forum=isinstance(channel, discord.ForumChannel),
        everybody=everybody,
        missing=lacking_in(channel.permissions_for(channel.guild.me)),
    )


def _overwrites(
    guild: discord.Guild, place: Place, teachers: Sequence[discord.Role]
) -> dict[discord.Role | discord.Member | discord.Object, discord.PermissionOverwrite]:
    """Who sees and writes. Only what the bot may itself can be given away: Discord refuses the rest."""
    own = discord.PermissionOverwrite.from_pair(
        discord.Permissions(guild.me.guild_permissions.value & _BOTS_OWN.value), discord.Permissions.none()
    )
    closed = {
        Place.STUDIO: None,
        Place.GALLERY: discord.PermissionOverwrite(send_messages=False),
        Place.REVIEW: discord.PermissionOverwrite(view_channel=False),
    }[place]
    if closed is None:
        return {}
    overwrites: dict[discord.Role | discord.Member | discord.Object, discord.PermissionOverwrite] = {
        guild.default_role: closed,
        guild.me: own,
    }
    for role in teachers:
        overwrites[role] = discord.PermissionOverwrite(view_channel=True, send_messages=True)
    return overwrites
