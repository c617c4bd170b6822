"""The gateway in the raw: HELLO, IDENTIFY, RESUME, invalid sessions, compression, intents; and with the real client."""

from __future__ import annotations

import asyncio
import json
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from bot.local.intents import Intent
from bot.local.server import ClassServer
from bot.local.visitor import Visitor
from tests.unit.bot.local.conftest import Api, Classroom
from tests.unit.bot.local.example_bot import ExampleBot

MESSAGES = int(Intent.GUILDS | Intent.GUILD_MESSAGES)


class Line:
    """A raw connection to the gateway."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, *, compressed: bool) -> None:
        self.socket = socket
        self._stream = zlib.decompressobj() if compressed else None
        self.seq: int | None = None

    async def next(self) -> dict[str, Any]:
        frame = await self.socket.receive(timeout=5)
        if frame.type is aiohttp.WSMsgType.CLOSE:
            return {"closed": frame.data}
        data = frame.data if self._stream is None else self._stream.decompress(frame.data).decode()
        payload: dict[str, Any] = json.loads(data)
        self.seq = payload.get("s") or self.seq
        return payload

    async def until(self, name: str) -> list[dict[str, Any]]:
        """All payloads up to the event of this name."""
        seen = []
        while not seen or seen[-1].get("t") != name:
            seen.append(await self.next())
            assert "closed" not in seen[-1], seen
        return seen

    async def send(self, operation: int, data: Any) -> None:
        await self.socket.send_json({"op": operation, "d": data})

    async def identify(self, token: str, intents: int = MESSAGES) -> dict[str, Any]:
        await self.send(2, {"token": token, "intents": intents, "properties": {}})
        ready: dict[str, Any] = (await self.until("READY"))[-1]["d"]
        return ready


@asynccontextmanager
async def _line(server: ClassServer, *, compressed: bool = False) -> AsyncIterator[Line]:
    query = "?v=10&encoding=json" + ("&compress=zlib-stream" if compressed else "")
    async with aiohttp.ClientSession() as session, session.ws_connect(server.gateway_url + query) as socket:
        line = Line(socket, compressed=compressed)
        hello = await line.next()
        assert hello["op"] == 10
        assert hello["d"]["heartbeat_interval"] == 41250
        yield line


@pytest.mark.parametrize("compressed", [False, True])
async def test_logging_in(server: ClassServer, classroom: Classroom, compressed: bool) -> None:
    async with _line(server, compressed=compressed) as line:
        await line.send(1, None)
        assert (await line.next())["op"] == 11
        ready = await line.identify(server.token)
        assert ready["user"]["id"] == ready["application"]["id"] == server.bot_id
        assert {"id": classroom.id, "unavailable": True} in ready["guilds"]
        guild: dict[str, Any] = {}
        while guild.get("id") != classroom.id:
            guild = (await line.until("GUILD_CREATE"))[-1]["d"]
        assert [one["user"]["id"] for one in guild["members"]] == [server.bot_id]
        assert guild["member_count"] == 5
        await line.send(8, {"guild_id": classroom.id, "query": "", "limit": 0, "nonce": "n"})
        chunk = (await line.until("GUILD_MEMBERS_CHUNK"))[-1]["d"]
        assert len(chunk["members"]) == 5
        assert chunk["nonce"] == "n"
        await line.socket.close()


async def test_a_heartbeat_is_answered_as_over_a_network(server: ClassServer) -> None:
    """discord.py takes an answer that overtakes its own note of sending for one that is a whole period late."""
    loop = asyncio.get_running_loop()
    async with _line(server) as line:
        sent = loop.time()
        await line.send(1, None)
        assert await line.next() == {"op": 11, "d": None}
    assert loop.time() - sent >= 0.03


async def test_closing_codes(server: ClassServer) -> None:
    cases: list[tuple[int, Any, int]] = [
        (2, {"token": "wrong", "intents": 1}, 4004),
        (2, {"token": server.token, "intents": 1 << 40}, 4013),
        (2, {"token": server.token, "intents": int(Intent.MESSAGE_CONTENT)}, 4014),
        (6, {"token": "wrong", "session_id": "x", "seq": 1}, 4004),
        (3, {}, 4003),
        (99, {}, 4001),
    ]
    for operation, data, code in cases:
        async with _line(server) as line:
            await line.send(operation, data)
            assert await line.next() == {"closed": code}
    async with _line(server) as line:
        await line.socket.send_str("{")
        assert await line.next() == {"closed": 4002}
    async with _line(server) as line:
        await line.identify(server.token)
        await line.send(2, {"token": server.token, "intents": 1})
        with pytest.raises(AssertionError, match="4005"):
            await line.until("never")


async def test_resuming_replays_what_was_missed(server: ClassServer, api: Api) -> None:
    path = f"/channels/{api.channel()}/messages"
    async with _line(server) as line:
        session = (await line.identify(server.token))["session_id"]
        await api("POST", path, json={"content": "seen"})
        await line.until("MESSAGE_CREATE")
        seq = line.seq
        await server.gateway.drop(code=4000)
    await api("POST", path, json={"content": "missed"})
    async with _line(server, compressed=True) as line:
        await line.send(6, {"token": server.token, "session_id": session, "seq": seq})
        replayed = await line.until("RESUMED")
        assert [one["d"]["content"] for one in replayed if one["t"] == "MESSAGE_CREATE"] == ["missed"]
        await line.socket.close()
    for wrong in ({"session_id": "nonsense", "seq": 1}, {"session_id": session, "seq": 10_000}):
        async with _line(server) as line:
            await line.send(6, {"token": server.token, **wrong})
            assert await line.next() == {"op": 9, "d": False}


async def test_a_session_ends_when_it_was_left_too_long(server: ClassServer) -> None:
    async with _line(server) as line:
        session = (await line.identify(server.token))["session_id"]
        seq = line.seq
        await line.socket.close(code=4000)
    await asyncio.sleep(0.05)
    server.clock.advance(server.limits.resume_within + 1)
    async with _line(server) as line:
        await line.send(6, {"token": server.token, "session_id": session, "seq": seq})
        assert (await line.next())["op"] == 9


async def test_intents_decide_what_is_heard(
    server: ClassServer, classroom: Classroom, bot: ExampleBot
) -> None:
    ada = await classroom.visit("Ada")
    async with _line(server) as deaf, _line(server) as hearing:
        await deaf.identify(server.token, int(Intent.GUILDS))
        await hearing.identify(server.token)
        await ada.say("geheim")
        heard = (await hearing.until("MESSAGE_CREATE"))[-1]["d"]
        assert heard["content"] == ""
        assert heard["member"]["joined_at"]
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await deaf.until("MESSAGE_CREATE")
        server.limits.privileged_intents = int(Intent.MESSAGE_CONTENT | Intent.GUILD_MEMBERS)
        try:
            async with _line(server) as privileged:
                everything = MESSAGES | server.limits.privileged_intents
                await privileged.identify(server.token, everything)
                await ada.say("offen")
                seen = await privileged.until("MESSAGE_CREATE")
                assert seen[-1]["d"]["content"] == "offen"
                guilds = [one["d"] for one in seen if one["t"] == "GUILD_CREATE"]
                assert len(next(one for one in guilds if one["id"] == classroom.id)["members"]) == 5
        finally:
            server.limits.privileged_intents = 0


async def test_the_gateway_may_come_up_later(server: ClassServer) -> None:
    server.gateway.open = False
    try:
        async with aiohttp.ClientSession() as session:
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await session.ws_connect(server.gateway_url)
            assert refused.value.status == 503
    finally:
        server.gateway.open = True


async def test_the_client_resumes(bot: ExampleBot, ada: Visitor, server: ClassServer) -> None:
    bot.resumed.clear()
    await server.gateway.drop()
    await ada.wait_for(lambda name, data: name == "BOT_STATUS" and not data["online"])
    handle = ada.command("echo", text="trotzdem")
    await asyncio.wait_for(bot.resumed.wait(), 5)
    assert (await handle)[0]["content"] == "trotzdem"
    bot.resumed.clear()
    server.gateway.ask_reconnect()
    await asyncio.wait_for(bot.resumed.wait(), 5)


async def test_the_client_logs_in_again_when_its_session_is_gone(
    bot: ExampleBot, ada: Visitor, server: ClassServer
) -> None:
    bot.connected.clear()
    server.gateway.invalidate()
    await asyncio.wait_for(bot.connected.wait(), 8)
    assert (await ada.command("echo", text="wieder da"))[0]["content"] == "wieder da"
