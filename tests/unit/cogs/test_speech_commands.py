"""`/speech` as Discord is told about it."""

from __future__ import annotations

from typing import Any

from tests.unit.cogs.test_commands import payloads

__all__ = ["payloads"]


def test_names_in_both_languages(payloads: dict[str, dict[str, Any]]) -> None:
    command = payloads["speech"]
    assert command["name_localizations"]["de"] == "stimme"
    assert [one["name"] for one in command["options"]] == ["text", "voice", "emotion", "quality", "seed"]
    german = [one["name_localizations"]["de"] for one in command["options"]]
    assert german == ["text", "stimme", "emotion", "qualitaet", "seed"]


def test_only_the_text_is_asked_for_and_lists_help_with_the_rest(payloads: dict[str, dict[str, Any]]) -> None:
    options = payloads["speech"]["options"]
    assert [one["name"] for one in options if one["required"]] == ["text"]
    listed = [one["name"] for one in options if one.get("autocomplete")]
    assert listed == ["text", "voice", "emotion", "quality"]


def test_no_option_takes_a_file(payloads: dict[str, dict[str, Any]]) -> None:
    """A voice is enrolled or it is none: nothing is copied from what comes with a command."""
    assert {one["type"] for one in payloads["speech"]["options"]} == {3}
