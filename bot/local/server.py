"""The class server: a Discord for one classroom, on this machine.

server = ClassServer()
await server.start()
discord.http.Route.BASE = server.api_base
discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(server.gateway_url)
… bot.start(server.token) …
await server.stop()
"""

from __future__ import annotations

import secrets
import shutil
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from aiohttp import web

from bot.local import (
    classroom,
    rest_channels,
    rest_commands,
    rest_guilds,
    rest_interactions,
    rest_messages,
    rest_threads,
    uploads,
)
from bot.local.announce import Announcer
from bot.local.classroom import BOT_PERMISSIONS, CHANNELS, PEOPLE, Channel, Person
from bot.local.clock import Clock
from bot.local.config import Limits
from bot.local.errors import Json
from bot.local.faults import Faults
from bot.local.gateway import Gateway
from bot.local.journal import Journal
from bot.local.rest import Rest
from bot.local.state import State, copied
from bot.local.traffic import Observer
from bot.local.window import Windows
from bot.local.window_api import WindowApi
from bot.local.world import World

PAGES = Path(__file__).parent / "page"


class ClassServer:
    """HTTP API, gateway and windows on one loopback port.

    `folder` keeps journal and files over a restart; without it they live in a temporary folder and are gone with
    `stop`. `port` 0 takes a free one. `host` other than loopback is for a later `--lan` with a join code.
    `token` is made up when none is given (and kept in the folder). With `guilds=()` the server begins without a class.
    """

    def __init__(
        self,
        *,
        folder: Path | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        token: str | None = None,
        bot_name: str = "Klassenatelier",
        guilds: Sequence[str] = ("Klasse 8b",),
        limits: Limits | None = None,
        pages: Path = PAGES,
    ) -> None:
        self._temporary = folder is None
        self._folder = Path(tempfile.mkdtemp(prefix="class-")) if folder is None else folder
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        files = self._folder / "files"
        files.mkdir(mode=0o700, exist_ok=True)
        journal = None if folder is None else Journal(self._folder / "journal.jsonl")
        self._world = World(
            files=files,
            journal=journal,
            limits=limits or Limits(),
            token=token or self._kept_token(),
        )
        self._host, self._port = host, port
        self._bot_name, self._guild_names = bot_name, tuple(guilds)
        self.gateway = Gateway(self._world)
        self._windows = Windows(self._world, pages)
        self._world.gateway, self._world.windows = self.gateway, self._windows
        self._world.announce = Announcer(self._world)
        routes = [
            *rest_messages.ROUTES,
            *rest_interactions.ROUTES,
            *rest_commands.ROUTES,
            *rest_guilds.ROUTES,
            *rest_channels.ROUTES,
            *rest_threads.ROUTES,
        ]
        self._rest = Rest(self._world, routes)
        self._runner: web.AppRunner | None = None

    def _kept_token(self) -> str:
        """A token of the usual form, the same one for the same folder."""
        path = self._folder / "token"
        if path.exists():
            return path.read_text(encoding="ascii")
        token = f"local.{secrets.token_urlsafe(6)}.{secrets.token_urlsafe(24)}"
        path.touch(mode=0o600)
        path.write_text(token, encoding="ascii")
        return token

    # Addresses

    @property
    def base_url(self) -> str:
        """`http://127.0.0.1:<port>`: the page, and what the others begin with."""
        return self._world.base_url

    @property
    def api_base(self) -> str:
        """For `discord.http.Route.BASE`."""
        return f"{self.base_url}/api/v10"

    @property
    def gateway_url(self) -> str:
        """For `discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY`."""
        return self.base_url.replace("http", "ws", 1) + "/gateway"

    @property
    def token(self) -> str:
        return self._world.token

    # What tests look at and turn

    @property
    def clock(self) -> Clock:
        return self._world.clock

    @property
    def faults(self) -> Faults:
        return self._world.faults

    @property
    def limits(self) -> Limits:
        """Change its fields at any time."""
        return self._world.limits

    @property
    def state(self) -> State:
        """For reading."""
        return self._world.state

    @property
    def bot_id(self) -> str:
        return self._world.bot_id

    @property
    def unmodelled(self) -> list[str]:
        """Requests of the bot that no route answers; tests assert that it is empty."""
        return self._rest.unmodelled

    @property
    def refused(self) -> list[str]:
        """Refusals so far, `METHOD /path -> status code`."""
        return self._rest.refused

    def observe(self, observer: Observer) -> None:
        """Offer every request, answer and event of the bot to `observer` from now on."""
        self._world.traffic.observers.append(observer)

    def add_guild(
        self,
        name: str,
        *,
        people: Sequence[Person] = PEOPLE,
        channels: Sequence[Channel] = CHANNELS,
        bot_permissions: int = BOT_PERMISSIONS,
    ) -> str:
        """Another class, which a connected bot hears of at once. Returns the guild's id."""
        guild = classroom.add_guild(self._world, name, people, channels, bot_permissions)
        self.gateway.announce_guild(guild)
        return str(guild["id"])

    def person_id(self, name: str, guild_id: str | None = None) -> str:
        """The id of a person of a guild (the first one by default)."""
        guild_id = guild_id or next(iter(self.state.guilds))
        for one in self.state.members_of(guild_id):
            if self.state.users[one["user_id"]]["global_name"] == name:
                return str(one["user_id"])
        raise KeyError(name)

    def channel_id(self, name: str, guild_id: str | None = None) -> str:
        """The id of a channel of a guild (the first one by default)."""
        guild_id = guild_id or next(iter(self.state.guilds))
        return next(str(one["id"]) for one in self.state.channels_of(guild_id) if one["name"] == name)

    def set_direct_messages(self, user_id: str, *, allowed: bool) -> None:
        """Whether the bot may write to a person; if not it gets 50007."""
        self._world.put("users", copied(self.state.users[user_id], dms_open=allowed), quiet=True)

    def commit(self, event: Json) -> None:
        """Change the state as if by somebody else's hand, e.g. take a role from a member."""
        self._world.commit(event)

    # Life

    async def start(self, *, gateway: bool = True) -> None:
        """Listen. With `gateway=False` connections to it get 503 until `gateway.open` is set."""
        self.gateway.open = gateway
        app = web.Application(middlewares=[self._guard], client_max_size=4 * 1024 * 1024)
        app.router.add_route("*", "/api/v10/{tail:.*}", self._rest.handle)
        app.router.add_get("/gateway", self.gateway.handle)
        app.router.add_get("/gateway/", self.gateway.handle)
        app.router.add_get("/", self._windows.root)
        app.router.add_get("/static/{file}", self._windows.static)
        app.router.add_get("/attachments/{channel}/{id}/{filename}", self._attachment)
        app.add_routes(WindowApi(self._world, self._windows).routes())
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._host, self._port)
        await site.start()
        self._port = self._runner.addresses[0][1]
        self._world.base_url = f"http://{self._host}:{self._port}"
        self._world.replay()
        if not self._world.bot_id:
            self._seed()

    def _seed(self) -> None:
        """Find the bot's account in the journal, or begin a new class."""
        bots = [one["id"] for one in self.state.users.values() if one["bot"]]
        if bots:
            self._world.bot_id = bots[0]
            return
        classroom.add_bot(self._world, self._bot_name)
        for name in self._guild_names:
            classroom.add_guild(self._world, name)

    async def stop(self) -> None:
        """Close all connections. A temporary folder is removed."""
        await self._windows.close()
        await self.gateway.drop(code=1001)
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None
        await self._world.close()
        if self._temporary:
            shutil.rmtree(self._folder, ignore_errors=True)

    async def __aenter__(self) -> ClassServer:
        await self.start()
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self.stop()

    async def _attachment(self, request: web.Request) -> web.StreamResponse:
        return await uploads.serve(self._world, request)

    @web.middleware
    async def _guard(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        """Refuse foreign hosts (a page elsewhere whose name points here) and foreign origins."""
        if request.host not in {f"{name}:{self._port}" for name in (self._host, "localhost", "127.0.0.1")}:
            return web.Response(status=421, text="wrong host")
        origin = request.headers.get("Origin")
        changing = request.method not in ("GET", "HEAD") or "Upgrade" in request.headers
        if request.path.startswith("/w/") and changing and origin != f"http://{request.host}":
            return web.Response(status=403, text="wrong origin")
        if request.path.startswith("/api/") and origin is not None:
            return web.Response(status=403, text="no browsers here")
        return await handler(request)
