"""The tables' history: one module a step, applied in order, each in a transaction with its own name.

To add one: `m014_….py` with `STATEMENTS`, and its name at the end of `STEPS`. A released step never changes.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from data.errors import DatabaseNewer
from data.migrations import (
    m001_start,
    m002_conversations,
    m003_votes,
    m004_uploads,
    m005_voices,
    m006_chains,
    m007_audit,
    m008_setup,
    m009_gallery,
    m010_care,
    m011_lessons,
    m012_care_cards,
    m013_gallery_told,
)

STEPS: Final[tuple[tuple[str, Sequence[str]], ...]] = (
    ("m001_start", m001_start.STATEMENTS),
    ("m002_conversations", m002_conversations.STATEMENTS),
    ("m003_votes", m003_votes.STATEMENTS),
    ("m004_uploads", m004_uploads.STATEMENTS),
    ("m005_voices", m005_voices.STATEMENTS),
    ("m006_chains", m006_chains.STATEMENTS),
    ("m007_audit", m007_audit.STATEMENTS),
    ("m008_setup", m008_setup.STATEMENTS),
    ("m009_gallery", m009_gallery.STATEMENTS),
    ("m010_care", m010_care.STATEMENTS),
    ("m011_lessons", m011_lessons.STATEMENTS),
    ("m012_care_cards", m012_care_cards.STATEMENTS),
    ("m013_gallery_told", m013_gallery_told.STATEMENTS),
)
BACKUP_SECONDS: Final = 7 * 24 * 3600
"""How long a copy from before a step is kept: longer would keep what pupils have deleted."""


def apply(
    connection: sqlite3.Connection,
    *,
    backups: Path,
    steps: Sequence[tuple[str, Sequence[str]]] = STEPS,
) -> list[str]:
    """Apply the missing steps and return their names; a file that has some is copied to `backups` first.

    Raises DatabaseNewer when the file names a step that is not known here, and then changes nothing.
    """
    applied = _applied(connection)
    known = [name for name, _ in steps]
    if unknown := [name for name in applied if name not in known]:
        raise DatabaseNewer(step=unknown[-1])
    _drop_old(backups)
    missing = [step for step in steps if step[0] not in applied]
    if missing and applied:
        _back_up(connection, backups, last=applied[-1])
    for name, statements in missing:
        _apply_step(connection, name, statements)
    return [name for name, _ in missing]


def _applied(connection: sqlite3.Connection) -> list[str]:
    found = connection.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'migrations'")
    if found.fetchone() is None:
        return []
    return [row[0] for row in connection.execute("SELECT name FROM migrations ORDER BY rowid").fetchall()]


def _apply_step(connection: sqlite3.Connection, name: str, statements: Sequence[str]) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.execute(
            "CREATE TABLE IF NOT EXISTS migrations (name TEXT NOT NULL UNIQUE, applied_at REAL NOT NULL)"
        )
        for statement in statements:
            connection.execute(statement)
        connection.execute("INSERT INTO migrations (name, applied_at) VALUES (?, ?)", (name, time.time()))
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _back_up(connection: sqlite3.Connection, backups: Path, *, last: str) -> None:
    backups.mkdir(mode=0o700, exist_ok=True)
    copy = backups / f"after-{last}-{int(time.time())}.sqlite"
    copy.unlink(missing_ok=True)
    # VACUUM INTO accepts an empty file; made first, because SQLite would give it the umask's rights
    os.close(os.open(copy, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    connection.execute("VACUUM INTO ?", (str(copy),))


def _drop_old(backups: Path) -> None:
    oldest = time.time() - BACKUP_SECONDS
    for copy in backups.glob("after-*.sqlite"):
        if copy.stat().st_mtime < oldest:
            copy.unlink()
