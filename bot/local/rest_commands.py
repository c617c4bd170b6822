"""Registering commands, global ones and a guild's own, with Discord's limits and localisations."""

from __future__ import annotations

from typing import Any

from bot.local import shapes
from bot.local.command_rules import MOST, check_commands
from bot.local.errors import Json, Refusal, unknown
from bot.local.rest import Answer, Call, Routes


async def read_all(call: Call) -> Answer:
    guild_id = _guild_of(call)
    return Answer(200, [shapes.command(call.world, one) for one in call.world.state.commands_for(guild_id)])


async def replace_all(call: Call) -> Answer:
    """Bulk PUT: exactly these commands from now on; those with a known name keep their id."""
    guild_id = _guild_of(call)
    wanted = call.body
    if not isinstance(wanted, list):
        error = {"code": "LIST_TYPE_CONVERT", "message": "Only iterables may be used in a ListType"}
        raise Refusal(400, 50035, "Invalid Form Body", {"_errors": [error]})
    check_commands(wanted)
    state = call.world.state
    before = {(one["type"], one["name"]): one for one in state.commands_for(guild_id)}
    records = [_record(call, guild_id, one, before) for one in wanted]
    kept = {one["id"] for one in records}
    for one in list(before.values()):
        if one["id"] not in kept:
            call.world.delete("commands", one)
    for record in records:
        call.world.put("commands", record)
    _tell(call)
    return Answer(200, [shapes.command(call.world, one) for one in records])


async def create(call: Call) -> Answer:
    """Add one; a command of the same name and type is replaced (200 instead of 201)."""
    guild_id = _guild_of(call)
    check_commands([call.form])
    before = {(one["type"], one["name"]): one for one in call.world.state.commands_for(guild_id)}
    record = _record(call, guild_id, call.form, before)
    known = record["id"] in call.world.state.commands
    most = MOST[record["type"]]
    if not known and sum(kind == record["type"] for kind, _name in before) >= most:
        raise Refusal(400, 30032, f"Maximum number of application commands reached ({most}).")
    call.world.put("commands", record)
    _tell(call)
    return Answer(200 if known else 201, shapes.command(call.world, record))


def _named(call: Call) -> Json:
    record = call.world.state.commands.get(call.params["command_id"])
    if record is None or record["guild_id"] != _guild_of(call):
        raise unknown(10063)
    return record


async def read(call: Call) -> Answer:
    return Answer(200, shapes.command(call.world, _named(call)))


async def edit(call: Call) -> Answer:
    record = {**_named(call), **call.form, "version": call.world.ids.next()}
    check_commands([record])
    call.world.put("commands", record)
    _tell(call)
    return Answer(200, shapes.command(call.world, record))


async def delete(call: Call) -> Answer:
    call.world.delete("commands", _named(call))
    _tell(call)
    return Answer(204)


def _guild_of(call: Call) -> str | None:
    if call.params["application_id"] != call.world.bot_id:
        raise Refusal(403, 20012, "You are not authorized to perform this action on this application")
    guild_id = call.params.get("guild_id")
    if guild_id is not None and guild_id not in call.world.state.guilds:
        raise unknown(10004)
    return guild_id


def _tell(call: Call) -> None:
    people = {one["user_id"] for one in call.world.state.members.values()}
    call.world.windows.send(people, "COMMANDS_UPDATE", lambda _viewer: {})


def _record(call: Call, guild_id: str | None, wanted: Json, before: dict[tuple[int, str], Json]) -> Json:
    """A command as it is kept: complete, with an id, and the old version number where nothing changed."""
    kind = wanted.get("type") or 1
    old = before.get((kind, wanted["name"]))
    record: Json = {
        "id": old["id"] if old else call.world.ids.next(),
        "guild_id": guild_id,
        "type": kind,
        "name": wanted["name"],
        "name_localizations": wanted.get("name_localizations"),
        "description": wanted.get("description") or "",
        "description_localizations": wanted.get("description_localizations"),
        "options": _options(wanted.get("options") or []),
        "default_member_permissions": _permissions(wanted.get("default_member_permissions")),
        "nsfw": bool(wanted.get("nsfw")),
        "contexts": wanted.get("contexts"),
        "integration_types": wanted.get("integration_types") or [0],
        "dm_permission": wanted.get("dm_permission", True) if guild_id is None else None,
    }
    same = old is not None and {**old, "version": ""} == {**record, "version": ""}
    return {**record, "version": old["version"] if old and same else call.world.ids.next()}


def _options(options: list[Json]) -> list[Json]:
    return [{key: value for key, value in one.items() if value is not None} for one in options]


def _permissions(value: Any) -> str | None:
    return None if value is None else str(value)


_GLOBAL = "/applications/{application_id}/commands"
_OWN = "/applications/{application_id}/guilds/{guild_id}/commands"
ROUTES: Routes = [
    (method, base + tail, handler)
    for base in (_GLOBAL, _OWN)
    for method, tail, handler in (
        ("GET", "", read_all),
        ("PUT", "", replace_all),
        ("POST", "", create),
        ("GET", "/{command_id}", read),
        ("PATCH", "/{command_id}", edit),
        ("DELETE", "/{command_id}", delete),
    )
]
