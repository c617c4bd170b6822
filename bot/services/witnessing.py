"""The witness: who waits for one, what they see and hear, what they say; the overview of consents and its export."""

from __future__ import annotations

import csv
import io
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from bot.services.ports import Requester
from data.audit import Audit
from data.consents import Consents, Decision, Terms
from data.errors import VoiceRefused
from data.voice_records import Check, Consent, Finding, Voice, VoiceState
from data.voices import Voices
from generation.errors import InvalidInput, NotAllowed
from moderation.consent import LONGEST_S, default_until
from moderation.enrolment import judge_grant, open_questions
from moderation.witness import Statement

LASTINGS: Final[Mapping[str, float | None]] = {
    "lesson": None,
    "day": 24 * 3600.0,
    "week": 7 * 24 * 3600.0,
    "month": LONGEST_S,
}
"""How long a consent may be given for, in seconds; None: to the end of the lesson, without one 90 minutes."""
FORMATS: Final = ("csv", "json")
Names = Mapping[str, str]
"""Persons' ids -> names, as far as they are known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A voice that waits, as its witness sees it. `clips` and `recording` are private files.

    `questions`: what no check could tell; each needs a yes. `words`: what should have been read, where nothing checked.
    """

    voice: Voice
    questions: tuple[Check, ...]
    recording: Path
    clips: tuple[Path, ...]
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What the witness filled in. `decided` is how many of the open questions they answered with yes, in order."""

    in_room: bool
    under_16: bool | None
    parents_reference: str | None
    lasting: str
    allowed: tuple[str, ...] = ()
    decided: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """Who waits for a witness, and every consent that is kept, newest first, with the name of its voice."""

    waiting: tuple[Voice, ...]
    consents: tuple[tuple[Consent, str], ...]


class Witnessing:
    """`/einwilligungen` and its buttons, for teachers alone. `lesson_ends`: a server's id -> when its lesson ends.

    Methods raise NotAllowed teachers_only, VoiceRefused, StorageFailed.
    """

    def __init__(
        self,
        *,
        consents: Consents,
        voices: Voices,
        lesson_ends: Callable[[str], float | None] = lambda _: None,
        audit: Audit | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._consents = consents
        self._voices = voices
        self._lesson_ends = lesson_ends
        self._audit = audit
        self._clock = clock

    async def overview(self, who: Requester) -> Overview:
        _demand_teacher(who)
        return Overview(
            waiting=tuple(await self._voices.waiting(who.guild_id)),
            consents=tuple(await self._consents.overview(who.guild_id)),
        )

    async def living(self, who: Requester) -> list[tuple[Consent, str]]:
        """The consents of this person that live, each with its voice's name: they see who else may use it."""
        now = self._clock()
        return [
            (one, name)
            for one, name in await self._consents.overview(who.guild_id)
            if one.person == who.person_id and one.revoked_at is None and one.until > now
        ]

    async def look(self, voice_id: str, who: Requester) -> Asked:
        """What a witness sees and hears. Raises VoiceRefused voice.unknown, voice.step, witness.self, clip.changed."""
        _demand_teacher(who)
        voice = await self._waiting(voice_id, who)
        if voice.person == who.person_id:
            raise VoiceRefused(Check.WITNESS_SELF)
        questions = open_questions(voice.findings)
        clips = await self._voices.clips(voice_id, who.guild_id)
        shown = voice.phrase is not None and Check.PHRASE_UNCHECKED in questions
        return Asked(
            voice=voice,
            questions=questions,
            recording=await self._voices.recording(voice_id, who.guild_id),
            clips=tuple(clip.path for clip in clips),
            words=voice.phrase.words if shown and voice.phrase is not None else (),
        )

    async def grant(
        self, voice_id: str, said: Said, who: Requester, *, owner_is_teacher: bool | None
    ) -> Consent:
        """The consent begins. `owner_is_teacher` None: nobody could find out, which refuses.

        Raises InvalidInput lasting_unknown; VoiceRefused with the check that the statement or the voice fails at.
        """
        _demand_teacher(who)
        voice = await self._waiting(voice_id, who)
        questions = open_questions(voice.findings)
        statement = Statement(
            person=who.person_id,
            guild=who.guild_id,
            is_teacher=who.is_teacher,
            in_room=said.in_room,
            under_16=said.under_16,
            parents_reference=_reference(said),
            decided=frozenset(questions[: max(0, said.decided)]),
        )
        until = self._until(said.lasting, who.guild_id)
        allowed = tuple(sorted({*said.allowed} - {voice.person}))
        return await give_consent(
            self._consents, voice_id, statement, until, allowed, owner_is_teacher=owner_is_teacher
        )

    async def refuse(self, voice_id: str, who: Requester) -> Voice:
        """No consent: all recordings are deleted. Raises VoiceRefused voice.unknown or voice.step."""
        _demand_teacher(who)
        await self._waiting(voice_id, who)
        return await self._consents.refuse(voice_id, who.guild_id, who.person_id)

    async def export(self, form: str, names: Names, who: Requester) -> Mapping[str, bytes]:
        """Files by name: who, what, until when, witness; and every decision. That somebody took them along is a line
        of the log. Raises InvalidInput format_unknown."""
        _demand_teacher(who)
        made = await export_consents(self._consents, who.guild_id, form, names, locale=who.locale)
        if self._audit is not None:
            await self._audit.note(who.guild_id, who.person_id, "data.exported", detail={"what": "consents"})
        return made

    async def persons(self, who: Requester) -> list[str]:
        """The ids of all people whom an export names."""
        _demand_teacher(who)
        consents = [one for one, _ in await self._consents.overview(who.guild_id)]
        decisions = await self._consents.decisions(who.guild_id)
        told = [one for consent in consents for one in (consent.person, consent.witness, *consent.allowed)]
        return [one for one in dict.fromkeys([*told, *(one.who for one in decisions)]) if one.isdecimal()]

    def _until(self, lasting: str, guild: str) -> float:
        if lasting not in LASTINGS:
            raise InvalidInput("lasting_unknown")
        now, seconds = self._clock(), LASTINGS[lasting]
        return default_until(now, self._lesson_ends(guild)) if seconds is None else now + seconds

    async def _waiting(self, voice_id: str, who: Requester) -> Voice:
        voice = await self._voices.get(voice_id, who.guild_id)
        if voice is None:
            raise VoiceRefused(Check.VOICE_UNKNOWN)
        if voice.state is not VoiceState.WAITING:
            raise VoiceRefused(Check.VOICE_STEP)
        return voice


async def give_consent(
    consents: Consents,
    voice_id: str,
    statement: Statement,
    until: float,
    allowed: tuple[str, ...] = (),
    *,
    owner_is_teacher: bool | None,
) -> Consent:
    """The consent that a statement carries, judged inside the transaction that writes it. Raises VoiceRefused."""
    terms = Terms(
        witness=statement.person,
        under_16=statement.under_16 is True,
        parents_reference=statement.parents_reference,
        until=until,
        allowed=allowed,
    )

    def rule(voice: Voice, consent: Consent, now: float, last_seen: float) -> Finding:
        return judge_grant(
            voice, consent, statement, owner_is_teacher=owner_is_teacher, now=now, last_seen=last_seen
        )

    return await consents.grant(voice_id, terms, rule)


async def export_consents(
    consents: Consents, guild: str, form: str, names: Names, *, locale: str
) -> Mapping[str, bytes]:
    """One .json, or two .csv that a spreadsheet of that language opens. Raises InvalidInput format_unknown."""
    kept = [_consent_row(one, name, names) for one, name in await consents.overview(guild)]
    decided = [_decision_row(one, names) for one in await consents.decisions(guild)]
    if form == "json":
        both = json.dumps({"consents": kept, "decisions": decided}, ensure_ascii=False, indent=2)
        return {"consents.json": both.encode()}
    if form != "csv":
        raise InvalidInput("format_unknown", known=", ".join(FORMATS))
    return {
        "consents.csv": _table(_CONSENT_COLUMNS, kept, locale),
        "decisions.csv": _table(_DECISION_COLUMNS, decided, locale),
    }


_CONSENT_COLUMNS: Final = (
    "voice", "name", "person", "person_name", "purpose", "model", "allowed", "granted_at", "until",
    "revoked_at", "witness", "witness_name", "under_16", "parents_reference",
)  # fmt: skip
_DECISION_COLUMNS: Final = ("at", "voice", "who", "who_name", "what", "checks")


def _consent_row(consent: Consent, name: str, names: Names) -> dict[str, object]:
    return {
        "voice": consent.voice,
        "name": name,
        "person": consent.person,
        "person_name": names.get(consent.person, ""),
        "purpose": consent.purpose,
        "model": consent.model,
        "allowed": list(consent.allowed),
        "granted_at": _time(consent.granted_at),
        "until": _time(consent.until),
        "revoked_at": _time(consent.revoked_at),
        "witness": consent.witness,
        "witness_name": names.get(consent.witness, ""),
        "under_16": consent.under_16,
        "parents_reference": consent.parents_reference,
    }


def _decision_row(decision: Decision, names: Names) -> dict[str, object]:
    return {
        "at": _time(decision.at),
        "voice": decision.voice,
        "who": decision.who,
        "who_name": names.get(decision.who, ""),
        "what": decision.what,
        "checks": list(decision.checks),
    }


def _table(columns: Sequence[str], rows: Sequence[Mapping[str, object]], locale: str) -> bytes:
    """With a byte order mark, and where decimals have commas, columns have semicolons: so spreadsheets read it."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";" if locale == "de" else ",")
    writer.writerow(columns)
    writer.writerows([_cell(row[name]) for name in columns] for row in rows)
    return text.getvalue().encode("utf-8-sig")


def _cell(value: object) -> str:
    """Ids stay whole and nothing is a formula: a spreadsheet would round the first and run the second."""
    if isinstance(value, list):
        value = " ".join(str(one) for one in value)
    text = "" if value is None else str(value)
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r"} or _is_long(text) else text


def _is_long(text: str) -> bool:
    return text.isdecimal() and len(text) > 15


def _time(at: float | None) -> str | None:
    return None if at is None else datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")


def _reference(said: Said) -> str | None:
    """Nothing is kept that nobody needs."""
    return (said.parents_reference or "").strip() or None if said.under_16 is True else None


def _demand_teacher(who: Requester) -> None:
    if not who.is_teacher:
        raise NotAllowed("teachers_only")
