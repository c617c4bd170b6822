"""What a teacher takes care of: the class's own words, refusals looked at again, reported posts, pupils who pause."""

from __future__ import annotations

from typing import Final

STATEMENTS: Final = (
    """
    CREATE TABLE class_words (
        guild_id TEXT NOT NULL,
        word TEXT NOT NULL,
        kind TEXT NOT NULL CHECK (kind IN ('refused', 'allowed')),
        added_at REAL NOT NULL,
        PRIMARY KEY (guild_id, word)
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE appeals (
        job TEXT PRIMARY KEY REFERENCES jobs (id) ON DELETE CASCADE,
        guild_id TEXT NOT NULL,
        person_id TEXT NOT NULL,
        asked_at REAL NOT NULL,
        decision TEXT CHECK (decision IN ('right', 'wrong')),
        decided_by TEXT,
        decided_at REAL,
        CHECK ((decision IS NULL) = (decided_by IS NULL) AND (decision IS NULL) = (decided_at IS NULL))
    ) WITHOUT ROWID
    """,
    "CREATE INDEX appeals_of_class ON appeals (guild_id, asked_at)",
    # without a person: they stay when the refusals themselves are deleted
    """
    CREATE TABLE refusal_counts (
        guild_id TEXT NOT NULL,
        code TEXT NOT NULL,
        decided INTEGER NOT NULL CHECK (decided > 0),
        wrong INTEGER NOT NULL CHECK (wrong BETWEEN 0 AND decided),
        PRIMARY KEY (guild_id, code)
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE refusal_entries (
        guild_id TEXT NOT NULL,
        entry TEXT NOT NULL,
        wrong INTEGER NOT NULL CHECK (wrong > 0),
        PRIMARY KEY (guild_id, entry)
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE reports (
        id TEXT PRIMARY KEY,
        job TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
        guild_id TEXT NOT NULL,
        person_id TEXT NOT NULL,
        reason TEXT NOT NULL,
        note TEXT NOT NULL,
        reported_at REAL NOT NULL,
        decision TEXT CHECK (decision IN ('kept', 'taken_down')),
        decided_by TEXT,
        decided_at REAL,
        UNIQUE (job, person_id),
        CHECK ((decision IS NULL) = (decided_by IS NULL) AND (decision IS NULL) = (decided_at IS NULL))
    ) WITHOUT ROWID
    """,
    "CREATE INDEX reports_of_class ON reports (guild_id, reported_at)",
    """
    CREATE TABLE blocks (
        guild_id TEXT NOT NULL,
        person_id TEXT NOT NULL,
        blocked_by TEXT NOT NULL,
        since REAL NOT NULL,
        until REAL NOT NULL CHECK (until > since),
        PRIMARY KEY (guild_id, person_id)
    ) WITHOUT ROWID
    """,
)
