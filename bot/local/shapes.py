"""Records as Discord's objects. What a person or the bot gets to see is decided by the caller."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

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
    count = len(world.state.message_ids(record["id"]))
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


def attachment(world: World, record: Json, channel_id: str) -> Json:
    """An attachment with the address it has now (the port may change with a restart)."""
    path = f"/attachments/{channel_id}/{record['id']}/{quote(record['filename'])}"
    address = world.base_url + path
    return {**record, "url": address, "proxy_url": address}


def message(world: World, record: Json, viewer: str) -> Json:
    """A message as `viewer` (a user id) sees it."""
    state = world.state
    files = [attachment(world, one, record["channel_id"]) for one in record["attachments"]]
    places = {one["filename"]: one for one in files}
    shape: Json = {
        "id": record["id"],
        "channel_id": record["channel_id"],
        "type": record["type"],
        "author": user(state.users[record["author_id"]]),
        "content": record["content"],
        "timestamp": record["timestamp"],
        "edited_timestamp": record["edited_timestamp"],
        "tts": record["tts"],
        "mention_everyone": record["mention_everyone"],
        "mentions": [user(state.users[one]) for one in record["mentions"]],
        "mention_roles": list(record["mention_roles"]),
        "attachments": files,
        "embeds": [_placed(one, places) for one in record["embeds"]],
        "components": [_placed(_unfurled(one, places), places) for one in record["components"]],
        "pinned": record["pinned"],
        "flags": record["flags"],
    }
    reactions = _reactions(world, record["id"], viewer)
    if reactions:
        shape["reactions"] = reactions
    if record["nonce"] is not None and viewer == record["author_id"]:
        shape["nonce"] = record["nonce"]
    _add_origin(world, record, shape)
    return shape


def _add_origin(world: World, record: Json, shape: Json) -> None:
    """Where a message came from: interaction, reply, thread."""
    if record["application_id"] is not None:
        shape["application_id"] = record["application_id"]
    if record["metadata"] is not None:
        shape["webhook_id"] = record["application_id"]
        shape["interaction_metadata"] = metadata(world, record["metadata"])
        if record["metadata"]["type"] == 2:
            named = shape["interaction_metadata"]
            shape["interaction"] = {key: named[key] for key in ("id", "type", "name", "user")}
    if record["reference"] is not None:
        shape["message_reference"] = {"type": 0, **record["reference"]}
        shape["referenced_message"] = None
    started = world.state.channels.get(record["id"])
    if started is not None:
        shape["thread"] = thread(world, started)


def metadata(world: World, record: Json) -> Json:
    """`interaction_metadata`; `name` is the command's, as clients get it from Discord too."""
    shape = {key: value for key, value in record.items() if key != "user_id"}
    shape["user"] = user(world.state.users[record["user_id"]])
    if "triggering_interaction_metadata" in record:
        shape["triggering_interaction_metadata"] = metadata(world, record["triggering_interaction_metadata"])
    return shape


def _reactions(world: World, message_id: str, viewer: str) -> list[Json]:
    by_emoji: dict[str, list[Json]] = {}
    for one in world.state.reactions_of(message_id):
        by_emoji.setdefault(one["emoji"]["name"], []).append(one)
    return [
        {
            "emoji": same[0]["emoji"],
            "count": len(same),
            "count_details": {"burst": 0, "normal": len(same)},
            "burst_colors": [],
            "me_burst": False,
            "me": any(one["user_id"] == viewer for one in same),
        }
        for same in by_emoji.values()
    ]


def _placed(value: Any, places: dict[str, Json]) -> Any:
    """Replace `attachment://name` by the file's address, and add what Discord knows about the file."""
    if isinstance(value, list):
        return [_placed(one, places) for one in value]
    if not isinstance(value, dict):
        return value
    address = value.get("url")
    if isinstance(address, str) and address.startswith("attachment://"):
        file = places.get(address.removeprefix("attachment://"))
        if file is not None:
            known = {key: file[key] for key in ("url", "proxy_url", "width", "height") if key in file}
            return {**value, **known}
    return {key: _placed(one, places) for key, one in value.items()}


def _unfurled(component: Any, places: dict[str, Json]) -> Any:
    """A component whose media say more than their address, as Discord unfurls them."""
    if isinstance(component, list):
        return [_unfurled(one, places) for one in component]
    if not isinstance(component, dict):
        return component
    shape = {key: _unfurled(value, places) for key, value in component.items()}
    for name in ("media", "file"):
        media = shape.get(name)
        if not isinstance(media, dict) or "url" not in media:
            continue
        file = places.get(media["url"].removeprefix("attachment://"), {})
        known = {key: file.get(key) for key in ("width", "height", "content_type")}
        shape[name] = {"id": file.get("id", "0"), "proxy_url": media["url"], **known, **media}
        if file:
            shape[name]["attachment_id"] = file["id"]
        if name == "file":
            shape.update(name=file.get("filename"), size=file.get("size"))
    return shape


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
