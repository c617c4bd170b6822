"""Conversations with a text model, and what each of them remembers."""

from __future__ import annotations

from typing import Final

STATEMENTS: Final = (
    # `channel_id` is the thread of the conversation; `parent_id` the channel under which it was opened
    """
    CREATE TABLE conversations (
        id TEXT PRIMARY KEY,
        guild_id TEXT NOT NULL,
        channel_id TEXT NOT NULL UNIQUE,
        parent_id TEXT NOT NULL,
        owner_id TEXT NOT NULL,
        model TEXT NOT NULL,
        locale TEXT NOT NULL,
        temperature REAL NOT NULL,
        created_at REAL NOT NULL,
        ended_at REAL
    ) WITHOUT ROWID
    """,
    "CREATE INDEX conversations_open ON conversations (guild_id, owner_id) WHERE ended_at IS NULL",
    # a question and its answer, both checked; their order is that of the jobs
    """
    CREATE TABLE turns (
        job TEXT PRIMARY KEY REFERENCES jobs (id) ON DELETE CASCADE,
        conversation TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
        question TEXT NOT NULL,
        answer TEXT NOT NULL
    ) WITHOUT ROWID
    """,
    "CREATE INDEX turns_of_conversation ON turns (conversation)",
)
