from __future__ import annotations

import asyncio
import math
import random
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data.consents import Revocation
from data.database import Database
from data.errors import StaleMove, VoiceRefused
from data.jobs import Jobs
from data.voice_records import Check, Consent, VoiceState, voice_of
from generation.errors import MoveRefused, NotFound, Refused
from generation.job import Job, JobState
from tests.fakes_dispatch import make_job
from tests.voice_room import WAY, Room


@pytest.fixture
def room(database: Database, tmp_path: Path) -> Room:
    return Room(database, tmp_path)


async def test_a_job_moves_while_the_consent_lives(room: Room) -> None:
    consent = await room.granted()
    job = room.job(consent)
    for state in WAY:
        job = await room.step(job, state)
        assert job.state is state
    assert await room.jobs.recheck(job.id) == job
    assert (await room.jobs.move(job.id, JobState.POSTED)).state is JobState.POSTED


@pytest.mark.parametrize("place", range(len(WAY)))
async def test_a_consent_that_ends_stops_the_job_at_its_next_move(room: Room, place: int) -> None:
    consent = await room.granted()
    job = room.job(consent)
    for state in WAY[:place]:
        job = await room.step(job, state)
    room.clock.now = consent.until
    with pytest.raises(MoveRefused) as caught:
        await room.step(job, WAY[place])
    assert (caught.value.code, caught.value.job_id) == ("refused_consent_expired", job.id)
    assert isinstance(caught.value, Refused)
    assert isinstance(caught.value, NotFound)
    stored = await room.jobs.get(job.id)
    assert stored is not None
    assert (stored.state, stored.error_code, stored.finished_at) == (
        JobState.REFUSED, "refused_consent_expired", room.clock.now,
    )  # fmt: skip
    last = (await room.jobs.events(job.id))[-1]
    before = WAY[place - 1] if place else JobState.ACCEPTED
    assert (last.old, last.new, last.code) == (before, JobState.REFUSED, "refused_consent_expired")
    with pytest.raises(StaleMove):
        await room.jobs.move(job.id, JobState.FAILED)


async def test_a_job_that_is_refused_at_once_has_no_address(room: Room) -> None:
    consent = await room.granted()
    await room.revoke(consent)
    with pytest.raises(MoveRefused, match="consent_revoked"):
        await room.step(room.job(consent), JobState.QUEUED)
    async with room.database.read() as connection:
        assert list(await connection.execute_fetchall("SELECT * FROM reply_addresses")) == []


async def test_one_that_is_refused_later_keeps_it_until_its_owner_is_told(room: Room) -> None:
    consent = await room.granted()
    job = await room.step(room.job(consent), JobState.QUEUED)
    await room.revoke(consent)
    with pytest.raises(MoveRefused):
        await room.step(job, JobState.RUNNING)
    async with room.database.read() as connection:
        rows = list(await connection.execute_fetchall("SELECT job FROM reply_addresses"))
    assert [row[0] for row in rows] == [job.id]


async def test_what_waits_to_be_shown_again_is_asked_again(room: Room) -> None:
    consent = await room.granted()
    job = room.job(consent)
    for state in WAY:
        job = await room.step(job, state)
    await room.revoke(consent)
    with pytest.raises(MoveRefused, match="consent_revoked"):
        await room.jobs.recheck(job.id)
    stored = await room.jobs.get(job.id)
    assert stored is not None
    assert stored.state is JobState.REFUSED
    with pytest.raises(StaleMove):
        await room.jobs.recheck(job.id)
    with pytest.raises(StaleMove):
        await room.jobs.recheck("nothing")


async def test_a_retry_with_another_voice_is_judged_by_that_voice(room: Room) -> None:
    mine, other = await room.granted(), await room.granted("ben")
    job = room.job(mine)
    for state in WAY[:2]:
        job = await room.step(job, state)
    params = {**job.params, "voice": other.voice}
    with pytest.raises(MoveRefused, match="consent_person"):
        await room.jobs.move(job.id, JobState.QUEUED, params=params)


async def test_other_media_and_nobodys_voice_pass(room: Room) -> None:
    for changes in (
        {"medium": "image"},
        {"medium": "speech", "family": "voices", "params": {"voice": "espeak-de-1"}},
    ):
        job = await room.jobs.add(make_job(**changes))
        for state in (*WAY[1:], JobState.POSTED):
            job = await room.jobs.move(job.id, state)


async def test_jobs_without_a_gate_are_as_before(database: Database) -> None:
    jobs = Jobs(database)
    job = await jobs.add(make_job(medium="speech", family="speech"))
    assert (await jobs.move(job.id, JobState.RUNNING)).state is JobState.RUNNING


async def test_a_gate_that_fails_changes_nothing(database: Database) -> None:
    def broken(*_: object) -> str:
        raise RuntimeError

    jobs, gated = Jobs(database), Jobs(database, gate=broken)
    job = await jobs.add(make_job())
    with pytest.raises(RuntimeError):
        await gated.move(job.id, JobState.RUNNING)
    with pytest.raises(RuntimeError):
        await gated.add(make_job(id="another"))
    assert await jobs.get(job.id) == job
    assert await jobs.get("another") is None
    assert (await gated.move(job.id, JobState.CANCELLED)).state is JobState.CANCELLED, "ending needs no gate"


async def test_revoking_names_every_job_and_deletes_the_clips(room: Room) -> None:
    consent, other = await room.granted(), await room.granted("ben")
    jobs = [await room.step(room.job(consent), JobState.QUEUED) for _ in range(3)]
    jobs.append(await room.step(room.job(consent, params={"voice": {"id": consent.voice}}), JobState.QUEUED))
    kept = await room.step(room.job(other), JobState.QUEUED)
    for state in (*WAY[1:], JobState.POSTED):
        await room.jobs.move(jobs[0].id, state)
    await room.jobs.move(jobs[1].id, JobState.RUNNING)
    room.clock.now += 5
    done = await room.revoke(consent)
    states = (JobState.POSTED, JobState.RUNNING, JobState.QUEUED, JobState.QUEUED)
    assert done.jobs == tuple((job.id, state) for job, state in zip(jobs, states, strict=True))
    assert done.consent == replace(consent, revoked_at=room.clock.now)
    assert len(room.kept()) == 1
    voice = await room.voices.get(consent.voice, "class")
    assert voice is not None
    assert (voice.state, voice.clips) == (VoiceState.ENDED, ())
    assert await room.revoke(consent) == done, "again answers the same"
    assert (await room.step(kept, JobState.RUNNING)).state is JobState.RUNNING


async def test_only_owner_and_teacher_revoke(room: Room) -> None:
    consent = await room.granted()
    for who, check in (
        ({"person": "ben"}, Check.CONSENT_PERSON),
        ({"person": "anna", "guild": "other"}, Check.CONSENT_GUILD),
    ):
        with pytest.raises(VoiceRefused) as caught:
            await room.revoke(consent, **who)
        assert caught.value.check is check
    assert (await room.revoke(consent, "sommer", is_teacher=True)).consent.revoked_at == room.clock.now
    with pytest.raises(VoiceRefused, match="voice_unknown"):
        await room.consents.revoke("nothing", "anna", lambda _: pytest.fail("there is no consent"))


async def test_revoking_works_whatever_the_clock_says(room: Room) -> None:
    consent = await room.granted()
    room.clock.now -= 1e6
    assert (await room.revoke(consent)).consent.revoked_at == room.clock.now
    with pytest.raises(MoveRefused):
        await room.step(room.job(consent), JobState.QUEUED)


async def test_a_clock_that_is_set_back_revives_nothing(room: Room) -> None:
    consent = await room.granted(lasts=60.0)
    begin = room.clock.now
    room.clock.now = consent.until + 10
    with pytest.raises(MoveRefused, match="consent_expired"):
        await room.step(room.job(consent), JobState.QUEUED)
    room.clock.now = begin + 30
    with pytest.raises(MoveRefused, match="clock_back"):
        await room.step(room.job(consent), JobState.QUEUED)


async def test_a_clock_that_was_far_ahead_can_be_accepted_at_a_price(room: Room) -> None:
    consent = await room.granted()
    begin = room.clock.now
    room.clock.now += 365 * 86400
    with pytest.raises(MoveRefused, match="consent_expired"):
        await room.step(room.job(consent), JobState.QUEUED)
    room.clock.now = begin + 60
    with pytest.raises(MoveRefused, match="clock_back"):
        await room.step(room.job(consent), JobState.QUEUED)
    assert await room.consents.accept_clock("operator") == 1
    with pytest.raises(MoveRefused, match="consent_revoked"):
        await room.step(room.job(consent), JobState.QUEUED)
    assert room.kept() == []
    fresh = await room.granted("ben")
    assert (await room.step(room.job(fresh), JobState.QUEUED)).state is JobState.QUEUED


@pytest.mark.parametrize("time", [math.nan, math.inf, -1.0])
async def test_a_clock_that_is_none_refuses_and_leaves_no_trace(room: Room, time: float) -> None:
    consent = await room.granted()
    before, room.clock.now = room.clock.now, time
    with pytest.raises(Exception, match=r"clock_|NOT NULL"):
        await room.step(room.job(consent, created_at=before), JobState.QUEUED)
    room.clock.now = before
    assert (await room.step(room.job(consent), JobState.QUEUED)).state is JobState.QUEUED


async def test_the_overview_is_of_one_server(room: Room) -> None:
    first = await room.granted()
    room.clock.now += 1
    second = await room.granted("ben")
    await room.granted("cleo", guild="other")
    assert await room.consents.overview("class") == [(second, "Stimme"), (first, "Stimme")]
    decided = await room.consents.decisions("other")
    assert [(one.who, one.what) for one in decided][-1] == ("sommer", "granted")
    assert {one.guild for one in decided} == {"other"}


def test_where_a_job_names_its_voice() -> None:
    for params, voice in (
        ({"voice": "v1"}, "v1"),
        ({"voice": {"id": "v1"}}, "v1"),
        ({"voice": ""}, None),
        ({"voice": 7}, None),
        ({"voice": {"id": ["v1"]}}, None),
        ({}, None),
    ):
        assert voice_of(params) == voice


async def test_nothing_moves_after_a_revocation_whenever_it_comes(room: Room) -> None:
    """Both in the same moment, many times: what was answered after the revocation was refused."""
    rng = random.Random(3)
    for number in range(20):
        consent = await room.granted(f"p{number}")
        jobs = [await room.step(room.job(consent), JobState.QUEUED) for _ in range(3)]
        answered: list[str] = []

        async def go(job: Job, log: list[str] = answered) -> None:
            with suppress(MoveRefused):
                for state in WAY[1:]:
                    await asyncio.sleep(rng.choice([0, 0, 0.001]))
                    await room.step(job, state)
                    log.append("moved")

        async def end(one: Consent = consent, log: list[str] = answered) -> Revocation:
            await asyncio.sleep(rng.choice([0, 0.001, 0.003]))
            done = await room.revoke(one)
            log.append("told")
            return done

        done, *_ = await asyncio.gather(end(), *(go(job) for job in jobs))
        # a move that was committed before is known to who clears away
        assert {job for job, _ in done.jobs} == {job.id for job in jobs}
        assert "moved" not in answered[answered.index("told") :]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    lasts=st.floats(min_value=1, max_value=600),
    steps=st.lists(st.floats(min_value=-60, max_value=400), min_size=4, max_size=4),
    revoked=st.none() | st.integers(0, 3),
)
async def test_no_job_gets_past_the_end_of_its_consent(
    room: Room, lasts: float, steps: list[float], revoked: int | None
) -> None:
    await room.consents.accept_clock("operator")
    consent = await room.granted(f"p{next(room.numbers)}", lasts=lasts)
    latest, job = room.clock.now, room.job(consent)
    for place, (state, step) in enumerate(zip(WAY, steps, strict=True)):
        room.clock.now += step
        if revoked == place:
            await room.revoke(consent)
        lives = max(latest, room.clock.now) < consent.until and room.clock.now >= latest - 5
        lives = lives and (revoked is None or revoked > place)
        latest = max(latest, room.clock.now)
        try:
            job = await room.step(job, state)
        except MoveRefused:
            assert not lives
            return
        assert lives


async def test_a_consent_that_the_rule_would_refuse_cannot_be_written_either(room: Room) -> None:
    voice = await room.waiting()
    columns = "id, voice, guild_id, person_id, samples, purpose, model, allowed, granted_at, until, witness, under_16"
    good: dict[str, Any] = {
        "id": "c", "voice": voice.id, "guild": "class", "person": "anna", "samples": '["x"]', "purpose": "speech",
        "model": "m", "allowed": "[]", "granted": 1.0, "until": 2.0, "witness": "sommer", "under_16": 0,
    }  # fmt: skip
    query = f"INSERT INTO consents ({columns}) VALUES ({', '.join('?' * 12)})"
    for change in (
        {"witness": "anna"},
        {"witness": ""},
        {"until": 1.0},
        {"until": 1.0 + 31 * 86400},
        {"samples": "[]"},
        {"under_16": 1},
        {"under_16": None},
        {"voice": "nothing"},
    ):
        values = tuple({**good, **change}.values())
        with pytest.raises(Exception, match="constraint failed"):
            await room.database.write(lambda connection, row=values: connection.execute(query, row).rowcount)
