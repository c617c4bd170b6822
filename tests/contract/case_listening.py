"""The listening family's tasks, on sounds that only resemble speech."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from moderation.phrase import phrase_words
from tests.contract.case import Case
from tests.contract.voice_files import murmur, write


def recording(folder: Path) -> Mapping[str, Any]:
    return {"file": write(folder / "recording.wav", murmur(3.0))}


def recordings(folder: Path) -> Mapping[str, Any]:
    phrase, clip = [
        write(folder / f"{pitch}.wav", murmur(4.0, pitch), rate=rate, channels=channels)
        for pitch, rate, channels in ((120, 16_000, 1), (180, 22_050, 2))
    ]
    return {"phrase": phrase, "clips": [clip]}


CASES = [
    Case(
        family="listening",
        task="hear",
        params={"language": "en", "vocabulary": list(phrase_words("en"))},
        inputs=recording,
        model=None,
        files=0,
        seeded=False,
        long=None,
        wrong={"vocabulary": ["notawordatall"] * 9},
    ),
    Case(
        family="listening",
        task="compare",
        params={},
        inputs=recordings,
        model=None,
        files=0,
        seeded=False,
        long=None,
        wrong={"clips": []},
    ),
    Case(
        family="listening",
        task="mark",
        params={},
        inputs=recording,
        model=None,
        files=1,
        seeded=False,
        long=None,
        wrong={"file": "/no/such/file.wav"},
    ),
    Case(
        family="listening",
        task="find_mark",
        params={},
        inputs=recording,
        model=None,
        files=0,
        seeded=False,
        long=None,
        wrong={"file": 5},
    ),
]
