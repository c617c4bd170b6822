"""The life of an interaction: made by a person, told to the bot, answered once within 3 s, followed up for 15 min.

Its record: id, token, type, user_id, channel_id, guild_id, created_at, message_id (the message whose
component was pressed), uploads (ids of files that came with it), metadata (as it will stand on messages),
answered (None or the type of the first answer), failed (None or why), original_id (the message that
`@original` means), loading (a deferred answer waits for its content), ephemeral.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from bot.local import message_shapes, shapes
from bot.local.errors import Json, Refusal, unknown
from bot.local.ids import secret
from bot.local.permissions import in_channel
from bot.local.state import DM, copied
from bot.local.uploads import Upload
from bot.local.world import World

COMMAND, COMPONENT, AUTOCOMPLETE, FORM = 2, 3, 4, 5
MESSAGE, DEFER, DEFER_UPDATE, UPDATE, CHOICES, OPEN_FORM = 4, 5, 6, 7, 8, 9
ALLOWED_ANSWERS = {
    COMMAND: frozenset({MESSAGE, DEFER, OPEN_FORM}),
    COMPONENT: frozenset({MESSAGE, DEFER, DEFER_UPDATE, UPDATE, OPEN_FORM}),
    AUTOCOMPLETE: frozenset({CHOICES}),
    FORM: frozenset({MESSAGE, DEFER}),
}


def start(
    world: World,
    *,
    kind: int,
    channel: Json,
    user_id: str,
    locale: str,
    data: Json,
    metadata: Json,
    message: Json | None = None,
    uploads: Sequence[Upload] = (),
) -> Json:
    """Record an interaction, send it to the bot and watch its 3 seconds. Returns the record.

    `uploads` came with it, as options or in a form; they are kept as long as the token lives.
    """
    record: Json = {
        "id": world.ids.next(),
        "token": secret(),
        "type": kind,
        "user_id": user_id,
        "channel_id": channel["id"],
        "guild_id": channel["guild_id"],
        "created_at": world.clock.now(),
        "message_id": message["id"] if message else None,
        "uploads": [one.attachment_id for one in uploads],
        "answered": None,
        "failed": None,
        "original_id": None,
        "loading": False,
        "ephemeral": False,
    }
    owners = {"0": channel["guild_id"] or "0"}
    own = {"id": record["id"], "type": kind, "user_id": user_id, "authorizing_integration_owners": owners}
    record["metadata"] = {**own, **metadata}
    world.put("interactions", record)
    world.gateway.dispatch("INTERACTION_CREATE", payload(world, record, channel, data, message, locale))
    world.spawn(_expire(world, record))
    return record


async def _expire(world: World, record: Json) -> None:
    """Tell the person that nothing came within 3 seconds."""
    await world.clock.sleep_until(record["created_at"] + world.limits.answer_within)
    current = world.state.interactions.get(record["id"])
    if current is not None and current["answered"] is None:
        reason = "timeout" if world.gateway.online else "offline"
        world.put("interactions", copied(current, failed=reason))
    if record["uploads"]:
        await world.clock.sleep_until(record["created_at"] + world.limits.token_life)
        remove_uploads(world, record)


def remove_uploads(world: World, record: Json) -> None:
    """Remove the files that came with an interaction."""
    for attachment_id in record["uploads"]:
        (world.files / attachment_id).unlink(missing_ok=True)


def payload(world: World, record: Json, channel: Json, data: Json, message: Json | None, locale: str) -> Json:
    """The INTERACTION_CREATE event."""
    state = world.state
    direct = channel["type"] == DM
    shape: Json = {
        "id": record["id"],
        "application_id": world.bot_id,
        "type": record["type"],
        "token": record["token"],
        "version": 1,
        "channel_id": channel["id"],
        "channel": partial_channel(world, channel, record["user_id"]),
        "app_permissions": str(in_channel(state, channel, world.bot_id)),
        "locale": locale,
        "entitlements": [],
        "entitlement_sku_ids": [],
        "authorizing_integration_owners": record["metadata"]["authorizing_integration_owners"],
        "context": 1 if direct else 0,
        "attachment_size_limit": world.limits.file_bytes,
        "data": data,
    }
    if direct:
        shape["user"] = shapes.user(state.users[record["user_id"]])
    else:
        guild = state.guilds[channel["guild_id"]]
        member = state.members[f"{guild['id']}:{record['user_id']}"]
        shape["guild_id"] = guild["id"]
        shape["guild_locale"] = guild["locale"]
        shape["guild"] = {"id": guild["id"], "locale": guild["locale"], "features": []}
        granted = in_channel(state, channel, record["user_id"])
        shape["member"] = {**shapes.member(world, member), "permissions": str(granted)}
    if message is not None:
        shape["message"] = message_shapes.message(world, message, world.bot_id)
    return shape


def partial_channel(world: World, channel: Json, user_id: str) -> Json:
    """A channel as interactions carry it: with the person's permissions in it."""
    shape = shapes.channel(world, channel)
    return {**shape, "permissions": str(in_channel(world.state, channel, user_id))}


def to_answer(world: World, interaction_id: str, token: str) -> Json:
    """The interaction whose first answer this is; refuses with 10062 (unknown or late) or 40060 (answered)."""
    record = world.state.interactions.get(interaction_id)
    if record is None or record["token"] != token:
        raise unknown(10062)
    if record["answered"] is not None:
        raise Refusal(400, 40060, "Interaction has already been acknowledged.")
    late = world.clock.now() > record["created_at"] + world.limits.answer_within
    if record["failed"] or late:
        raise unknown(10062)
    return record


def to_follow(world: World, token: str) -> Json:
    """The answered interaction of a token; refuses with 10015 (unknown, not answered) or 50027 (15 min are over)."""
    record = world.state.interaction_by_token(token)
    if record is None:
        raise unknown(10015)
    if world.clock.now() > record["created_at"] + world.limits.token_life:
        raise Refusal(401, 50027, "Invalid Webhook Token")
    if record["answered"] is None or record["type"] == AUTOCOMPLETE:
        raise unknown(10015)
    return record


async def wait_for_choices(world: World, record: Json) -> list[Json]:
    """The bot's answer to an autocomplete request; TimeoutError after 3 seconds."""
    future: asyncio.Future[list[Json]] = asyncio.get_running_loop().create_future()
    world.choices[record["id"]] = future
    try:
        return await asyncio.wait_for(future, world.limits.answer_within)
    finally:
        del world.choices[record["id"]]
        # One comes with every key that is pressed: not worth keeping. A late answer is then unknown (10062).
        world.delete("interactions", record, quiet=True)
