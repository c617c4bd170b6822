"""Rows of voices, clips, phrases and consents as records, and the statements that several units of work share."""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from data.audit import HERE, add_line
from data.errors import VoiceRefused
from data.voice_records import (
    VOICE_MOVES,
    Answer,
    Check,
    Clip,
    Consent,
    Finding,
    Phrase,
    Voice,
    VoiceState,
)
from generation.job import Job

_LOGGED: Final = frozenset({"granted", "revoked"})
VOICE: Final = (
    "id, guild_id, person_id, name, purpose, model, language, state, tries, findings, created_at, changed_at"
)
PHRASE: Final = (
    "id, voice, guild_id, person_id, purpose, model, samples, language, words, issued_at, expires_at, used_at,"
    " recording, recording_sha256"
)
CONSENT: Final = (
    "id, voice, guild_id, person_id, samples, purpose, model, allowed, granted_at, until, revoked_at, witness,"
    " under_16, parents_reference"
)
SELECT_VOICE: Final = f"SELECT {VOICE} FROM voices"  # noqa: S608
SELECT_PHRASE: Final = f"SELECT {PHRASE} FROM phrases"  # noqa: S608
SELECT_CONSENT: Final = f"SELECT {CONSENT} FROM consents"  # noqa: S608


def read_voice(connection: sqlite3.Connection, voice_id: str, folder: Path) -> Voice | None:
    """A voice with its clips and its latest phrase."""
    row = connection.execute(f"{SELECT_VOICE} WHERE id = ?", (voice_id,)).fetchone()
    if row is None:
        return None
    clips = connection.execute(
        "SELECT number, mood, sha256, seconds, name FROM clips WHERE voice = ? ORDER BY number", (voice_id,)
    ).fetchall()
    latest = f"{SELECT_PHRASE} WHERE voice = ? ORDER BY number DESC LIMIT 1"
    phrase = connection.execute(latest, (voice_id,)).fetchone()
    return Voice(
        id=row[0],
        guild=row[1],
        person=row[2],
        name=row[3],
        purpose=row[4],
        model=row[5],
        language=row[6],
        state=VoiceState(row[7]),
        tries=row[8],
        findings=_findings(row[9]),
        created_at=row[10],
        changed_at=row[11],
        clips=tuple(_clip(clip, folder) for clip in clips),
        phrase=None if phrase is None else to_phrase(phrase, folder),
    )


def read_phrase(connection: sqlite3.Connection, phrase_id: str, folder: Path) -> Phrase | None:
    row = connection.execute(f"{SELECT_PHRASE} WHERE id = ?", (phrase_id,)).fetchone()
    return None if row is None else to_phrase(row, folder)


def read_consent(connection: sqlite3.Connection, voice_id: str) -> Consent | None:
    row = connection.execute(f"{SELECT_CONSENT} WHERE voice = ?", (voice_id,)).fetchone()
    return None if row is None else to_consent(row)


def read_samples(connection: sqlite3.Connection, voice_id: str) -> tuple[str, ...]:
    """SHA-256 of the clips that are kept of a voice."""
    rows = connection.execute("SELECT sha256 FROM clips WHERE voice = ? ORDER BY sha256", (voice_id,))
    return tuple(str(row[0]) for row in rows.fetchall())


def heard_in(connection: sqlite3.Connection, job: Job) -> Job | None:
    """The job whose voice is heard in this one: itself, or the one that `$.speech` names, as this job's person would
    ask for it. None where that is not known any more, is another class's or has its own voice from elsewhere."""
    named = job.params.get("speech")
    if named is None:
        return job
    source = named.partition("/")[0] if isinstance(named, str) else ""
    query = "SELECT medium, family, model, params FROM jobs WHERE id = ? AND guild_id = ?"
    row = connection.execute(query, (source, job.guild_id)).fetchone()
    if row is None:
        return None
    params = json.loads(row[3])
    if params.get("speech") is not None:
        return None
    return replace(job, medium=row[0], family=row[1], model=row[2], params=params)


def move_voice(connection: sqlite3.Connection, voice: Voice, to: VoiceState, now: float) -> None:
    """Raises VoiceRefused when it is not at that step (any more)."""
    if to not in VOICE_MOVES[voice.state]:
        raise VoiceRefused(Check.VOICE_STEP)
    update = "UPDATE voices SET state = ?, changed_at = ? WHERE id = ? AND state = ?"
    if connection.execute(update, (to, now, voice.id, voice.state)).rowcount != 1:
        raise VoiceRefused(Check.VOICE_STEP)


def note(
    connection: sqlite3.Connection,
    voice_id: str,
    guild: str,
    now: float,
    who: str,
    what: str,
    checks: Iterable[str] = (),
) -> None:
    """Write what was decided, by whom, under which checks. Never a name, a word or a number that was measured.

    What a consent begins or ends with is a line of the log, too.
    """
    found = list(checks)
    connection.execute(
        "INSERT INTO voice_events (voice, guild_id, at, who, what, checks) VALUES (?, ?, ?, ?, ?, ?)",
        (voice_id, guild, now, who, what, json.dumps(found)),
    )
    if what in _LOGGED or Check.WITNESS_REFUSED in found or _runs_out(connection, voice_id, what, who):
        row = connection.execute("SELECT person_id FROM voices WHERE id = ?", (voice_id,)).fetchone()
        subject = "" if row is None else str(row[0])
        add_line(connection, guild, (who, f"voice.{what}", subject), {"voice": voice_id}, now)


def _runs_out(connection: sqlite3.Connection, voice_id: str, what: str, who: str) -> bool:
    """It ends because its time is over, not because somebody has just withdrawn it."""
    if what != VoiceState.ENDED or who != HERE:
        return False
    query = "SELECT 1 FROM consents WHERE voice = ? AND revoked_at IS NOT NULL"
    return connection.execute(query, (voice_id,)).fetchone() is None


def last_seen(connection: sqlite3.Connection) -> float:
    """The latest time at which anything about voices was judged."""
    return float(connection.execute("SELECT at FROM clock_seen").fetchone()[0])


def touch(connection: sqlite3.Connection, now: float) -> None:
    """Remember the time, if it is later than all that were seen; who only looks (`data.glance`) leaves no trace."""
    if connection.execute("PRAGMA query_only").fetchone()[0]:
        return
    if last_seen(connection) < now < math.inf:  # NaN is neither
        connection.execute("UPDATE clock_seen SET at = ?", (now,))


def judged(
    connection: sqlite3.Connection, now: float, rule: Callable[[float, float], object], *, broken: Check
) -> Finding:
    """What `rule(now, last_seen)` finds. One that raises or answers anything else refuses with `broken`.

    The time is remembered, whatever is found: a clock that is set back later is noticed.
    """
    seen = last_seen(connection)
    try:
        finding = rule(now, seen)
    except Exception:  # noqa: BLE001  a rule that fails is no yes; the check's name says where
        finding = None
    touch(connection, now)
    return finding if isinstance(finding, Finding) else Finding.refuse(broken)


def drop_recordings(connection: sqlite3.Connection, voice_id: str) -> list[str]:
    """Forget the recordings of all phrases of a voice; returns the names of the files to remove."""
    query = "SELECT recording FROM phrases WHERE voice = ? AND recording IS NOT NULL"
    names = [str(row[0]) for row in connection.execute(query, (voice_id,)).fetchall()]
    connection.execute(
        "UPDATE phrases SET recording = NULL WHERE voice = ? AND recording IS NOT NULL", (voice_id,)
    )
    return names


def drop_files(connection: sqlite3.Connection, voice_id: str) -> list[str]:
    """Forget the clips and recordings of a voice; returns the names of the files to remove."""
    rows = connection.execute("DELETE FROM clips WHERE voice = ? RETURNING name", (voice_id,)).fetchall()
    return [*(str(row[0]) for row in rows), *drop_recordings(connection, voice_id)]


def expire(connection: sqlite3.Connection, voice_id: str, guild: str, now: float, who: str) -> list[str]:
    """An undecided voice is given up; returns the names of the files to remove."""
    return _over(connection, voice_id, guild, now, who, VoiceState.EXPIRED)


def end(connection: sqlite3.Connection, voice_id: str, guild: str, now: float, who: str) -> list[str]:
    """A voice whose consent is over; returns the names of the files to remove, none if it had ended before."""
    return _over(connection, voice_id, guild, now, who, VoiceState.ENDED)


def _over(
    connection: sqlite3.Connection, voice_id: str, guild: str, now: float, who: str, to: VoiceState
) -> list[str]:
    before = sorted(state.value for state, following in VOICE_MOVES.items() if to in following)
    update = f"UPDATE voices SET state = ?, changed_at = ? WHERE id = ? AND state IN ({', '.join('?' * len(before))})"  # noqa: S608
    moved = connection.execute(update, (to, now, voice_id, *before)).rowcount == 1
    if moved:
        note(connection, voice_id, guild, now, who, to)
    return drop_files(connection, voice_id) if moved else []


def from_findings(findings: Iterable[Finding]) -> str:
    return json.dumps([[one.answer, one.subject, one.check] for one in findings])


def to_phrase(row: Any, folder: Path) -> Phrase:
    return Phrase(
        id=row[0],
        voice=row[1],
        guild=row[2],
        person=row[3],
        purpose=row[4],
        model=row[5],
        sample_hashes=tuple(json.loads(row[6])),
        language=row[7],
        words=tuple(json.loads(row[8])),
        issued_at=row[9],
        expires_at=row[10],
        used_at=row[11],
        recording=None if row[12] is None else folder / row[12],
        recording_sha256=row[13],
    )


def phrase_row(one: Phrase) -> tuple[Any, ...]:
    samples, words = json.dumps(one.sample_hashes), json.dumps(one.words, ensure_ascii=False)
    return (
        one.id, one.voice, one.guild, one.person, one.purpose, one.model, samples, one.language, words,
        one.issued_at, one.expires_at, one.used_at, None, None,
    )  # fmt: skip


def to_consent(row: Any) -> Consent:
    return Consent(
        id=row[0],
        voice=row[1],
        guild=row[2],
        person=row[3],
        sample_hashes=tuple(json.loads(row[4])),
        purpose=row[5],
        model=row[6],
        allowed=tuple(json.loads(row[7])),
        granted_at=row[8],
        until=row[9],
        revoked_at=row[10],
        witness=row[11],
        under_16=bool(row[12]),
        parents_reference=row[13],
    )


def consent_row(one: Consent) -> tuple[Any, ...]:
    samples, allowed = json.dumps(one.sample_hashes), json.dumps(one.allowed)
    return (
        one.id, one.voice, one.guild, one.person, samples, one.purpose, one.model, allowed, one.granted_at,
        one.until, one.revoked_at, one.witness, int(one.under_16), one.parents_reference,
    )  # fmt: skip


def _clip(row: Any, folder: Path) -> Clip:
    return Clip(number=row[0], mood=row[1], sha256=row[2], seconds=row[3], path=folder / row[4])


def _findings(stored: str) -> tuple[Finding, ...]:
    return tuple(
        Finding(Answer(answer), subject, None if check is None else Check(check))
        for answer, subject, check in json.loads(stored)
    )
