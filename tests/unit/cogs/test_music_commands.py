"""The commands for music, sounds and notes, as Discord is told about them, and what an option is read as."""

from __future__ import annotations

from typing import Any

import pytest

from cogs.music import read_piece
from generation.errors import NotFound
from tests.unit.cogs.test_commands import payloads

__all__ = ["payloads"]

GERMAN = {
    "musik": ["prompt", "laenge", "melodie", "liedtext", "anzahl", "seed", "modell", "format"],
    "lied": [],
    "musik-weiter": ["stueck", "datei", "prompt", "laenge", "anzahl", "seed", "modell", "format"],
    "geraeusch": ["prompt", "laenge", "anzahl", "seed", "modell", "format"],
    "noten": ["titel", "melodie", "datei", "anzahl", "tokens", "temperatur", "seed", "modell"],
    "musik-baukasten": ["genre", "stimmung", "tempo", "instrumente"],
}
BOUNDS = {
    ("music", "length"): (1, 60),
    ("music", "count"): (1, 4),
    ("music-more", "length"): (1, 60),
    ("sound", "length"): (1, 10),
    ("notes", "count"): (1, 6),
    ("notes", "tokens"): (16, 512),
    ("notes", "temperature"): (0.1, 2.0),
}
FILE = 11


@pytest.mark.parametrize("name", list(GERMAN))
def test_german_names(payloads: dict[str, dict[str, Any]], name: str) -> None:
    (command,) = [one for one in payloads.values() if one["name_localizations"]["de"] == name]
    assert [one["name_localizations"]["de"] for one in command["options"]] == GERMAN[name]


def test_english_names(payloads: dict[str, dict[str, Any]]) -> None:
    assert {"music", "song", "music-more", "sound", "notes", "music-kit"} <= payloads.keys()


@pytest.mark.parametrize(("command", "option"), list(BOUNDS))
def test_numbers_are_bounded(payloads: dict[str, dict[str, Any]], command: str, option: str) -> None:
    found = next(one for one in payloads[command]["options"] if one["name"] == option)
    assert (found["min_value"], found["max_value"]) == BOUNDS[command, option]


def test_only_the_prompt_is_asked_for(payloads: dict[str, dict[str, Any]]) -> None:
    required = {
        name: [one["name"] for one in payloads[name]["options"] if one["required"]]
        for name in ("music", "music-more", "sound", "notes", "music-kit")
    }
    assert required == {
        "music": ["prompt"],
        "sound": ["prompt"],
        "music-more": [],
        "notes": [],
        "music-kit": [],
    }
    files = [
        (name, one["name"]) for name in required for one in payloads[name]["options"] if one["type"] == FILE
    ]
    assert files == [("music", "melody"), ("music-more", "file"), ("notes", "file")]


@pytest.mark.parametrize(
    ("typed", "read"),
    [(None, (None, 1)), ("abc123:2", ("abc123", 2)), (" abc123 ", ("abc123", 1))],
)
def test_a_piece_is_read(typed: str | None, read: tuple[str | None, int]) -> None:
    assert read_piece(typed) == read


@pytest.mark.parametrize("typed", ["", "abc:0", "abc:12", "a b", "ABC", "' or 1=1", "x" * 21, "²"])
def test_anything_else_is_no_piece(typed: str) -> None:
    with pytest.raises(NotFound, match="job_gone"):
        read_piece(typed)
