"""What can go wrong with what is kept, as children of the tree in `generation/errors.py`.

AtelierError
├── StorageFailed               the disk did not take it, `reason` says why; "storage_failed"
├── StorageClosed               the database is being closed; "storage_closed"
├── DataFolderLocked            another process has this data folder open; "data_folder_locked"
├── DatabaseNewer               written by a newer version of the bot; "database_newer"
├── RecordsDamaged              who was deleted and what was withdrawn cannot be read; "records_damaged"
├── ArtifactChanged             a file is no longer what was approved; "artifact_changed"
├── Refused
│   └── VoiceRefused            a check on somebody's voice said no, `check` says which; "refused_<check>"
├── NotAllowed
│   └── LessonRefused           not in this lesson, or there is none; code "lesson_none", "lesson_running", "task_…"
└── NotFound
    └── StaleMove               the job is gone or has moved on in the meantime; "job_gone"
"""

from __future__ import annotations

import errno
import sqlite3
from typing import Final

from data.voice_records import Check
from generation.errors import AtelierError, NotAllowed, NotFound, Refused


class StorageFailed(AtelierError):
    default_code = "storage_failed"


class StorageClosed(AtelierError):
    default_code = "storage_closed"


class DataFolderLocked(AtelierError):
    default_code = "data_folder_locked"


class DatabaseNewer(AtelierError):
    default_code = "database_newer"


class RecordsDamaged(AtelierError):
    default_code = "records_damaged"


class ArtifactChanged(AtelierError):
    default_code = "artifact_changed"


class VoiceRefused(Refused):
    """Nothing was changed, unless the method that raises it says so."""

    def __init__(self, check: Check) -> None:
        super().__init__(check.code)
        self.check = check


class LessonRefused(NotAllowed):
    """Nothing was changed."""

    default_code = "lesson_none"


class StaleMove(NotFound):
    default_code = "job_gone"


_SQLITE_REASONS: Final = {
    sqlite3.SQLITE_FULL: "disk_full",
    sqlite3.SQLITE_READONLY: "read_only",
    sqlite3.SQLITE_IOERR: "io_error",
    sqlite3.SQLITE_CANTOPEN: "cannot_open",
    sqlite3.SQLITE_CORRUPT: "corrupt",
    sqlite3.SQLITE_NOTADB: "corrupt",
    sqlite3.SQLITE_BUSY: "busy",
    sqlite3.SQLITE_LOCKED: "busy",
    sqlite3.SQLITE_NOMEM: "memory",
    sqlite3.SQLITE_PERM: "read_only",
    sqlite3.SQLITE_PROTOCOL: "io_error",
}
_OS_REASONS: Final = {
    errno.ENOSPC: "disk_full",
    errno.EDQUOT: "disk_full",
    errno.EFBIG: "disk_full",
    errno.EROFS: "read_only",
    errno.EACCES: "read_only",
    errno.EPERM: "read_only",
}


def storage_failure(error: Exception) -> StorageFailed | None:
    """What to raise when the storage is at fault; None when the program is (a doubled key)."""
    if isinstance(error, OSError):
        return StorageFailed(reason=_OS_REASONS.get(error.errno or 0, "io_error"))
    if isinstance(error, sqlite3.Error):
        # the low byte is the primary code, the rest says where it happened
        reason = _SQLITE_REASONS.get(getattr(error, "sqlite_errorcode", 0) & 0xFF)
        return StorageFailed(reason=reason) if reason else None
    return None
