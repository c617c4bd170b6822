"""A visitor's connection: requests, the stream of events, and waiting for something to happen."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import aiohttp

from bot.local.errors import Json
from bot.local.ids import secret
from bot.local.visitor_lookup import id_of_person, in_short, multipart

Place = str | Json
"""A channel or thread: its name, its id, or the object itself."""
Predicate = Callable[[str, Json], bool]


class VisitError(Exception):
    """The server refused what a visitor did; `code` is Discord's."""

    def __init__(self, status: int, body: Any) -> None:
        self.status = status
        self.body: Json = body if isinstance(body, dict) else {"message": str(body), "code": 0}
        self.code = int(self.body.get("code", 0))
        super().__init__(f"{status} {json.dumps(self.body, ensure_ascii=False)}")


class VisitorLine:
    """One person at one window: everything but what the person does, which is in `Visitor`."""

    def __init__(self, session: aiohttp.ClientSession, base_url: str, window: str) -> None:
        self._session = session
        self._base = base_url.rstrip("/")
        self._api = f"{self._base}/w/{window}/api"
        self._headers = {"Origin": self._base}
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._reader: asyncio.Task[None] | None = None
        self._news = asyncio.Condition()
        self.me: Json = {}
        self.state: Json = {}
        self.events: list[tuple[str, Json]] = []
        """Everything that came through the socket, in order."""
        self.seen: dict[str, Json] = {}
        """Messages by id, as they stand now; deleted ones are gone."""
        self.stemming: dict[str, dict[str, Json]] = {}
        """The same messages by the interaction they stem from."""
        self.modals: list[Json] = []
        """Forms that were opened for this person, the newest last."""
        self.modals_of: dict[str, Json] = {}
        self.answered: dict[str, int] = {}
        self.failed: dict[str, str] = {}
        self.channel = "atelier"
        """Where commands are given unless a call names another channel."""
        self.timeout = 30.0
        """Seconds that `await handle` and `wait_for` are patient."""

    # Coming and going

    @classmethod
    async def enter(
        cls,
        base_url: str,
        person: str = "Ada",
        locale: str | None = "de",
        *,
        guild: str | None = None,
        timeout: float = 30.0,  # noqa: ASYNC109
    ) -> Self:
        """Sit down as the person of this name; `guild` is the id of the class (the server's first by default)."""
        visitor = cls(aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()), base_url, secret())
        visitor.timeout = timeout
        try:
            query = f"?guild={guild}" if guild else ""
            people = await visitor.request("GET", f"/people{query}")
            body = {"person": id_of_person(people, person), "locale": locale, "guild": people["guild"]["id"]}
            visitor.me = (await visitor.request("POST", "/session", json=body))["me"]
            await visitor.refresh()
            await visitor._listen()
        except BaseException:
            await visitor.leave()
            raise
        return visitor

    async def leave(self) -> None:
        """Close the window."""
        if self._socket is not None:
            await self._socket.close()
        if self._reader is not None:
            await self._reader
        await self._session.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self.leave()

    async def refresh(self) -> Json:
        """Read the state anew: channels, members, commands."""
        self.state = await self.request("GET", "/state")
        return self.state

    async def _listen(self) -> None:
        url = f"{self._api}/socket"
        self._socket = await self._session.ws_connect(url, headers=self._headers)
        self._reader = asyncio.ensure_future(self._read(self._socket))

    async def _read(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        async for frame in socket:
            if frame.type is aiohttp.WSMsgType.TEXT:
                event = json.loads(frame.data)
                self._take(event["t"], event["d"])
                async with self._news:
                    self._news.notify_all()

    def _take(self, name: str, data: Json) -> None:
        self.events.append((name, data))
        if name in ("MESSAGE_CREATE", "MESSAGE_UPDATE"):
            self.seen[data["id"]] = data
            if "interaction_metadata" in data:
                self.stemming.setdefault(data["interaction_metadata"]["id"], {})[data["id"]] = data
        elif name == "MESSAGE_DELETE":
            gone = self.seen.pop(data["id"], {})
            self.stemming.get(gone.get("interaction_metadata", {}).get("id"), {}).pop(data["id"], None)
        elif name == "MODAL_OPEN":
            self.modals.append(data)
            self.modals_of[data["interaction_id"]] = data
        elif name == "INTERACTION_DONE":
            self.answered[data["interaction_id"]] = data["answer"]
        elif name == "INTERACTION_FAILED":
            self.failed[data["interaction_id"]] = data["reason"]
        elif name in ("CHANNEL_CREATE", "CHANNEL_UPDATE", "CHANNEL_DELETE"):
            kept = [one for one in self.state["channels"] if one["id"] != data["id"]]
            self.state["channels"] = kept if name == "CHANNEL_DELETE" else [*kept, data]

    async def request(self, method: str, path: str, **how: Any) -> Any:
        """A request below `/w/<window>/api`; gives the JSON. Raises `VisitError` for a refusal."""
        url = self._api + path
        async with self._session.request(method, url, headers=self._headers, **how) as response:
            for name, cookie in response.cookies.items():
                self._headers["Cookie"] = f"{name}={cookie.value}"
            text = await response.text()
            body = json.loads(text) if response.content_type == "application/json" else text
            if response.status >= 400:
                raise VisitError(response.status, body)
            return body

    async def _post(self, path: str, body: Json, uploads: list[Path]) -> Any:
        if not uploads:
            return await self.request("POST", path, json=body)
        async with multipart(body, uploads) as form:
            return await self.request("POST", path, data=form)

    # Looking

    def channel_id(self, place: Place) -> str:
        """The id of a channel or thread; of several with one name the newest."""
        if not isinstance(place, str):
            return str(place["id"])
        named = [str(one["id"]) for one in self.state["channels"] if place in (one["name"], one["id"])]
        if named:
            return max(named, key=int)
        if place.isdigit():
            # An archived thread is out of sight, but who knows its id may write there and wakes it.
            return place
        known = ", ".join(str(one["name"]) for one in self.state["channels"])
        raise KeyError(f"no channel {place}; there are {known}")

    async def messages(self, channel: Place | None = None, limit: int = 50) -> list[Json]:
        """A channel's messages, oldest first."""
        channel_id = self.channel_id(channel or self.channel)
        found: list[Json] = await self.request("GET", f"/channels/{channel_id}/messages?limit={limit}")
        return found[::-1]

    async def until(self, done: Predicate, timeout: float, what: str) -> None:  # noqa: ASYNC109
        """Wait until `done`, which is asked now and after every event."""
        async with self._news:
            try:
                await asyncio.wait_for(self._news.wait_for(lambda: done("", {})), timeout)
            except TimeoutError:
                raise TimeoutError(f"{what} did not come within {timeout} s. {self.story()}") from None

    async def wait_for(self, predicate: Predicate, timeout: float | None = None, *, since: int = 0) -> Json:  # noqa: ASYNC109
        """The first event for which `predicate(name, data)` holds, those that have come already included.

        `since` leaves out the first so many of `events` (use `len(visitor.events)` before acting).
        """
        found: list[Json] = []
        place = since

        def done(_name: str, _data: Json) -> bool:
            nonlocal place
            while place < len(self.events) and not found:
                name, data = self.events[place]
                place += 1
                if predicate(name, data):
                    found.append(data)
            return bool(found)

        await self.until(done, self.timeout if timeout is None else timeout, "the awaited event")
        return found[0]

    def story(self) -> str:
        """What was seen, in short: for the message of a failed test."""
        lines = [in_short(name, data) for name, data in self.events[-25:]]
        return f"{self.me.get('name')} saw {len(self.events)} events, the last:\n  " + "\n  ".join(lines)
