"""The commands for videos as Discord is told about them."""

from __future__ import annotations

from typing import Any

from tests.unit.cogs.test_commands import payloads

__all__ = ["payloads"]

FILE = 11


def test_names_in_both_languages(payloads: dict[str, dict[str, Any]]) -> None:
    video, script = payloads["video"], payloads["video-script"]
    assert (video["name_localizations"]["de"], script["name_localizations"]["de"]) == (
        "video",
        "video-skript",
    )
    assert [one["name"] for one in video["options"]] == (
        ["prompt1", "prompt2", "length", "fps", "seed1", "seed2", "model", "song", "piece"]
    )
    assert [one["name_localizations"]["de"] for one in video["options"]] == (
        ["prompt1", "prompt2", "laenge", "fps", "seed1", "seed2", "modell", "lied", "stueck"]
    )
    assert script["options"] == []


def test_what_is_asked_for_and_what_is_bounded(payloads: dict[str, dict[str, Any]]) -> None:
    options = {one["name"]: one for one in payloads["video"]["options"]}
    assert [name for name, one in options.items() if one["required"]] == ["prompt1", "prompt2"]
    assert [name for name, one in options.items() if one["type"] == FILE] == ["song"]
    bounds = {name: (options[name]["min_value"], options[name]["max_value"]) for name in ("length", "fps")}
    assert bounds == {"length": (1, 20), "fps": (4, 24)}
    completed = [name for name, one in options.items() if one.get("autocomplete")]
    assert completed == ["prompt1", "prompt2", "model", "piece"]
