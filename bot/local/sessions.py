"""Connections and sessions of the gateway: frames in order, compression, and events kept for RESUME."""

from __future__ import annotations

import asyncio
import contextlib
import json
import zlib
from collections import deque
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from bot.local.errors import Json

DISPATCH, HEARTBEAT, IDENTIFY, PRESENCE, VOICE_STATE, RESUME, RECONNECT = 0, 1, 2, 3, 4, 6, 7
REQUEST_MEMBERS, INVALID_SESSION, HELLO, HEARTBEAT_ACK = 8, 9, 10, 11


class CloseSocket(Exception):
    """The connection ends with one of Discord's closing codes."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"{code} {reason}")
        self.code = code
        self.reason = reason


class Connection:
    """One WebSocket. Frames leave in the order of `push`, through one zlib stream where that was asked for."""

    def __init__(self, socket: web.WebSocketResponse, *, compress: bool) -> None:
        self.socket = socket
        self.session: Session | None = None
        self.cut = False
        """Whether the server ended it; then a normal closing code of the peer does not end the session."""
        self._stream = zlib.compressobj() if compress else None
        self._queue: asyncio.Queue[Json | None] = asyncio.Queue()

    def push(self, payload: Json | None) -> None:
        """Queue a payload; None ends the writer."""
        self._queue.put_nowait(payload)

    async def write(self) -> None:
        """Send what is queued until None comes or the peer is gone."""
        with contextlib.suppress(ConnectionError):
            while (payload := await self._queue.get()) is not None:
                text = json.dumps(payload, ensure_ascii=False, separators=(",", ":"))
                if self._stream is None:
                    await self.socket.send_str(text)
                else:
                    data = self._stream.compress(text.encode()) + self._stream.flush(zlib.Z_SYNC_FLUSH)
                    await self.socket.send_bytes(data)


@dataclass
class Session:
    """What a bot gets when it identifies: numbered events, kept for RESUME."""

    id: str
    intents: int
    buffer: deque[Json]
    seq: int = 0
    connection: Connection | None = None
    left_at: float | None = None

    def push(self, name: str, data: Any) -> None:
        self.seq += 1
        payload = {"op": DISPATCH, "t": name, "s": self.seq, "d": data}
        self.buffer.append(payload)
        if self.connection is not None:
            self.connection.push(payload)

    def missed(self, seq: int) -> list[Json] | None:
        """The events after number `seq`, or None when they are no longer all there."""
        if seq > self.seq or (self.buffer and self.buffer[0]["s"] > seq + 1):
            return None
        return [one for one in self.buffer if one["s"] > seq]


def parsed(raw: str | bytes) -> Json:
    """A frame's payload; closes with 4002 for anything but an object."""
    try:
        payload = json.loads(raw)
    except ValueError as error:
        raise CloseSocket(4002, "Error while decoding payload.") from error
    if not isinstance(payload, dict):
        raise CloseSocket(4002, "Error while decoding payload.")
    return payload
