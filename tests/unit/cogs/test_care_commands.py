"""`/words`, `/reports`, `/block` and `/unblock` as Discord is told about them, in both languages."""

from __future__ import annotations

from typing import Any

import pytest

from bot.i18n import Sentences
from tests.command_payloads import command_payloads

SENTENCES = Sentences.load(strict=True)
GERMAN = {"words": "woerter", "reports": "meldungen", "block": "sperren", "unblock": "freigeben"}


@pytest.fixture(scope="module")
async def payloads() -> dict[str, dict[str, Any]]:
    return {one["name"]: one for one in await command_payloads(("cogs.care",))}


def test_their_names(payloads: dict[str, dict[str, Any]]) -> None:
    assert {name: one["name_localizations"]["de"] for name, one in payloads.items()} == GERMAN


def test_their_options(payloads: dict[str, dict[str, Any]]) -> None:
    options = {
        name: [(one["name"], one["name_localizations"]["de"], one["required"]) for one in payload["options"]]
        for name, payload in payloads.items()
    }
    assert options == {
        "words": [
            ("refuse", "ablehnen", False),
            ("allow", "erlauben", False),
            ("remove", "entfernen", False),
            ("anyway", "trotzdem", False),
        ],
        "reports": [],
        "block": [("person", "person", True), ("minutes", "minuten", False)],
        "unblock": [("person", "person", False)],
    }
    minutes = payloads["block"]["options"][1]
    assert (minutes["min_value"], minutes["max_value"]) == (1, 30 * 24 * 60)


def test_descriptions_fit(payloads: dict[str, dict[str, Any]]) -> None:
    for payload in payloads.values():
        for part in (payload, *payload["options"]):
            texts = [part["description"], *part["description_localizations"].values()]
            assert all(1 <= len(text) <= 100 for text in texts), part["name"]
