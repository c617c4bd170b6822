"""The teacher's commands as Discord is told about them."""

from __future__ import annotations

from typing import Any, cast

import pytest

from bot.client import AtelierBot
from bot.commands import LocaleTranslator
from bot.i18n import Sentences
from bot.publisher import DiscordPublisher

SENTENCES = Sentences.load(strict=True)
EXTENSIONS = ("cogs.lesson", "cogs.pause", "cogs.emergency")


@pytest.fixture
async def payloads() -> dict[str, dict[str, Any]]:
    bot = AtelierBot(
        desk=cast("Any", None),
        publisher=DiscordPublisher(sentences=SENTENCES),
        sentences=SENTENCES,
        teacher_role="Lehrkraft",
        extensions=EXTENSIONS,
    )
    for extension in EXTENSIONS:
        await bot.load_extension(extension)
    translator = LocaleTranslator(SENTENCES)
    made = [await one.get_translated_payload(bot.tree, translator) for one in bot.tree.get_commands()]
    await bot.close()
    return {one["name_localizations"]["de"]: one for one in made}


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
