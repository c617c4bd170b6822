"""Ways around a consent when a voice is used: the change comes before one of a job's four moves."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

from data.errors import VoiceRefused
from data.voice_records import Check, Consent
from generation.errors import MoveRefused
from generation.job import JobState
from moderation.consent import judge_job
from tests.consent_kinds import Scene, kind, write
from tests.voice_room import MODEL, WAY


async def use(
    scene: Scene,
    consent: Consent,
    before: Callable[[], Awaitable[None]] | None = None,
    place: int | None = None,
    **job: Any,
) -> None:
    """Queue, start, check and post a job; `before` happens at `place`, at any of the four if None."""
    place = scene.rng.randrange(len(WAY)) if place is None else place
    made = scene.room.job(consent, **job)
    for number, state in enumerate(WAY):
        if number == place and before is not None:
            await before()
        made = await scene.room.step(made, state)


@kind("no consent", Check.CONSENT_NONE)
async def _none(scene: Scene, mutated: bool) -> None:
    consent = await scene.room.granted(scene.owner)
    await use(scene, replace(consent, voice="f" * 16) if mutated else consent)


@kind("no voice in the job", Check.CONSENT_NONE)
async def _no_voice(scene: Scene, mutated: bool) -> None:
    consent = await scene.room.granted(scene.owner)
    params = {"text": "Hello", "voice": scene.rng.choice(["", None, 7, {}])}
    await use(scene, consent, **({"params": params} if mutated else {}))


@kind("a voice that still waits for its witness", Check.CONSENT_NONE)
async def _waiting(scene: Scene, mutated: bool) -> None:
    voice = await scene.room.waiting(scene.owner)
    consent = None if mutated else await scene.room.grant(voice)
    asked = consent or replace(await scene.room.granted(scene.other), voice=voice.id, person=scene.owner)
    await use(scene, asked)


@kind("expired", Check.CONSENT_EXPIRED)
async def _expired(scene: Scene, mutated: bool) -> None:
    consent = await scene.room.granted(scene.owner, lasts=60.0)

    async def wait() -> None:
        scene.room.clock.now = consent.until - (0.0 if mutated else 0.5)

    await use(scene, consent, wait)


@kind("revoked", Check.CONSENT_REVOKED)
async def _revoked(scene: Scene, mutated: bool) -> None:
    consent, another = await scene.room.granted(scene.owner), await scene.room.granted(scene.other)

    async def revoke() -> None:
        await scene.room.revoke(consent if mutated else another)

    await use(scene, consent, revoke)


@kind("another person", Check.CONSENT_PERSON)
async def _person(scene: Scene, mutated: bool) -> None:
    consent = await scene.room.granted(scene.owner)
    await use(scene, consent, **({"owner": scene.other} if mutated else {}))


@kind("a person who is not among those allowed", Check.CONSENT_PERSON)
async def _not_allowed(scene: Scene, mutated: bool) -> None:
    consent = await scene.room.granted(scene.owner, allowed=(scene.other,))
    await use(scene, consent, owner=f"{scene.other}x" if mutated else scene.other)


@kind("the witness herself", Check.CONSENT_PERSON)
async def _witness_uses(scene: Scene, mutated: bool) -> None:
    consent = await scene.room.granted(scene.owner)
    await use(scene, consent, **({"owner": consent.witness} if mutated else {}))


@kind("another server", Check.CONSENT_GUILD)
async def _guild(scene: Scene, mutated: bool) -> None:
    consent = await scene.room.granted(scene.owner)
    await use(scene, consent, **({"guild_id": "other class"} if mutated else {}))


@kind("another purpose", Check.CONSENT_PURPOSE)
async def _purpose(scene: Scene, mutated: bool) -> None:
    voice = await scene.room.start(scene.owner, purpose="reading" if mutated else "speech")
    voice = await scene.room.clip(voice)
    voice = await scene.room.record(await scene.room.phrase(voice))
    await scene.room.enrolments.note_checks(voice.id, scene.room.listen(voice))
    await use(scene, await scene.room.grant(await scene.room.enrolments.ask(voice.id)))


@kind("another model", Check.CONSENT_MODEL)
async def _model(scene: Scene, mutated: bool) -> None:
    consent = await scene.room.granted(scene.owner)
    await use(scene, consent, model="another" if mutated else MODEL)


@kind("A's consent with B's clip", Check.CONSENT_SAMPLES)
async def _foreign_clip(scene: Scene, mutated: bool) -> None:
    mine, foreign = await scene.room.granted(scene.owner), await scene.room.granted(scene.other)

    async def exchange() -> None:
        update = "UPDATE clips SET (sha256, name) = (SELECT sha256, name FROM clips WHERE voice = ?) WHERE voice = ?"
        if mutated:
            await write(scene, update, (foreign.voice, mine.voice))

    await use(scene, mine, exchange)


@kind("a clip beside those that were agreed to", Check.CONSENT_SAMPLES)
async def _more_clips(scene: Scene, mutated: bool) -> None:
    consent = await scene.room.granted(scene.owner)

    async def add() -> None:
        insert = "INSERT INTO clips VALUES (?, 2, 'happy', 'x.wav', ?, 5.0)"
        await write(
            scene, insert if mutated else f"{insert} ON CONFLICT DO NOTHING", (consent.voice, "e" * 64)
        )
        if not mutated:
            await write(scene, "DELETE FROM clips WHERE voice = ? AND number = 2", (consent.voice,))

    await use(scene, consent, add)


@kind("a job of old, made again", Check.CONSENT_EXPIRED)
async def _again(scene: Scene, mutated: bool) -> None:
    consent = await scene.room.granted(scene.owner)
    await use(scene, consent)
    if mutated:
        scene.room.clock.now = consent.until + scene.rng.uniform(0, 1e6)
    await use(scene, consent, place=0)


@kind("a retry after a crash", Check.CONSENT_REVOKED)
async def _retry(scene: Scene, mutated: bool) -> None:
    consent = await scene.room.granted(scene.owner)
    job = await scene.room.step(scene.room.job(consent), JobState.QUEUED)
    job = await scene.room.step(job, JobState.RUNNING)
    if mutated:
        await scene.room.revoke(consent)
    await scene.room.jobs.move(job.id, JobState.QUEUED, expect=JobState.RUNNING, error_code="restarted")


@kind("a retry that names another voice", Check.CONSENT_PERSON)
async def _retry_other(scene: Scene, mutated: bool) -> None:
    mine, foreign = await scene.room.granted(scene.owner), await scene.room.granted(scene.other)
    job = await scene.room.step(scene.room.job(mine), JobState.QUEUED)
    job = await scene.room.step(job, JobState.RUNNING)
    params = {**job.params, "voice": foreign.voice if mutated else mine.voice}
    await scene.room.jobs.move(job.id, JobState.QUEUED, params=params)


@kind("shown once more after it ended", Check.CONSENT_REVOKED)
async def _shown_again(scene: Scene, mutated: bool) -> None:
    consent = await scene.room.granted(scene.owner)
    job = scene.room.job(consent)
    for state in WAY:
        job = await scene.room.step(job, state)
    if mutated:
        await scene.room.revoke(consent)
    await scene.room.jobs.recheck(job.id)


@kind("the clock turned back", Check.CLOCK_BACK)
async def _clock(scene: Scene, mutated: bool) -> None:
    consent = await scene.room.granted(scene.owner, lasts=60.0)
    scene.room.clock.now += 70 if mutated else 50
    await scene.room.voices.purge() if not mutated else await _look(scene, consent)
    scene.room.clock.now -= 40 if mutated else 2
    await use(scene, consent, place=0)


@kind("a clock that shows no time", Check.CLOCK_INVALID)
async def _no_time(scene: Scene, mutated: bool) -> None:
    consent = await scene.room.granted(scene.owner)
    job = await scene.room.step(scene.room.job(consent), JobState.QUEUED)
    gate = scene.room.consents.gate(lambda _: True, judge_job)
    time, wrong = scene.room.clock.now, scene.rng.choice([math.inf, -math.inf, math.nan, -1.0])
    scene.room.clock.now = wrong if mutated else time
    try:
        code = await scene.room.database.write(lambda connection: gate(connection, job))
    finally:
        scene.room.clock.now = time
    if code:
        raise VoiceRefused(next(check for check in Check if check.code == code))


@kind("the rule crashes or answers nonsense", Check.CONSENT_BROKEN)
async def _broken_rule(scene: Scene, mutated: bool) -> None:
    consent = await scene.room.granted(scene.owner)
    job = await scene.room.step(scene.room.job(consent), JobState.QUEUED)
    answer = scene.rng.choice([None, True, math.nan, "allowed", RuntimeError("broken")])

    def rule(*given: Any) -> Any:
        if isinstance(answer, Exception):
            raise answer
        return answer

    gate = scene.room.consents.gate(lambda _: True, rule if mutated else judge_job)
    code = await scene.room.database.write(lambda connection: gate(connection, job))
    if code:
        raise VoiceRefused(next(check for check in Check if check.code == code))


@kind("the database is locked", "storage_failed")
async def _locked(scene: Scene, mutated: bool) -> None:
    consent = await scene.room.granted(scene.owner)
    holder = sqlite3.connect(scene.room.database.path, isolation_level=None)
    try:

        async def lock() -> None:
            await write(scene, "PRAGMA busy_timeout=1", ())
            holder.execute("BEGIN IMMEDIATE" if mutated else "BEGIN DEFERRED")

        await use(scene, consent, lock)
    finally:
        holder.close()


async def _look(scene: Scene, consent: Consent) -> None:
    """The latest time is seen: somebody tries, after the end."""
    with suppress(MoveRefused):
        await use(scene, consent, place=0)
