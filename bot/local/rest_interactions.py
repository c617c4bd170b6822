"""The bot's answers to interactions: the first one (callback) and what follows through the token's webhook."""

from __future__ import annotations

from typing import Any

from bot.local import interactions, message_shapes, messages, threads
from bot.local.components import check_modal, numbered
from bot.local.errors import Json, Problems, Refusal, unknown
from bot.local.interactions import CHOICES, DEFER, DEFER_UPDATE, MESSAGE, OPEN_FORM, UPDATE
from bot.local.limits import check_message, check_not_empty
from bot.local.messages import EPHEMERAL, LOADING
from bot.local.rest import Answer, Call, Routes
from bot.local.state import copied


async def callback(call: Call) -> Answer:
    """The first answer; with `with_response` it says what became of it, else 204."""
    record = interactions.to_answer(call.world, call.params["interaction_id"], call.params["token"])
    kind = _checked_kind(record, call.form.get("type"))
    data = call.form.get("data") or {}
    answered, shown = _ANSWERS[kind](call, record, data)
    call.world.put("interactions", copied(answered, answered=kind))
    if call.query.get("with_response", "").lower() not in ("1", "true"):
        return Answer(204)
    return Answer(200, _response(call, answered, kind, shown))


def _checked_kind(record: Json, kind: Any) -> int:
    allowed = interactions.ALLOWED_ANSWERS[record["type"]]
    if record["type"] == interactions.FORM and record["message_id"] is not None:
        allowed = allowed | {UPDATE, DEFER_UPDATE}
    if kind in (10, 12):
        raise Refusal(501, 0, f"the class server does not model an answer of type {kind}")
    problems = Problems()
    problems.at("type").choice(kind, allowed)
    problems.refuse()
    return int(kind)


def _response(call: Call, record: Json, kind: int, shown: Json | None) -> Json:
    about: Json = {"id": record["id"], "type": record["type"]}
    body: Json = {"interaction": about}
    if shown is not None:
        about["response_message_id"] = shown["id"]
        about["response_message_loading"] = bool(shown["flags"] & LOADING)
        about["response_message_ephemeral"] = bool(shown["flags"] & EPHEMERAL)
        if kind in (MESSAGE, UPDATE):
            body["resource"] = {
                "type": kind,
                "message": message_shapes.message(call.world, shown, call.world.bot_id),
            }
    return body


def _compose(call: Call, interaction: Json, body: Json, *, flags: int, kind: int) -> Json:
    """A new message in the name of an interaction, visible to one person where `flags` say so."""
    world = call.world
    channel = world.state.channels[interaction["channel_id"]]
    if not flags & EPHEMERAL:
        if threads.is_locked_for(world, channel, world.bot_id):
            raise Refusal(403, 50083, "Thread is archived")
        threads.wake(world, channel)
    record = messages.compose(world, channel, world.bot_id, body, call.uploads)
    metadata = interaction["metadata"]
    if interaction["original_id"] is not None:
        metadata = {**metadata, "original_response_message_id": interaction["original_id"]}
    return {
        **record,
        "type": kind,
        "flags": record["flags"] | flags,
        "application_id": world.bot_id,
        "interaction_id": interaction["id"],
        "metadata": metadata,
        "visible_to": interaction["user_id"] if flags & EPHEMERAL else None,
        "attachments": [
            {**one, "ephemeral": True} if flags & EPHEMERAL else one for one in record["attachments"]
        ],
    }


def _kind_of_original(interaction: Json) -> int:
    """Type 20 answers a slash command, 23 one of a context menu."""
    if interaction["type"] != interactions.COMMAND:
        return 0
    return 20 if interaction["metadata"].get("command_type", 1) == 1 else 23


def _answer_message(call: Call, interaction: Json, data: Json) -> tuple[Json, Json]:
    _check_data(data)
    flags = (data.get("flags") or 0) & EPHEMERAL
    record = _compose(call, interaction, data, flags=flags, kind=_kind_of_original(interaction))
    check_not_empty(record)
    call.world.put("messages", record)
    return copied(interaction, original_id=record["id"], ephemeral=bool(flags)), record


def _check_data(data: Json) -> None:
    """A first answer's errors stand under `data`."""
    try:
        check_message(data)
    except Refusal as refusal:
        raise Refusal(refusal.status, refusal.code, refusal.message, {"data": refusal.errors}) from refusal


def _answer_deferred(call: Call, interaction: Json, data: Json) -> tuple[Json, Json]:
    flags = (data.get("flags") or 0) & EPHEMERAL
    kind = _kind_of_original(interaction)
    record = _compose(call, interaction, {}, flags=flags | LOADING, kind=kind)
    call.world.put("messages", record)
    changed = copied(interaction, original_id=record["id"], ephemeral=bool(flags), loading=True)
    return changed, record


def _source(call: Call, interaction: Json) -> Json:
    record = call.world.state.messages.get(str(interaction["message_id"]))
    if record is None:
        raise unknown(10008)
    return record


def _answer_update(call: Call, interaction: Json, data: Json) -> tuple[Json, Json]:
    _check_data(data)
    change = messages.edited(call.world)
    record = messages.revise(call.world, _source(call, interaction), data, call.uploads, **change)
    return copied(interaction, original_id=record["id"]), record


def _answer_later(call: Call, interaction: Json, _data: Json) -> tuple[Json, None]:
    return copied(interaction, original_id=_source(call, interaction)["id"]), None


def _answer_choices(call: Call, interaction: Json, data: Json) -> tuple[Json, None]:
    choices = data.get("choices") or []
    problems = Problems()
    at = problems.at("data", "choices")
    at.length(choices, 0, 25)
    for place, one in enumerate(choices):
        at.at(place, "name").text(one.get("name"), 1, 100)
        if isinstance(one.get("value"), str):
            at.at(place, "value").text(one["value"], 1, 100)
    problems.refuse()
    waiting = call.world.choices.get(interaction["id"])
    if waiting is not None and not waiting.done():
        waiting.set_result(choices)
    return interaction, None


def _answer_form(call: Call, interaction: Json, data: Json) -> tuple[Json, None]:
    check_modal(data)
    world = call.world
    for one in list(world.state.modals.values()):
        # A person has one form open at a time; those that were closed unsent end here.
        if one["user_id"] == interaction["user_id"]:
            world.delete("modals", one)
    form = {
        "id": world.ids.next(),
        "interaction_id": interaction["id"],
        "user_id": interaction["user_id"],
        "channel_id": interaction["channel_id"],
        "guild_id": interaction["guild_id"],
        "message_id": interaction["message_id"],
        "title": data["title"],
        "custom_id": data["custom_id"],
        "components": numbered(data["components"]),
    }
    world.put("modals", form)
    return interaction, None


_ANSWERS = {
    MESSAGE: _answer_message,
    DEFER: _answer_deferred,
    DEFER_UPDATE: _answer_later,
    UPDATE: _answer_update,
    CHOICES: _answer_choices,
    OPEN_FORM: _answer_form,
}


# Follow-ups


def _following(call: Call) -> Json:
    if call.params["application_id"] != call.world.bot_id:
        raise unknown(10015)
    return interactions.to_follow(call.world, call.params["token"])


async def follow_up(call: Call) -> Answer:
    """Another message; the first one after a deferred answer becomes that answer and keeps its visibility."""
    interaction = _following(call)
    if interaction["loading"] and interaction["original_id"] in call.world.state.messages:
        original = call.world.state.messages[interaction["original_id"]]
        return _shown(call, _revise(call, interaction, original))
    check_message(call.form)
    flags = (call.form.get("flags") or 0) & EPHEMERAL
    record = _compose(call, interaction, call.form, flags=flags, kind=0)
    check_not_empty(record)
    return _shown(call, call.world.put("messages", record))


def _shown(call: Call, record: Json) -> Answer:
    return Answer(200, message_shapes.message(call.world, record, call.world.bot_id))


def _named(call: Call, interaction: Json) -> Json:
    """The message that the address means: `@original`, one of this interaction's, or the one it began on."""
    message_id = call.params.get("message_id", interaction["original_id"])
    record = call.world.state.messages.get(str(message_id))
    ours = record is not None and (
        record["interaction_id"] == interaction["id"] or record["id"] == interaction["message_id"]
    )
    if record is None or not ours:
        raise unknown(10008)
    return record


async def read(call: Call) -> Answer:
    return _shown(call, _named(call, _following(call)))


async def edit(call: Call) -> Answer:
    interaction = _following(call)
    return _shown(call, _revise(call, interaction, _named(call, interaction)))


def _revise(call: Call, interaction: Json, record: Json) -> Json:
    """Edit a message through the webhook; what was loading is so no longer."""
    was_loading = bool(record["flags"] & LOADING)
    threads.require_awake(call.world.state.channels[record["channel_id"]])
    change = {} if was_loading else messages.edited(call.world)
    settled = copied(record, flags=record["flags"] & ~LOADING)
    revised = messages.revise(call.world, settled, call.form, call.uploads, **change)
    if interaction["loading"] and record["id"] == interaction["original_id"]:
        call.world.put("interactions", copied(interaction, loading=False))
    return revised


async def delete(call: Call) -> Answer:
    interaction = _following(call)
    record = _named(call, interaction)
    messages.remove(call.world, record)
    if interaction["loading"] and record["id"] == interaction["original_id"]:
        call.world.put("interactions", copied(interaction, loading=False))
    return Answer(204)


_HOOK = "/webhooks/{application_id}/{token}"
ROUTES: Routes = [
    ("POST", "/interactions/{interaction_id}/{token}/callback", callback),
    ("POST", _HOOK, follow_up),
    ("GET", _HOOK + "/messages/@original", read),
    ("PATCH", _HOOK + "/messages/@original", edit),
    ("DELETE", _HOOK + "/messages/@original", delete),
    ("GET", _HOOK + "/messages/{message_id}", read),
    ("PATCH", _HOOK + "/messages/{message_id}", edit),
    ("DELETE", _HOOK + "/messages/{message_id}", delete),
]
