"""Lessons with what the class may do in them, what was handed in, and stops: a pause, or the emergency stop."""

from __future__ import annotations

from typing import Final

STATEMENTS: Final = (
    """
    CREATE TABLE lessons (
        id TEXT PRIMARY KEY,
        guild_id TEXT NOT NULL,
        started_at REAL NOT NULL,
        ends_at REAL NOT NULL CHECK (ends_at > started_at),
        ended_at REAL,
        rules TEXT NOT NULL CHECK (json_valid(rules)),
        task TEXT CHECK (task IS NULL OR json_valid(task))
    ) WITHOUT ROWID
    """,
    # two teachers start one at the same moment: the second is told that there is one
    "CREATE UNIQUE INDEX one_lesson_at_a_time ON lessons (guild_id) WHERE ended_at IS NULL",
    """
    CREATE TABLE hand_ins (
        lesson TEXT NOT NULL REFERENCES lessons (id) ON DELETE CASCADE,
        task INTEGER NOT NULL,
        person_id TEXT NOT NULL,
        job TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
        at REAL NOT NULL,
        PRIMARY KEY (lesson, task, person_id)
    ) WITHOUT ROWID
    """,
    # a row is a stop that holds; read by the gate of every move, so it outlives whatever is killed
    """
    CREATE TABLE stops (
        guild_id TEXT NOT NULL,
        kind TEXT NOT NULL CHECK (kind IN ('pause', 'emergency')),
        since REAL NOT NULL,
        PRIMARY KEY (guild_id, kind)
    ) WITHOUT ROWID
    """,
)
