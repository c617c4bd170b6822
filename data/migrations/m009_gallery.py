"""The gallery: works, what was decided about them, where their messages stand, which files were accepted, stars.

`gallery.id` is the job's and no reference: where a job is deleted its message may still hang, and must be found to be
taken down.
"""

from __future__ import annotations

from typing import Final

STATEMENTS: Final = (
    """
    CREATE TABLE gallery (
        id TEXT PRIMARY KEY,
        guild_id TEXT NOT NULL,
        person_id TEXT NOT NULL,
        named INTEGER NOT NULL CHECK (named IN (0, 1)),
        name TEXT NOT NULL,
        medium TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('waiting', 'change', 'accepted', 'declined', 'withdrawn',
                                             'taken_down')),
        round INTEGER NOT NULL CHECK (round > 0),
        submitted_at REAL NOT NULL,
        changed_at REAL NOT NULL,
        CHECK (named OR name = '')
    ) WITHOUT ROWID
    """,
    "CREATE INDEX gallery_of_class ON gallery (guild_id, state, changed_at)",
    """
    CREATE TABLE gallery_decisions (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        job TEXT NOT NULL REFERENCES gallery (id) ON DELETE CASCADE,
        round INTEGER NOT NULL,
        at REAL NOT NULL,
        by_id TEXT NOT NULL,
        state TEXT NOT NULL,
        reason TEXT NOT NULL
    )
    """,
    "CREATE INDEX gallery_decisions_of_job ON gallery_decisions (job, number)",
    # one review a round, whoever presses at the same moment
    """
    CREATE UNIQUE INDEX gallery_reviewed_once ON gallery_decisions (job, round)
    WHERE state IN ('accepted', 'change', 'declined')
    """,
    """
    CREATE TABLE gallery_messages (
        job TEXT NOT NULL REFERENCES gallery (id) ON DELETE CASCADE,
        place TEXT NOT NULL CHECK (place IN ('review', 'gallery')),
        round INTEGER NOT NULL,
        channel_id TEXT NOT NULL,
        message_id TEXT,
        PRIMARY KEY (job, place)
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE gallery_files (
        job TEXT NOT NULL REFERENCES gallery (id) ON DELETE CASCADE,
        position INTEGER NOT NULL,
        name TEXT NOT NULL,
        sha256 TEXT NOT NULL,
        alt TEXT NOT NULL,
        PRIMARY KEY (job, position)
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE gallery_stars (
        job TEXT NOT NULL REFERENCES gallery (id) ON DELETE CASCADE,
        person_id TEXT NOT NULL,
        PRIMARY KEY (job, person_id)
    ) WITHOUT ROWID
    """,
)
