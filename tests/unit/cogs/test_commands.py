"""What Discord is told about the commands, against Discord's limits and in both languages."""

from __future__ import annotations

import re
from typing import Any, cast

import discord
import pytest

from bot.commands import choices_for
from bot.i18n import Sentences
from tests.command_payloads import command_payloads

NAME = re.compile(r"^[-_'\w]{1,32}$")
SENTENCES = Sentences.load(strict=True)


@pytest.fixture(scope="module")
async def payloads() -> dict[str, dict[str, Any]]:
    return {one["name"]: one for one in await command_payloads()}


def longest(thing: dict[str, Any]) -> int:
    """Characters as Discord counts them: the longest localisation of each text."""
    texts = 0
    for key in ("name", "description"):
        localised = (thing.get(f"{key}_localizations") or {}).values()
        texts += max(len(text) for text in (thing[key], *localised))
    return texts + sum(longest(option) for option in thing.get("options") or [])


def test_the_commands_in_both_languages(payloads: dict[str, dict[str, Any]]) -> None:
    german = {name: one["name_localizations"]["de"] for name, one in payloads.items()}
    assert (
        german.items()
        >= {
            "image": "bild",
            "queue": "warteschlange",
            "help": "hilfe",
            "glossary": "glossar",
            "models": "modelle",
        }.items()
    )
    image = payloads["image"]
    assert [one["name"] for one in image["options"]] == (
        ["prompt", "negative", "count", "guidance", "steps", "seed", "size", "model", "scheduler"]
    )
    assert [one["name_localizations"]["de"] for one in image["options"]] == (
        ["prompt", "negativ", "anzahl", "orientierung", "schritte", "seed", "groesse", "modell", "verfahren"]
    )


def test_discords_limits(payloads: dict[str, dict[str, Any]]) -> None:
    for command in payloads.values():
        if command["type"] != 1:
            continue  # context menus have a name alone, see test_chat.py
        assert longest(command) <= 8000
        options = command["options"]
        assert len(options) <= 25
        for thing in (command, *options):
            assert set(thing["name_localizations"]) == {"de"}
            for name in (thing["name"], thing["name_localizations"]["de"]):
                assert NAME.match(name)
                assert name == name.lower()
                assert name.isascii()
            for text in (thing["description"], thing["description_localizations"]["de"]):
                assert 2 < len(text) <= 100
        for language in (lambda one: one["name"], lambda one: one["name_localizations"]["de"]):
            names = [language(option) for option in options]
            assert len(set(names)) == len(names)


def test_values_are_bounded_where_discord_can_help(payloads: dict[str, dict[str, Any]]) -> None:
    options = {one["name"]: one for one in payloads["image"]["options"]}
    bounds = {name: (one.get("min_value"), one.get("max_value")) for name, one in options.items()}
    assert bounds["count"] == (1, 4)
    assert bounds["guidance"] == (1, 20)
    assert bounds["steps"] == (1, 150)
    assert options["prompt"]["required"]
    assert options["prompt"].get("max_length") in (None, 6000)
    assert [one["name"] for one in options.values() if one["required"]] == ["prompt"]
    assert [name for name, one in options.items() if one.get("autocomplete")] == [
        "prompt",
        "size",
        "model",
        "scheduler",
    ]


def test_only_in_classes(payloads: dict[str, dict[str, Any]]) -> None:
    for command in payloads.values():
        assert command["contexts"] == [0]


async def test_a_value_out_of_range_reaches_the_service() -> None:
    """Discord holds it back; another client may not, and then the service has the sentence."""
    from cogs.options import Between

    between = Between(discord.AppCommandOptionType.integer, 1, 4)
    assert await between.transform(cast("Any", None), 99) == 99


def test_choices_fit_and_are_filtered() -> None:
    many = [("x" * 200, str(number)) for number in range(50)]
    assert len(choices_for("", many)) == 25
    assert all(len(one.name) <= 100 for one in choices_for("", many))
    options = [("ein roter Kreis", "a"), ("ein blauer Kreis", "b")]
    assert [one.value for one in choices_for("KREIS rot", options)] == ["a"]
    assert choices_for("Haus", options) == []
