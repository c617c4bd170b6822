"""Consents: given under a rule, read at every move of a job that needs one, withdrawn at any time.

The rules are pure functions of `moderation`, handed in. Methods raise VoiceRefused and StorageFailed.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from data import voice_rows as rows
from data.database import Database
from data.errors import VoiceRefused
from data.voice_files import VoiceFiles
from data.voice_records import Check, Consent, Finding, Voice, VoiceState, voice_of
from generation.job import Job, JobState

T = TypeVar("T")

GrantRule = Callable[[Voice, Consent, float, float], Finding]
"""(voice, the consent as it would be written, now, last_seen): does it get this consent?"""
RevocationRule = Callable[[Consent], Finding]
JobRule = Callable[[Job, Consent | None, tuple[str, ...], float, float], Finding]
"""(job, consent, SHA-256 of the clips as they are now, now, last_seen): may the job go on?"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a consent is given for, and who says so. Judged by the rule, written by `Consents.grant`."""

    witness: str
    under_16: bool
    parents_reference: str | None
    until: float
    allowed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Revocation:
    """What ended, and every job that used this voice, with its state: what is queued or running must be cancelled, what
    was posted must be taken back."""

    consent: Consent
    jobs: tuple[tuple[str, JobState], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One line of what was decided about voices. `who` is a person's id, or "atelier" where it was time."""

    voice: str
    guild: str
    at: float
    who: str
    what: str
    checks: tuple[str, ...]


class Consents:
    """All consents of all servers."""

    def __init__(
        self, database: Database, files: VoiceFiles, *, clock: Callable[[], float] = time.time
    ) -> None:
        self._database = database
        self._files = files
        self._clock = clock

    async def grant(self, voice_id: str, terms: Terms, rule: GrantRule) -> Consent:
        """The consent begins, and the phrase's recording is deleted.

        What the rule refuses is noted and changes nothing else: who may not decide must not be able to end it either.
        """
        now = self._clock()
        await self._demand_files(voice_id)

        def unit(connection: sqlite3.Connection) -> tuple[Consent | Finding, list[str]]:
            voice = self._known(connection, voice_id)
            consent = _consent(voice, terms, now)
            finding = rows.judged(
                connection, now, lambda at, seen: rule(voice, consent, at, seen), broken=Check.CONSENT_BROKEN
            )
            if not finding.allowed:
                check = finding.check or Check.CONSENT_BROKEN
                rows.note(connection, voice_id, voice.guild, now, terms.witness, "not granted", [check])
                return finding, []
            rows.move_voice(connection, voice, VoiceState.GRANTED, now)
            connection.execute(
                f"INSERT INTO consents ({rows.CONSENT}) VALUES ({', '.join('?' * 14)})",  # noqa: S608
                rows.consent_row(consent),
            )
            open_ones = [one.check for one in voice.findings if one.check is not None]
            rows.note(connection, voice_id, voice.guild, now, terms.witness, "granted", open_ones)
            return consent, rows.drop_recordings(connection, voice_id)

        answer = await self._ended(unit)
        if isinstance(answer, Finding):
            raise VoiceRefused(answer.check or Check.CONSENT_BROKEN)
        return answer

    async def refuse(self, voice_id: str, guild: str, who: str) -> Voice:
        """A teacher says no, before or instead of a consent: all recordings are deleted."""
        now = self._clock()

        def unit(connection: sqlite3.Connection) -> tuple[Voice, list[str]]:
            voice = self._known(connection, voice_id)
            if voice.guild != guild:
                raise VoiceRefused(Check.WITNESS_GUILD)
            rows.move_voice(connection, voice, VoiceState.REFUSED, now)
            rows.note(connection, voice_id, guild, now, who, "refused", [Check.WITNESS_REFUSED])
            return self._known(connection, voice_id), rows.drop_files(connection, voice_id)

        return await self._ended(unit)

    async def of_voice(self, voice_id: str) -> Consent | None:
        return await self._database.write(lambda connection: rows.read_consent(connection, voice_id))

    async def overview(self, guild: str) -> list[tuple[Consent, str]]:
        """Every consent of a server that is kept, newest first, each with the name of its voice."""
        columns = ", ".join(f"consents.{name}" for name in rows.CONSENT.split(", "))
        query = (
            f"SELECT {columns}, voices.name FROM consents JOIN voices ON voices.id = voice"  # noqa: S608
            " WHERE consents.guild_id = ? ORDER BY granted_at DESC, consents.id"
        )
        async with self._database.read() as connection:
            found = await connection.execute_fetchall(query, (guild,))
        return [(rows.to_consent(row), str(row[14])) for row in found]

    async def decisions(self, guild: str) -> list[Decision]:
        """What was decided about voices in this server, oldest first."""
        query = "SELECT voice, guild_id, at, who, what, checks FROM voice_events WHERE guild_id = ? ORDER BY number"
        async with self._database.read() as connection:
            found = await connection.execute_fetchall(query, (guild,))
        return [_decision(row) for row in found]

    async def revoke(self, voice_id: str, who: str, rule: RevocationRule) -> Revocation:
        """End a consent now; clips and recordings are deleted. From the commit on no job passes the gate. Again is no
        error: it answers what there is to clear away."""
        now = self._clock()

        def unit(connection: sqlite3.Connection) -> tuple[Revocation, list[str]]:
            consent = rows.read_consent(connection, voice_id)
            if consent is None:
                raise VoiceRefused(Check.VOICE_UNKNOWN)
            finding = rule(consent)
            if not finding.allowed:
                raise VoiceRefused(finding.check or Check.CONSENT_BROKEN)
            if consent.revoked_at is None:
                update = "UPDATE consents SET revoked_at = ?, revoked_by = ? WHERE voice = ?"
                connection.execute(update, (now, who, voice_id))
                rows.note(connection, voice_id, consent.guild, now, who, "revoked")
            names = rows.end(connection, voice_id, consent.guild, now, who)
            ended = rows.read_consent(connection, voice_id) or consent
            return Revocation(consent=ended, jobs=_jobs(connection, voice_id)), names

        return await self._ended(unit)

    async def accept_clock(self, who: str) -> int:
        """For the operator, after a clock was far ahead and everything is refused as `clock.back`: take today's time.

        Ends every consent first, because nobody knows which of them are over. Returns how many.
        """
        now = self._clock()

        def unit(connection: sqlite3.Connection) -> tuple[int, list[str]]:
            living = connection.execute(
                "UPDATE consents SET revoked_at = ?, revoked_by = ? WHERE revoked_at IS NULL"
                " RETURNING voice, guild_id",
                (now, who),
            ).fetchall()
            connection.execute("UPDATE clock_seen SET at = ?", (now,))
            for voice, guild in living:
                rows.note(connection, voice, guild, now, who, "revoked", [Check.CLOCK_BACK])
            names = [name for voice, guild in living for name in rows.end(connection, voice, guild, now, who)]
            return len(living), names

        return await self._ended(unit)

    def gate(
        self, concerns: Callable[[Job], bool], rule: JobRule
    ) -> Callable[[sqlite3.Connection, Job], str]:
        """The gate for `data.jobs.Jobs`: jobs that it `concerns` only move while their voice's consent lives.

        What is made from a recording (`$.speech`) is judged as if its person had that very sentence spoken now.
        """

        def gate(connection: sqlite3.Connection, job: Job) -> str:
            heard = rows.heard_in(connection, job)
            if heard is None:
                return Check.CONSENT_NONE.code
            if not concerns(heard):
                return ""
            voice_id = voice_of(heard.params) or ""
            consent = rows.read_consent(connection, voice_id)
            samples = rows.read_samples(connection, voice_id)
            finding = rows.judged(
                connection,
                self._clock(),
                lambda at, seen: rule(heard, consent, samples, at, seen),
                broken=Check.CONSENT_BROKEN,
            )
            return "" if finding.allowed else (finding.check or Check.CONSENT_BROKEN).code

        return gate

    def _known(self, connection: sqlite3.Connection, voice_id: str) -> Voice:
        voice = rows.read_voice(connection, voice_id, self._files.folder)
        if voice is None:
            raise VoiceRefused(Check.VOICE_UNKNOWN)
        return voice

    async def _demand_files(self, voice_id: str) -> None:
        """What was judged is what lies there now: somebody may have exchanged a file since."""
        voice = await self._database.write(lambda connection: self._known(connection, voice_id))
        if not await self._files.are_unchanged([(clip.path, clip.sha256) for clip in voice.clips]):
            raise VoiceRefused(Check.CLIP_CHANGED)

    async def _ended(self, unit: Callable[[sqlite3.Connection], tuple[T, list[str]]]) -> T:
        """The answer of `unit`, once the files that it names are gone, and what named them."""
        answer, names = await self._database.write(unit)
        await self._files.remove(names)
        if names:
            await self._database.scrub()
        return answer


def _consent(voice: Voice, terms: Terms, now: float) -> Consent:
    return Consent(
        id=secrets.token_hex(8),
        voice=voice.id,
        guild=voice.guild,
        person=voice.person,
        sample_hashes=voice.sample_hashes,
        purpose=voice.purpose,
        model=voice.model,
        allowed=terms.allowed,
        granted_at=now,
        until=terms.until,
        revoked_at=None,
        witness=terms.witness,
        under_16=terms.under_16,
        parents_reference=terms.parents_reference,
    )


def _jobs(connection: sqlite3.Connection, voice_id: str) -> tuple[tuple[str, JobState], ...]:
    # `$.voice` is an id, or an object that has one: see `voice_of`
    query = (
        "SELECT id, state FROM jobs WHERE ? IN (json_extract(params, '$.voice'),"
        " json_extract(params, '$.voice.id')) ORDER BY position"
    )
    return tuple(
        (str(one), JobState(state)) for one, state in connection.execute(query, (voice_id,)).fetchall()
    )


def _decision(row: Any) -> Decision:
    return Decision(
        voice=row[0], guild=row[1], at=row[2], who=row[3], what=row[4], checks=tuple(json.loads(row[5]))
    )
