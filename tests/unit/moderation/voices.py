"""A voice with everything in order, for tests that break one thing at a time. Nothing here asserts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from data.voice_records import Check, Clip, Consent, Finding, Phrase, Voice, VoiceState
from moderation.phrase import LIFETIME_S, Hearing, phrase_words
from moderation.witness import Statement

NOW = 1_000_000.0
HASHES = ("a" * 64, "b" * 64)
WORDS = phrase_words("en")[:8]
SOUND = {
    "guild": "class",
    "person": "anna",
    "purpose": "speech",
    "model": "tortoise",
    "sample_hashes": HASHES,
}
FINDINGS = tuple(Finding.allow(subject) for subject in ("phrase", "speaker", "mark"))


def consent(**changes: Any) -> Consent:
    values: dict[str, Any] = {
        **SOUND,
        "id": "c1",
        "voice": "v1",
        "allowed": (),
        "granted_at": NOW,
        "until": NOW + 3600,
        "revoked_at": None,
        "witness": "sommer",
        "under_16": False,
        "parents_reference": None,
    }
    return Consent(**{**values, **changes})


def phrase(**changes: Any) -> Phrase:
    values: dict[str, Any] = {
        **SOUND,
        "id": "p1",
        "voice": "v1",
        "language": "en",
        "words": WORDS,
        "issued_at": NOW,
        "expires_at": NOW + LIFETIME_S,
    }
    return Phrase(**{**values, **changes})


def hearing(words: tuple[str, ...] = WORDS, **changes: Any) -> Hearing:
    return replace(Hearing(words, 6.0, True), **changes)


def voice(**changes: Any) -> Voice:
    """Waiting for its witness."""
    clips = tuple(
        Clip(number=number, mood="neutral", sha256=sha256, seconds=8.0, path=Path(f"{number}.wav"))
        for number, sha256 in enumerate(HASHES, start=1)
    )
    values: dict[str, Any] = {
        "id": "v1",
        "guild": "class",
        "person": "anna",
        "name": "Annas Stimme",
        "purpose": "speech",
        "model": "tortoise",
        "language": "en",
        "state": VoiceState.WAITING,
        "created_at": NOW,
        "changed_at": NOW,
        "tries": 1,
        "clips": clips,
        "phrase": phrase(used_at=NOW + 20, recording=Path("p.wav"), recording_sha256="c" * 64),
        "findings": FINDINGS,
    }
    return Voice(**{**values, **changes})


def statement(**changes: Any) -> Statement:
    values: dict[str, Any] = {
        "person": "sommer",
        "guild": "class",
        "is_teacher": True,
        "in_room": True,
        "under_16": False,
        "decided": frozenset[Check](),
    }
    return Statement(**{**values, **changes})
