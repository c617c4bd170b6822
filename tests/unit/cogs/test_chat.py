"""The commands of conversations, and what they read out of a message."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import discord
import pytest

from bot.chats import text_of
from bot.client import AtelierBot
from bot.i18n import Sentences
from bot.publisher import DiscordPublisher
from tests.command_payloads import command_payloads

SENTENCES = Sentences.load(strict=True)


@pytest.fixture(scope="module")
async def payloads() -> dict[str, dict[str, Any]]:
    return {one["name"]: one for one in await command_payloads(("cogs.chat",))}


def test_commands_in_both_languages(payloads: dict[str, dict[str, Any]]) -> None:
    german = {name: one["name_localizations"]["de"] for name, one in payloads.items()}
    assert german == {"chat": "chat", "chat-end": "chat-ende", "Explain this": "Erklär mir das"}
    options = {one["name"]: one for one in payloads["chat"]["options"]}
    assert [one["name_localizations"]["de"] for one in options.values()] == ["prompt", "modell", "temperatur"]
    assert not any(one["required"] for one in options.values())
    assert (options["temperature"]["min_value"], options["temperature"]["max_value"]) == (0, 2)


def test_the_menu_is_one_of_messages_in_classes(payloads: dict[str, dict[str, Any]]) -> None:
    menu = payloads["Explain this"]
    assert menu["type"] == discord.AppCommandType.message.value
    assert menu["contexts"] == [0]
    assert all(1 <= len(name) <= 32 for name in (menu["name"], menu["name_localizations"]["de"]))


def test_the_bot_asks_for_no_privileged_intent() -> None:
    bot = AtelierBot(
        desk=cast("Any", None),
        publisher=DiscordPublisher(sentences=SENTENCES),
        sentences=SENTENCES,
        teacher_role="",
        extensions=(),
    )
    assert {name for name, on in bot.intents if on} == {"guilds", "guild_messages", "dm_messages"}


def message(content: str, *descriptions: str, bot: bool = False) -> discord.Message:
    embeds = [discord.Embed(description=text) for text in descriptions]
    return cast(
        "discord.Message", SimpleNamespace(content=content, embeds=embeds, author=SimpleNamespace(bot=bot))
    )


@pytest.mark.parametrize(
    ("said", "read"),
    [
        (message("Hallo <@123>, sieh <#5> an <:lol:77>"), "Hallo , sieh  an :lol:"),
        (message("Ein Link", "Vorschau"), "Ein Link"),
        (message("", "Nur eine Karte"), "Nur eine Karte"),
        (message("Seed: 7", "**Prompt**\nWozu?", "Erstens\\.", "Zweitens", bot=True), "Erstens.\nZweitens"),
        (message("a\\*b\\\\c"), "a*b\\c"),
        (message(""), ""),
    ],
)  # fmt: skip
def test_what_a_message_says(said: discord.Message, read: str) -> None:
    assert text_of(said) == read
