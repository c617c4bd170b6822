"""Interactions as people begin them: a command, a completion of its options, a pressed component, a sent form."""

from __future__ import annotations

from typing import Any

from bot.local import components, forms, interactions, message_shapes, messages, options, shapes, threads
from bot.local.content_intent import readable
from bot.local.errors import Json, Problems, Refusal, invalid_form, missing_permissions, unknown
from bot.local.messages import LOADING
from bot.local.options import Filled, fill
from bot.local.permissions import Permission, in_channel, in_guild, require
from bot.local.state import DM
from bot.local.uploads import Upload
from bot.local.window import Member
from bot.local.world import World

_CHAT, _ON_USER, _ON_MESSAGE = 1, 2, 3


def commands_of(world: World, member: Member) -> list[Json]:
    """The commands that a member may use in the guild."""
    both = [*world.state.commands_for(None), *world.state.commands_for(member.guild_id)]
    return [shapes.command(world, one) for one in both if _may_use(world, one, member)]


def _may_use(world: World, command: Json, member: Member) -> bool:
    """`default_member_permissions`: None for all, 0 for administrators, else the bits that are needed."""
    needed = command["default_member_permissions"]
    if needed is None:
        return True
    granted = in_guild(world.state, member.guild_id, member.user_id)
    if granted & Permission.ADMINISTRATOR:
        return True
    return int(needed) != 0 and not int(needed) & ~granted


async def begin(world: World, member: Member, body: Json, uploads: list[Upload]) -> tuple[int, Json]:
    """Check what a person does and send it to the bot. Returns status and body of the answer to the window."""
    kind = body.get("type")
    if kind == interactions.COMMAND:
        return 202, {"interaction_id": _command(world, member, body, uploads, kind)["id"]}
    if kind == interactions.AUTOCOMPLETE:
        return await _complete(world, member, body)
    if kind == interactions.COMPONENT:
        return 202, {"interaction_id": _press(world, member, body)["id"]}
    if kind == interactions.FORM:
        return 202, {"interaction_id": _submit(world, member, body, uploads)["id"]}
    raise invalid_form("type", "BASE_TYPE_CHOICES", "Value must be one of (2, 3, 4, 5).")


def _channel(world: World, member: Member, channel_id: Any) -> Json:
    channel = world.state.channels.get(str(channel_id))
    if channel is None or channel["guild_id"] not in (None, member.guild_id):
        raise unknown(10003)
    require(world.state, channel, member.user_id, Permission.USE_APPLICATION_COMMANDS)
    if threads.is_locked_for(world, channel, member.user_id):
        raise Refusal(403, 160005, "Thread is locked")
    return channel


def _filled(world: World, member: Member, channel: Json, uploads: list[Upload]) -> Filled:
    return Filled(world, channel["guild_id"], channel["id"], member.user_id, uploads)


# Commands


def _command(world: World, member: Member, body: Json, uploads: list[Upload], kind: int) -> Json:
    channel = _channel(world, member, body.get("channel_id"))
    command = _known_command(world, member, channel, body)
    filled = _filled(world, member, channel, uploads)
    data = _command_data(filled, command, body, partial=kind == interactions.AUTOCOMPLETE)
    if filled.resolved:
        data["resolved"] = filled.resolved
    named = {"name": _full_name(command["name"], data.get("options") or []), "command_type": command["type"]}
    if "target_id" in data:
        about = "target_user_id" if command["type"] == _ON_USER else "target_message_id"
        named[about] = data["target_id"]
    return interactions.start(
        world,
        kind=kind,
        channel=channel,
        user_id=member.user_id,
        locale=member.locale,
        data=data,
        metadata=named,
        uploads=uploads,
    )


def _known_command(world: World, member: Member, channel: Json, body: Json) -> Json:
    command = world.state.commands.get(str(body.get("command_id")))
    if command is None or command["guild_id"] not in (None, member.guild_id):
        raise unknown(10063)
    if channel["type"] == DM:
        contexts = command["contexts"]
        in_direct = 1 in contexts if contexts is not None else command["dm_permission"] is not False
        if command["guild_id"] is not None or not in_direct:
            raise unknown(10063)
    elif not _may_use(world, command, member):
        raise missing_permissions()
    return command


def _command_data(filled: Filled, command: Json, body: Json, *, partial: bool) -> Json:
    data: Json = {"id": command["id"], "name": command["name"], "type": command["type"]}
    if command["guild_id"] is not None:
        data["guild_id"] = command["guild_id"]
    problems = Problems()
    if command["type"] == _CHAT:
        data["options"] = fill(filled, command["options"], body.get("options"), problems, partial=partial)
    else:
        data["target_id"] = _target(filled, command["type"], str(body.get("target_id")), problems)
    problems.refuse()
    return data


def _target(filled: Filled, kind: int, target_id: str, problems: Problems) -> str:
    """What a command of a context menu is about: a person or a message."""
    world = filled.world
    if kind == _ON_USER:
        return str(options.user(filled, {}, target_id, problems.at("target_id")))
    channel = world.state.channels[filled.channel_id]
    record = messages.visible(world, channel, target_id, filled.viewer)
    shape = message_shapes.message(world, record, world.bot_id)
    if shape.get("referenced_message") is not None:
        # The whole content is given for the target alone.
        shape["referenced_message"] = readable(world, shape["referenced_message"])
    filled.add("messages", target_id, shape)
    return target_id


def _full_name(name: str, chosen: list[Json]) -> str:
    """`bild neu` for the sub-command `neu` of `bild`."""
    if chosen and chosen[0]["type"] in (1, 2):
        return _full_name(f"{name} {chosen[0]['name']}", chosen[0]["options"])
    return name


async def _complete(world: World, member: Member, body: Json) -> tuple[int, Json]:
    record = _command(world, member, body, [], interactions.AUTOCOMPLETE)
    try:
        choices = await interactions.wait_for_choices(world, record)
    except TimeoutError as error:
        raise Refusal(504, 0, "Loading options failed") from error
    return 200, {"choices": [_localised(one, member.locale) for one in choices]}


def _localised(choice: Json, locale: str) -> Json:
    name = (choice.get("name_localizations") or {}).get(locale) or choice["name"]
    return {**choice, "name": name}


# Components


def _press(world: World, member: Member, body: Json) -> Json:
    message = world.state.messages.get(str(body.get("message_id")))
    if message is None:
        raise unknown(10008)
    channel = _channel_of(world, member, message["channel_id"])
    message = messages.visible(world, channel, message["id"], member.user_id)
    threads.require_awake(channel)
    if threads.is_locked_for(world, channel, member.user_id):
        raise Refusal(403, 160005, "Thread is locked")
    component = _component(message, body)
    filled = _filled(world, member, channel, [])
    data: Json = {key: component[key] for key in ("custom_id", "id")}
    data["component_type"] = component["type"]
    if component["type"] in components.SELECTS:
        problems = Problems()
        data["values"] = forms.chosen(filled, component, body.get("values"), problems)
        problems.refuse()
    if filled.resolved:
        data["resolved"] = filled.resolved
    return interactions.start(
        world,
        kind=interactions.COMPONENT,
        channel=channel,
        user_id=member.user_id,
        locale=member.locale,
        data=data,
        metadata={"interacted_message_id": message["id"]},
        message=message,
    )


def _channel_of(world: World, member: Member, channel_id: str) -> Json:
    channel = world.state.channels.get(channel_id)
    if channel is None or channel["guild_id"] not in (None, member.guild_id):
        raise unknown(10008)
    if not in_channel(world.state, channel, member.user_id) & Permission.VIEW_CHANNEL:
        raise unknown(10008)
    return channel


def _component(message: Json, body: Json) -> Json:
    """The component that was pressed: it has to be on the message, of that type and not switched off."""
    component = components.find(message["components"], str(body.get("custom_id")))
    problems = Problems()
    if component is None or message["flags"] & LOADING:
        problems.at("custom_id").add("COMPONENT_VALIDATION_FAILED", "Component validation failed")
        component = {}
    elif component.get("disabled"):
        problems.at("custom_id").add("COMPONENT_DISABLED", "This component is disabled")
    else:
        problems.at("component_type").choice(
            body.get("component_type", component["type"]), {component["type"]}
        )
    problems.refuse()
    return component


# Forms


def _submit(world: World, member: Member, body: Json, uploads: list[Upload]) -> Json:
    form = world.state.modals.get(str(body.get("modal_id")))
    if form is None or form["user_id"] != member.user_id:
        raise Refusal(404, 10062, "Unknown interaction")
    channel = world.state.channels[form["channel_id"]]
    filled = _filled(world, member, channel, uploads)
    problems = Problems()
    rows = forms.submitted(filled, form["components"], body.get("components"), problems)
    problems.refuse()
    data: Json = {"custom_id": form["custom_id"], "components": rows}
    if filled.resolved:
        data["resolved"] = filled.resolved
    opened_by = world.state.interactions[form["interaction_id"]]["metadata"]
    message = world.state.messages.get(str(form["message_id"]))
    record = interactions.start(
        world,
        kind=interactions.FORM,
        channel=channel,
        user_id=member.user_id,
        locale=member.locale,
        data=data,
        metadata={"triggering_interaction_metadata": opened_by},
        message=message,
        uploads=uploads,
    )
    world.delete("modals", form)
    return record
