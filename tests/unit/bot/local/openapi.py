"""Checks recorded traffic against Discord's own description of its API (OpenAPI 3.1, `discord-openapi.json`).

    description = Description.find()          # None when the file is not there
    server.observe(description.observe)
    …
    assert description.complaints == []

A request is checked when it was accepted, an answer always. What is known to deviate is listed in `DEVIATIONS`, one
by one, with the reason; everything else is a complaint.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import jsonschema
from jsonschema.exceptions import best_match
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from bot.local.traffic import Dispatched, Exchange

Json = dict[str, Any]
_HOME = "urn:discord"
_EVENTS = {
    "MESSAGE_CREATE": "MessageResponse",
    "MESSAGE_UPDATE": "MessageResponse",
    "CHANNEL_CREATE": "GuildChannelResponse",
    "CHANNEL_UPDATE": "GuildChannelResponse",
    "THREAD_CREATE": "ThreadResponse",
    "THREAD_UPDATE": "ThreadResponse",
    "GUILD_CREATE": "GuildResponse",
    "GUILD_MEMBER_UPDATE": "GuildMemberResponse",
}
"""Events whose data are objects of the HTTP API too; the others are not in the description."""
_HERE = Path(__file__).resolve()


@dataclass(frozen=True)
class Deviation:
    """What differs from the description on purpose: on which side, where, and the change before the check."""

    reason: str
    side: str
    template: str
    repair: Callable[[Any], Any]


def _numbers_as_text(*path: str) -> Callable[[Any], Any]:
    """Turn numbers at the end of a path (`*` for every entry of a list) into texts."""

    def repair(value: Any) -> Any:
        return _at(value, list(path), lambda found: str(found) if isinstance(found, int) else found)

    return repair


def _at(value: Any, path: list[str], change: Callable[[Any], Any]) -> Any:
    if not path:
        return change(value)
    step, rest = path[0], path[1:]
    if step == "*" and isinstance(value, list):
        return [_at(one, rest, change) for one in value]
    if isinstance(value, dict) and step in value:
        return {**value, step: _at(value[step], rest, change)}
    return value


def _whole_numbers(*path: str) -> Callable[[Any], Any]:
    def repair(value: Any) -> Any:
        return _at(value, list(path), lambda found: int(found) if isinstance(found, str) else found)

    return repair


def _numbered_codes(value: Any) -> Any:
    """Replace the codes below `errors` by a number."""
    if isinstance(value, list):
        return [_numbered_codes(one) for one in value]
    if not isinstance(value, dict):
        return value
    coded = {"code": 0} if isinstance(value.get("code"), str) else {}
    return {key: _numbered_codes(one) for key, one in value.items()} | coded


_ERROR_CODES = (
    "the description has numbers for the codes of single fields; Discord sends names (BASE_TYPE_REQUIRED)"
)
_IDS_AS_NUMBERS = "discord.py sends ids that it knows as numbers where the description has texts"
_PERMISSIONS_AS_TEXT = (
    "discord.py sends permissions as texts where the description has numbers; both are accepted"
)
DEVIATIONS = (
    Deviation(_ERROR_CODES, "response", "*", lambda body: _at(body, ["errors"], _numbered_codes)),
    Deviation(_IDS_AS_NUMBERS, "request", "*", _numbers_as_text("attachments", "*", "id")),
    Deviation(_IDS_AS_NUMBERS, "request", "*", _numbers_as_text("data", "attachments", "*", "id")),
    Deviation(_IDS_AS_NUMBERS, "request", "*", _numbers_as_text("message", "attachments", "*", "id")),
    Deviation(_IDS_AS_NUMBERS, "request", "*", _numbers_as_text("allowed_mentions", "users", "*")),
    Deviation(_IDS_AS_NUMBERS, "request", "*", _numbers_as_text("allowed_mentions", "roles", "*")),
    Deviation(_IDS_AS_NUMBERS, "request", "*", _numbers_as_text("message_reference", "message_id")),
    Deviation(_IDS_AS_NUMBERS, "request", "*", _numbers_as_text("message_reference", "channel_id")),
    Deviation(_IDS_AS_NUMBERS, "request", "*", _numbers_as_text("message_reference", "guild_id")),
    Deviation(_IDS_AS_NUMBERS, "request", "/users/@me/channels", _numbers_as_text("recipient_id")),
    Deviation(_IDS_AS_NUMBERS, "request", "/guilds/{guild_id}/channels", _numbers_as_text("parent_id")),
    Deviation(
        _IDS_AS_NUMBERS,
        "request",
        "/guilds/{guild_id}/channels",
        _numbers_as_text("permission_overwrites", "*", "id"),
    ),
    *(
        Deviation(_PERMISSIONS_AS_TEXT, "request", template, _whole_numbers(*path))
        for template, path in (
            ("/guilds/{guild_id}/roles", ("permissions",)),
            ("/guilds/{guild_id}/roles/{role_id}", ("permissions",)),
            ("/channels/{channel_id}/permissions/{overwrite_id}", ("allow",)),
            ("/channels/{channel_id}/permissions/{overwrite_id}", ("deny",)),
            ("/guilds/{guild_id}/channels", ("permission_overwrites", "*", "allow")),
            ("/guilds/{guild_id}/channels", ("permission_overwrites", "*", "deny")),
        )
    ),
)


@dataclass
class Description:
    """The parsed description, the validators made from it so far, and the complaints."""

    document: Json
    complaints: list[str] = field(default_factory=list)
    checked: set[str] = field(default_factory=set)
    """`METHOD template status` of every exchange that was checked."""
    _validators: dict[str, jsonschema.Draft202012Validator] = field(default_factory=dict)

    @classmethod
    def find(cls) -> Description | None:
        """From `ATELIER_OPENAPI`, or beside the repository in `shared/`; None where there is none."""
        places = [Path(os.environ["ATELIER_OPENAPI"])] if "ATELIER_OPENAPI" in os.environ else []
        places.extend(parent / "shared" / "discord-openapi.json" for parent in _HERE.parents[5:7])
        for place in places:
            if place.is_file():
                return cls(json.loads(place.read_text(encoding="utf-8")))
        return None

    # Checking

    def observe(self, happening: Exchange | Dispatched) -> None:
        """For `ClassServer.observe`."""
        if isinstance(happening, Exchange):
            self.complaints.extend(self.check(happening))
            return
        for name, data in _described_parts(happening):
            schema = f"/components/schemas/{name}"
            self.complaints.extend(
                f"event {happening.name}: {one}" for one in self._wrong(schema, data, "data")
            )

    def check(self, exchange: Exchange) -> list[str]:
        """What is wrong with an exchange, in words."""
        if exchange.status in (0, 501) or exchange.status >= 500:
            return []
        found = self._operation(exchange.method, exchange.path)
        name = f"{exchange.method} {exchange.path}"
        if found is None:
            return [f"{name}: Discord has no such route"]
        template, operation = found
        self.checked.add(f"{exchange.method} {template} {exchange.status}")
        pointer = f"/paths/{_escaped(template)}/{exchange.method.lower()}"
        complaints = self._check_response(exchange, pointer, operation)
        if exchange.status < 400:
            complaints += self._check_request(exchange, pointer, operation)
        return [f"{name} ({exchange.status}): {one}" for one in complaints]

    def _check_request(self, exchange: Exchange, pointer: str, operation: Json) -> list[str]:
        content = operation.get("requestBody", {}).get("content", {})
        if "application/json" not in content:
            return [f"a body was sent: {exchange.request}"] if exchange.request not in (None, {}) else []
        body = _repaired(exchange.request, "request", exchange.template)
        return self._wrong(f"{pointer}/requestBody/content/application~1json/schema", body, "request")

    def _check_response(self, exchange: Exchange, pointer: str, operation: Json) -> list[str]:
        responses = operation["responses"]
        status = str(exchange.status)
        if status not in responses:
            status = f"{status[0]}XX"
        if status not in responses:
            return [f"no answer {exchange.status} is described, only {', '.join(responses)}"]
        place = f"{pointer}/responses/{status}"
        response = responses[status]
        if "$ref" in response:
            place = response["$ref"].removeprefix("#")
            response = self.document["components"]["responses"][place.rsplit("/", 1)[-1]]
        if "application/json" not in response.get("content", {}):
            return [f"an empty answer is described, not {exchange.response}"] if exchange.response else []
        body = _repaired(exchange.response, "response", exchange.template)
        return self._wrong(f"{place}/content/application~1json/schema", body, "answer")

    def _wrong(self, pointer: str, body: Any, side: str) -> list[str]:
        validator = self._validators.get(pointer)
        if validator is None:
            schema = {"$ref": f"{_HOME}#{pointer}"}
            validator = jsonschema.Draft202012Validator(schema, registry=self._registry)
            self._validators[pointer] = validator
        if validator.is_valid(body):
            return []
        error = _deepest(best_match(validator.iter_errors(body)))
        where = "/".join(str(step) for step in error.absolute_path)
        return [f"{side} {where}: {error.message[-300:]}"]

    @cached_property
    def _registry(self) -> Any:
        resource = Resource(contents=self.document, specification=DRAFT202012)
        return Registry().with_resource(_HOME, resource)

    # Finding the route

    @cached_property
    def _paths(self) -> list[tuple[re.Pattern[str], str]]:
        """Literal paths before those with parameters."""
        ordered = sorted(self.document["paths"], key=lambda path: path.count("{"))
        return [(re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path))), path) for path in ordered]

    def _operation(self, method: str, path: str) -> tuple[str, Json] | None:
        for pattern, template in self._paths:
            operations = self.document["paths"][template]
            if pattern.fullmatch(path) and method.lower() in operations:
                return template, operations[method.lower()]
        return None


def _described_parts(event: Dispatched) -> list[tuple[str, Any]]:
    """The parts of an event that are objects of the HTTP API, each with the name of its schema."""
    if event.name in _EVENTS:
        return [(_EVENTS[event.name], event.data)]
    if event.name == "THREAD_MEMBERS_UPDATE":
        return [("ThreadMemberResponse", one) for one in event.data.get("added_members", [])]
    if event.name != "INTERACTION_CREATE":
        return []
    targets = event.data["data"].get("resolved", {}).get("messages", {}).values()
    messages = [*targets, *([event.data["message"]] if "message" in event.data else [])]
    return [("MessageResponse", one) for one in messages]


def _repaired(body: Any, side: str, template: str | None) -> Any:
    for one in DEVIATIONS:
        if one.side == side and one.template in ("*", template):
            body = one.repair(body)
    return body


def _deepest(error: Any) -> Any:
    """Of the branches of a union the one that fitted best: whose first error lies deepest."""
    while error.context:
        error = max(error.context, key=lambda one: (len(one.absolute_path), one.validator != "enum"))
    return error


def _escaped(template: str) -> str:
    return template.replace("~", "~0").replace("/", "~1").replace("{", "%7B").replace("}", "%7D")
