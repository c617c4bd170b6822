"""Chains of jobs that were asked for with one command, and the job of each step."""

from __future__ import annotations

from typing import Final

STATEMENTS: Final = (
    """
    CREATE TABLE chains (
        id TEXT PRIMARY KEY,
        guild_id TEXT NOT NULL,
        channel_id TEXT NOT NULL,
        person_id TEXT NOT NULL,
        locale TEXT NOT NULL,
        is_teacher INTEGER NOT NULL CHECK (is_teacher IN (0, 1)),
        request TEXT NOT NULL CHECK (json_valid(request)),
        created_at REAL NOT NULL
    ) WITHOUT ROWID
    """,
    # no reference to jobs: a chain whose job was deleted must still be able to end
    """
    CREATE TABLE chain_steps (
        chain TEXT NOT NULL REFERENCES chains (id) ON DELETE CASCADE,
        number INTEGER NOT NULL CHECK (number BETWEEN 1 AND 8),
        job TEXT NOT NULL UNIQUE,
        at REAL NOT NULL,
        PRIMARY KEY (chain, number)
    ) WITHOUT ROWID
    """,
)
