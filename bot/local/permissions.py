"""Who may do what where: Discord's permission arithmetic."""

from __future__ import annotations

from enum import IntFlag

from bot.local.errors import Json, missing_access, missing_permissions
from bot.local.state import DM, PRIVATE_THREAD, State, is_thread


class Permission(IntFlag):
    """The bits that the class server enforces."""

    KICK_MEMBERS = 1 << 1
    BAN_MEMBERS = 1 << 2
    ADMINISTRATOR = 1 << 3
    MANAGE_CHANNELS = 1 << 4
    MANAGE_GUILD = 1 << 5
    ADD_REACTIONS = 1 << 6
    VIEW_CHANNEL = 1 << 10
    SEND_MESSAGES = 1 << 11
    MANAGE_MESSAGES = 1 << 13
    EMBED_LINKS = 1 << 14
    ATTACH_FILES = 1 << 15
    READ_MESSAGE_HISTORY = 1 << 16
    MENTION_EVERYONE = 1 << 17
    CHANGE_NICKNAME = 1 << 26
    MANAGE_NICKNAMES = 1 << 27
    MANAGE_ROLES = 1 << 28
    USE_APPLICATION_COMMANDS = 1 << 31
    MANAGE_THREADS = 1 << 34
    CREATE_PUBLIC_THREADS = 1 << 35
    CREATE_PRIVATE_THREADS = 1 << 36
    SEND_MESSAGES_IN_THREADS = 1 << 38
    MODERATE_MEMBERS = 1 << 40
    SEND_VOICE_MESSAGES = 1 << 46
    PIN_MESSAGES = 1 << 51


ALL = (1 << 53) - 1

PUPIL = (
    Permission.VIEW_CHANNEL
    | Permission.SEND_MESSAGES
    | Permission.READ_MESSAGE_HISTORY
    | Permission.ADD_REACTIONS
    | Permission.ATTACH_FILES
    | Permission.EMBED_LINKS
    | Permission.USE_APPLICATION_COMMANDS
    | Permission.SEND_MESSAGES_IN_THREADS
    | Permission.CREATE_PUBLIC_THREADS
    | Permission.CHANGE_NICKNAME
    | Permission.SEND_VOICE_MESSAGES
)
"""What everybody of a class may do."""

TEACHER = (
    PUPIL
    | Permission.MANAGE_MESSAGES
    | Permission.PIN_MESSAGES
    | Permission.MANAGE_THREADS
    | Permission.MANAGE_CHANNELS
    | Permission.MANAGE_GUILD
    | Permission.MODERATE_MEMBERS
    | Permission.MENTION_EVERYONE
)


def in_guild(state: State, guild_id: str, user_id: str) -> int:
    """A member's permissions from the roles alone; 0 for who is no member."""
    guild = state.guilds[guild_id]
    if guild["owner_id"] == user_id:
        return ALL
    member = state.member(guild_id, user_id)
    if member is None:
        return 0
    granted = 0
    for role_id in (guild_id, *member["roles"]):
        role = state.roles.get(role_id)
        granted |= int(role["permissions"]) if role else 0
    return ALL if granted & Permission.ADMINISTRATOR else granted


def in_channel(state: State, channel: Json, user_id: str) -> int:
    """A user's permissions in a channel or thread, overwrites included; 0 where it cannot be seen."""
    if channel["type"] == DM:
        return int(PUPIL) if user_id in channel["recipients"] or user_id == channel["bot_id"] else 0
    guild_id = channel["guild_id"]
    granted = in_guild(state, guild_id, user_id)
    if granted == ALL or not granted:
        return granted
    home = state.channels[channel["parent_id"]] if is_thread(channel) else channel
    granted = _overwritten(state, granted, home, guild_id, user_id)
    if not granted & Permission.VIEW_CHANNEL:
        return 0
    if channel["type"] == PRIVATE_THREAD and not granted & Permission.MANAGE_THREADS:
        return granted if user_id in state.thread_member_ids(channel["id"]) else 0
    return granted


def _overwritten(state: State, granted: int, channel: Json, guild_id: str, user_id: str) -> int:
    overwrites = {one["id"]: one for one in channel["permission_overwrites"]}
    member = state.member(guild_id, user_id)
    role_ids = member["roles"] if member else []
    everyone = overwrites.get(guild_id)
    if everyone:
        granted = granted & ~int(everyone["deny"]) | int(everyone["allow"])
    allow = deny = 0
    for role_id in role_ids:
        if role_id in overwrites:
            allow |= int(overwrites[role_id]["allow"])
            deny |= int(overwrites[role_id]["deny"])
    granted = granted & ~deny | allow
    own = overwrites.get(user_id)
    return granted & ~int(own["deny"]) | int(own["allow"]) if own else granted


def may_see(state: State, channel: Json, user_id: str) -> bool:
    return bool(in_channel(state, channel, user_id) & Permission.VIEW_CHANNEL)


def audience(state: State, channel: Json) -> set[str]:
    """Ids of all people and bots that see a channel."""
    if channel["type"] == DM:
        return {*channel["recipients"], channel["bot_id"]}
    members = state.members_of(channel["guild_id"])
    return {one["user_id"] for one in members if may_see(state, channel, one["user_id"])}


def require(state: State, channel: Json, user_id: str, needed: int) -> None:
    """Refuse with 50001 where the channel is hidden, with 50013 where a permission is missing."""
    granted = in_channel(state, channel, user_id)
    if not granted & Permission.VIEW_CHANNEL:
        raise missing_access()
    if needed & ~granted:
        raise missing_permissions()


def require_in_guild(state: State, guild_id: str, user_id: str, needed: int) -> None:
    """Refuse with 50013 where the roles do not give a permission."""
    if needed & ~in_guild(state, guild_id, user_id):
        raise missing_permissions()


def sending(channel: Json) -> Permission:
    """The permission to write in this kind of channel."""
    return Permission.SEND_MESSAGES_IN_THREADS if is_thread(channel) else Permission.SEND_MESSAGES
