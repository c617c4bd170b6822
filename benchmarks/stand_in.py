"""A Discord that answers at once and notes when it was asked: inside this process, or as a small server of its own.

It knows two requests: the first answer to an interaction, and the edit of that answer. Both get what the class server
said to the same request. `python -m benchmarks.stand_in` is the server; its answers come on standard input.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

import aiohttp
import discord
from aiohttp import web

_HEADERS = {"content-type": "application/json"}


@dataclass
class Stamps:
    """When each interaction's first answer and its first edit came, by the interaction's token."""

    first: dict[str, float] = field(default_factory=dict)
    second: dict[str, float] = field(default_factory=dict)

    def note(self, path: str) -> bool:
        """True for a first answer."""
        parts = path.split("/")
        is_first = "interactions" in parts
        token = parts[parts.index("interactions" if is_first else "webhooks") + 2]
        (self.first if is_first else self.second).setdefault(token, time.perf_counter())
        return is_first


@dataclass
class _Answer:
    status: int
    body: str
    headers: dict[str, str] = field(default_factory=lambda: _HEADERS)

    async def text(self, encoding: str = "utf-8") -> str:
        return self.body

    async def __aenter__(self) -> _Answer:
        await asyncio.sleep(0)  # a real request lets others go on, too
        return self

    async def __aexit__(self, *_: object) -> None:
        return


class InProcess:
    """Takes the place of discord.py's HTTP session."""

    name = "in-process"

    def __init__(self, first: str, second: str) -> None:
        self._bodies = second, first
        self._stamps = Stamps()

    def request(self, method: str, url: str, **_: Any) -> _Answer:
        return _Answer(200, self._bodies[self._stamps.note(url)])

    async def attach(self, client: discord.Client) -> Callable[[], None]:
        """Puts itself below the client; call what comes back to restore it."""
        http: Any = client.http
        real = http._HTTPClient__session
        http._HTTPClient__session = self

        def restore() -> None:
            http._HTTPClient__session = real

        return restore

    async def counts(self) -> tuple[int, int]:
        return len(self._stamps.first), len(self._stamps.second)

    async def take(self) -> Stamps:
        taken, self._stamps = self._stamps, Stamps()
        return taken

    async def close(self) -> None:
        return


class Loopback:
    """A server in another process; discord.py's own session speaks to it."""

    name = "loopback"

    def __init__(self, process: asyncio.subprocess.Process, port: int) -> None:
        self._process = process
        self._base = f"http://127.0.0.1:{port}"
        self._session = aiohttp.ClientSession()

    @classmethod
    async def start(cls, first: str, second: str) -> Loopback:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "benchmarks.stand_in",
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps([first, second]).encode() + b"\n")
        return cls(process, int(await process.stdout.readline()))

    async def attach(self, client: discord.Client) -> Callable[[], None]:
        """Points discord.py here; call what comes back to restore it."""
        real = discord.http.Route.BASE
        discord.http.Route.BASE = self._base

        def restore() -> None:
            discord.http.Route.BASE = real

        return restore

    async def counts(self) -> tuple[int, int]:
        async with self._session.get(f"{self._base}/counts") as answer:
            first, second = await answer.json()
            return first, second

    async def take(self) -> Stamps:
        async with self._session.get(f"{self._base}/take") as answer:
            return Stamps(**await answer.json())

    async def close(self) -> None:
        await self._session.close()
        self._process.terminate()
        await self._process.wait()


class _Server:
    def __init__(self, first: str, second: str) -> None:
        self._bodies = second, first
        self._stamps = Stamps()

    async def answer(self, request: web.Request) -> web.Response:
        body = self._bodies[self._stamps.note(request.path)]
        return web.Response(body=body.encode(), headers=_HEADERS)  # discord.py wants it without a charset

    async def counts(self, _: web.Request) -> web.Response:
        return web.json_response([len(self._stamps.first), len(self._stamps.second)])

    async def take(self, _: web.Request) -> web.Response:
        taken, self._stamps = self._stamps, Stamps()
        return web.json_response(asdict(taken))


async def _serve() -> None:
    server = _Server(*json.loads(sys.stdin.readline()))
    app = web.Application()
    app.router.add_get("/counts", server.counts)
    app.router.add_get("/take", server.take)
    app.router.add_route("*", "/{tail:.*}", server.answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, backlog=2048).start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.to_thread(sys.stdin.read)  # until the benchmark is gone
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(_serve())
