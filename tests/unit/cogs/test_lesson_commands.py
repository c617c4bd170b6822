"""The teacher's commands as Discord is told about them."""

from __future__ import annotations

from typing import Any

import pytest

from bot.i18n import Sentences
from tests.command_payloads import command_payloads

SENTENCES = Sentences.load(strict=True)
EXTENSIONS = ("cogs.lesson", "cogs.pause", "cogs.emergency")


@pytest.fixture
async def payloads() -> dict[str, dict[str, Any]]:
    return {one["name_localizations"]["de"]: one for one in await command_payloads(EXTENSIONS)}


async def test_their_names(payloads: dict[str, dict[str, Any]]) -> None:
    assert set(payloads) == {"stunde", "abgeben", "pause", "weiter", "notaus"}
    parts = {one["name_localizations"]["de"]: one for one in payloads["stunde"]["options"]}
    assert set(parts) == {"start", "stand", "aufgabe", "ende"}
    assert {one["type"] for one in parts.values()} == {1}
    given = {one["name"]: one for one in parts["start"]["options"]}
    assert (given["minutes"]["min_value"], given["minutes"]["max_value"]) == (5, 480)
    assert not any(one.get("required") for one in given.values())
    assert all(one["contexts"] == [0] for one in payloads.values())


async def test_they_keep_to_discords_lengths(payloads: dict[str, dict[str, Any]]) -> None:
    waiting = list(payloads.values())
    while waiting:
        one = waiting.pop()
        for text in (one["description"], one["description_localizations"]["de"]):
            assert 2 < len(text) <= 100
        for name in (one["name"], one["name_localizations"]["de"]):
            assert name.isascii()
            assert len(name) <= 32
        waiting += one.get("options") or []
