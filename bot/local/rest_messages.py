"""Messages of channels over HTTP: sending, editing, history, reactions, pins, typing."""

from __future__ import annotations

from bot.local import messages, shapes, threads
from bot.local.content_intent import message_for_bot
from bot.local.errors import Json, Refusal
from bot.local.permissions import Permission, require
from bot.local.rest import Answer, Call, Routes
from bot.local.state import copied
from bot.local.typing_start import start_typing


def _place(call: Call, needed: int = 0) -> Json:
    return messages.channel_for(call.world, call.params["channel_id"], call.world.bot_id, needed)


def _named(call: Call) -> tuple[Json, Json]:
    """The channel and the message that the address names."""
    channel = _place(call)
    record = messages.visible(call.world, channel, call.params["message_id"], "")
    return channel, record


def _shown(call: Call, record: Json) -> Answer:
    return Answer(200, message_for_bot(call.world, record))


async def create(call: Call) -> Answer:
    record = messages.post(call.world, _place(call), call.world.bot_id, call.form, call.uploads)
    return _shown(call, record)


async def read(call: Call) -> Answer:
    _channel, record = _named(call)
    return _shown(call, record)


async def read_history(call: Call) -> Answer:
    channel = _place(call)
    limit = call.number("limit", 50, 1, 100)
    world = call.world
    try:
        require(world.state, channel, world.bot_id, Permission.READ_MESSAGE_HISTORY)
    except Refusal:
        return Answer(200, [])
    records = messages.history(world, channel, "", limit=limit, query=call.query)
    return Answer(200, [message_for_bot(world, one) for one in records])


async def edit(call: Call) -> Answer:
    channel, record = _named(call)
    threads.require_awake(channel)
    messages.require_own(call.world, record, call.world.bot_id)
    change = messages.edited(call.world)
    return _shown(call, messages.revise(call.world, record, call.form, call.uploads, **change))


async def delete(call: Call) -> Answer:
    channel, record = _named(call)
    messages.require_deletable(call.world, channel, record, call.world.bot_id)
    messages.remove(call.world, record)
    return Answer(204)


async def delete_many(call: Call) -> Answer:
    """2 to 100 messages; those that do not exist are skipped."""
    channel = _place(call, Permission.MANAGE_MESSAGES)
    ids = [str(one) for one in call.form.get("messages") or []]
    if not 2 <= len(ids) <= 100:
        raise Refusal(400, 50016, "You can only bulk delete between 2 and 100 messages.")
    for message_id in ids:
        record = call.world.state.messages.get(message_id)
        if record is not None and record["channel_id"] == channel["id"]:
            messages.remove(call.world, record)
    return Answer(204)


async def type_on(call: Call) -> Answer:
    start_typing(call.world, _place(call), call.world.bot_id)
    return Answer(204)


# Reactions


async def react(call: Call) -> Answer:
    channel, record = _named(call)
    threads.require_awake(channel)
    require(call.world.state, channel, call.world.bot_id, Permission.READ_MESSAGE_HISTORY)
    messages.react(call.world, channel, record, call.world.bot_id, call.params["emoji"])
    return Answer(204)


async def unreact(call: Call) -> Answer:
    channel, record = _named(call)
    user_id = call.params.get("user_id", call.world.bot_id)
    if user_id != call.world.bot_id:
        require(call.world.state, channel, call.world.bot_id, Permission.MANAGE_MESSAGES)
    messages.unreact(call.world, record, user_id, call.params["emoji"])
    return Answer(204)


async def reactors(call: Call) -> Answer:
    _channel, record = _named(call)
    state = call.world.state
    emoji, after = call.params["emoji"], int(call.query.get("after", "0"))
    ids = [one["user_id"] for one in state.reactions_of(record["id"]) if one["emoji"]["name"] == emoji]
    wanted = sorted(int(one) for one in ids if int(one) > after)[: call.number("limit", 25, 1, 100)]
    return Answer(200, [shapes.user(state.users[str(one)]) for one in wanted])


async def clear_reactions(call: Call) -> Answer:
    channel, record = _named(call)
    require(call.world.state, channel, call.world.bot_id, Permission.MANAGE_MESSAGES)
    emoji = call.params.get("emoji")
    for one in call.world.state.reactions_of(record["id"]):
        if emoji in (None, one["emoji"]["name"]):
            call.world.delete("reactions", one)
    return Answer(204)


# Pins


async def pin(call: Call) -> Answer:
    channel, record = _named(call)
    require(call.world.state, channel, call.world.bot_id, Permission.PIN_MESSAGES)
    if len(_pinned(call, channel)) >= 250 and not record["pinned"]:
        raise Refusal(400, 30003, "Maximum number of pins reached for the channel (250)")
    call.world.put("messages", copied(record, pinned=True, pinned_at=call.world.clock.iso()))
    return Answer(204)


async def unpin(call: Call) -> Answer:
    channel, record = _named(call)
    require(call.world.state, channel, call.world.bot_id, Permission.PIN_MESSAGES)
    call.world.put("messages", copied(record, pinned=False, pinned_at=None))
    return Answer(204)


async def pins(call: Call) -> Answer:
    channel = _place(call)
    world = call.world
    items = [
        {"pinned_at": one["pinned_at"], "message": message_for_bot(world, one)}
        for one in _pinned(call, channel)
    ]
    return Answer(200, {"items": items[: call.number("limit", 50, 1, 50)], "has_more": len(items) > 50})


def _pinned(call: Call, channel: Json) -> list[Json]:
    state = call.world.state
    records = [state.messages[str(one)] for one in state.message_ids(channel["id"])]
    return sorted(
        (one for one in records if one["pinned"]), key=lambda one: str(one["pinned_at"]), reverse=True
    )


_MESSAGE = "/channels/{channel_id}/messages/{message_id}"
_REACTION = _MESSAGE + "/reactions/{emoji}"
ROUTES: Routes = [
    ("POST", "/channels/{channel_id}/messages", create),
    ("GET", "/channels/{channel_id}/messages", read_history),
    ("GET", "/channels/{channel_id}/messages/pins", pins),
    ("PUT", "/channels/{channel_id}/messages/pins/{message_id}", pin),
    ("DELETE", "/channels/{channel_id}/messages/pins/{message_id}", unpin),
    ("PUT", "/channels/{channel_id}/pins/{message_id}", pin),
    ("DELETE", "/channels/{channel_id}/pins/{message_id}", unpin),
    ("POST", "/channels/{channel_id}/messages/bulk-delete", delete_many),
    ("GET", _MESSAGE, read),
    ("PATCH", _MESSAGE, edit),
    ("DELETE", _MESSAGE, delete),
    ("POST", "/channels/{channel_id}/typing", type_on),
    ("PUT", _REACTION + "/@me", react),
    ("DELETE", _REACTION + "/@me", unreact),
    ("DELETE", _REACTION + "/{user_id}", unreact),
    ("GET", _REACTION, reactors),
    ("DELETE", _REACTION, clear_reactions),
    ("DELETE", _MESSAGE + "/reactions", clear_reactions),
]
