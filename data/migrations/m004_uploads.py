"""Uploaded melodies and songs, why their person may use them, and requests that wait for that answer."""

from __future__ import annotations

from typing import Final

STATEMENTS: Final = (
    # `sha256` is that of the file as it was sent, `clean_sha256` that of what is kept of it
    """
    CREATE TABLE uploads (
        id TEXT PRIMARY KEY,
        guild_id TEXT NOT NULL,
        person_id TEXT NOT NULL,
        kind TEXT NOT NULL CHECK (kind IN ('audio', 'midi')),
        sha256 TEXT NOT NULL,
        seconds REAL,
        name TEXT,
        clean_sha256 TEXT,
        notes TEXT CHECK (notes IS NULL OR json_valid(notes)),
        created_at REAL NOT NULL,
        declaration TEXT CHECK (declaration IN ('own', 'public_domain', 'permission')),
        declared_at REAL,
        UNIQUE (guild_id, person_id, kind, sha256),
        CHECK ((declaration IS NULL) = (declared_at IS NULL)),
        CHECK ((name IS NULL) = (clean_sha256 IS NULL) AND (kind = 'audio') = (name IS NOT NULL)),
        CHECK ((kind = 'midi') = (notes IS NOT NULL))
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE upload_requests (
        id TEXT PRIMARY KEY,
        upload TEXT NOT NULL REFERENCES uploads (id) ON DELETE CASCADE,
        guild_id TEXT NOT NULL,
        channel_id TEXT NOT NULL,
        person_id TEXT NOT NULL,
        locale TEXT NOT NULL,
        medium TEXT NOT NULL,
        model TEXT NOT NULL,
        params TEXT NOT NULL CHECK (json_valid(params)),
        seed INTEGER NOT NULL,
        notices TEXT NOT NULL CHECK (json_valid(notices)),
        created_at REAL NOT NULL
    ) WITHOUT ROWID
    """,
    "CREATE INDEX upload_requests_of_upload ON upload_requests (upload)",
)
