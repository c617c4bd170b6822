"""A command's options as a person filled them in, checked as Discord's own client does before it sends them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from bot.local import message_shapes, shapes
from bot.local.errors import Json, Problems
from bot.local.permissions import in_channel, may_see
from bot.local.uploads import Upload, attachment_record
from bot.local.world import World

SUB, GROUP, STRING, INTEGER, BOOLEAN, USER, CHANNEL, ROLE, MENTIONABLE, NUMBER, FILE = range(1, 12)
_LARGEST = 2**53
_MAX_STRING = 6000


@dataclass
class Filled:
    """Where values are looked up and what is found: `resolved` as the interaction carries it."""

    world: World
    guild_id: str | None
    channel_id: str
    viewer: str
    uploads: list[Upload]
    resolved: dict[str, Json] = field(default_factory=dict)
    focused: Json | None = None

    def add(self, kind: str, key: str, value: Json) -> None:
        self.resolved.setdefault(kind, {})[key] = value


def fill(
    filled: Filled, definitions: list[Json], given: Any, problems: Problems, *, partial: bool
) -> list[Json]:
    """The options as the bot gets them. With `partial` (autocomplete) missing ones are no error."""
    options = [one for one in given if isinstance(one, dict)] if isinstance(given, list) else []
    known = {one["name"]: one for one in definitions}
    if any(one["type"] in (SUB, GROUP) for one in definitions):
        return _fill_sub(filled, known, options, problems, partial=partial)
    result = []
    for one in options:
        name = str(one.get("name"))
        at = problems.at("options", name)
        if name not in known:
            at.add("OPTION_UNKNOWN", f"This command has no option {name}")
        else:
            result.append(_fill_one(filled, known[name], one, at, partial=partial))
    present = {one["name"] for one in result}
    for name, definition in known.items():
        if definition.get("required") and name not in present and not partial:
            problems.at("options", name).required()
    return result


def _fill_sub(
    filled: Filled, known: dict[str, Json], options: list[Json], problems: Problems, *, partial: bool
) -> list[Json]:
    """Exactly one sub-command or group has to be named."""
    if len(options) != 1 or options[0].get("name") not in known:
        problems.at("options").add("SUBCOMMAND_REQUIRED", f"Name one of: {', '.join(known)}")
        return []
    definition = known[options[0]["name"]]
    inner = fill(
        filled,
        definition.get("options") or [],
        options[0].get("options") or [],
        problems.at("options", definition["name"]),
        partial=partial,
    )
    return [{"name": definition["name"], "type": definition["type"], "options": inner}]


def _fill_one(filled: Filled, definition: Json, given: Json, at: Problems, *, partial: bool) -> Json:
    value = given.get("value")
    option: Json = {"name": definition["name"], "type": definition["type"], "value": value}
    if partial and given.get("focused"):
        option["focused"] = True
        option["value"] = "" if value is None else str(value)
        filled.focused = definition
        return option
    check = _CHECKS[definition["type"]]
    option["value"] = check(filled, definition, value, at)
    return option


def _string(_filled: Filled, definition: Json, value: Any, at: Problems) -> Any:
    low = definition.get("min_length") or (1 if definition.get("required") else 0)
    if at.text(value, low, definition.get("max_length") or _MAX_STRING):
        _choices(definition, value, at)
    return value


def _integer(_filled: Filled, definition: Json, value: Any, at: Problems) -> Any:
    if isinstance(value, bool) or not isinstance(value, int):
        at.add("NUMBER_TYPE_COERCE", f'Value "{value}" is not int.')
    else:
        _bounds(definition, value, at)
    return value


def _number(_filled: Filled, definition: Json, value: Any, at: Problems) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float):
        at.add("NUMBER_TYPE_COERCE", f'Value "{value}" is not float.')
    else:
        _bounds(definition, value, at)
    return value


def _bounds(definition: Json, value: float, at: Problems) -> None:
    low = definition.get("min_value", -_LARGEST)
    high = definition.get("max_value", _LARGEST)
    if value < low:
        at.add("NUMBER_TYPE_MIN", f"Value must be at least {low}.")
    elif value > high:
        at.add("NUMBER_TYPE_MAX", f"Value must be at most {high}.")
    else:
        _choices(definition, value, at)


def _choices(definition: Json, value: Any, at: Problems) -> None:
    choices = definition.get("choices")
    if choices and value not in [one["value"] for one in choices]:
        at.add("BASE_TYPE_CHOICES", "Value must be one of the choices.")


def _boolean(_filled: Filled, _definition: Json, value: Any, at: Problems) -> Any:
    if not isinstance(value, bool):
        at.add("BOOLEAN_TYPE_CONVERT", "Must be either true or false.")
    return value


def user(filled: Filled, _definition: Json, value: Any, at: Problems) -> Any:
    """A member's id; fills in user and member."""
    state = filled.world.state
    known = state.users.get(str(value))
    member = state.member(filled.guild_id, str(value)) if filled.guild_id else None
    if known is None or (filled.guild_id and member is None):
        at.add("OPTION_UNKNOWN_USER", "There is no such person here.")
        return value
    filled.add("users", known["id"], shapes.user(known))
    if member is not None and filled.guild_id is not None:
        channel = state.channels[filled.channel_id]
        granted = str(in_channel(state, channel, known["id"]))
        shape = shapes.member(filled.world, member, with_user=False)
        filled.add("members", known["id"], {**shape, "permissions": granted})
    return known["id"]


def channel(filled: Filled, definition: Json, value: Any, at: Problems) -> Any:
    """A channel that the person sees, of the kinds that the option allows."""
    state = filled.world.state
    found = state.channels.get(str(value))
    kinds = definition.get("channel_types")
    wrong = found is None or found["guild_id"] != filled.guild_id or not may_see(state, found, filled.viewer)
    if found is None or wrong or (kinds and found["type"] not in kinds):
        at.add("OPTION_UNKNOWN_CHANNEL", "There is no such channel here.")
        return value
    granted = str(in_channel(state, found, filled.viewer))
    filled.add("channels", found["id"], {**shapes.channel(filled.world, found), "permissions": granted})
    return found["id"]


def role(filled: Filled, _definition: Json, value: Any, at: Problems) -> Any:
    """A role of the guild."""
    found = filled.world.state.roles.get(str(value))
    if found is None or found["guild_id"] != filled.guild_id:
        at.add("OPTION_UNKNOWN_ROLE", "There is no such role here.")
        return value
    filled.add("roles", found["id"], shapes.role(found))
    return found["id"]


def mentionable(filled: Filled, definition: Json, value: Any, at: Problems) -> Any:
    """A member or a role."""
    chosen = role if str(value) in filled.world.state.roles else user
    return chosen(filled, definition, value, at)


def file(filled: Filled, _definition: Json, value: Any, at: Problems) -> Any:
    """The number of an uploaded file; fills in the attachment and gives its id."""
    upload = next((one for one in filled.uploads if one.index == str(value)), None)
    if upload is None:
        at.add("OPTION_UNKNOWN_FILE", f"There is no uploaded file {value}.")
        return value
    record = {**attachment_record(upload), "ephemeral": True}
    shape = message_shapes.attachment(filled.world, record, filled.channel_id)
    filled.add("attachments", upload.attachment_id, shape)
    return upload.attachment_id


_CHECKS = {
    STRING: _string,
    INTEGER: _integer,
    BOOLEAN: _boolean,
    USER: user,
    CHANNEL: channel,
    ROLE: role,
    MENTIONABLE: mentionable,
    NUMBER: _number,
    FILE: file,
}
