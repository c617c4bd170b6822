"""Channels and their permission overwrites over HTTP."""

from __future__ import annotations

from typing import Any

from bot.local import messages, shapes
from bot.local.errors import Json, Problems, Refusal, unknown
from bot.local.permissions import Permission, require, require_in_guild
from bot.local.rest import Answer, Call, Routes
from bot.local.rest_guilds import guild_for
from bot.local.rest_threads import edit_thread
from bot.local.state import CATEGORY, DM, FORUM, NEWS, TEXT, copied, is_thread


def channel_record(channel_id: str, guild_id: str, name: str, **changes: Any) -> Json:
    """A text channel, or with `type` another kind."""
    record: Json = {
        "id": channel_id,
        "guild_id": guild_id,
        "type": TEXT,
        "name": name,
        "topic": None,
        "parent_id": None,
        "position": 0,
        "nsfw": False,
        "rate_limit_per_user": 0,
        "permission_overwrites": [],
        "available_tags": [],
    }
    return {**record, **changes}


def _channel(call: Call, needed: int = 0) -> Json:
    return messages.channel_for(call.world, call.params["channel_id"], call.world.bot_id, needed)


# Channels


async def read(call: Call) -> Answer:
    return Answer(200, shapes.channel(call.world, _channel(call)))


async def read_all(call: Call) -> Answer:
    record = guild_for(call)
    return Answer(
        200, [shapes.channel(call.world, one) for one in call.world.state.channels_of(record["id"])]
    )


async def create(call: Call) -> Answer:
    world = call.world
    guild = guild_for(call)
    require_in_guild(world.state, guild["id"], world.bot_id, Permission.MANAGE_CHANNELS)
    problems = Problems()
    problems.at("name").text(call.form.get("name") or "", 1, 100)
    kind = call.form.get("type") or TEXT
    problems.at("type").choice(kind, {TEXT, CATEGORY, NEWS, FORUM})
    problems.refuse()
    position = len(world.state.channels_of(guild["id"]))
    record = channel_record(world.ids.next(), guild["id"], "", type=kind, position=position)
    return Answer(201, shapes.channel(world, world.put("channels", {**record, **_changes(call)})))


def _changes(call: Call) -> Json:
    """The fields of a channel that a request sets."""
    body = call.form
    change: Json = {
        name: body[name]
        for name in ("name", "topic", "position", "nsfw", "rate_limit_per_user")
        if body.get(name) is not None
    }
    if "name" in change and body.get("type") not in (CATEGORY,):
        change["name"] = (
            str(change["name"]).lower().replace(" ", "-") if body.get("type") in (None, 0) else change["name"]
        )
    if body.get("parent_id") is not None:
        change["parent_id"] = str(body["parent_id"])
    if body.get("permission_overwrites") is not None:
        change["permission_overwrites"] = [
            _overwrite(str(one["id"]), one) for one in body["permission_overwrites"]
        ]
    if body.get("available_tags") is not None:
        change["available_tags"] = [_tag(call, one) for one in body["available_tags"]]
    return change


def _tag(call: Call, wanted: Json) -> Json:
    return {
        "id": str(wanted.get("id") or call.world.ids.next()),
        "name": wanted["name"],
        "moderated": bool(wanted.get("moderated")),
        "emoji_id": wanted.get("emoji_id"),
        "emoji_name": wanted.get("emoji_name"),
    }


async def edit(call: Call) -> Answer:
    channel = _channel(call)
    if is_thread(channel):
        return edit_thread(call, channel)
    if channel["type"] == DM:
        raise Refusal(403, 50003, "Cannot execute action on a DM channel")
    needed = Permission.MANAGE_CHANNELS
    if "permission_overwrites" in call.form:
        needed |= Permission.MANAGE_ROLES
    require(call.world.state, channel, call.world.bot_id, needed)
    record = copied(channel, **_changes(call))
    return Answer(200, shapes.channel(call.world, call.world.put("channels", record)))


async def delete(call: Call) -> Answer:
    """A channel with its messages and threads."""
    channel = _channel(call)
    if channel["type"] == DM:
        return Answer(200, shapes.channel(call.world, channel))
    needed = Permission.MANAGE_THREADS if is_thread(channel) else Permission.MANAGE_CHANNELS
    require(call.world.state, channel, call.world.bot_id, needed)
    shape = shapes.channel(call.world, channel)
    for one in call.world.state.channels_of(channel["guild_id"], threads=True):
        if one["parent_id"] == channel["id"]:
            call.world.delete("channels", one)
    call.world.delete("channels", channel)
    return Answer(200, shape)


def _overwrite(target_id: str, wanted: Json) -> Json:
    return {
        "id": target_id,
        "type": int(wanted.get("type") or 0),
        "allow": str(wanted.get("allow") or 0),
        "deny": str(wanted.get("deny") or 0),
    }


async def put_overwrite(call: Call) -> Answer:
    channel = _channel(call, Permission.MANAGE_ROLES)
    target = call.params["overwrite_id"]
    kept = [one for one in channel["permission_overwrites"] if one["id"] != target]
    overwrites = [*kept, _overwrite(target, call.form)]
    call.world.put("channels", copied(channel, permission_overwrites=overwrites))
    return Answer(204)


async def delete_overwrite(call: Call) -> Answer:
    channel = _channel(call, Permission.MANAGE_ROLES)
    kept = [one for one in channel["permission_overwrites"] if one["id"] != call.params["overwrite_id"]]
    if len(kept) == len(channel["permission_overwrites"]):
        raise unknown(10009)
    call.world.put("channels", copied(channel, permission_overwrites=kept))
    return Answer(204)


ROUTES: Routes = [
    ("GET", "/channels/{channel_id}", read),
    ("PATCH", "/channels/{channel_id}", edit),
    ("DELETE", "/channels/{channel_id}", delete),
    ("GET", "/guilds/{guild_id}/channels", read_all),
    ("POST", "/guilds/{guild_id}/channels", create),
    ("PUT", "/channels/{channel_id}/permissions/{overwrite_id}", put_overwrite),
    ("DELETE", "/channels/{channel_id}/permissions/{overwrite_id}", delete_overwrite),
]
