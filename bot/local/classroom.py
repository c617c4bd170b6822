"""The class that a fresh server starts with: people, roles, channels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.local.errors import Json
from bot.local.permissions import PUPIL, TEACHER, Permission
from bot.local.rest_channels import channel_record
from bot.local.rest_guilds import role_record
from bot.local.state import CATEGORY, FORUM, TEXT
from bot.local.world import World

BOT_PERMISSIONS = (
    Permission.VIEW_CHANNEL
    | Permission.SEND_MESSAGES
    | Permission.SEND_MESSAGES_IN_THREADS
    | Permission.CREATE_PUBLIC_THREADS
    | Permission.EMBED_LINKS
    | Permission.ATTACH_FILES
    | Permission.READ_MESSAGE_HISTORY
    | Permission.ADD_REACTIONS
)
"""The smallest set with which the bot can do its work."""


@dataclass(frozen=True)
class Person:
    """Somebody of the class; `locale` is the language their Discord would be set to."""

    name: str
    role: str = "Klasse"
    color: str = "#5865f2"
    locale: str = "de"


@dataclass(frozen=True)
class Channel:
    """A channel of the class; a hidden one is seen by teachers and the bot alone."""

    name: str
    topic: str
    kind: int = TEXT
    hidden: bool = False


PEOPLE = (
    Person("Frau Sommer", "Lehrkraft", "#e0a030"),
    Person("Ada", color="#d0506f"),
    Person("Ben", color="#3f8f5f"),
    Person("Chiara", color="#4f6fd0"),
)
CHANNELS = (
    Channel("atelier", "Hier entstehen Bilder, Stimmen, Musik, Videos und Texte"),
    Channel("plauderecke", "Zum Reden"),
    Channel("galerie", "Was die Lehrkraft freigegeben hat"),
    Channel("lehrkraft", "Nur für die Lehrkraft", hidden=True),
)


def add_bot(world: World, name: str) -> None:
    """The bot's account; its id is the application's too."""
    world.bot_id = world.ids.next()
    world.put("users", _user(world.bot_id, name, bot=True, color="#7a5cff", locale="de"), quiet=True)


def _user(user_id: str, name: str, *, bot: bool, color: str, locale: str) -> Json:
    return {
        "id": user_id,
        "username": name if bot else name.lower().replace(" ", "."),
        "global_name": None if bot else name,
        "discriminator": f"{int(user_id) % 9999 + 1:04}" if bot else "0",
        "bot": bot,
        "color": color,
        "locale": locale,
        "dms_open": True,
    }


def add_guild(
    world: World,
    name: str,
    people: Sequence[Person] = PEOPLE,
    channels: Sequence[Channel] = CHANNELS,
    bot_permissions: int = BOT_PERMISSIONS,
) -> Json:
    """A guild with roles `Lehrkraft` and `Klasse`, these people and channels, and the bot. Returns its record."""
    guild_id = world.ids.next()
    roles = _add_roles(world, guild_id, bot_permissions)
    owner = world.ids.next()
    world.put("users", _user(owner, "Schule", bot=False, color="#888888", locale="de"), quiet=True)
    guild = {"id": guild_id, "name": name, "owner_id": owner, "locale": "de", "description": None}
    world.put("guilds", guild, quiet=True)
    _add_member(world, guild_id, world.bot_id, [roles["bot"]], "bot")
    for person in people:
        user_id = world.ids.next()
        user = _user(user_id, person.name, bot=False, color=person.color, locale=person.locale)
        world.put("users", user, quiet=True)
        _add_member(world, guild_id, user_id, [roles[person.role]], person.role)
    _add_channels(world, guild_id, channels, roles)
    return guild


def _add_roles(world: World, guild_id: str, bot_permissions: int) -> dict[str, str]:
    everyone = role_record(guild_id, guild_id, "@everyone", position=0, permissions=int(PUPIL))
    teacher = role_record(world.ids.next(), guild_id, "Lehrkraft", position=2, permissions=int(TEACHER))
    pupil = role_record(world.ids.next(), guild_id, "Klasse", position=1)
    bot = role_record(world.ids.next(), guild_id, "Atelier", position=3, permissions=int(bot_permissions))
    bot["bot_id"] = world.bot_id
    for one in (everyone, teacher | {"color": 0xE0A030, "hoist": True}, pupil | {"hoist": True}, bot):
        world.put("roles", one, quiet=True)
    return {"Lehrkraft": teacher["id"], "Klasse": pupil["id"], "bot": bot["id"]}


def _add_member(world: World, guild_id: str, user_id: str, roles: list[str], role: str) -> None:
    record = {
        "guild_id": guild_id,
        "user_id": user_id,
        "nick": None,
        "roles": roles,
        "joined_at": world.clock.iso(),
        "role": role,
    }
    world.put("members", record, quiet=True)


def _add_channels(world: World, guild_id: str, channels: Sequence[Channel], roles: dict[str, str]) -> None:
    category = channel_record(world.ids.next(), guild_id, "Atelier", type=CATEGORY)
    world.put("channels", category, quiet=True)
    view = str(int(Permission.VIEW_CHANNEL))
    for position, one in enumerate(channels, start=1):
        closed = [{"id": guild_id, "type": 0, "allow": "0", "deny": view}]
        opened = [{"id": roles[key], "type": 0, "allow": view, "deny": "0"} for key in ("Lehrkraft", "bot")]
        record = channel_record(
            world.ids.next(),
            guild_id,
            one.name,
            type=one.kind,
            topic=one.topic,
            position=position,
            parent_id=category["id"],
            permission_overwrites=[*closed, *opened] if one.hidden else [],
        )
        world.put("channels", record, quiet=True)


__all__ = ["BOT_PERMISSIONS", "CHANNELS", "FORUM", "PEOPLE", "Channel", "Person", "add_bot", "add_guild"]
