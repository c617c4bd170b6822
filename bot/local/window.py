"""The class's side: pages, sessions and sockets of people's windows.

Every window has an address of its own, `/w/<window>/`, and its cookie holds for that path only; so two windows of one
browser can be two people. `authenticate` is the one place that says who somebody is.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web

from bot.local import shapes
from bot.local.errors import Json, Refusal
from bot.local.ids import secret
from bot.local.permissions import Permission, in_channel, may_see, sending
from bot.local.state import CATEGORY, DM, WRITABLE, is_thread
from bot.local.world import World

COOKIE = "atelier"
BACKLOG = 2000
"""Events that may wait for a slow window before it is cut off and has to come back."""
SECURITY = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; media-src 'self' blob:; "
        "connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}


@dataclass(eq=False)
class Socket:
    """An open WebSocket of a window and the channels it knows of."""

    queue: asyncio.Queue[str | None]
    known: set[str] = field(default_factory=set)


@dataclass(eq=False)
class Member:
    """Who sits at a window: what `authenticate` gives."""

    window: str
    guild_id: str
    user_id: str
    locale: str
    sockets: set[Socket] = field(default_factory=set)


class Windows:
    """All sessions, and the way by which events reach them."""

    def __init__(self, world: World, pages: Path) -> None:
        self._world = world
        self._pages = pages
        self._sessions: dict[str, Member] = {}

    # Sessions

    def authenticate(self, request: web.Request) -> Member:
        """The member whose session cookie this window sent; 401 without one. Nothing else ever names a person."""
        member = self._sessions.get(request.cookies.get(COOKIE, ""))
        if member is None or member.window != request.match_info["window"]:
            raise Refusal(401, 0, "401: Unauthorized")
        if self._world.state.member(member.guild_id, member.user_id) is None:
            raise Refusal(401, 0, "401: Unauthorized")
        return member

    def enter(self, window: str, guild_id: str, user_id: str, locale: str) -> tuple[Member, str]:
        """A new session for a window; returns it and the cookie's value."""
        token = secret()
        self._sessions = {key: one for key, one in self._sessions.items() if one.window != window}
        member = self._sessions[token] = Member(window, guild_id, user_id, locale)
        return member, token

    def leave(self, member: Member) -> None:
        self._sessions = {key: one for key, one in self._sessions.items() if one is not member}
        for socket in member.sockets:
            socket.queue.put_nowait(None)

    # Events

    def send(self, user_ids: set[str], name: str, make: Callable[[str], Json]) -> None:
        """Send an event to all windows of these people."""
        made: tuple[Json, str] | None = None
        for member in self._sessions.values():
            if member.user_id not in user_ids or not member.sockets:
                continue
            data = make(member.user_id)
            if made is None or made[0] is not data:
                made = data, _text({"t": name, "d": data})
            for socket in member.sockets:
                _push(socket, made[1])

    def channels_changed(self, changed: str | None = None) -> None:
        """Compare what each window knows with what it may see now."""
        for member in self._sessions.values():
            if not member.sockets:
                continue
            seen = {one["id"]: one for one in channels_of(self._world, member)}
            for socket in member.sockets:
                for channel_id in socket.known - set(seen):
                    gone = {"id": channel_id, "archived": self._only_archived(channel_id, member)}
                    _push(socket, _text({"t": "CHANNEL_DELETE", "d": gone}))
                for channel_id, shape in seen.items():
                    if channel_id not in socket.known:
                        _push(socket, _text({"t": "CHANNEL_CREATE", "d": shape}))
                    elif channel_id == changed:
                        _push(socket, _text({"t": "CHANNEL_UPDATE", "d": shape}))
                socket.known = set(seen)

    def _only_archived(self, channel_id: str, member: Member) -> bool:
        """Whether a channel that went out of sight is a thread that could still be opened."""
        record = self._world.state.channels.get(channel_id)
        return record is not None and is_thread(record) and may_see(self._world.state, record, member.user_id)

    # Pages

    async def root(self, _request: web.Request) -> web.StreamResponse:
        """A window of its own for everybody who comes."""
        raise web.HTTPFound(f"/w/{secret()}/")

    async def page(self, _request: web.Request) -> web.StreamResponse:
        return self._file("index.html")

    async def static(self, request: web.Request) -> web.StreamResponse:
        return self._file(request.match_info["file"])

    def _file(self, name: str) -> web.StreamResponse:
        path = (self._pages / name).resolve()
        if not path.is_relative_to(self._pages.resolve()) or not path.is_file():
            return web.Response(status=404, text="not found", headers=SECURITY)
        # Not left to the machine's own table of types, in which scripts may be missing or wrong.
        kind = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}.get(path.suffix)
        headers = {**SECURITY, "Cache-Control": "no-cache", **({"Content-Type": kind} if kind else {})}
        return web.FileResponse(path, headers=headers)

    # Socket

    async def socket(self, request: web.Request) -> web.StreamResponse:
        """The stream of events; the first one says whether the bot is there."""
        member = self.authenticate(request)
        stream = web.WebSocketResponse(heartbeat=30, max_msg_size=4096)
        await stream.prepare(request)
        known = {one["id"] for one in channels_of(self._world, member)}
        socket = Socket(asyncio.Queue(BACKLOG), known)
        _push(socket, _text({"t": "BOT_STATUS", "d": {"online": self._world.gateway.online}}))
        member.sockets.add(socket)
        writer = asyncio.get_running_loop().create_task(_write(stream, socket))
        try:
            async for _frame in stream:
                pass
        finally:
            member.sockets.discard(socket)
            writer.cancel()
            await asyncio.gather(writer, return_exceptions=True)
        return stream

    async def close(self) -> None:
        """End all sockets."""
        for member in self._sessions.values():
            for socket in list(member.sockets):
                _push(socket, None)


def _text(event: Json) -> str:
    return json.dumps(event, ensure_ascii=False, separators=(",", ":"))


def _push(socket: Socket, event: str | None) -> None:
    """Queue an event. A window that does not keep up loses its place and is cut off: it reads the state anew."""
    if socket.queue.full():
        while not socket.queue.empty():
            socket.queue.get_nowait()
        event = None
    socket.queue.put_nowait(event)


async def _write(stream: web.WebSocketResponse, socket: Socket) -> None:
    with contextlib.suppress(ConnectionError):
        while (event := await socket.queue.get()) is not None:
            await stream.send_str(event)
        await stream.close()


def channels_of(world: World, member: Member) -> list[Json]:
    """The channels that a member sees, as the window gets them: threads that are not archived, and the own DM."""
    state = world.state
    places = [*state.channels_of(member.guild_id), *state.channels_of(member.guild_id, threads=True)]
    direct = state.direct_channel(member.user_id)
    shown = [
        one
        for one in places
        if may_see(state, one, member.user_id)
        and not (is_thread(one) and one["thread_metadata"]["archived"])
        and one["type"] != CATEGORY
    ]
    categories = [one for one in places if one["type"] == CATEGORY]
    used = {one["parent_id"] for one in shown}
    shown = [*[one for one in categories if one["id"] in used], *shown]
    return [channel_shape(world, one, member) for one in ([*shown, direct] if direct else shown)]


def channel_shape(world: World, record: Json, member: Member) -> Json:
    """A channel with what the window needs to draw it."""
    granted = in_channel(world.state, record, member.user_id)
    metadata = record.get("thread_metadata") or {"archived": False, "locked": False}
    locked = metadata["locked"] and not granted & Permission.MANAGE_THREADS
    writable = record["type"] in WRITABLE and bool(granted & sending(record)) and not locked
    direct = record["type"] == DM
    return {
        "id": record["id"],
        "name": world.state.users[world.bot_id]["username"] if direct else record["name"],
        "type": record["type"],
        "parent_id": record.get("parent_id"),
        "topic": record.get("topic"),
        "position": record.get("position", 0),
        "can_write": writable,
        "can_manage": bool(granted & Permission.MANAGE_MESSAGES),
        "archived": metadata["archived"],
        "locked": metadata["locked"],
        "last_message_id": shapes.channel(world, record).get("last_message_id"),
    }
