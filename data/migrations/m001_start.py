"""Jobs with their history, where to answer, what was approved, where it was posted, how long models take."""

from __future__ import annotations

from typing import Final

STATEMENTS: Final = (
    # `position` keeps the order of arrival, which is the order of the queue after a restart
    """
    CREATE TABLE jobs (
        position INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        guild_id TEXT NOT NULL,
        channel_id TEXT NOT NULL,
        owner_id TEXT NOT NULL,
        medium TEXT NOT NULL,
        family TEXT NOT NULL,
        model TEXT NOT NULL,
        params TEXT NOT NULL CHECK (json_valid(params)),
        seed INTEGER NOT NULL,
        locale TEXT NOT NULL,
        created_at REAL NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('accepted', 'queued', 'running', 'checking', 'posting',
                                             'posted', 'refused', 'failed', 'cancelled')),
        attempt INTEGER NOT NULL,
        parent TEXT,
        parent_index INTEGER,
        started_at REAL,
        finished_at REAL,
        error_code TEXT,
        notices TEXT NOT NULL CHECK (json_valid(notices))
    )
    """,
    "CREATE INDEX jobs_of_owner ON jobs (guild_id, owner_id, position)",
    """
    CREATE INDEX jobs_unfinished ON jobs (guild_id, owner_id)
    WHERE state IN ('accepted', 'queued', 'running', 'checking', 'posting')
    """,
    "CREATE INDEX jobs_refused ON jobs (guild_id, finished_at) WHERE state = 'refused'",
    """
    CREATE TABLE job_events (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        job TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
        old TEXT,
        new TEXT NOT NULL,
        at REAL NOT NULL,
        code TEXT
    )
    """,
    "CREATE INDEX job_events_of_job ON job_events (job, number)",
    """
    CREATE TABLE reply_addresses (
        job TEXT PRIMARY KEY REFERENCES jobs (id) ON DELETE CASCADE,
        address TEXT NOT NULL,
        expires_at REAL NOT NULL
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE artifacts (
        job TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
        kind TEXT NOT NULL,
        number INTEGER NOT NULL,
        seed INTEGER,
        name TEXT,
        sha256 TEXT,
        size INTEGER,
        flagged INTEGER NOT NULL,
        PRIMARY KEY (job, kind, number),
        CHECK ((name IS NULL) = flagged)
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE posts (
        job TEXT PRIMARY KEY REFERENCES jobs (id) ON DELETE CASCADE,
        channel_id TEXT NOT NULL,
        nonce TEXT NOT NULL,
        message_id TEXT,
        posted_at REAL
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE timings (
        number INTEGER PRIMARY KEY,
        model TEXT NOT NULL,
        what TEXT NOT NULL CHECK (what IN ('unit', 'load')),
        seconds REAL NOT NULL
    )
    """,
    "CREATE INDEX timings_of_model ON timings (model, what, number)",
)
