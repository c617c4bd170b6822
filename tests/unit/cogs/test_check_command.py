"""`/check` as Discord is told about it."""

from __future__ import annotations

from typing import Any

from tests.unit.cogs.test_commands import payloads

__all__ = ["payloads"]
FILE = 11


def test_it_takes_one_file_in_both_languages(payloads: dict[str, dict[str, Any]]) -> None:
    command = payloads["check"]
    assert command["name_localizations"]["de"] == "pruefe"
    (option,) = command["options"]
    assert (option["name"], option["name_localizations"]["de"]) == ("file", "datei")
    assert (option["type"], option["required"]) == (FILE, True)
