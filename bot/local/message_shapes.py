"""Messages as Discord's objects, as one viewer sees them."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from bot.local.errors import Json
from bot.local.shapes import thread, user
from bot.local.world import World

THREAD_CREATED, REPLY, THREAD_STARTER = 18, 19, 21
"""Types of messages that refer to something."""


def attachment(world: World, record: Json, channel_id: str) -> Json:
    """An attachment with the address it has now (the port may change with a restart)."""
    path = f"/attachments/{channel_id}/{record['id']}/{quote(record['filename'])}"
    address = world.base_url + path
    return {**record, "url": address, "proxy_url": address}


def message(world: World, record: Json, viewer: str, *, nested: bool = False) -> Json:
    """A message as `viewer` (a user id) sees it; a `nested` one does not show in turn what it refers to."""
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
    if record["reference"] is not None and not nested and record["type"] in (REPLY, THREAD_STARTER):
        shape["referenced_message"] = _referenced(world, record["reference"], viewer)
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
    started = world.state.channels.get(record["id"])
    if started is not None:
        shape["thread"] = thread(world, started)


def _referenced(world: World, reference: Json, viewer: str) -> Json | None:
    """What a reply answers, or what a thread hangs on; None when it is gone."""
    record = world.state.messages.get(reference["message_id"])
    return None if record is None else message(world, record, viewer, nested=True)


def metadata(world: World, record: Json) -> Json:
    """`interaction_metadata`; `name` is the command's, as clients get it from Discord too."""
    shape = {key: value for key, value in record.items() if key != "user_id"}
    shape["user"] = user(world.state.users[record["user_id"]])
    if "target_user_id" in record:
        shape["target_user"] = user(world.state.users[shape.pop("target_user_id")])
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
