"""From findings to a consent: the whole evidence on one voice, judged once more at the moment it is granted. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from data.voice_records import MOST_CLIPS, Answer, Check, Consent, Finding, Voice, VoiceState
from moderation.clock import is_number, judge_clock, latest
from moderation.consent import are_samples, judge_until, judge_use, same_samples
from moderation.phrase import PHRASE
from moderation.voice_evidence import MARK, SPEAKER
from moderation.witness import Statement, judge_witness

NEEDED: Final = (PHRASE, SPEAKER, MARK)
"""What must have been judged of a recording before a witness is asked."""
_MISSING: Final = {
    PHRASE: Check.PHRASE_FAILED,
    SPEAKER: Check.SPEAKER_UNMEASURED,
    MARK: Check.MARK_FAILED,
}


def judge_agreement(agreed: object) -> Finding:
    """The owner said yes to the check of their voice: it is biometric, so it needs a yes of its own."""
    return Finding.allow("voice") if agreed is True else Finding.refuse(Check.VOICE_AGREEMENT)


def judge_clips(hashes: object) -> Finding:
    """One to three clips, no two the same."""
    if not isinstance(hashes, list | tuple) or not 1 <= len(hashes) <= MOST_CLIPS:
        return Finding.refuse(Check.CLIP_COUNT)
    if len(set(hashes)) != len(hashes):
        return Finding.refuse(Check.CLIP_TWICE)
    return Finding.allow("clip") if are_samples(hashes) else Finding.refuse(Check.CLIP_CHANGED)


def judge_findings(findings: Sequence[Finding]) -> Finding:
    """Refused by the first that refuses or is missing; else open if one is; else allowed."""
    if not all(isinstance(finding, Finding) for finding in findings):
        return Finding.refuse(Check.PHRASE_FAILED)
    refused = [finding for finding in findings if finding.answer is Answer.REFUSED]
    judged = {finding.subject for finding in findings}
    missing = [Finding.refuse(_MISSING[subject]) for subject in NEEDED if subject not in judged]
    open_ones = [finding for finding in findings if finding.answer is Answer.OPEN]
    return next(iter((*refused, *missing, *open_ones)), Finding.allow("voice"))


def open_questions(findings: Sequence[Finding]) -> tuple[Check, ...]:
    """What the witness has to decide, in order."""
    return tuple(
        dict.fromkeys(one.check for one in findings if one.answer is Answer.OPEN and one.check is not None)
    )


def judge_grant(
    voice: object,
    consent: object,
    statement: object,
    *,
    owner_is_teacher: object,
    now: float,
    last_seen: float,
) -> Finding:
    """Whether this voice, as it stands in the database, gets this consent, as it would be written, now."""
    clock = judge_clock(now, last_seen)
    if not clock.allowed:
        return clock
    if not isinstance(voice, Voice) or voice.state is not VoiceState.WAITING:
        return Finding.refuse(Check.VOICE_STEP)
    if not is_number(voice.created_at) or voice.decide_before <= latest(now, last_seen):
        return Finding.refuse(Check.VOICE_LATE)
    for finding in (
        judge_clips([clip.sha256 for clip in voice.clips]),
        _judge_phrase(voice),
        judge_findings(voice.findings),
    ):
        if finding.answer is Answer.REFUSED:
            return finding
    witness = judge_witness(
        statement,
        guild=voice.guild,
        owner=voice.person,
        owner_is_teacher=owner_is_teacher,
        open_questions=open_questions(voice.findings),
    )
    return _judge_written(voice, consent, statement, now, last_seen) if witness.allowed else witness


def _judge_written(voice: Voice, consent: object, statement: object, now: float, last_seen: float) -> Finding:
    """The consent says what was stated, of this voice, and could be used by its owner at once."""
    if not isinstance(consent, Consent) or not isinstance(statement, Statement) or consent.voice != voice.id:
        return Finding.refuse(Check.CONSENT_BROKEN)
    said = (statement.person, statement.under_16, statement.parents_reference)
    if (consent.witness, consent.under_16, consent.parents_reference) != said:
        return Finding.refuse(Check.WITNESS_NONE)
    until = judge_until(consent.until, now=latest(now, last_seen))
    if not until.allowed:
        return until
    return judge_use(
        consent,
        guild=voice.guild,
        person=voice.person,
        purpose=voice.purpose,
        model=voice.model,
        sample_hashes=voice.sample_hashes,
        now=now,
        last_seen=last_seen,
    )


def _judge_phrase(voice: Voice) -> Finding:
    """The phrase was given, once, for this very voice with these very clips."""
    phrase = voice.phrase
    if phrase is None or phrase.used_at is None or phrase.recording_sha256 is None:
        return Finding.refuse(Check.PHRASE_NONE)
    if not phrase.used_at <= phrase.expires_at:
        return Finding.refuse(Check.PHRASE_LATE)
    for same, check in (
        (phrase.guild == voice.guild, Check.PHRASE_GUILD),
        (phrase.person == voice.person and phrase.voice == voice.id, Check.PHRASE_PERSON),
        (phrase.purpose == voice.purpose, Check.PHRASE_PURPOSE),
        (phrase.model == voice.model, Check.PHRASE_MODEL),
        (same_samples(phrase.sample_hashes, voice.sample_hashes), Check.PHRASE_SAMPLES),
    ):
        if not same:
            return Finding.refuse(check)
    return Finding.allow(PHRASE)
