"""Voices on their way to a consent: clips, phrases to read aloud, consents, what was decided, the latest time seen.

What a rule promises once and for all the tables enforce as well: a phrase is used once, a consent only ends.
"""

from __future__ import annotations

from typing import Final

STATEMENTS: Final = (
    """
    CREATE TABLE voices (
        id TEXT PRIMARY KEY,
        guild_id TEXT NOT NULL,
        person_id TEXT NOT NULL,
        name TEXT NOT NULL,
        purpose TEXT NOT NULL,
        model TEXT NOT NULL,
        language TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('started', 'clips', 'phrase_issued', 'recorded', 'checked',
                                   'waiting_for_witness', 'granted', 'refused', 'expired', 'ended')),
        tries INTEGER NOT NULL,
        findings TEXT NOT NULL CHECK (json_valid(findings)),
        created_at REAL NOT NULL,
        changed_at REAL NOT NULL
    ) WITHOUT ROWID
    """,
    "CREATE INDEX voices_of_person ON voices (guild_id, person_id)",
    """
    CREATE TABLE clips (
        voice TEXT NOT NULL REFERENCES voices (id) ON DELETE CASCADE,
        number INTEGER NOT NULL CHECK (number BETWEEN 1 AND 3),
        mood TEXT NOT NULL CHECK (mood IN ('neutral', 'happy', 'sad', 'angry', 'excited')),
        name TEXT NOT NULL,
        sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
        seconds REAL NOT NULL,
        PRIMARY KEY (voice, number),
        UNIQUE (voice, sha256)
    ) WITHOUT ROWID
    """,
    # bound to everything at once, copied and not looked up: what it was issued for must not change behind it
    """
    CREATE TABLE phrases (
        id TEXT PRIMARY KEY,
        voice TEXT NOT NULL REFERENCES voices (id) ON DELETE CASCADE,
        guild_id TEXT NOT NULL,
        person_id TEXT NOT NULL,
        purpose TEXT NOT NULL,
        model TEXT NOT NULL,
        samples TEXT NOT NULL CHECK (json_valid(samples)),
        language TEXT NOT NULL,
        words TEXT NOT NULL CHECK (json_valid(words)),
        issued_at REAL NOT NULL,
        expires_at REAL NOT NULL CHECK (expires_at > issued_at),
        used_at REAL,
        recording TEXT,
        recording_sha256 TEXT,
        number INTEGER NOT NULL,
        UNIQUE (voice, number),
        CHECK (recording IS NULL OR recording_sha256 IS NOT NULL)
    ) WITHOUT ROWID
    """,
    """
    CREATE TRIGGER phrases_are_used_once BEFORE UPDATE OF used_at ON phrases WHEN OLD.used_at IS NOT NULL
    BEGIN SELECT RAISE(ABORT, 'a phrase is used once'); END
    """,
    """
    CREATE TRIGGER phrases_stay
    BEFORE UPDATE OF voice, guild_id, person_id, purpose, model, samples, words, issued_at, expires_at ON phrases
    BEGIN SELECT RAISE(ABORT, 'a phrase does not change'); END
    """,
    """
    CREATE TABLE consents (
        id TEXT PRIMARY KEY,
        voice TEXT NOT NULL UNIQUE REFERENCES voices (id) ON DELETE CASCADE,
        guild_id TEXT NOT NULL,
        person_id TEXT NOT NULL,
        samples TEXT NOT NULL CHECK (json_array_length(samples) BETWEEN 1 AND 3),
        purpose TEXT NOT NULL,
        model TEXT NOT NULL,
        allowed TEXT NOT NULL CHECK (json_valid(allowed)),
        granted_at REAL NOT NULL,
        until REAL NOT NULL CHECK (until > granted_at AND until - granted_at < 2592001),
        revoked_at REAL,
        revoked_by TEXT,
        witness TEXT NOT NULL CHECK (witness <> '' AND witness <> person_id),
        under_16 INTEGER NOT NULL CHECK (under_16 IN (0, 1)),
        parents_reference TEXT,
        CHECK ((revoked_at IS NULL) = (revoked_by IS NULL)),
        CHECK (under_16 = 0 OR trim(coalesce(parents_reference, '')) <> '')
    ) WITHOUT ROWID
    """,
    "CREATE INDEX consents_of_guild ON consents (guild_id, granted_at)",
    """
    CREATE TRIGGER consents_only_end BEFORE UPDATE OF revoked_at, revoked_by ON consents
    WHEN OLD.revoked_at IS NOT NULL
    BEGIN SELECT RAISE(ABORT, 'a consent that was withdrawn stays withdrawn'); END
    """,
    """
    CREATE TRIGGER consents_stay
    BEFORE UPDATE OF id, voice, guild_id, person_id, samples, purpose, model, allowed, granted_at, until, witness,
                     under_16, parents_reference ON consents
    BEGIN SELECT RAISE(ABORT, 'a consent does not change'); END
    """,
    # without a reference to the voice: what was decided outlives it, for the teacher who has to answer for it
    """
    CREATE TABLE voice_events (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        voice TEXT NOT NULL,
        guild_id TEXT NOT NULL,
        at REAL NOT NULL,
        who TEXT NOT NULL,
        what TEXT NOT NULL,
        checks TEXT NOT NULL CHECK (json_valid(checks))
    )
    """,
    "CREATE INDEX voice_events_of_guild ON voice_events (guild_id, number)",
    """
    CREATE TRIGGER voice_events_stay BEFORE UPDATE ON voice_events
    BEGIN SELECT RAISE(ABORT, 'what was decided does not change'); END
    """,
    """
    CREATE TABLE clock_seen (
        one INTEGER PRIMARY KEY CHECK (one = 1),
        at REAL NOT NULL
    )
    """,
    "INSERT INTO clock_seen VALUES (1, 0)",
)
