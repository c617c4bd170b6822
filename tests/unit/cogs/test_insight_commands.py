"""The commands that look into a model, as Discord is told about them, and what happens to an upload."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import aiohttp
import discord
import pytest

from bot.services.insight_book import BOOK_LIMIT
from cogs.book import read_upload
from generation.errors import InvalidInput
from tests.unit.cogs.test_commands import payloads

__all__ = ["payloads"]

STRING, BOOLEAN, NUMBER, FILE = 3, 5, 10, 11


def test_names_and_options(payloads: dict[str, dict[str, Any]]) -> None:
    german = {
        one["name_localizations"]["de"]: [
            option["name_localizations"]["de"] for option in one.get("options") or []
        ]
        for one in payloads.values()
    }
    assert german["naechstes-wort"] == ["text", "temperatur", "modell", "abstimmung"]
    assert german["tokens"] == ["text", "englisch", "modell"]
    assert german["wahrscheinlich"] == ["text", "modell"]
    assert german["buch"] == ["text", "datei", "modell"]
    assert {"next-word", "tokens", "likely", "book"} <= payloads.keys()


def test_types(payloads: dict[str, dict[str, Any]]) -> None:
    options = {one["name"]: one for one in payloads["next-word"]["options"]}
    assert [one["type"] for one in options.values()] == [STRING, NUMBER, STRING, BOOLEAN]
    assert (options["temperature"]["min_value"], options["temperature"]["max_value"]) == (0, 2)
    assert [name for name, one in options.items() if one.get("autocomplete")] == ["text", "model"]
    assert [one["type"] for one in payloads["book"]["options"]] == [STRING, FILE, STRING]
    for name in ("next-word", "tokens", "likely", "book"):
        assert [one["name"] for one in payloads[name]["options"] if one["required"]] == ["text"]


@dataclass
class Upload:
    size: int
    content: bytes | Exception

    async def read(self) -> bytes:
        if isinstance(self.content, Exception):
            raise self.content
        return self.content


async def test_an_upload_is_read() -> None:
    assert await read_upload(cast("Any", Upload(5, b"Hallo"))) == b"Hallo"


@pytest.mark.parametrize(
    ("upload", "code"),
    [
        (Upload(BOOK_LIMIT + 1, AssertionError("fetched")), "book_large"),
        (Upload(1, discord.DiscordException()), "book_unreadable"),
        (Upload(1, aiohttp.ClientConnectionError()), "book_unreadable"),
        (Upload(1, TimeoutError()), "book_unreadable"),
    ],
)
async def test_uploads_that_cannot_be_read(upload: Upload, code: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        await read_upload(cast("Any", upload))
    assert caught.value.code == code
