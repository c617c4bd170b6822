"""The gateway: Discord's WebSocket for events, version 10, JSON, plain or zlib-stream.

A `Session` outlives its connection: every event gets the session's next number and is kept, so that RESUME can
replay what was missed. Closing codes are Discord's (4001 unknown operation … 4014 disallowed intents).
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field

import aiohttp
from aiohttp import web

from bot.local import shapes
from bot.local.content_intent import readable
from bot.local.errors import Json
from bot.local.ids import secret
from bot.local.intents import KNOWN, PRIVILEGED, Intent
from bot.local.sessions import (
    HEARTBEAT,
    HEARTBEAT_ACK,
    HELLO,
    IDENTIFY,
    INVALID_SESSION,
    PRESENCE,
    RECONNECT,
    REQUEST_MEMBERS,
    RESUME,
    VOICE_STATE,
    CloseSocket,
    Connection,
    Session,
    parsed,
)
from bot.local.traffic import Dispatched
from bot.local.world import World

_WAY_S = 0.05
"""How long a heartbeat's answer takes: discord.py notes when it sent one only after sending, so that an answer that is
quicker than any network's looks a whole period late, and its log says that the bot cannot keep up."""


@dataclass
class Gateway:
    """All sessions of the bot. `open` False refuses new connections with 503, as before the gateway is up."""

    world: World
    open: bool = True
    sessions: dict[str, Session] = field(default_factory=dict)
    _connections: set[Connection] = field(default_factory=set)

    @property
    def online(self) -> bool:
        return any(one.connection is not None for one in self.sessions.values())

    # Events

    def dispatch(self, name: str, data: Json, *, intent: int = 0) -> None:
        """Send an event to every session that asked for it (`intent` 0: to all)."""
        self._forget_left()
        for session in self.sessions.values():
            if not intent or session.intents & intent:
                shown = self._permitted(name, data, session)
                session.push(name, shown)
                self.world.traffic.saw(Dispatched(name, shown))

    def _permitted(self, name: str, data: Json, session: Session) -> Json:
        """The event without what is none of this bot's business (no message content intent)."""
        about = name in ("MESSAGE_CREATE", "MESSAGE_UPDATE")
        return readable(self.world, data) if about and not session.intents & Intent.MESSAGE_CONTENT else data

    def _forget_left(self) -> None:
        limit = self.world.clock.now() - self.world.limits.resume_within
        gone = [one.id for one in self.sessions.values() if one.left_at is not None and one.left_at < limit]
        for session_id in gone:
            del self.sessions[session_id]

    def announce_guild(self, guild: Json) -> None:
        """GUILD_CREATE for a guild the bot has just come into."""
        for session in self.sessions.values():
            self._push_guild(session, guild, joined=True)

    def _push_guild(self, session: Session, guild: Json, *, joined: bool) -> None:
        if session.intents & Intent.GUILDS:
            everybody = bool(session.intents & Intent.GUILD_MEMBERS)
            data = shapes.guild_create(self.world, guild, all_members=everybody)
            if joined:
                # Clients tell a new guild from one that became available by the missing key.
                del data["unavailable"]
            session.push("GUILD_CREATE", data)
            self.world.traffic.saw(Dispatched("GUILD_CREATE", data))

    # Faults on demand

    async def drop(self, *, resumable: bool = True, code: int = 4000) -> None:
        """Cut all connections. Not resumable: the sessions are forgotten, RESUME is answered with operation 9."""
        if not resumable:
            self.sessions.clear()
        for connection in list(self._connections):
            connection.cut = True
            await connection.socket.close(code=code)

    def ask_reconnect(self) -> None:
        """Operation 7: ask the bot to come back and resume."""
        for connection in self._connections:
            connection.push({"op": RECONNECT, "d": None})

    def invalidate(self, *, resumable: bool = False) -> None:
        """Operation 9: the session is invalid."""
        if not resumable:
            self.sessions.clear()
        for connection in self._connections:
            connection.push({"op": INVALID_SESSION, "d": resumable})

    # Connections

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """The WebSocket endpoint."""
        if not self.open:
            return web.Response(status=503, text="upstream connect error")
        if "Origin" in request.headers:
            return web.Response(status=403, text="no browsers here")
        if request.query.get("encoding", "json") != "json" or request.query.get("compress") == "zstd-stream":
            return web.Response(status=501, text="only JSON, plain or zlib-stream")
        socket = web.WebSocketResponse(max_msg_size=4096 * 16, compress=False)
        await socket.prepare(request)
        connection = Connection(socket, compress=request.query.get("compress") == "zlib-stream")
        await self._serve(connection)
        return socket

    async def _serve(self, connection: Connection) -> None:
        self._connections.add(connection)
        writer = asyncio.get_running_loop().create_task(connection.write())
        connection.push({"op": HELLO, "d": {"heartbeat_interval": int(self.world.limits.heartbeat * 1000)}})
        try:
            await self._read(connection)
        except CloseSocket as closing:
            await connection.socket.close(code=closing.code, message=closing.reason.encode())
        finally:
            self._connections.discard(connection)
            self._leave(connection)
            connection.push(None)
            writer.cancel()
            await asyncio.gather(writer, return_exceptions=True)

    def _leave(self, connection: Connection) -> None:
        session = connection.session
        if session is not None and session.connection is connection:
            session.connection = None
            session.left_at = self.world.clock.now()
            if not connection.cut and connection.socket.close_code in (1000, 1001):
                self.sessions.pop(session.id, None)
        self._tell_status()

    def _tell_status(self) -> None:
        online = self.online
        people = {one["user_id"] for one in self.world.state.members.values()}
        self.world.windows.send(people, "BOT_STATUS", lambda _viewer: {"online": online})

    async def _read(self, connection: Connection) -> None:
        sent: deque[float] = deque(maxlen=120)
        async for frame in connection.socket:
            if frame.type not in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY):
                continue
            now = self.world.clock.now()
            if len(sent) == sent.maxlen and now - sent[0] < 60:
                raise CloseSocket(4008, "You are being rate limited.")
            sent.append(now)
            self._handle(connection, parsed(frame.data))

    def _handle(self, connection: Connection, payload: Json) -> None:
        operation, data = payload.get("op"), payload.get("d")
        if operation == HEARTBEAT:
            ack = {"op": HEARTBEAT_ACK, "d": None}
            asyncio.get_running_loop().call_later(_WAY_S, connection.push, ack)
        elif operation == IDENTIFY:
            self._identify(connection, data if isinstance(data, dict) else {})
        elif operation == RESUME:
            self._resume(connection, data if isinstance(data, dict) else {})
        elif operation in (PRESENCE, VOICE_STATE, REQUEST_MEMBERS):
            if connection.session is None:
                raise CloseSocket(4003, "Not authenticated.")
            if operation == REQUEST_MEMBERS and isinstance(data, dict):
                self._send_members(connection.session, data)
        else:
            raise CloseSocket(4001, "Unknown opcode.")

    def _identify(self, connection: Connection, data: Json) -> None:
        if connection.session is not None:
            raise CloseSocket(4005, "Already authenticated.")
        self._check_token(data)
        intents = data.get("intents")
        if not isinstance(intents, int) or not 0 <= intents <= KNOWN:
            raise CloseSocket(4013, "Invalid intent(s).")
        if intents & PRIVILEGED & ~self.world.limits.privileged_intents:
            raise CloseSocket(4014, "Disallowed intent(s).")
        session = Session(secret(), intents, deque(maxlen=self.world.limits.resume_events), 0, connection)
        self.sessions[session.id] = session
        connection.session = session
        self._push_ready(session)
        self._tell_status()

    def _push_ready(self, session: Session) -> None:
        state = self.world.state
        guilds = [one for one in state.guilds.values() if state.member(one["id"], self.world.bot_id)]
        data: Json = {
            "v": 10,
            "user": shapes.own_user(state.users[self.world.bot_id]),
            "guilds": [{"id": one["id"], "unavailable": True} for one in guilds],
            "session_id": session.id,
            "resume_gateway_url": self.world.base_url.replace("http", "ws", 1) + "/gateway",
            "application": {"id": self.world.bot_id, "flags": 0},
        }
        session.push("READY", data)
        self.world.traffic.saw(Dispatched("READY", data))
        for guild in guilds:
            self._push_guild(session, guild, joined=False)

    def _resume(self, connection: Connection, data: Json) -> None:
        self._check_token(data)
        self._forget_left()
        session = self.sessions.get(str(data.get("session_id")))
        seq = data.get("seq")
        missed = session.missed(seq) if session is not None and isinstance(seq, int) else None
        if session is None or missed is None:
            connection.push({"op": INVALID_SESSION, "d": False})
            return
        session.connection, session.left_at = connection, None
        connection.session = session
        for payload in missed:
            connection.push(payload)
        session.push("RESUMED", {})
        self._tell_status()

    def _check_token(self, data: Json) -> None:
        token = data.get("token")
        if not isinstance(token, str) or token.removeprefix("Bot ") != self.world.token:
            raise CloseSocket(4004, "Authentication failed.")

    def _send_members(self, session: Session, asked: Json) -> None:
        """Operation 8: the members whose name begins so, or those with the ids."""
        world = self.world
        guild_id = str(asked.get("guild_id"))
        if guild_id not in world.state.guilds:
            return
        query, ids = asked.get("query"), asked.get("user_ids")
        wanted = {str(one) for one in (ids if isinstance(ids, list) else [ids])} if ids else None
        found = [
            one
            for one in world.state.members_of(guild_id)
            if (one["user_id"] in wanted if wanted is not None else _begins(world, one, str(query or "")))
        ]
        limit = int(asked.get("limit") or 0) or len(found)
        data: Json = {
            "guild_id": guild_id,
            "members": [shapes.member(world, one) for one in found[:limit]],
            "chunk_index": 0,
            "chunk_count": 1,
            "not_found": sorted((wanted or set()) - {one["user_id"] for one in found}),
        }
        if "nonce" in asked:
            data["nonce"] = asked["nonce"]
        session.push("GUILD_MEMBERS_CHUNK", data)
        world.traffic.saw(Dispatched("GUILD_MEMBERS_CHUNK", data))


def _begins(world: World, member: Json, query: str) -> bool:
    known = world.state.users[member["user_id"]]
    names = (member["nick"], known["global_name"], known["username"])
    return any(name and name.lower().startswith(query.lower()) for name in names)
