"""The bot's own account, guilds, members and roles over HTTP."""

from __future__ import annotations

from bot.local import shapes
from bot.local.errors import Json, Problems, Refusal, missing_access, missing_permissions, unknown
from bot.local.permissions import Permission, in_guild, require_in_guild
from bot.local.rest import Answer, Call, Routes
from bot.local.state import DM, copied

# Account


async def me(call: Call) -> Answer:
    return Answer(200, shapes.own_user(call.world.state.users[call.world.bot_id]))


async def application(call: Call) -> Answer:
    world = call.world
    bot = world.state.users[world.bot_id]
    owner = next(iter(world.state.guilds.values()), None)
    body = {
        "id": world.bot_id,
        "name": bot["username"],
        "icon": None,
        "description": "",
        "type": None,
        "bot": shapes.user(bot),
        "bot_public": False,
        "bot_require_code_grant": False,
        "verify_key": "0" * 64,
        "flags": 0,
        "flags_new": "0",
        "redirect_uris": [],
        "interactions_endpoint_url": None,
        "role_connections_verification_url": None,
        "owner": shapes.user(world.state.users[owner["owner_id"]] if owner else bot),
        "approximate_guild_count": len(world.state.guilds),
        "approximate_user_install_count": 0,
        "approximate_user_authorization_count": 0,
        "explicit_content_filter": 0,
        "team": None,
        "eligible_oauth2_scopes": [],
    }
    return Answer(200, body)


async def gateway(call: Call) -> Answer:
    return Answer(200, {"url": call.world.base_url.replace("http", "ws", 1) + "/gateway"})


async def gateway_bot(call: Call) -> Answer:
    limit = {"total": 1000, "remaining": 999, "reset_after": 86_400_000, "max_concurrency": 1}
    url = call.world.base_url.replace("http", "ws", 1) + "/gateway"
    return Answer(200, {"url": url, "shards": 1, "session_start_limit": limit})


async def user(call: Call) -> Answer:
    found = call.world.state.users.get(call.params["user_id"])
    if found is None:
        raise unknown(10013)
    return Answer(200, shapes.user(found))


async def open_direct(call: Call) -> Answer:
    """The direct message channel with a person; the same one every time."""
    world = call.world
    user_id = str(call.form.get("recipient_id"))
    person = world.state.users.get(user_id)
    if person is None:
        raise unknown(10013)
    if person["bot"]:
        raise Refusal(400, 50007, "Cannot send messages to this user")
    channel = world.state.direct_channel(user_id)
    if channel is None:
        channel = direct_record(world.ids.next(), user_id, world.bot_id)
        world.put("channels", channel)
    return Answer(200, shapes.direct(world, channel))


def direct_record(channel_id: str, user_id: str, bot_id: str) -> Json:
    return {"id": channel_id, "guild_id": None, "type": DM, "recipients": [user_id], "bot_id": bot_id}


# Guilds


def guild_for(call: Call, needed: int = 0) -> Json:
    """The guild that the address names, if the bot is in it."""
    world = call.world
    found = world.state.guilds.get(call.params["guild_id"])
    if found is None:
        raise unknown(10004)
    if world.state.member(found["id"], world.bot_id) is None:
        raise missing_access()
    require_in_guild(world.state, found["id"], world.bot_id, needed)
    return found


async def guild(call: Call) -> Answer:
    record = guild_for(call)
    shape = shapes.guild(call.world, record)
    if call.query.get("with_counts", "").lower() in ("1", "true"):
        count = len(call.world.state.members_of(record["id"]))
        shape.update(approximate_member_count=count, approximate_presence_count=count)
    return Answer(200, shape)


async def own_guilds(call: Call) -> Answer:
    world = call.world
    listed = [
        {
            "id": one["id"],
            "name": one["name"],
            "icon": None,
            "banner": None,
            "owner": one["owner_id"] == world.bot_id,
            "permissions": str(in_guild(world.state, one["id"], world.bot_id)),
            "features": [],
        }
        for one in world.state.guilds.values()
        if world.state.member(one["id"], world.bot_id)
    ]
    return Answer(200, listed)


# Members


def _member(call: Call, guild_id: str) -> Json:
    user_id = call.params["user_id"]
    if user_id not in call.world.state.users:
        raise unknown(10013)
    record = call.world.state.member(guild_id, user_id)
    if record is None:
        raise unknown(10007)
    return record


async def member(call: Call) -> Answer:
    return Answer(200, shapes.member(call.world, _member(call, guild_for(call)["id"])))


async def members(call: Call) -> Answer:
    """Needs the members intent to be switched on for the application, as on Discord."""
    record = guild_for(call)
    if not call.world.limits.privileged_intents & 2:
        raise missing_access()
    after, limit = int(call.query.get("after", "0")), call.number("limit", 1, 1, 1000)
    found = sorted(call.world.state.members_of(record["id"]), key=lambda one: int(one["user_id"]))
    shown = [one for one in found if int(one["user_id"]) > after][:limit]
    return Answer(200, [shapes.member(call.world, one) for one in shown])


async def edit_member(call: Call) -> Answer:
    """Nickname and roles."""
    world = call.world
    record = guild_for(call)
    call.params.setdefault("user_id", world.bot_id)
    found = _member(call, record["id"])
    change: Json = {}
    if "nick" in call.form:
        own = found["user_id"] == world.bot_id
        needed = Permission.CHANGE_NICKNAME if own else Permission.MANAGE_NICKNAMES
        require_in_guild(world.state, record["id"], world.bot_id, needed)
        problems = Problems()
        problems.at("nick").text(call.form["nick"] or "", 0, 32)
        problems.refuse()
        change["nick"] = call.form["nick"] or None
    if call.form.get("roles") is not None:
        wanted = [str(one) for one in call.form["roles"]]
        for role_id in set(wanted) ^ set(found["roles"]):
            _may_give(call, record["id"], role_id)
        change["roles"] = wanted
    return Answer(200, shapes.member(world, world.put("members", copied(found, **change))))


async def add_role(call: Call) -> Answer:
    record = guild_for(call)
    found = _member(call, record["id"])
    role_id = _may_give(call, record["id"], call.params["role_id"])["id"]
    if role_id not in found["roles"]:
        call.world.put("members", copied(found, roles=[*found["roles"], role_id]))
    return Answer(204)


async def remove_role(call: Call) -> Answer:
    record = guild_for(call)
    found = _member(call, record["id"])
    role_id = _may_give(call, record["id"], call.params["role_id"])["id"]
    if role_id in found["roles"]:
        kept = [one for one in found["roles"] if one != role_id]
        call.world.put("members", copied(found, roles=kept))
    return Answer(204)


def _may_give(call: Call, guild_id: str, role_id: str) -> Json:
    """A role that the bot may give and take: MANAGE_ROLES, and below its own highest."""
    state = call.world.state
    role = state.roles.get(role_id)
    if role is None or role["guild_id"] != guild_id:
        raise unknown(10011)
    require_in_guild(state, guild_id, call.world.bot_id, Permission.MANAGE_ROLES)
    own = state.members[f"{guild_id}:{call.world.bot_id}"]
    highest = max((state.roles[one]["position"] for one in own["roles"]), default=0)
    if role["position"] >= highest or role["bot_id"] is not None:
        raise missing_permissions()
    return role


# Roles


async def roles(call: Call) -> Answer:
    record = guild_for(call)
    return Answer(200, [shapes.role(one) for one in call.world.state.roles_of(record["id"])])


async def create_role(call: Call) -> Answer:
    world = call.world
    record = guild_for(call, Permission.MANAGE_ROLES)
    for one in world.state.roles_of(record["id"]):
        if one["position"] >= 1:
            world.put("roles", copied(one, position=one["position"] + 1), quiet=True)
    made = role_record(world.ids.next(), record["id"], call.form.get("name") or "new role", position=1)
    return Answer(200, shapes.role(world.put("roles", {**made, **_role_changes(call, record["id"])})))


async def edit_role(call: Call) -> Answer:
    record = guild_for(call)
    found = _may_give(call, record["id"], call.params["role_id"])
    changed = copied(found, **_role_changes(call, record["id"]))
    return Answer(200, shapes.role(call.world.put("roles", changed)))


async def delete_role(call: Call) -> Answer:
    record = guild_for(call)
    found = _may_give(call, record["id"], call.params["role_id"])
    for one in call.world.state.members_of(record["id"]):
        if found["id"] in one["roles"]:
            kept = [role_id for role_id in one["roles"] if role_id != found["id"]]
            call.world.put("members", copied(one, roles=kept), quiet=True)
    call.world.delete("roles", found)
    return Answer(204)


def _role_changes(call: Call, guild_id: str) -> Json:
    problems = Problems()
    problems.at("name").text(call.form.get("name") or "", 0, 100)
    problems.refuse()
    change: Json = {
        name: call.form[name] for name in ("name", "color", "hoist", "mentionable") if name in call.form
    }
    if call.form.get("permissions") is not None:
        wanted = int(call.form["permissions"])
        if wanted & ~in_guild(call.world.state, guild_id, call.world.bot_id):
            raise missing_permissions()
        change["permissions"] = wanted
    return change


def role_record(role_id: str, guild_id: str, name: str, *, position: int, permissions: int = 0) -> Json:
    return {
        "id": role_id,
        "guild_id": guild_id,
        "name": name,
        "permissions": permissions,
        "position": position,
        "color": 0,
        "hoist": False,
        "mentionable": False,
        "bot_id": None,
    }


ROUTES: Routes = [
    ("GET", "/users/@me", me),
    ("GET", "/users/@me/guilds", own_guilds),
    ("POST", "/users/@me/channels", open_direct),
    ("GET", "/users/{user_id}", user),
    ("GET", "/oauth2/applications/@me", application),
    ("GET", "/applications/@me", application),
    ("GET", "/gateway", gateway),
    ("GET", "/gateway/bot", gateway_bot),
    ("GET", "/guilds/{guild_id}", guild),
    ("GET", "/guilds/{guild_id}/members", members),
    ("GET", "/guilds/{guild_id}/members/{user_id}", member),
    ("PATCH", "/guilds/{guild_id}/members/@me", edit_member),
    ("PATCH", "/guilds/{guild_id}/members/{user_id}", edit_member),
    ("PUT", "/guilds/{guild_id}/members/{user_id}/roles/{role_id}", add_role),
    ("DELETE", "/guilds/{guild_id}/members/{user_id}/roles/{role_id}", remove_role),
    ("GET", "/guilds/{guild_id}/roles", roles),
    ("POST", "/guilds/{guild_id}/roles", create_role),
    ("PATCH", "/guilds/{guild_id}/roles/{role_id}", edit_role),
    ("DELETE", "/guilds/{guild_id}/roles/{role_id}", delete_role),
]
