"""What the school has stated about itself, and which channels it has chosen. Names no person."""

from __future__ import annotations

from typing import Final

STATEMENTS: Final = (
    """
    CREATE TABLE setups (
        guild_id TEXT PRIMARY KEY,
        country TEXT NOT NULL CHECK (length(country) = 2),
        min_age INTEGER NOT NULL CHECK (min_age BETWEEN 1 AND 99),
        stated_at REAL NOT NULL
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE setup_places (
        guild_id TEXT NOT NULL,
        place TEXT NOT NULL CHECK (place IN ('studio', 'gallery', 'review')),
        channel_id TEXT NOT NULL,
        PRIMARY KEY (guild_id, place)
    ) WITHOUT ROWID
    """,
)
