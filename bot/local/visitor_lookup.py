"""Finding what a visitor names: commands, options, components, fields of a form."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from bot.local.errors import Json


def id_of_person(people: Json, person: str) -> str:
    for one in people["people"]:
        if person in (one["name"], one["id"]):
            return str(one["id"])
    raise KeyError(f"nobody is called {person} in {people['guild']['name']}")


def as_object(value: Any) -> Json:
    if not isinstance(value, dict):
        raise TypeError(f"expected an object, got {value!r}")
    return value


def by_name(things: list[Json], name: str, locale: str) -> Json:
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


def find_component(message: Json, kinds: set[int], label: str | None, custom_id: str | None) -> Json:
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


def form_fields(modal: Json) -> list[tuple[str | None, Json]]:
    """A form's fields with their labels."""
    fields: list[tuple[str | None, Json]] = []
    for row in modal["components"]:
        if row["type"] == 18:
            fields.append((row.get("label"), row["component"]))
        elif row["type"] == 1:
            fields.extend((one.get("label"), one) for one in row["components"])
    return fields


def filled_field(field: Json, value: Any, uploads: list[Path]) -> Json:
    shape: Json = {"type": field["type"], "custom_id": field["custom_id"]}
    if field["type"] == 4:
        shape["value"] = field.get("value") or "" if value is None else str(value)
    elif field["type"] in (21, 23):
        shape["value"] = value
    elif field["type"] == 19:
        files = [value] if isinstance(value, Path) else list(value or [])
        shape["values"] = [len(uploads) + place for place in range(len(files))]
        uploads.extend(files)
    elif value is None:
        shape["values"] = [one["value"] for one in field.get("options") or [] if one.get("default")]
    else:
        shape["values"] = [value] if isinstance(value, str) else list(value)
    return shape


@asynccontextmanager
async def multipart(body: Json, uploads: list[Path]) -> AsyncIterator[aiohttp.FormData]:
    form = aiohttp.FormData(quote_fields=False)
    form.add_field("payload_json", json.dumps(body), content_type="application/json")
    for place, path in enumerate(uploads):
        content = await asyncio.to_thread(path.read_bytes)
        form.add_field(f"files[{place}]", content, filename=path.name)
    yield form


def in_short(name: str, data: Json) -> str:
    parts = [name]
    if "content" in data:
        author = (data.get("author") or {}).get("username")
        files = [one["filename"] for one in data.get("attachments") or []]
        parts.append(f"{author}: {data['content'][:100]!r} flags={data.get('flags')} files={files}")
        parts.extend(str(one.get("title") or one.get("description"))[:80] for one in data.get("embeds") or [])
    else:
        parts.append(json.dumps(data, ensure_ascii=False)[:120])
    return " ".join(parts)
