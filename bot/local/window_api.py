"""What a window asks for: who is there, the state, messages and reactions. JSON under `/w/<window>/api/`."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from bot.local import message_shapes, messages, shapes, threads
from bot.local.errors import Json, Refusal, invalid_form, unknown
from bot.local.messages import SILENT
from bot.local.permissions import Permission, in_guild, require
from bot.local.rest_guilds import direct_record
from bot.local.typing_start import start_typing
from bot.local.uploads import Form, read_form
from bot.local.voice_messages import VOICE
from bot.local.window import COOKIE, SECURITY, Member, Windows, channel_shape, channels_of
from bot.local.window_interactions import begin, commands_of
from bot.local.world import World

PREFIX = "/w/{window:[A-Za-z0-9_-]{8,64}}"
_LOCALES = ("de", "en-US", "en-GB")
_SAYABLE = ("content", "nonce", "message_reference", "attachments", "allowed_mentions")
_PEOPLES_FLAGS = SILENT | VOICE
Action = Callable[[web.Request, Member], Awaitable[Any]]


class WindowApi:
    """The handlers, and the routes that lead to them."""

    def __init__(self, world: World, windows: Windows) -> None:
        self._world = world
        self._windows = windows

    def routes(self) -> list[web.RouteDef]:
        """Everything below `/w/<window>/`."""
        channel = f"{PREFIX}/api/channels/{{channel_id:\\d+}}"
        message = f"{channel}/messages/{{message_id:\\d+}}"
        reaction = f"{message}/reactions/{{emoji}}"
        return [
            web.get(f"{PREFIX}/", self._windows.page),
            web.get(f"{PREFIX}/api/socket", self._open(self._windows.socket)),
            web.get(f"{PREFIX}/api/people", self._open(self._people)),
            web.post(f"{PREFIX}/api/session", self._open(self._enter)),
            web.delete(f"{PREFIX}/api/session", self._member(self._leave)),
            web.get(f"{PREFIX}/api/state", self._member(self._state)),
            web.post(f"{PREFIX}/api/direct", self._member(self._direct)),
            web.get(channel, self._member(self._look_up)),
            web.get(f"{channel}/messages", self._member(self._history)),
            web.post(f"{channel}/messages", self._member(self._say)),
            web.post(f"{channel}/typing", self._member(self._typing)),
            web.delete(message, self._member(self._delete)),
            web.put(reaction, self._member(self._react)),
            web.delete(reaction, self._member(self._unreact)),
            web.post(f"{PREFIX}/api/interactions", self._member(self._interact)),
        ]

    def _open(
        self, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        """A handler that needs no session; refusals become Discord's JSON."""

        async def handle(request: web.Request) -> web.StreamResponse:
            try:
                return await handler(request)
            except Refusal as refusal:
                return _json(refusal.body(), refusal.status)

        return handle

    def _member(self, action: Action) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        """An action for which one has to be somebody; what it returns is sent as JSON (None: 204)."""

        async def handle(request: web.Request) -> web.StreamResponse:
            result = await action(request, self._windows.authenticate(request))
            if isinstance(result, web.StreamResponse):
                return result
            return web.Response(status=204, headers=SECURITY) if result is None else _json(result)

        return self._open(handle)

    # Sessions

    def _guild(self, request: web.Request, wanted: Any) -> Json:
        guilds = self._world.state.guilds
        chosen = wanted or request.query.get("guild") or next(iter(guilds), "")
        if str(chosen) not in guilds:
            raise unknown(10004)
        return guilds[str(chosen)]

    async def _people(self, request: web.Request) -> web.StreamResponse:
        guild = self._guild(request, None)
        members = self._world.state.members_of(guild["id"])
        people = [shapes.person(self._world, one) for one in members if one["user_id"] != self._world.bot_id]
        return _json({"guild": {"id": guild["id"], "name": guild["name"]}, "people": people})

    async def _enter(self, request: web.Request) -> web.StreamResponse:
        """Sit down at this window as somebody. On loopback everybody may; a join code belongs here for `--lan`."""
        body = await _body(request)
        guild = self._guild(request, body.get("guild"))
        record = self._world.state.member(guild["id"], str(body.get("person")))
        if record is None or record["user_id"] == self._world.bot_id:
            raise unknown(10007)
        known = self._world.state.users[record["user_id"]]
        locale = body.get("locale") if body.get("locale") in _LOCALES else known["locale"]
        window = request.match_info["window"]
        member, token = self._windows.enter(window, guild["id"], record["user_id"], str(locale))
        response = _json({"me": self._me(member)})
        response.set_cookie(COOKIE, token, path=f"/w/{window}/", httponly=True, samesite="Strict")
        return response

    async def _leave(self, _request: web.Request, member: Member) -> None:
        self._windows.leave(member)

    def _me(self, member: Member) -> Json:
        record = self._world.state.members[f"{member.guild_id}:{member.user_id}"]
        granted = in_guild(self._world.state, member.guild_id, member.user_id)
        return {**shapes.person(self._world, record), "locale": member.locale, "permissions": str(granted)}

    async def _state(self, _request: web.Request, member: Member) -> Json:
        world = self._world
        guild = world.state.guilds[member.guild_id]
        members = world.state.members_of(guild["id"])
        return {
            "me": self._me(member),
            "guild": {"id": guild["id"], "name": guild["name"]},
            "channels": channels_of(world, member),
            "members": [shapes.person(world, one) for one in members],
            "roles": [shapes.role(one) for one in world.state.roles_of(guild["id"])],
            "commands": commands_of(world, member),
            "emoji": ["👍", "👎", "❤️", "😂", "😮", "🎉", "🤔", "👏"],
            "bot": {"id": world.bot_id, "online": world.gateway.online},
            "limits": {"file_bytes": world.limits.file_bytes, "answer_within": world.limits.answer_within},
        }

    # Messages

    def _channel(self, request: web.Request, member: Member, needed: int = 0) -> Json:
        channel = self._world.state.channels.get(request.match_info["channel_id"])
        if channel is None or channel["guild_id"] not in (None, member.guild_id):
            raise unknown(10003)
        require(self._world.state, channel, member.user_id, needed)
        return channel

    def _message(self, request: web.Request, member: Member) -> tuple[Json, Json]:
        channel = self._channel(request, member)
        message_id = request.match_info["message_id"]
        return channel, messages.visible(self._world, channel, message_id, member.user_id)

    async def _direct(self, _request: web.Request, member: Member) -> Json:
        """The own direct message channel with the bot."""
        world = self._world
        channel = world.state.direct_channel(member.user_id)
        if channel is None:
            channel = world.put("channels", direct_record(world.ids.next(), member.user_id, world.bot_id))
        return channel_shape(world, channel, member)

    async def _look_up(self, request: web.Request, member: Member) -> Json:
        """One channel; so a window finds an archived thread, which the state does not list."""
        return channel_shape(self._world, self._channel(request, member), member)

    async def _history(self, request: web.Request, member: Member) -> list[Json]:
        channel = self._channel(request, member, Permission.READ_MESSAGE_HISTORY)
        limit = request.query.get("limit", "50")
        query = {
            key: one for key, one in request.query.items() if key in ("before", "after") and one.isdigit()
        }
        number = min(int(limit), 100) if limit.isdigit() else 50
        records = messages.history(self._world, channel, member.user_id, limit=number, query=query)
        return [message_shapes.message(self._world, one, member.user_id) for one in records]

    async def _say(self, request: web.Request, member: Member) -> Json:
        """Ordinary chat. People send text, files and replies; no embeds, no components."""
        channel = self._channel(request, member)
        form = await _form(self._world, request)
        body = _payload(form)
        allowed: Json = {key: body[key] for key in _SAYABLE if key in body}
        allowed["flags"] = _flags(body.get("flags")) & _PEOPLES_FLAGS
        try:
            record = messages.post(self._world, channel, member.user_id, allowed, form.uploads)
        except Refusal:
            form.discard()
            raise
        return message_shapes.message(self._world, record, member.user_id)

    async def _delete(self, request: web.Request, member: Member) -> None:
        channel, record = self._message(request, member)
        messages.require_deletable(self._world, channel, record, member.user_id)
        messages.remove(self._world, record)

    async def _react(self, request: web.Request, member: Member) -> None:
        channel, record = self._message(request, member)
        threads.require_awake(channel)
        messages.react(self._world, channel, record, member.user_id, request.match_info["emoji"])

    async def _unreact(self, request: web.Request, member: Member) -> None:
        _channel, record = self._message(request, member)
        messages.unreact(self._world, record, member.user_id, request.match_info["emoji"])

    async def _typing(self, request: web.Request, member: Member) -> None:
        start_typing(self._world, self._channel(request, member), member.user_id)

    async def _interact(self, request: web.Request, member: Member) -> web.StreamResponse:
        form = await _form(self._world, request)
        try:
            status, body = await begin(self._world, member, _payload(form), form.uploads)
        except Refusal:
            form.discard()
            raise
        return _json(body, status)


def _flags(value: Any) -> int:
    if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
        raise invalid_form("flags", "NUMBER_TYPE_COERCE", f'Value "{value}" is not int.')
    return value or 0


async def _body(request: web.Request) -> Json:
    if request.content_type != "application/json":
        raise Refusal(415, 0, "Send application/json")
    return _payload(Form(await request.text(), []))


async def _form(world: World, request: web.Request) -> Form:
    if request.content_type == "multipart/form-data":
        return await read_form(world, request)
    if request.content_type != "application/json":
        raise Refusal(415, 0, "Send application/json or multipart/form-data")
    return Form(await request.text(), [])


def _payload(form: Form) -> Json:
    try:
        body = json.loads(form.payload or "{}")
    except ValueError as error:
        raise Refusal(400, 50109, "The request body contains invalid JSON.") from error
    if not isinstance(body, dict):
        raise Refusal(400, 50109, "The request body contains invalid JSON.")
    return body


def _json(body: Any, status: int = 200) -> web.Response:
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    headers = {**SECURITY, "Cache-Control": "no-store"}
    return web.Response(status=status, text=text, content_type="application/json", headers=headers)
