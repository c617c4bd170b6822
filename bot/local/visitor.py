"""A person of the class as a program: what the page does, over real sockets, for the demo's lessons and for tests.

ada = await Visitor.enter(server.base_url, person="Ada", locale="de")
messages = await ada.command("bild", prompt="ein roter Kreis", anzahl=4)      # waits until nothing is loading
await ada.press(messages[0], label="Noch einmal")
await ada.leave()
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Generator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from bot.local.errors import Json
from bot.local.ids import secret

LOADING = 1 << 7
Predicate = Callable[[str, Json], bool]


class VisitError(Exception):
    """The server refused what a visitor did; `code` is Discord's."""

    def __init__(self, status: int, body: Any) -> None:
        self.status = status
        self.body: Json = body if isinstance(body, dict) else {"message": str(body), "code": 0}
        self.code = int(self.body.get("code", 0))
        super().__init__(f"{status} {json.dumps(self.body, ensure_ascii=False)}")


class InteractionFailed(Exception):
    """The bot did not answer within 3 seconds."""


class Handle:
    """What became of a command, a press or a sent form.

    `await handle` waits for the first answer and, if that is a deferred one, for its content; it gives the messages
    that stem from the interaction, in order, as they stand then. It raises `InteractionFailed` when the bot did not
    answer. A form that opens instead is in `modal`; then the list is empty.
    """

    def __init__(self, visitor: Visitor, start: Callable[[], Any], timeout: float) -> None:
        self._visitor = visitor
        self._timeout = timeout
        self.interaction_id: str | None = None
        self._started = asyncio.ensure_future(start())

    def __await__(self) -> Generator[Any, None, list[Json]]:
        return self.settled().__await__()

    async def sent(self) -> str:
        """Wait until the server has taken it; gives the interaction's id. Raises `VisitError` for a refusal."""
        self.interaction_id = str(await self._started)
        return self.interaction_id

    async def settled(self, timeout: float | None = None) -> list[Json]:  # noqa: ASYNC109
        """The same as awaiting the handle, with another patience in seconds."""
        mine = await self.sent()

        def done(_name: str, _data: Json) -> bool:
            if mine in self._visitor.failed:
                return True
            answered = mine in self._visitor.answered
            return answered and not any(one["flags"] & LOADING for one in self.messages)

        await self._visitor.until(done, timeout or self._timeout, f"the answer to {mine}")
        if mine in self._visitor.failed:
            raise InteractionFailed(self._visitor.failed[mine])
        return self.messages

    async def acknowledged(self, timeout: float = 5.0) -> int:  # noqa: ASYNC109
        """Wait for the first answer only; gives its type (5 for deferred)."""
        mine = await self.sent()

        def done(_name: str, _data: Json) -> bool:
            return mine in self._visitor.answered or mine in self._visitor.failed

        await self._visitor.until(done, timeout, f"an acknowledgement of {mine}")
        if mine in self._visitor.failed:
            raise InteractionFailed(self._visitor.failed[mine])
        return self._visitor.answered[mine]

    async def message(
        self,
        wanted: Callable[[Json], bool] = lambda _message: True,
        timeout: float | None = None,  # noqa: ASYNC109
    ) -> Json:
        """Wait for a message of this interaction that satisfies `wanted`, e.g. one with attachments."""
        await self.sent()

        def done(_name: str, _data: Json) -> bool:
            return any(wanted(one) for one in self.messages)

        await self._visitor.until(done, timeout or self._timeout, "a message of this interaction")
        return next(one for one in self.messages if wanted(one))

    @property
    def messages(self) -> list[Json]:
        """The messages that stem from the interaction, oldest first, as they stand now."""
        seen = self._visitor.seen.values()
        return [
            one for one in seen if (one.get("interaction_metadata") or {}).get("id") == self.interaction_id
        ]

    @property
    def modal(self) -> Json | None:
        """The form that the bot answered with."""
        return self._visitor.modals_of.get(self.interaction_id or "")


class Visitor:
    """One person at one window. Make it with `enter`; call `leave` at the end (or use it with `async with`)."""

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
    ) -> Visitor:
        """Sit down as the person of this name; `guild` is the id of the class (the server's first by default)."""
        visitor = cls(aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()), base_url, secret())
        visitor.timeout = timeout
        try:
            query = f"?guild={guild}" if guild else ""
            people = await visitor.request("GET", f"/people{query}")
            body = {"person": _id_of(people, person), "locale": locale, "guild": people["guild"]["id"]}
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

    async def __aenter__(self) -> Visitor:
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
        elif name == "MESSAGE_DELETE":
            self.seen.pop(data["id"], None)
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

    # Looking

    def channel_id(self, name: str) -> str:
        """The id of a channel or thread by name (or id)."""
        for one in self.state["channels"]:
            if name in (one["name"], one["id"]):
                return str(one["id"])
        known = ", ".join(str(one["name"]) for one in self.state["channels"])
        raise KeyError(f"no channel {name}; there are {known}")

    async def messages(self, channel: str | None = None, limit: int = 50) -> list[Json]:
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
        lines = [_short(name, data) for name, data in self.events[-25:]]
        return f"{self.me.get('name')} saw {len(self.events)} events, the last:\n  " + "\n  ".join(lines)

    # Commands

    def command(
        self, name: str, *, channel: str | None = None, target: str | None = None, **options: Any
    ) -> Handle:
        """Give a slash command (`"bild"`, or `"unterricht start"` with a sub-command).

        Options by their name or its localisation in the visitor's language; a `Path` becomes an upload; a person,
        channel or role is given by name or id. `target` is the id that a context menu's command is about.
        """
        return Handle(self, lambda: self._send_command(2, name, channel, target, options), self.timeout)

    async def autocomplete(
        self, name: str, focused: str, value: str = "", *, channel: str | None = None, **options: Any
    ) -> list[Json]:
        """What the bot offers for an option while it is typed: a list of {name, value}."""
        chosen = {**options, focused: _Focused(value)}
        answer = await self._send_command(4, name, channel, None, chosen)
        choices: list[Json] = answer
        return choices

    async def _send_command(
        self, kind: int, name: str, channel: str | None, target: str | None, options: Json
    ) -> Any:
        command, subs = self._find_command(name)
        uploads: list[Path] = []
        definitions = subs[-1]["options"] if subs else command.get("options") or []
        given = [
            self._option(definitions, key, value, uploads)
            for key, value in options.items()
            if value is not None
        ]
        for sub in reversed(subs):
            given = [{"name": sub["name"], "type": sub["type"], "options": given}]
        body: Json = {
            "type": kind,
            "channel_id": self.channel_id(channel or self.channel),
            "command_id": command["id"],
            "name": command["name"],
            "options": given,
        }
        if target is not None:
            body["target_id"] = target
        answer = await self._post("/interactions", body, uploads)
        return answer["choices"] if kind == 4 else answer["interaction_id"]

    def _find_command(self, name: str) -> tuple[Json, list[Json]]:
        words = name.removeprefix("/").split(" ")
        commands = {one["name"]: one for one in self.state["commands"]}
        whole = name.removeprefix("/")
        if whole in commands:
            return commands[whole], []
        found = _by_name(self.state["commands"], words[0], str(self.me["locale"]))
        subs: list[Json] = []
        for word in words[1:]:
            inside = (subs[-1] if subs else found).get("options") or []
            subs.append({"options": [], **_by_name(inside, word, str(self.me["locale"]))})
        return found, subs

    def _option(self, definitions: list[Json], name: str, value: Any, uploads: list[Path]) -> Json:
        definition = _by_name(definitions, name, str(self.me["locale"]))
        shape: Json = {"name": definition["name"], "type": definition["type"], "value": value}
        if isinstance(value, _Focused):
            return {**shape, "value": value.text, "focused": True}
        if isinstance(value, Path):
            uploads.append(value)
            shape["value"] = len(uploads) - 1
        elif definition["type"] in (6, 7, 8, 9):
            shape["value"] = self._thing(definition["type"], str(value))
        return shape

    def _thing(self, kind: int, name: str) -> str:
        """The id of a person, channel or role given by name."""
        if kind == 7:
            return self.channel_id(name)
        places = {6: ("members",), 8: ("roles",), 9: ("members", "roles")}[kind]
        for one in [entry for place in places for entry in self.state[place]]:
            if name in (one["name"], one["id"]):
                return str(one["id"])
        raise KeyError(name)

    async def _post(self, path: str, body: Json, uploads: list[Path]) -> Any:
        if not uploads:
            return await self.request("POST", path, json=body)
        async with _multipart(body, uploads) as form:
            return await self.request("POST", path, data=form)

    # Components and forms

    def press(self, message: Json, *, label: str | None = None, custom_id: str | None = None) -> Handle:
        """Press a message's button, named by its label or custom_id."""
        button = _component(message, {2}, label, custom_id)
        return self._use(message, button)

    def select(
        self, message: Json, *values: str, custom_id: str | None = None, placeholder: str | None = None
    ) -> Handle:
        """Choose in a message's menu (the only one, or the one named), by the entries' value or label."""
        menu = _component(message, {3, 5, 6, 7, 8}, placeholder, custom_id)
        labels = {one["label"]: one["value"] for one in menu.get("options") or []}
        return self._use(message, menu, [labels.get(one, one) for one in values])

    def _use(self, message: Json, component: Json, values: list[str] | None = None) -> Handle:
        body: Json = {
            "type": 3,
            "message_id": message["id"],
            "custom_id": component["custom_id"],
            "component_type": component["type"],
        }
        if values is not None:
            body["values"] = values
        return Handle(self, lambda: self._begin(body, []), self.timeout)

    async def _begin(self, body: Json, uploads: list[Path]) -> str:
        return str((await self._post("/interactions", body, uploads))["interaction_id"])

    async def open_form(self, handle: Handle) -> Json:
        """The form that a command or press opens."""
        await handle
        if handle.modal is None:
            raise LookupError(f"no form was opened. {self.story()}")
        return handle.modal

    def fill_in(self, modal: Json, **values: Any) -> Handle:
        """Send a form. Fields by custom_id or label; what is not named keeps what the bot filled in.

        A text, a list of values for a menu, a bool for a check box, a `Path` for a file.
        """
        uploads: list[Path] = []
        fields = []
        unknown = set(values)
        for label, field in _fields(modal):
            key = field["custom_id"] if field["custom_id"] in values else label
            unknown.discard(str(key))
            fields.append(_filled(field, values.get(str(key)), uploads))
        if unknown:
            raise KeyError(f"the form has no field {', '.join(sorted(unknown))}")
        body = {
            "type": 5,
            "modal_id": modal["modal_id"],
            "custom_id": modal["custom_id"],
            "components": fields,
        }
        return Handle(self, lambda: self._begin(body, uploads), self.timeout)

    # Chat

    async def say(self, text: str, *, channel: str | None = None, files: list[Path] | None = None) -> Json:
        """Write an ordinary message."""
        channel_id = self.channel_id(channel or self.channel)
        return _object(await self._post(f"/channels/{channel_id}/messages", {"content": text}, files or []))

    async def react(self, message: Json, emoji: str, *, add: bool = True) -> None:
        """Put a reaction under a message, or take it back."""
        path = f"/channels/{message['channel_id']}/messages/{message['id']}/reactions/{emoji}"
        await self.request("PUT" if add else "DELETE", path)

    async def delete(self, message: Json) -> None:
        """Delete a message: one's own, or as a teacher anybody's."""
        await self.request("DELETE", f"/channels/{message['channel_id']}/messages/{message['id']}")

    async def direct(self) -> Json:
        """The direct message channel with the bot; also a channel for `say` and `command` from then on."""
        channel = _object(await self.request("POST", "/direct"))
        kept = [one for one in self.state["channels"] if one["id"] != channel["id"]]
        self.state["channels"] = [*kept, channel]
        return channel

    async def download(self, attachment: Json) -> bytes:
        """The bytes of an attachment."""
        async with self._session.get(attachment["url"]) as response:
            if response.status != 200:
                raise VisitError(response.status, await response.text())
            return await response.read()


def _id_of(people: Json, person: str) -> str:
    for one in people["people"]:
        if person in (one["name"], one["id"]):
            return str(one["id"])
    raise KeyError(f"nobody is called {person} in {people['guild']['name']}")


class _Focused:
    """The option that is being typed."""

    def __init__(self, text: str) -> None:
        self.text = text


def _object(value: Any) -> Json:
    if not isinstance(value, dict):
        raise TypeError(f"expected an object, got {value!r}")
    return value


def _by_name(things: list[Json], name: str, locale: str) -> Json:
    """A command or option by its name or the name in a language."""
    for one in things:
        if name in (one["name"], (one.get("name_localizations") or {}).get(locale)):
            return one
    raise KeyError(f"nothing is called {name}; there are {', '.join(str(one['name']) for one in things)}")


def _walk(value: Any) -> list[Json]:
    if isinstance(value, list):
        return [found for one in value for found in _walk(one)]
    if not isinstance(value, dict):
        return []
    inside = [value.get("components"), value.get("component"), value.get("accessory")]
    return [value, *(found for one in inside for found in _walk(one))]


def _component(message: Json, kinds: set[int], label: str | None, custom_id: str | None) -> Json:
    """A message's component of one of these kinds, by label, placeholder or custom_id, or the only one."""
    there = [one for one in _walk(message["components"]) if one["type"] in kinds and "custom_id" in one]
    found = [
        one
        for one in there
        if (label is None or label in (one.get("label"), one.get("placeholder")))
        and (custom_id is None or one["custom_id"] == custom_id)
    ]
    if len(found) != 1:
        names = ", ".join(
            f"{one.get('label') or one.get('placeholder')} ({one['custom_id']})" for one in there
        )
        raise LookupError(f"{len(found)} components fit {label or custom_id}; there are: {names}")
    return found[0]


def _fields(modal: Json) -> list[tuple[str | None, Json]]:
    """A form's fields with their labels."""
    fields: list[tuple[str | None, Json]] = []
    for row in modal["components"]:
        if row["type"] == 18:
            fields.append((row.get("label"), row["component"]))
        elif row["type"] == 1:
            fields.extend((one.get("label"), one) for one in row["components"])
    return fields


def _filled(field: Json, value: Any, uploads: list[Path]) -> Json:
    shape: Json = {"type": field["type"], "custom_id": field["custom_id"]}
    if field["type"] == 4:
        shape["value"] = field.get("value") or "" if value is None else str(value)
    elif field["type"] in (21, 23):
        shape["value"] = value
    elif isinstance(value, Path):
        uploads.append(value)
        shape["values"] = [len(uploads) - 1]
    else:
        shape["values"] = [value] if isinstance(value, str) else list(value or [])
    return shape


@asynccontextmanager
async def _multipart(body: Json, uploads: list[Path]) -> AsyncIterator[aiohttp.FormData]:
    form = aiohttp.FormData(quote_fields=False)
    form.add_field("payload_json", json.dumps(body), content_type="application/json")
    for place, path in enumerate(uploads):
        content = await asyncio.to_thread(path.read_bytes)
        form.add_field(f"files[{place}]", content, filename=path.name)
    yield form


def _short(name: str, data: Json) -> str:
    parts = [name]
    if "content" in data:
        author = (data.get("author") or {}).get("username")
        files = [one["filename"] for one in data.get("attachments") or []]
        parts.append(f"{author}: {data['content'][:100]!r} flags={data.get('flags')} files={files}")
        parts.extend(str(one.get("title") or one.get("description"))[:80] for one in data.get("embeds") or [])
    else:
        parts.append(json.dumps(data, ensure_ascii=False)[:120])
    return " ".join(parts)
