"""Voices on a real database, by hand: a clock that can be set, recordings of a few bytes, the rules as the bot hands
them in. Used by the unit tests of `data` and by `tests.consent_bypass`."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from data.consents import Consents, Revocation, Terms
from data.database import Database
from data.enrolments import Enrolments
from data.jobs import Jobs
from data.voice_files import VoiceFiles
from data.voice_records import Answer, Consent, Finding, Phrase, Voice
from data.voices import Voices
from generation.job import Job, JobState
from moderation.consent import judge_job, judge_revocation, needs_consent
from moderation.enrolment import judge_grant, open_questions
from moderation.phrase import LIFETIME_S, Hearing, draw_phrase, judge_phrase, judge_words
from moderation.voice_evidence import SpeakerMatch, judge_marks, judge_speaker
from moderation.witness import Statement
from tests.fakes_dispatch import make_job

PURPOSE, MODEL = "speech", "tortoise"
UNMARKED: Mapping[str, object] = {"marked": False, "confidence": 0.02}
ALIKE: Mapping[str, object] = {"usable": True, "similarity": {"min": 0.9, "mean": 0.92}, "why": None}
WAY = (JobState.QUEUED, JobState.RUNNING, JobState.CHECKING, JobState.POSTING)


@dataclass
class Clock:
    now: float = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Room:
    """One bot's voices. `folder` holds the database, the recordings and what people send."""

    database: Database
    folder: Path
    clock: Clock = field(default_factory=Clock)
    numbers: itertools.count[int] = field(default_factory=itertools.count)

    def __post_init__(self) -> None:
        self.files = VoiceFiles(self.folder / "voices")
        self.voices = Voices(self.database, self.files, clock=self.clock)
        self.enrolments = Enrolments(self.database, self.files, clock=self.clock)
        self.consents = Consents(self.database, self.files, clock=self.clock)
        self.jobs = Jobs(self.database, clock=self.clock, gate=self.consents.gate(needs_consent, judge_job))

    def sound(self, content: bytes | None = None) -> Path:
        """A recording as somebody sent it; each another one."""
        file = self.folder / f"sent-{next(self.numbers)}.wav"
        file.write_bytes(content or file.name.encode())
        return file

    def kept(self) -> list[str]:
        """The files that are kept of all voices."""
        return sorted(file.name for file in self.files.folder.iterdir()) if self.files.folder.is_dir() else []

    async def start(self, person: str = "anna", guild: str = "class", **changes: Any) -> Voice:
        values: dict[str, Any] = {"purpose": PURPOSE, "model": MODEL, "language": "en", "agreed": True}
        return await self.enrolments.start(guild, person, **{"name": "Stimme", **values, **changes})

    async def clip(self, voice: Voice, **changes: Any) -> Voice:
        return await self.enrolments.add_clip(
            voice.id,
            voice.guild,
            voice.person,
            self.sound(changes.pop("content", None)),
            seconds=8.0,
            **changes,
        )

    async def phrase(self, voice: Voice) -> Phrase:
        words = draw_phrase(voice.language)
        return await self.enrolments.issue(voice.id, voice.guild, voice.person, words, lifetime_s=LIFETIME_S)

    async def record(self, phrase: Phrase, **who: Any) -> Voice:
        """Give a recording of the phrase; `who` changes what is said of it."""
        asked = {
            "guild": phrase.guild, "person": phrase.person, "purpose": phrase.purpose, "model": phrase.model, **who
        }  # fmt: skip

        def rule(found: Phrase | None, samples: tuple[str, ...], now: float, last_seen: float) -> Finding:
            return judge_phrase(found, **{"sample_hashes": samples, **asked}, now=now, last_seen=last_seen)

        return await self.enrolments.record(phrase.id, self.sound(), rule)

    def listen(self, voice: Voice, facts: Mapping[str, Any] | None = None) -> list[Finding]:
        """The findings that the bot would make of a worker's `facts`: heard, alike, marks."""
        phrase = voice.phrase
        heard = {"words": list(phrase.words if phrase else ()), "speech_seconds": 6.0, "measured": True}
        said = {"heard": heard, "alike": ALIKE, "marks": [UNMARKED] * (1 + len(voice.clips)), **(facts or {})}
        return [
            judge_words(Hearing.of(said["heard"]), phrase, measured={"en"}),
            judge_speaker(SpeakerMatch.of(said["alike"])),
            judge_marks(said["marks"], recordings=1 + len(voice.clips)),
        ]

    async def waiting(
        self, person: str = "anna", guild: str = "class", *, as_teacher: bool = False, **facts: Any
    ) -> Voice:
        """A voice for which a witness is asked. `facts` as in `listen`."""
        voice = await self.clip(await self.start(person, guild, as_teacher=as_teacher))
        voice = await self.record(await self.phrase(voice))
        voice = await self.enrolments.note_checks(voice.id, self.listen(voice, facts))
        return await self.enrolments.ask(voice.id)

    def statement(self, voice: Voice, **changes: Any) -> Statement:
        """What an attentive teacher says: they decide every open question."""
        decided = frozenset(open_questions(voice.findings))
        values: dict[str, Any] = {"is_teacher": True, "in_room": True, "under_16": False, "decided": decided}
        return Statement(**{"person": "sommer", "guild": voice.guild, **values, **changes})

    async def grant(
        self,
        voice: Voice,
        statement: Statement | None = None,
        *,
        teacher: bool = False,
        lasts: float = 3600.0,
        allowed: tuple[str, ...] = (),
    ) -> Consent:
        said = statement or self.statement(voice)
        terms = Terms(
            witness=said.person,
            under_16=bool(said.under_16),
            parents_reference=said.parents_reference,
            until=self.clock.now + lasts,
            allowed=allowed,
        )

        def rule(found: Voice, written: Consent, now: float, last_seen: float) -> Finding:
            return judge_grant(found, written, said, owner_is_teacher=teacher, now=now, last_seen=last_seen)

        return await self.consents.grant(voice.id, terms, rule)

    async def granted(self, person: str = "anna", guild: str = "class", **terms: Any) -> Consent:
        return await self.grant(await self.waiting(person, guild), **terms)

    def job(self, consent: Consent, **changes: Any) -> Job:
        """A job of the voice's owner, still to be queued."""
        values: dict[str, Any] = {
            "guild_id": consent.guild,
            "medium": PURPOSE,
            "family": "speech",
            "model": consent.model,
            "params": {"text": "Hello", "voice": consent.voice},
        }
        return make_job(**{"owner": consent.person, **values, **changes})

    async def step(self, job: Job, to: JobState) -> Job:
        """Bring a job to the next state of WAY."""
        if to is JobState.QUEUED:
            return await self.jobs.add(replace(job, state=JobState.QUEUED), "address", self.clock.now + 900)
        return await self.jobs.move(job.id, to)

    async def revoke(self, consent: Consent, person: str | None = None, **who: Any) -> Revocation:
        asked = {"guild": consent.guild, "person": person or consent.person, "is_teacher": False, **who}
        return await self.consents.revoke(
            consent.voice, asked["person"], lambda found: judge_revocation(found, **asked)
        )


def is_open(findings: list[Finding]) -> bool:
    return any(one.answer is Answer.OPEN for one in findings)
