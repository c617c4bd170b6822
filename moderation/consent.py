"""When somebody's voice may be used: pure rules on a consent. No I/O; `now` and `last_seen` are arguments.

Everything here fails closed: a value that is missing, of another type, not finite or empty refuses, under the name of
the check that it belongs to. The threat model and the limits of each check are in `moderation/README.md`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from data.voice_records import MOST_CLIPS, OPERATOR, Check, Consent, Finding
from generation.job import Job
from moderation.clock import is_number, judge_clock, latest

SPEECH: Final = "speech"
"""Medium of the jobs that speak, and the purpose that their consent must name."""
NOBODYS_FAMILY: Final = "voices"
"""Speaks with voices that are nobody's, and cannot copy one."""
DEFAULT_S: Final = 90 * 60.0
LONGEST_S: Final = 30 * 24 * 3600.0
_ROUNDING_S: Final = 0.001
"""A time plus 30 days, less that time, is not always 30 days."""
LONGEST_REFERENCE: Final = 200
_SHA256: Final = re.compile(r"[0-9a-f]{64}")


def needs_consent(job: Job) -> bool:
    """Whether a job may only move with a living consent: all that speaks, unless its family cannot copy a voice."""
    return job.medium == SPEECH and job.family != NOBODYS_FAMILY


def judge_job(
    job: Job, consent: Consent | None, sample_hashes: Sequence[str], now: float, last_seen: float
) -> Finding:
    """The rule for every move of a job. `consent` and `sample_hashes` are those of the voice that the job names."""
    if not needs_consent(job):
        return Finding.allow("consent")
    return judge_use(
        consent,
        guild=job.guild_id,
        person=job.owner_id,
        purpose=job.medium,
        model=job.model,
        sample_hashes=sample_hashes,
        now=now,
        last_seen=last_seen,
    )


def judge_use(
    consent: object,
    *,
    guild: object,
    person: object,
    purpose: object,
    model: object,
    sample_hashes: object,
    now: object,
    last_seen: object,
) -> Finding:
    """Whether `person` may use the voice of this consent, now, for this. The first check that refuses answers.

    `sample_hashes`: SHA-256 of the clips as they are kept now, in any order.
    """
    clock = judge_clock(now, last_seen)
    if not clock.allowed or not is_number(now) or not is_number(last_seen):
        return clock
    if consent is None:
        return Finding.refuse(Check.CONSENT_NONE)
    if not isinstance(consent, Consent):
        return Finding.refuse(Check.CONSENT_BROKEN)
    # one after the other: what follows may rely on a consent that is whole
    check = (
        _unsound(consent)
        or _over(consent, now, latest(now, last_seen))
        or _foreign(consent, guild=guild, person=person, purpose=purpose, model=model)
    )
    if check is not None:
        return Finding.refuse(check)
    if not same_samples(consent.sample_hashes, sample_hashes):
        return Finding.refuse(Check.CONSENT_SAMPLES)
    return Finding.allow("consent")


def same_samples(bound: object, found: object) -> bool:
    """Whether both name the same one to three clips."""
    return are_samples(bound) and are_samples(found) and set(_texts(bound)) == set(_texts(found))


def are_samples(value: object) -> bool:
    """One to three different SHA-256 in hex."""
    hashes = _texts(value)
    return 1 <= len(hashes) == len(set(hashes)) <= MOST_CLIPS and all(map(_SHA256.fullmatch, hashes))


def default_until(now: float, lesson_ends_at: float | None) -> float:
    """The end of the lesson; without one, or after it, in 90 minutes. A lesson's end too far away is cut."""
    if lesson_ends_at is not None and is_number(lesson_ends_at) and now < lesson_ends_at:
        return min(lesson_ends_at, now + LONGEST_S)
    return now + DEFAULT_S


def judge_until(until: object, *, now: float) -> Finding:
    """Whether a consent that is given now may end then."""
    if not is_number(until) or not is_number(now) or not until > now:
        return Finding.refuse(Check.CONSENT_EXPIRED)
    return Finding.allow("until") if _is_short(now, until) else Finding.refuse(Check.CONSENT_LONG)


def judge_revocation(consent: object, *, guild: object, person: object, is_teacher: object) -> Finding:
    """Its owner and every teacher of the server may end it, at any time, whatever the clock says."""
    if not isinstance(consent, Consent):
        return Finding.refuse(Check.CONSENT_NONE)
    if not is_text(guild) or guild != consent.guild:
        return Finding.refuse(Check.CONSENT_GUILD)
    owner = is_text(person) and person == consent.person
    return Finding.allow("consent") if owner or is_teacher is True else Finding.refuse(Check.CONSENT_PERSON)


def is_reference(value: object) -> bool:
    """Whether it names the parents' consent: a file number, a date, where the sheet of paper lies."""
    return isinstance(value, str) and 0 < len(value.strip()) <= LONGEST_REFERENCE


def is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _unsound(consent: Consent) -> Check | None:
    """What no consent of ours looks like, whoever wrote its row."""
    if not _is_whole(consent):
        return Check.CONSENT_BROKEN
    if consent.witness == consent.person:
        return Check.WITNESS_SELF
    if not isinstance(consent.under_16, bool):
        return Check.AGE_UNKNOWN
    if consent.under_16 and (consent.witness == OPERATOR or not is_reference(consent.parents_reference)):
        return Check.AGE_REFERENCE
    return None if _is_short(consent.granted_at, consent.until) else Check.CONSENT_LONG


def _is_short(start: float, until: float) -> bool:
    return until - start <= LONGEST_S + _ROUNDING_S


def _is_whole(consent: Consent) -> bool:
    texts = (
        consent.id,
        consent.voice,
        consent.guild,
        consent.person,
        consent.purpose,
        consent.model,
        consent.witness,
    )
    times = (consent.granted_at, consent.until)
    return (
        all(map(is_text, texts))
        and all(map(is_number, times))
        and are_samples(consent.sample_hashes)
        and _are_persons(consent.allowed)
    )


def _over(consent: Consent, now: float, time: float) -> Check | None:
    """`revoked_at` refuses whatever stands in it: also a time to come, also what is no time."""
    if consent.revoked_at is not None:
        return Check.CONSENT_REVOKED
    if not consent.granted_at <= time:
        return Check.CLOCK_BACK
    return None if max(now, time) < consent.until else Check.CONSENT_EXPIRED


def _foreign(
    consent: Consent, *, guild: object, person: object, purpose: object, model: object
) -> Check | None:
    if not is_text(guild) or guild != consent.guild:
        return Check.CONSENT_GUILD
    if not is_text(person) or person not in {consent.person, *consent.allowed}:
        return Check.CONSENT_PERSON
    if not is_text(purpose) or purpose != consent.purpose:
        return Check.CONSENT_PURPOSE
    return None if is_text(model) and model == consent.model else Check.CONSENT_MODEL


def _are_persons(value: object) -> bool:
    return isinstance(value, tuple) and all(map(is_text, value))


def _texts(value: object) -> tuple[str, ...]:
    """Its texts; () unless it is a list or tuple of nothing else."""
    if not isinstance(value, list | tuple) or not all(isinstance(one, str) for one in value):
        return ()
    return tuple(value)
