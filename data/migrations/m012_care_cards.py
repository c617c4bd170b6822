"""Where teachers are told that a report or a question waits: one card for each, sent once."""

from __future__ import annotations

from typing import Final

STATEMENTS: Final = (
    # without a reference to jobs: a card outlives what it is about until it could be changed
    """
    CREATE TABLE care_cards (
        kind TEXT NOT NULL CHECK (kind IN ('report', 'question')),
        job TEXT NOT NULL,
        guild_id TEXT NOT NULL,
        marker TEXT NOT NULL,
        channel_id TEXT NOT NULL,
        message_id TEXT,
        PRIMARY KEY (kind, job)
    ) WITHOUT ROWID
    """,
)
