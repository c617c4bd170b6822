"""The log of what was done, chained by hashes; whose pseudonyms stand in it; whose data is being deleted."""

from __future__ import annotations

from typing import Final

STATEMENTS: Final = (
    # the only place that says who somebody in the log is; `person_id` '' stands for the class itself
    """
    CREATE TABLE pseudonyms (
        guild_id TEXT NOT NULL,
        person_id TEXT NOT NULL,
        pseudonym TEXT NOT NULL UNIQUE,
        seen_at INTEGER NOT NULL,
        PRIMARY KEY (guild_id, person_id)
    ) WITHOUT ROWID
    """,
    # `at` in whole milliseconds: what is hashed must read back exactly as it was written
    """
    CREATE TABLE audit (
        number INTEGER PRIMARY KEY CHECK (number > 0),
        at INTEGER NOT NULL,
        guild TEXT NOT NULL,
        actor TEXT NOT NULL,
        what TEXT NOT NULL,
        subject TEXT NOT NULL,
        detail TEXT NOT NULL CHECK (json_valid(detail)),
        hash TEXT NOT NULL CHECK (length(hash) = 64)
    )
    """,
    "CREATE INDEX audit_of_guild ON audit (guild, number)",
    """
    CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit
    BEGIN SELECT RAISE(ABORT, 'the log is only added to'); END
    """,
    """
    CREATE TRIGGER audit_is_not_deleted BEFORE DELETE ON audit
    BEGIN SELECT RAISE(ABORT, 'the log is only added to'); END
    """,
    # `person_id` '' is the whole class; gone once nothing is left
    """
    CREATE TABLE erasures (
        guild_id TEXT NOT NULL,
        person_id TEXT NOT NULL,
        asked_at REAL NOT NULL,
        PRIMARY KEY (guild_id, person_id)
    ) WITHOUT ROWID
    """,
)
