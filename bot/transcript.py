"""What was posted in a class, told from the posts themselves: messages that came over the socket and their files."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bot.i18n import LANGUAGES, Sentences
from bot.local.visitor import Visitor
from bot.png import read_recipe

_EPHEMERAL = 1 << 6
_FOOTER = re.compile(r"· \w+ ([0-9a-f]{10})$")
_SEED = re.compile(r"Seed: `(\d+)`")
_JOB = re.compile(r"\b[0-9a-f]{10}\b")
_KINDS = {2: "command", 3: "button", 5: "form"}


class Transcript:
    """Rows, one a post of the bot, and the posted files in `out`."""

    def __init__(self, out: Path, sentences: Sentences) -> None:
        self.out = out
        self._codes = _codes_of(sentences)
        self.rows: list[dict[str, Any]] = []

    async def add(self, visitor: Visitor, message: Mapping[str, Any]) -> dict[str, Any]:
        """Fetch the message's files as its reader would, and write down what it says."""
        saved: dict[str, bytes] = {}
        for attachment in message["attachments"]:
            saved[attachment["filename"]] = await visitor.download(attachment)
        recipe = next((found for data in saved.values() if (found := read_recipe(data))), None)
        for name, data in saved.items():
            path = self.out / _safe(name)
            await asyncio.to_thread(path.write_bytes, data)
        row = {
            **_origin(message),
            **(_from_recipe(recipe) if recipe else _from_text(message) or self._from_words(message)),
            "files": [_safe(name) for name in saved],
            "private": bool(message["flags"] & _EPHEMERAL),
            "text": _text(message),
            "message_id": message["id"],
        }
        self.rows.append(row)
        return row

    def _from_words(self, message: Mapping[str, Any]) -> dict[str, Any]:
        """A post without a result: a refusal, an error, or an answer such as a help text."""
        job = _JOB.search(json.dumps(message.get("components") or []))
        content = message["content"]
        code = next((code for pattern, code in self._codes if pattern.fullmatch(content)), None)
        return {
            "job": job[0] if job else None,
            "medium": None,
            "model": None,
            "seeds": [],
            "parameters": {},
            "parent": None,
            "verdict": _verdict_of(code),
            "code": code,
            "flagged": [],
            "seconds": None,
        }

    def write(self) -> Path:
        """Write `transcript.json`. Blocking."""
        path = self.out / "transcript.json"
        path.write_text(json.dumps(self.rows, ensure_ascii=False, indent=2) + "\n", "utf-8")
        return path


def _origin(message: Mapping[str, Any]) -> dict[str, Any]:
    """Who asked for it and how, as Discord says it in the message."""
    origin = message.get("interaction_metadata") or {}
    user = origin.get("user") or {}
    kind = _KINDS.get(int(origin.get("type", 0)), "none")
    return {
        "command": f"/{origin['name']}" if origin.get("name") else kind,
        "user": user.get("global_name") or user.get("username"),
    }


def _from_recipe(recipe: Mapping[str, Any]) -> dict[str, Any]:
    flagged = recipe.get("flagged") or []
    return {
        "job": recipe["job"],
        "medium": recipe["medium"],
        "model": recipe["model"],
        "seeds": recipe["seeds"],
        "parameters": recipe["params"],
        "parent": recipe.get("parent"),
        "verdict": "partly_flagged" if flagged else "approved",
        "code": None,
        "flagged": flagged,
        "seconds": recipe.get("seconds"),
    }


def _from_text(message: Mapping[str, Any]) -> dict[str, Any] | None:
    """A text stands in the message itself: its job in the footer, its seed in the first line. None for other posts."""
    footers = [(embed.get("footer") or {}).get("text") or "" for embed in message.get("embeds") or []]
    job = next((found for footer in footers if (found := _FOOTER.search(footer))), None)
    seed = _SEED.search(message["content"])
    if job is None or seed is None:
        return None
    return {
        "job": job[1],
        "medium": "text",
        "model": None,
        "seeds": [int(seed[1])],
        "parameters": {},
        "parent": None,
        "verdict": "approved",
        "code": None,
        "flagged": [],
        "seconds": None,
    }


def _codes_of(sentences: Sentences) -> list[tuple[re.Pattern[str], str]]:
    """Every error's sentence as a pattern, so that a post tells which one it is."""
    return [
        (re.compile(re.sub(r"\\\{\w+\\\}", ".*", re.escape(form)), re.DOTALL), key.removeprefix("error."))
        for language in LANGUAGES
        for key in sorted(sentences.keys(language))
        if key.startswith("error.")
        for form in sentences.forms(key, language)
    ]


def _verdict_of(code: str | None) -> str:
    if code is None:
        return "answered"
    if code == "cancelled":
        return "cancelled"
    return "refused" if code.startswith("refused") else "error"


def _text(message: Mapping[str, Any]) -> str:
    embeds = message.get("embeds") or []
    parts = [message["content"]]
    for embed in embeds:
        parts += [embed.get("title") or "", embed.get("description") or ""]
        parts += [f"{field['name']}: {field['value']}" for field in embed.get("fields") or []]
    return "\n".join(part for part in parts if part)


def _safe(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]", "_", name)
