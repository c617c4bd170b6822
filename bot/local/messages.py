"""Making, changing and removing messages, whoever writes them: the bot, an answer to an interaction, a person.

A message's record: id, channel_id, guild_id, author_id, type, content, timestamp, edited_timestamp, tts, embeds,
components, attachments (without addresses), flags, nonce, pinned, pinned_at, mentions, mention_roles, mention_everyone,
pinged (user ids that a notification would reach), reference, application_id, and for answers to interactions
interaction_id, metadata, and visible_to (a user id) where only one person may see it.
"""

from __future__ import annotations

from typing import Any

from bot.local import mentions
from bot.local.components import numbered
from bot.local.errors import Json, Problems, Refusal, unknown
from bot.local.limits import COMPONENTS_V2, check_message, check_not_empty
from bot.local.permissions import Permission, require, sending
from bot.local.state import WRITABLE, is_thread
from bot.local.threads import is_locked_for, join, wake
from bot.local.uploads import Upload, attachment_record
from bot.local.voice_messages import VOICE, check_voice_message, is_voice_message, refuse_edit
from bot.local.world import World

SUPPRESS_EMBEDS, HAS_THREAD, EPHEMERAL, LOADING, SILENT = 1 << 2, 1 << 5, 1 << 6, 1 << 7, 1 << 12
NONCE_WINDOW = 300.0
"""Seconds in which `enforce_nonce` finds the message that a nonce already made."""


def channel_for(world: World, channel_id: str, user_id: str, needed: int = 0) -> Json:
    """A channel that a user may see and, with `needed`, do this in; refuses with 10003, 50001 or 50013."""
    channel = world.state.channels.get(channel_id)
    if channel is None:
        raise unknown(10003)
    require(world.state, channel, user_id, needed)
    return channel


def may_write(world: World, channel: Json, user_id: str, body: Json, uploads: list[Upload]) -> None:
    """Refuse where this person or bot may not send this message here."""
    if channel["type"] not in WRITABLE:
        raise Refusal(400, 50008, "Cannot send messages in a non-text channel")
    needed: int = sending(channel)
    if uploads:
        needed |= Permission.ATTACH_FILES
    if body.get("embeds"):
        needed |= Permission.EMBED_LINKS
    require(world.state, channel, user_id, needed)
    if is_locked_for(world, channel, user_id):
        raise Refusal(403, 160005, "Thread is locked")


def post(world: World, channel: Json, author_id: str, body: Json, uploads: list[Upload]) -> Json:
    """Send a channel message: permissions and limits, then the commit. Returns the record."""
    may_write(world, channel, author_id, body, uploads)
    check_message(body)
    if channel["type"] == 1 and author_id == world.bot_id:
        _check_reachable(world, channel)
    earlier = _by_nonce(world, channel["id"], author_id, body)
    if earlier is not None:
        for one in uploads:
            one.path.unlink(missing_ok=True)
        return earlier
    record = compose(world, channel, author_id, body, uploads)
    check_not_empty(record)
    wake(world, channel)
    if is_thread(channel):
        for user_id in dict.fromkeys([author_id, *record["mentions"]]):
            join(world, channel, user_id)
    return world.put("messages", record)


def _check_reachable(world: World, channel: Json) -> None:
    if not all(world.state.users[one]["dms_open"] for one in channel["recipients"]):
        raise Refusal(403, 50007, "Cannot send messages to this user")


def _by_nonce(world: World, channel_id: str, author_id: str, body: Json) -> Json | None:
    """The message that this nonce already made, if the request wants to know."""
    nonce = body.get("nonce")
    if nonce is None or not body.get("enforce_nonce"):
        return None
    for number in reversed(world.state.message_ids(channel_id)):
        record = world.state.messages[str(number)]
        if record["sent_at"] < world.clock.now() - NONCE_WINDOW:
            return None
        if record["nonce"] == nonce and record["author_id"] == author_id:
            return record
    return None


def compose(
    world: World, channel: Json, author_id: str, body: Json, uploads: list[Upload], **changes: Any
) -> Json:
    """The record of a new message, of which only the rules of voice messages are checked.

    `changes` replace fields, e.g. `flags`.
    """
    if is_voice_message(body):
        check_voice_message(world, channel, author_id, body, uploads)
    reference = _reference(world, channel, body)
    replied_to = world.state.messages[reference["message_id"]]["author_id"] if reference else None
    found = mentions.of_message(world.state, channel, author_id, body, replied_to)
    flags = (body.get("flags") or 0) & (SUPPRESS_EMBEDS | SILENT | VOICE | COMPONENTS_V2)
    record: Json = {
        "id": world.ids.next(),
        "channel_id": channel["id"],
        "guild_id": channel["guild_id"],
        "author_id": author_id,
        "type": 19 if reference else 0,
        "content": body.get("content") or "",
        "timestamp": world.clock.iso(),
        "sent_at": world.clock.now(),
        "edited_timestamp": None,
        "tts": bool(body.get("tts")),
        "embeds": embeds_of(body),
        "components": numbered(body.get("components") or []),
        "attachments": _attached(body, uploads, []),
        "flags": flags,
        "nonce": body.get("nonce"),
        "pinned": False,
        "pinned_at": None,
        "mentions": found.users,
        "mention_roles": found.roles,
        "mention_everyone": found.everyone,
        "pinged": [] if flags & SILENT else found.pinged,
        "reference": reference,
        "application_id": author_id if author_id == world.bot_id else None,
        "interaction_id": None,
        "metadata": None,
        "visible_to": None,
    }
    return {**record, **changes}


def _reference(world: World, channel: Json, body: Json) -> Json | None:
    wanted = body.get("message_reference")
    if not wanted or wanted.get("message_id") is None:
        return None
    message_id = str(wanted["message_id"])
    known = world.state.messages.get(message_id)
    if known is None or known["channel_id"] != channel["id"] or known["visible_to"] is not None:
        if wanted.get("fail_if_not_exists", True):
            problems = Problems()
            problems.at("message_reference").add("REPLIES_UNKNOWN_MESSAGE", "Unknown message")
            problems.refuse()
        return None
    reference = {"channel_id": channel["id"], "message_id": message_id}
    return {**reference, "guild_id": channel["guild_id"]} if channel["guild_id"] else reference


def embeds_of(body: Json) -> list[Json]:
    """The request's embeds as they are kept: without empty values, of type rich."""
    kept = []
    for one in body.get("embeds") or []:
        embed = {key: value for key, value in one.items() if value not in (None, [], {})}
        embed["type"] = "rich"
        if "fields" in embed:
            embed["fields"] = [{"inline": False, **field} for field in embed["fields"]]
        kept.append(embed)
    return kept


def _attached(body: Json, uploads: list[Upload], before: list[Json]) -> list[Json]:
    """The attachments after this request: those of `before` that it keeps, then the new files in its order."""
    wanted = body.get("attachments")
    by_id = {str(one.get("id")): one for one in wanted or [] if isinstance(one, dict)}
    kept = before if wanted is None else [_described(one, by_id) for one in before if one["id"] in by_id]
    places = list(by_id)
    ordered = sorted(
        uploads,
        key=lambda one: places.index(one.index) if one.index in by_id else len(places) + int(one.index),
    )
    records = [*kept, *(attachment_record(one, by_id.get(one.index)) for one in ordered)]
    if len(records) > 10:
        problems = Problems()
        problems.at("attachments").add("BASE_TYPE_MAX_LENGTH", "Must be 10 or fewer in length.")
        problems.refuse()
    return records


def _described(record: Json, by_id: Json) -> Json:
    description = by_id[record["id"]].get("description")
    return record if description is None else {**record, "description": description}


def revise(world: World, record: Json, body: Json, uploads: list[Upload], **changes: Any) -> Json:
    """Edit a message with a PATCH body and commit it. Fields that are absent stay; `attachments` is the full list."""
    refuse_edit(record)
    check_message(body)
    revised = dict(record)
    if "content" in body:
        revised["content"] = body["content"] or ""
        _mention_anew(world, revised, body)
    if "embeds" in body:
        revised["embeds"] = embeds_of(body)
    if "components" in body:
        revised["components"] = numbered(body["components"] or [])
    if "attachments" in body or uploads:
        revised["attachments"] = _attached(body, uploads, record["attachments"])
    if body.get("flags") is not None:
        changeable = SUPPRESS_EMBEDS | COMPONENTS_V2
        revised["flags"] = record["flags"] & ~SUPPRESS_EMBEDS | body["flags"] & changeable
    revised.update(changes)
    check_not_empty(revised)
    revised.setdefault("edited_timestamp", None)
    world.put("messages", revised)
    _remove_files(world, record, revised)
    return revised


def _mention_anew(world: World, record: Json, body: Json) -> None:
    """An edit shows other mentions but rings no phone."""
    channel = world.state.channels[record["channel_id"]]
    found = mentions.of_message(world.state, channel, record["author_id"], body, None)
    record["mentions"], record["mention_roles"] = found.users, found.roles
    record["mention_everyone"] = found.everyone


def edited(world: World) -> Json:
    """The change that marks a message as edited now."""
    return {"edited_timestamp": world.clock.iso()}


def remove(world: World, record: Json) -> None:
    """Delete a message and its files."""
    world.delete("messages", record)
    _remove_files(world, record, {"attachments": []})


def _remove_files(world: World, before: Json, after: Json) -> None:
    kept = {one["id"] for one in after["attachments"]}
    for one in before["attachments"]:
        if one["id"] not in kept:
            (world.files / one["id"]).unlink(missing_ok=True)


def visible(world: World, channel: Json, message_id: str, viewer: str) -> Json:
    """A message of a channel that this viewer may see; refuses with 10008. The bot never sees ephemeral ones here."""
    record = world.state.messages.get(message_id)
    hidden = record is not None and record["visible_to"] not in (None, viewer)
    if record is None or record["channel_id"] != channel["id"] or hidden:
        raise unknown(10008)
    return record


def history(world: World, channel: Json, viewer: str, *, limit: int, query: dict[str, str]) -> list[Json]:
    """Newest first, at most `limit`, with `before`, `after` or `around` as Discord has them."""
    ids = world.state.message_ids(channel["id"])
    records = [world.state.messages[str(number)] for number in reversed(ids)]
    seen = [one for one in records if one["visible_to"] in (None, viewer)]
    if "before" in query:
        return [one for one in seen if int(one["id"]) < int(query["before"])][:limit]
    if "after" in query:
        return [one for one in seen if int(one["id"]) > int(query["after"])][-limit:]
    if "around" in query:
        middle = int(query["around"])
        newer = [one for one in seen if int(one["id"]) > middle]
        rest = [one for one in seen if int(one["id"]) <= middle]
        return [*newer[len(newer) - limit // 2 :], *rest][:limit] if len(newer) > limit // 2 else seen[:limit]
    return seen[:limit]


def require_own(world: World, record: Json, user_id: str) -> None:
    """Refuse with 50005 to edit what somebody else wrote."""
    if record["author_id"] != user_id:
        raise Refusal(403, 50005, "Cannot edit a message authored by another user")


def require_deletable(world: World, channel: Json, record: Json, user_id: str) -> None:
    """One's own, or with MANAGE_MESSAGES; in direct messages only one's own."""
    if record["author_id"] == user_id:
        return
    if channel["type"] == 1:
        raise Refusal(403, 50003, "Cannot execute action on a DM channel")
    require(world.state, channel, user_id, Permission.MANAGE_MESSAGES)


def react(world: World, channel: Json, record: Json, user_id: str, emoji: str) -> None:
    """Add a reaction; the first of its kind needs ADD_REACTIONS. At most 20 kinds."""
    if not emoji or len(emoji) > 32 or emoji.isascii():
        raise unknown(10014)
    kinds = {one["emoji"]["name"] for one in world.state.reactions_of(record["id"])}
    if emoji not in kinds:
        require(world.state, channel, user_id, Permission.ADD_REACTIONS)
        if len(kinds) >= 20:
            raise Refusal(400, 30010, "Maximum number of reactions reached (20)")
    reaction = {"message_id": record["id"], "emoji": {"id": None, "name": emoji}, "user_id": user_id}
    world.put("reactions", reaction)


def unreact(world: World, record: Json, user_id: str, emoji: str) -> None:
    """Take a reaction back; nothing happens where there was none."""
    for one in world.state.reactions_of(record["id"]):
        if one["user_id"] == user_id and one["emoji"]["name"] == emoji:
            world.delete("reactions", one)
            return
