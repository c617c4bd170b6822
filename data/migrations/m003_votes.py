"""Votes of a class on the next word: per person until they are counted, then as numbers."""

from __future__ import annotations

from typing import Final

STATEMENTS: Final = (
    """
    CREATE TABLE votes (
        job TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
        person_id TEXT NOT NULL,
        choice TEXT NOT NULL,
        PRIMARY KEY (job, person_id)
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE vote_counts (
        job TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
        choice TEXT NOT NULL,
        votes INTEGER NOT NULL CHECK (votes > 0),
        PRIMARY KEY (job, choice)
    ) WITHOUT ROWID
    """,
    # a vote without a single voice is closed as well
    """
    CREATE TABLE closed_votes (
        job TEXT PRIMARY KEY REFERENCES jobs (id) ON DELETE CASCADE,
        closed_at REAL NOT NULL
    ) WITHOUT ROWID
    """,
)
