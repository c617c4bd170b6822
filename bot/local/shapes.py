"""Records as Discord's objects. What a person or the bot gets to see is decided by the caller."""

from __future__ import annotations

from collections.abc import Callable

from bot.local.errors import Json
from bot.local.permissions import in_channel
from bot.local.state import CATEGORY, DM, FORUM, is_thread
from bot.local.world import World

Maker = Callable[[str], Json]
"""Builds an event for a viewer, given as user id."""


def user(record: Json) -> Json:
    shape: Json = {
        "id": record["id"],
        "username": record["username"],
        "global_name": record["global_name"],
        "discriminator": record["discriminator"],
        "avatar": None,
        "banner": None,
        "accent_color": None,
        "avatar_decoration_data": None,
        "collectibles": None,
        "primary_guild": None,
        "public_flags": 0,
        "flags": 0,
    }
    if record["bot"]:
        shape["bot"] = True
    return shape


def own_user(record: Json) -> Json:
    """`/users/@me` of the bot."""
    return {**user(record), "mfa_enabled": True, "locale": "de", "verified": True, "email": None}


def member(world: World, record: Json, *, with_user: bool = True) -> Json:
    shape: Json = {
        "avatar": None,
        "banner": None,
        "communication_disabled_until": None,
        "flags": 0,
        "joined_at": record["joined_at"],
        "nick": record["nick"],
        "pending": False,
        "premium_since": None,
        "roles": list(record["roles"]),
        "mute": False,
        "deaf": False,
    }
    if with_user:
        shape["user"] = user(world.state.users[record["user_id"]])
    return shape


def role(record: Json) -> Json:
    shape: Json = {
        "id": record["id"],
        "name": record["name"],
        "permissions": str(record["permissions"]),
        "position": record["position"],
        "color": record["color"],
        "colors": {"primary_color": record["color"], "secondary_color": None, "tertiary_color": None},
        "hoist": record["hoist"],
        "managed": record["bot_id"] is not None,
        "mentionable": record["mentionable"],
        "icon": None,
        "unicode_emoji": None,
        "flags": 0,
    }
    if record["bot_id"] is not None:
        shape["tags"] = {"bot_id": record["bot_id"]}
    return shape


def channel(world: World, record: Json) -> Json:
    """A channel, thread or direct message channel."""
    if record["type"] == DM:
        return direct(world, record)
    if is_thread(record):
        return thread(world, record)
    shape: Json = {
        "id": record["id"],
        "type": record["type"],
        "guild_id": record["guild_id"],
        "name": record["name"],
        "parent_id": record["parent_id"],
        "position": record["position"],
        "permission_overwrites": record["permission_overwrites"],
        "flags": 0,
    }
    if record["type"] == CATEGORY:
        return shape
    shape.update(
        topic=record["topic"],
        nsfw=record["nsfw"],
        rate_limit_per_user=record["rate_limit_per_user"],
        last_message_id=_last_message(world, record["id"]),
    )
    if record["type"] == FORUM:
        shape.update(available_tags=record["available_tags"], default_reaction_emoji=None)
        shape.update(default_sort_order=None, default_forum_layout=0)
    return shape


def thread(world: World, record: Json, *, for_user: str | None = None) -> Json:
    """A thread; with `for_user` it carries that user's membership, as in the answer to its maker."""
    members = world.state.thread_member_ids(record["id"])
    # The message that a thread began with is not counted, be it there (a forum) or only pointed to (type 21).
    messages = [world.state.messages[str(one)] for one in world.state.message_ids(record["id"])]
    count = sum(one["id"] != record["id"] and one["type"] != 21 for one in messages)
    shape: Json = {
        "id": record["id"],
        "type": record["type"],
        "guild_id": record["guild_id"],
        "parent_id": record["parent_id"],
        "owner_id": record["owner_id"],
        "name": record["name"],
        "last_message_id": _last_message(world, record["id"]),
        "rate_limit_per_user": record["rate_limit_per_user"],
        "flags": 0,
        "message_count": count,
        "total_message_sent": count,
        "member_count": min(len(members), 50),
        "thread_metadata": record["thread_metadata"],
        "applied_tags": record["applied_tags"],
    }
    if for_user is not None and for_user in members:
        shape["member"] = thread_member(world.state.thread_members[f"{record['id']}:{for_user}"])
    return shape


def thread_member(record: Json) -> Json:
    """A membership; events about several people add the `member` to it."""
    return {
        "id": record["thread_id"],
        "user_id": record["user_id"],
        "join_timestamp": record["joined_at"],
        "flags": 0,
    }


def direct(world: World, record: Json) -> Json:
    """A direct message channel as the bot sees it: the recipient is the person."""
    return {
        "id": record["id"],
        "type": DM,
        "last_message_id": _last_message(world, record["id"]),
        "flags": 0,
        "recipients": [user(world.state.users[one]) for one in record["recipients"]],
    }


def _last_message(world: World, channel_id: str) -> str | None:
    order = world.state.message_ids(channel_id)
    return str(order[-1]) if order else None


def guild(world: World, record: Json) -> Json:
    """A guild as `GET /guilds/{id}` gives it."""
    nothing = dict.fromkeys(_EMPTY_GUILD_FIELDS)
    return {
        **nothing,
        "id": record["id"],
        "name": record["name"],
        "description": record["description"],
        "owner_id": record["owner_id"],
        "features": [],
        "region": "deprecated",
        "afk_timeout": 300,
        "system_channel_flags": 0,
        "widget_enabled": False,
        "verification_level": 0,
        "roles": [role(one) for one in world.state.roles_of(record["id"])],
        "default_message_notifications": 1,
        "mfa_level": 0,
        "explicit_content_filter": 2,
        "max_members": 500_000,
        "max_stage_video_channel_users": 50,
        "max_video_channel_users": 25,
        "premium_tier": 0,
        "premium_subscription_count": 0,
        "preferred_locale": record["locale"],
        "premium_progress_bar_enabled": False,
        "nsfw": False,
        "nsfw_level": 0,
        "emojis": [],
        "stickers": [],
    }


_EMPTY_GUILD_FIELDS = (
    "icon",
    "home_header",
    "splash",
    "discovery_splash",
    "banner",
    "application_id",
    "afk_channel_id",
    "system_channel_id",
    "widget_channel_id",
    "max_presences",
    "vanity_url_code",
    "rules_channel_id",
    "safety_alerts_channel_id",
    "public_updates_channel_id",
    "incidents_data",
)


def guild_create(world: World, record: Json, *, all_members: bool) -> Json:
    """The GUILD_CREATE event: all channels, what threads and members the bot may know."""
    state = world.state
    members = state.members_of(record["id"])
    shown = members if all_members else [one for one in members if one["user_id"] == world.bot_id]
    own = state.member(record["id"], world.bot_id)
    threads = state.channels_of(record["id"], threads=True)
    return {
        **guild(world, record),
        "joined_at": own["joined_at"] if own else world.clock.iso(),
        "large": False,
        "unavailable": False,
        "member_count": len(members),
        "voice_states": [],
        "members": [member(world, one) for one in shown],
        "channels": [channel(world, one) for one in state.channels_of(record["id"])],
        "threads": [
            thread(world, one, for_user=world.bot_id)
            for one in threads
            if not one["thread_metadata"]["archived"] and in_channel(state, one, world.bot_id)
        ],
        "presences": [],
        "stage_instances": [],
        "guild_scheduled_events": [],
        "soundboard_sounds": [],
    }


def command(world: World, record: Json) -> Json:
    """A command; `guild_id` only for a guild's own."""
    shape = {key: value for key, value in record.items() if value is not None or key in _NULLABLE}
    return {**shape, "application_id": world.bot_id}


_NULLABLE = frozenset({"default_member_permissions", "name_localizations", "description_localizations"})


def person(world: World, record: Json) -> Json:
    """A member as the window lists it."""
    known = world.state.users[record["user_id"]]
    return {
        "id": known["id"],
        "name": record["nick"] or known["global_name"] or known["username"],
        "color": known["color"],
        "role": record["role"],
        "roles": list(record["roles"]),
        "bot": known["bot"],
        "locale": known["locale"],
    }
