"""Discord's limits for what a message may hold. `check_message` refuses with 50035 and the tree of errors."""

from __future__ import annotations

from typing import Any

from bot.local.components import check_components
from bot.local.errors import Json, Problems, Refusal

CONTENT, EMBEDS, EMBED_TOTAL, FILES, FIELDS = 2000, 10, 6000, 10, 25
COMPONENTS_V2 = 1 << 15
_EMBED_TEXTS = (
    (("title",), 256),
    (("description",), 4096),
    (("footer", "text"), 2048),
    (("author", "name"), 256),
)


def check_message(body: Json) -> None:
    """Check content, embeds, components, nonce, mentions and the list of attachments."""
    for name in ("poll", "sticker_ids", "shared_client_theme"):
        if body.get(name):
            raise Refusal(501, 0, f"the class server does not model {name} in messages")
    problems = Problems()
    if not isinstance(body.get("message_reference") or {}, dict):
        problems.at("message_reference").add(
            "MODEL_TYPE_CONVERT", "Only dictionaries may be used in a ModelType"
        )
    elif (body.get("message_reference") or {}).get("type"):
        raise Refusal(501, 0, "the class server does not model forwarded messages")
    content = body.get("content")
    if content is not None:
        problems.at("content").text(content, 0, CONTENT)
    _check_embeds(body.get("embeds"), problems)
    v2 = bool((body.get("flags") or 0) & COMPONENTS_V2)
    check_components(body.get("components"), problems, v2=v2)
    if v2:
        _check_v2_alone(body, problems)
    nonce = body.get("nonce")
    if isinstance(nonce, str):
        problems.at("nonce").text(nonce, 0, 25)
    _check_mentions(body.get("allowed_mentions"), problems)
    _check_attachments(body.get("attachments"), problems)
    problems.refuse()


def check_not_empty(record: Json) -> None:
    """Refuse with 50006 a message in which nothing could be seen."""
    text = isinstance(record["content"], str) and record["content"].strip()
    if not (text or record["embeds"] or record["attachments"] or record["components"]):
        raise Refusal(400, 50006, "Cannot send an empty message")


def _check_v2_alone(body: Json, problems: Problems) -> None:
    for name in ("content", "embeds", "poll", "sticker_ids"):
        if body.get(name):
            problems.at(name).add(
                "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2",
                f"The '{name}' field cannot be used when using MessageFlags.IS_COMPONENTS_V2",
            )


def _check_embeds(embeds: Any, problems: Problems) -> None:
    if embeds is None:
        return
    if not isinstance(embeds, list) or len(embeds) > EMBEDS:
        problems.at("embeds").add("BASE_TYPE_MAX_LENGTH", f"Must be {EMBEDS} or fewer in length.")
        return
    total = sum(_check_embed(embed, problems.at("embeds", place)) for place, embed in enumerate(embeds))
    if total > EMBED_TOTAL:
        problems.at("embeds").add(
            "MAX_EMBED_SIZE_EXCEEDED", f"Embed size exceeds maximum size of {EMBED_TOTAL}"
        )


def _check_embed(embed: Any, problems: Problems) -> int:
    """Check one embed and return its number of characters."""
    if not isinstance(embed, dict):
        problems.add("MODEL_TYPE_CONVERT", "Only dictionaries may be used in a ModelType")
        return 0
    total = 0
    for path, limit in _EMBED_TEXTS:
        value: Any = embed
        for step in path:
            value = value.get(step) if isinstance(value, dict) else None
        if value is not None:
            problems.at(*path).text(value, 0, limit)
            total += len(str(value))
    return total + _check_fields(embed.get("fields") or [], problems.at("fields"))


def _check_fields(fields: list[Json], problems: Problems) -> int:
    if len(fields) > FIELDS:
        problems.add("BASE_TYPE_MAX_LENGTH", f"Must be {FIELDS} or fewer in length.")
    total = 0
    for place, one in enumerate(fields):
        for name, limit in (("name", 256), ("value", 1024)):
            value = one.get(name)
            if not value:
                problems.at(place, name).required()
                continue
            problems.at(place, name).text(value, 1, limit)
            total += len(value)
    return total


def _check_mentions(allowed: Any, problems: Problems) -> None:
    if not isinstance(allowed, dict):
        return
    at = problems.at("allowed_mentions")
    parse = allowed.get("parse") or []
    for place, kind in enumerate(parse):
        at.at("parse", place).choice(kind, {"users", "roles", "everyone"})
    for kind in ("users", "roles"):
        listed = allowed.get(kind) or []
        if len(listed) > 100:
            at.at(kind).add("BASE_TYPE_MAX_LENGTH", "Must be 100 or fewer in length.")
        if listed and kind in parse:
            at.add(
                "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE",
                f'parse:["{kind}"] and {kind}: [ids...] are mutually exclusive.',
            )


def _check_attachments(attachments: Any, problems: Problems) -> None:
    if attachments is None:
        return
    at = problems.at("attachments")
    if not isinstance(attachments, list):
        at.add("BASE_TYPE_INVALID", "Could not interpret the value.")
        return
    if len(attachments) > FILES:
        at.add("BASE_TYPE_MAX_LENGTH", f"Must be {FILES} or fewer in length.")
    for place, one in enumerate(attachments):
        if isinstance(one, dict) and one.get("description") is not None:
            at.at(place, "description").text(one["description"], 0, 1024)
