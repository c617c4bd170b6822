"""Discord's HTTP API, version 10: routing, authorisation, bodies, rate limits, faults and the record of the traffic.

Handlers live in `rest_*.py`; each such file ends with its `ROUTES`. A route that none of them has is answered with
501 and noted in `unmodelled`.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from bot.local.errors import Json, Refusal
from bot.local.faults import Fault
from bot.local.rates import Buckets, Verdict
from bot.local.traffic import Exchange
from bot.local.uploads import Form, Upload, read_form
from bot.local.world import World

PREFIX = "/api/v10"
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Answer:
    """A handler's answer; body None is an empty one."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Call:
    """One request as a handler gets it. `bot` says that it carried the bot's token."""

    world: World
    params: dict[str, str]
    query: dict[str, str]
    bot: bool
    body: Any = None
    uploads: list[Upload] = field(default_factory=list)

    @property
    def form(self) -> Json:
        """The body as an object; 50035 for anything else."""
        if not isinstance(self.body, dict):
            error = {"code": "DICT_TYPE_CONVERT", "message": "Only dictionaries may be used in a DictType"}
            raise Refusal(400, 50035, "Invalid Form Body", {"_errors": [error]})
        return self.body

    def number(self, name: str, default: int, low: int, high: int) -> int:
        """A number from the query; 50035 when it is none or out of bounds."""
        raw = self.query.get(name, str(default))
        if not raw.isdigit() or not low <= int(raw) <= high:
            error = {"code": "NUMBER_TYPE_MAX", "message": f"int value should be between {low} and {high}."}
            raise Refusal(400, 50035, "Invalid Form Body", {name: {"_errors": [error]}})
        return int(raw)


Handler = Callable[[Call], Awaitable[Answer]]
Routes = list[tuple[str, str, Handler]]


@dataclass(frozen=True)
class _Route:
    method: str
    template: str
    pattern: re.Pattern[str]
    handler: Handler

    @property
    def by_token(self) -> bool:
        """Whether the address itself holds the secret, so that no authorisation is needed."""
        return self.template.startswith(("/webhooks/{application_id}/{token}", "/interactions/"))


class Rest:
    """Answers everything below `/api/v10`."""

    def __init__(self, world: World, routes: Routes) -> None:
        self._world = world
        self._routes = [_Route(method, path, _compiled(path), handler) for method, path, handler in routes]
        self._buckets = Buckets(world.clock)
        self.unmodelled: list[str] = []
        """`METHOD /path` of every request that no route answers, or whose body no handler understood."""
        self.refused: list[str] = []
        """`METHOD /path -> status code` of every refusal, for a test's message and for its assertions."""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """The aiohttp handler."""
        path = request.path.removeprefix(PREFIX)
        exchange = _Exchange(request.method, path, dict(request.query))
        fault = self._world.faults.strike(request.method, path)
        if fault is not None and fault.delay:
            await asyncio.sleep(fault.delay)
        if fault is not None and not fault.applied and (fault.close or fault.status):
            await _drain(request)
            answer = _faulty(fault)
        else:
            answer = await self._answer(request, path, exchange)
            if fault is not None and (fault.close or fault.status):
                answer = _faulty(fault)
        self._world.traffic.saw(exchange.done(answer))
        if answer.status == 0:
            if request.transport is not None:
                request.transport.abort()
            return web.Response()
        return _response(answer)

    async def _answer(self, request: web.Request, path: str, exchange: _Exchange) -> Answer:
        headers: dict[str, str] = {}
        try:
            route, params = self._route(request.method, path)
            exchange.template = route.template
            bot = self._authorised(request, route)
            verdict = self._take(route, params)
            headers = verdict.headers
            if verdict.retry_after is not None:
                await _drain(request)
                return _too_many(verdict)
            call = Call(self._world, params, dict(request.query), bot)
            answer = await self._run(request, route, call, exchange)
        except Refusal as refusal:
            self.refused.append(f"{request.method} {path} -> {refusal.status} {refusal.code}")
            answer = Answer(refusal.status, refusal.body())
        return Answer(answer.status, answer.body, {**headers, **answer.headers})

    async def _run(self, request: web.Request, route: _Route, call: Call, exchange: _Exchange) -> Answer:
        form = await _read(self._world, request)
        try:
            call.body = exchange.request = _parsed(form.payload)
            call.uploads = form.uploads
            exchange.files = tuple(one.filename for one in form.uploads)
            return await route.handler(call)
        except Refusal:
            form.discard()
            raise
        except (TypeError, KeyError, ValueError, AttributeError) as error:
            # A body of a shape that nobody thought of: it must not pass unnoticed as a mere 500.
            form.discard()
            _log.exception("%s %s", request.method, request.path)
            self.unmodelled.append(f"{request.method} {request.path.removeprefix(PREFIX)}: {error!r}")
            raise Refusal(500, 0, "500: Internal Server Error") from error

    def _route(self, method: str, path: str) -> tuple[_Route, dict[str, str]]:
        for route in self._routes:
            found = route.pattern.fullmatch(path)
            if found is not None and route.method == method:
                return route, found.groupdict()
        self.unmodelled.append(f"{method} {path}")
        raise Refusal(501, 0, f"the class server does not model {method} {path}")

    def _authorised(self, request: web.Request, route: _Route) -> bool:
        given = request.headers.get("Authorization")
        if given == f"Bot {self._world.token}":
            return True
        if route.by_token and given is None:
            return False
        raise Refusal(401, 0, "401: Unauthorized")

    def _take(self, route: _Route, params: dict[str, str]) -> Verdict:
        limits = self._world.limits
        if route.template.startswith("/webhooks/{application_id}/{token}"):
            rate, name, major = limits.interaction_webhook, "interaction_webhook", params["token"]
        elif route.template in (
            "/channels/{channel_id}/messages",
            "/channels/{channel_id}/messages/{message_id}",
        ):
            rate = limits.channel_messages if route.method in ("POST", "PATCH") else None
            name, major = f"channel_messages_{route.method.lower()}", params["channel_id"]
        else:
            rate, name, major = None, "", ""
        if limits.everything is not None and not route.by_token:
            overall = self._buckets.take("everything", "", limits.everything)
            if overall.retry_after is not None:
                return Verdict({"X-RateLimit-Global": "true"}, overall.retry_after)
        return Verdict({}, None) if rate is None else self._buckets.take(name, major, rate)


@dataclass
class _Exchange:
    """An exchange in the making."""

    method: str
    path: str
    query: dict[str, str]
    template: str | None = None
    request: Any = None
    files: tuple[str, ...] = ()

    def done(self, answer: Answer) -> Exchange:
        return Exchange(
            self.method,
            self.path,
            self.template,
            self.query,
            self.request,
            self.files,
            answer.status,
            answer.body,
        )


def _compiled(template: str) -> re.Pattern[str]:
    """`{…_id}` takes a number, any other parameter anything without a slash."""
    pattern = re.sub(r"\{(\w+_id)\}", r"(?P<\1>\\d+)", template)
    return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", pattern))


async def _read(world: World, request: web.Request) -> Form:
    kind = request.headers.get("Content-Type", "")
    if kind.startswith("multipart/form-data"):
        return await read_form(world, request)
    text = await request.text() if request.body_exists else ""
    if text and kind != "application/json":
        message = "Expected \"Content-Type\" header to be one of {'application/json'}."
        error = {"code": "CONTENT_TYPE_INVALID", "message": message}
        raise Refusal(400, 50035, "Invalid Form Body", {"_errors": [error]})
    return Form(text or None, [])


def _parsed(text: str | None) -> Any:
    if text is None:
        return {}
    try:
        return json.loads(text)
    except ValueError as error:
        raise Refusal(400, 50109, "The request body contains invalid JSON.") from error


async def _drain(request: web.Request) -> None:
    """Read the rest of a request, so that its sender is ready to hear the answer."""
    async for _chunk in request.content.iter_chunked(1 << 18):
        pass


def _faulty(fault: Fault) -> Answer:
    if fault.close:
        return Answer(0)
    if fault.status == 429:
        return _too_many(Verdict({}, fault.retry_after))
    return Answer(fault.status or 500, {"message": f"{fault.status}: planned fault", "code": 0})


def _too_many(verdict: Verdict) -> Answer:
    """A 429 as Discord's own servers send it: with `Via`, without which clients take it for a ban."""
    seconds = round(verdict.retry_after or 0.0, 3) or 0.001
    overall = "X-RateLimit-Global" in verdict.headers
    headers = {**verdict.headers, "Retry-After": str(int(seconds) + 1), "Via": "1.1 google"}
    headers["X-RateLimit-Scope"] = "global" if overall else "user"
    body = {"message": "You are being rate limited.", "retry_after": seconds, "global": overall, "code": 0}
    return Answer(429, body, headers)


def _response(answer: Answer) -> web.Response:
    if answer.body is None:
        return web.Response(status=answer.status, headers=answer.headers)
    text = json.dumps(answer.body, ensure_ascii=False, separators=(",", ":")).encode()
    # The content type must be exactly this: clients compare the whole header.
    headers = {**answer.headers, "Content-Type": "application/json"}
    return web.Response(status=answer.status, body=text, headers=headers)
