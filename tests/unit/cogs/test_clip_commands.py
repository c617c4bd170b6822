"""The commands for combined pieces and chains as Discord is told about them."""

from __future__ import annotations

from typing import Any

from tests.unit.cogs.test_commands import payloads

__all__ = ["payloads"]


def test_names_in_both_languages(payloads: dict[str, dict[str, Any]]) -> None:
    clip, chain = payloads["clip"], payloads["chain"]
    assert (clip["name_localizations"]["de"], chain["name_localizations"]["de"]) == ("clip", "kette")
    pictures = ["picture1", "picture2", "picture3", "picture4"]
    assert [one["name"] for one in clip["options"]] == (
        ["video", *pictures, "music", "speech", "subtitles", "title"]
    )
    assert [one["name_localizations"]["de"] for one in clip["options"]] == (
        ["video", "bild1", "bild2", "bild3", "bild4", "musik", "stimme", "untertitel", "titel"]
    )
    assert [one["name_localizations"]["de"] for one in chain["options"]] == (
        ["thema", "stimme", "musik", "untertitel", "seed"]
    )


def test_what_is_asked_for_and_what_is_offered(payloads: dict[str, dict[str, Any]]) -> None:
    clip, chain = payloads["clip"]["options"], payloads["chain"]["options"]
    assert [one["name"] for one in (*clip, *chain) if one["required"]] == ["theme"]
    assert [one["name"] for one in (*clip, *chain) if not one.get("autocomplete")] == ["title", "seed"]
