"""A voice on its way to a consent: agreed, clips, a phrase that is used once, checks, a witness. One table of moves.

    started -> clips -> phrase_issued -> recorded -> checked -> waiting_for_witness -> granted | refused | expired
                 ^______________|____________|         (the phrase was not met: another may be asked for)

Rules are pure functions of `moderation`, handed in: they are asked inside the transaction that makes the step, about
the rows as they are then. Methods raise VoiceRefused (nothing has changed, unless they say so) and StorageFailed.
"""

from __future__ import annotations

import secrets
import sqlite3
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, TypeVar

from data import voice_rows as rows
from data.database import Database
from data.errors import VoiceRefused
from data.voice_files import VoiceFiles
from data.voice_records import (
    MOST_CLIPS,
    UNDECIDED,
    Answer,
    Check,
    Finding,
    Phrase,
    Voice,
    VoiceState,
)

T = TypeVar("T")
AGREED_AS_TEACHER: Final = "agreed as teacher"
"""What is noted when a teacher begins: only such a voice may be confirmed by the operator."""
MOST_TRIES: Final = 5
"""Phrases a voice: each has its own small chance of being met by accident."""
_ADDING: Final = frozenset({VoiceState.STARTED, VoiceState.CLIPS})
_OPEN: Final = f"state IN ({', '.join(repr(state.value) for state in sorted(UNDECIDED))})"

PhraseRule = Callable[[Phrase | None, tuple[str, ...], float, float], Finding]
"""(phrase, SHA-256 of the clips as they are now, now, last_seen): may a recording be given for this phrase?"""


class Enrolments:
    """Everything up to the witness. Several parts share one `VoiceFiles`."""

    def __init__(
        self,
        database: Database,
        files: VoiceFiles,
        *,
        clock: Callable[[], float] = time.time,
        most_tries: int = MOST_TRIES,
    ) -> None:
        self._database = database
        self._files = files
        self._clock = clock
        self._most_tries = most_tries

    async def start(
        self,
        guild: str,
        person: str,
        *,
        name: str,
        purpose: str,
        model: str,
        language: str,
        agreed: bool,
        as_teacher: bool = False,
    ) -> Voice:
        """Begin; `agreed`: the person said yes to the check of their voice. What they had begun before is dropped.

        `as_teacher`: they had the teacher role then; it stands in the record, see `AGREED_AS_TEACHER`.
        """
        if agreed is not True:
            raise VoiceRefused(Check.VOICE_AGREEMENT)
        voice_id, now = secrets.token_hex(8), self._clock()
        row = (voice_id, guild, person, name, purpose, model, language, VoiceState.STARTED, 0, "[]", now, now)
        query = f"SELECT id FROM voices WHERE guild_id = ? AND person_id = ? AND {_OPEN}"  # noqa: S608

        def unit(connection: sqlite3.Connection) -> tuple[Voice, list[str]]:
            begun = connection.execute(query, (guild, person)).fetchall()
            names = [one for (old,) in begun for one in rows.expire(connection, old, guild, now, person)]
            connection.execute(f"INSERT INTO voices ({rows.VOICE}) VALUES ({', '.join('?' * 12)})", row)  # noqa: S608
            rows.note(connection, voice_id, guild, now, person, AGREED_AS_TEACHER if as_teacher else "agreed")
            return self._known(connection, voice_id), names

        return await self._ended(unit)

    async def add_clip(
        self, voice_id: str, guild: str, person: str, clean: Path, *, seconds: float, mood: str = "neutral"
    ) -> Voice:
        """Keep a clean recording of the voice; not after a phrase was asked for. Raises ArtifactChanged too."""
        path, sha256 = await self._files.keep(clean)

        def unit(connection: sqlite3.Connection) -> Voice:
            voice = self._own(connection, voice_id, guild, person)
            if voice.state not in _ADDING:
                raise VoiceRefused(Check.VOICE_STEP)
            rows.move_voice(connection, voice, VoiceState.CLIPS, self._clock())
            if len(voice.clips) >= MOST_CLIPS:
                raise VoiceRefused(Check.CLIP_COUNT)
            if sha256 in voice.sample_hashes:
                raise VoiceRefused(Check.CLIP_TWICE)
            connection.execute(
                "INSERT INTO clips (voice, number, mood, name, sha256, seconds) VALUES (?, ?, ?, ?, ?, ?)",
                (voice_id, len(voice.clips) + 1, mood, path.name, sha256, seconds),
            )
            return self._known(connection, voice_id)

        return await self._keeping(path, unit)

    async def issue(
        self, voice_id: str, guild: str, person: str, words: Sequence[str], *, lifetime_s: float
    ) -> Phrase:
        """Bind fresh words to the voice as it is now. A phrase that was issued before is void."""
        now = self._clock()

        def unit(connection: sqlite3.Connection) -> Phrase:
            voice = self._own(connection, voice_id, guild, person)
            if voice.tries >= self._most_tries:
                raise VoiceRefused(Check.PHRASE_TRIES)
            rows.move_voice(connection, voice, VoiceState.PHRASE_ISSUED, now)
            rows.touch(connection, now)
            connection.execute(
                "UPDATE phrases SET used_at = ? WHERE voice = ? AND used_at IS NULL", (now, voice_id)
            )
            connection.execute("UPDATE voices SET tries = tries + 1 WHERE id = ?", (voice_id,))
            phrase = Phrase(
                id=secrets.token_hex(8), voice=voice_id, guild=guild, person=person, purpose=voice.purpose,
                model=voice.model, sample_hashes=voice.sample_hashes, language=voice.language,
                words=tuple(words), issued_at=now, expires_at=now + lifetime_s,
            )  # fmt: skip
            columns = f"{rows.PHRASE}, number"
            insert = f"INSERT INTO phrases ({columns}) VALUES ({', '.join('?' * 15)})"  # noqa: S608
            connection.execute(insert, (*rows.phrase_row(phrase), voice.tries + 1))
            return phrase

        return await self._database.write(unit)

    async def record(self, phrase_id: str, clean: Path, rule: PhraseRule) -> Voice:
        """Keep the recording of a phrase and use the phrase up, in one transaction.

        Refused as `phrase.late` it is used up too, and the voice is back at its clips. Raises ArtifactChanged too.
        """
        path, sha256 = await self._files.keep(clean)
        answer = await self._keeping(
            path, lambda connection: self._recorded(connection, phrase_id, (path.name, sha256), rule)
        )
        if isinstance(answer, Finding):
            await self._files.remove([path.name])
            raise VoiceRefused(answer.check or Check.PHRASE_FAILED)
        return answer

    async def note_checks(self, voice_id: str, findings: Sequence[Finding]) -> Voice:
        """Keep what was found on the recording. A phrase that was not met leads back to the clips while there are
        tries left, any other refusal ends the voice; both delete the recording at once."""
        now = self._clock()
        refusing = [one for one in findings if one.answer is Answer.REFUSED]

        def unit(connection: sqlite3.Connection) -> tuple[Voice, list[str]]:
            voice = self._known(connection, voice_id)
            to = self._after_checks(voice, refusing)
            rows.move_voice(connection, voice, to, now)
            connection.execute(
                "UPDATE voices SET findings = ? WHERE id = ?",
                (rows.from_findings(findings) if to is VoiceState.CHECKED else "[]", voice_id),
            )
            checks = [one.check for one in findings if one.check is not None]
            rows.note(connection, voice_id, voice.guild, now, voice.person, to, checks)
            drop = rows.drop_files if to is VoiceState.REFUSED else rows.drop_recordings
            names = [] if to is VoiceState.CHECKED else drop(connection, voice_id)
            return self._known(connection, voice_id), names

        return await self._ended(unit)

    async def ask(self, voice_id: str) -> Voice:
        """The witness is asked from now on."""
        now = self._clock()

        def unit(connection: sqlite3.Connection) -> Voice:
            rows.move_voice(connection, self._known(connection, voice_id), VoiceState.WAITING, now)
            return self._known(connection, voice_id)

        return await self._database.write(unit)

    async def withdraw(self, voice_id: str, guild: str, person: str) -> None:
        """Its owner has thought better of it, before there is a consent: all recordings are deleted."""
        now = self._clock()

        def unit(connection: sqlite3.Connection) -> tuple[None, list[str]]:
            voice = self._own(connection, voice_id, guild, person)
            if voice.state not in UNDECIDED:
                raise VoiceRefused(Check.VOICE_STEP)
            return None, rows.expire(connection, voice.id, guild, now, person)

        await self._ended(unit)

    def _recorded(
        self, connection: sqlite3.Connection, phrase_id: str, file: tuple[str, str], rule: PhraseRule
    ) -> Voice | Finding:
        now = self._clock()
        phrase = rows.read_phrase(connection, phrase_id, self._files.folder)
        samples = () if phrase is None else rows.read_samples(connection, phrase.voice)
        finding = rows.judged(
            connection, now, lambda at, seen: rule(phrase, samples, at, seen), broken=Check.PHRASE_FAILED
        )
        if phrase is None:
            return Finding.refuse(Check.PHRASE_NONE) if finding.allowed else finding
        if not finding.allowed and finding.check is not Check.PHRASE_LATE:
            return finding
        voice = self._known(connection, phrase.voice)
        if finding.allowed:
            rows.move_voice(connection, voice, VoiceState.RECORDED, now)
            if not _use(connection, phrase.id, now, file):
                raise VoiceRefused(Check.PHRASE_REUSED)
            return self._known(connection, voice.id)
        if _use(connection, phrase.id, now, None) and voice.state is VoiceState.PHRASE_ISSUED:
            rows.move_voice(connection, voice, VoiceState.CLIPS, now)
        return finding

    def _after_checks(self, voice: Voice, refusing: Sequence[Finding]) -> VoiceState:
        if not refusing:
            return VoiceState.CHECKED
        again = all(one.subject == "phrase" for one in refusing) and voice.tries < self._most_tries
        return VoiceState.CLIPS if again else VoiceState.REFUSED

    def _known(self, connection: sqlite3.Connection, voice_id: str) -> Voice:
        voice = rows.read_voice(connection, voice_id, self._files.folder)
        if voice is None:
            raise VoiceRefused(Check.VOICE_UNKNOWN)
        return voice

    def _own(self, connection: sqlite3.Connection, voice_id: str, guild: str, person: str) -> Voice:
        """Another's voice is as unknown as none."""
        voice = self._known(connection, voice_id)
        if (voice.guild, voice.person) != (guild, person):
            raise VoiceRefused(Check.VOICE_UNKNOWN)
        return voice

    async def _keeping(self, path: Path, unit: Callable[[sqlite3.Connection], T]) -> T:
        """The answer of `unit`; the file at `path` only stays if it succeeds."""
        try:
            return await self._database.write(unit)
        except BaseException:
            await self._files.remove([path.name])
            raise

    async def _ended(self, unit: Callable[[sqlite3.Connection], tuple[T, list[str]]]) -> T:
        """The answer of `unit`, once the files that it names are gone, and what named them."""
        answer, names = await self._database.write(unit)
        await self._files.remove(names)
        if names:
            await self._database.scrub()
        return answer


def _use(connection: sqlite3.Connection, phrase_id: str, now: float, file: tuple[str, str] | None) -> bool:
    """Use a phrase up; False if that happened before. One statement, so that of two only one wins."""
    update = (
        "UPDATE phrases SET used_at = ?, recording = ?, recording_sha256 = ? WHERE id = ? AND used_at IS NULL"
    )
    return connection.execute(update, (now, *(file or (None, None)), phrase_id)).rowcount == 1
