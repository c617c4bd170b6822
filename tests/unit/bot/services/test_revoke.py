"""A withdrawn consent: nothing of that voice is visible or kept once somebody was told."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import pytest

from bot.services.gallery_ports import Review
from bot.services.ports import Hindrance, Requester
from data.enrolments import Enrolments
from data.gallery_records import GalleryState
from data.voice_records import VoiceState
from generation.errors import AtelierError
from generation.job import Job, JobState
from tests import revocations
from tests.fakes import until
from tests.fakes_gallery import Hall
from tests.revoke_stage import Board, Stage
from tests.voice_room import Room


async def test_revocations_at_random_moments_leave_nothing(tmp_path: Path) -> None:
    trials = await revocations.run(200, 20_261_121, tmp_path)
    assert {number: sorted(trial.wrong) for number, trial in enumerate(trials) if trial.wrong} == {}
    assert len({trial.way for trial in trials}) == len(set(revocations.WAYS))


class WhileConfirmed(Enrolments):
    """A teacher confirms between the look and the withdrawal."""

    def __init__(self, room: Room) -> None:
        super().__init__(room.database, room.files, clock=room.clock)
        self._room = room

    async def withdraw(self, voice_id: str, guild: str, person: str) -> None:
        await self._room.grant(next(one for one in await self._room.voices.waiting(guild)))
        await super().withdraw(voice_id, guild, person)


async def test_a_consent_that_is_given_in_that_very_moment_ends_too(tmp_path: Path) -> None:
    stage = Stage(tmp_path, random.Random(1), Board(random.Random(1), trouble=0.0))
    await stage.open()
    try:
        voice = await stage.room.waiting("anna", "class")
        stage.revoke._enrolments = WhileConfirmed(stage.room)
        anna = Requester(guild_id="class", channel_id="1", person_id="anna", locale="de", is_teacher=False)
        await stage.revoke.revoke(voice.id, anna)
        consent = await stage.room.consents.of_voice(voice.id)
        assert consent is not None
        assert consent.revoked_at is not None
        found = await stage.room.voices.get(voice.id, "class")
        assert found is not None
        assert found.state is VoiceState.ENDED
        assert stage.room.kept() == []
    finally:
        await stage.close()


ANNA = Requester(guild_id="class", channel_id="1", person_id="anna", locale="de")
TEACHER = Requester(guild_id="class", channel_id="1", person_id="sommer", locale="de", is_teacher=True)
ACCEPT = Review(round=1, state=GalleryState.ACCEPTED)


class Exhibition:
    """A stage whose posts may go into a gallery."""

    def __init__(self, folder: Path) -> None:
        self.stage = Stage(folder, random.Random(1), Board(random.Random(1), trouble=0.0))
        self.hall = Hall(folder)

    async def open(self) -> None:
        stage = self.stage
        await stage.open()
        self.hall.open(
            database=stage.database,
            jobs=stage.jobs,
            artifacts=stage.artifacts,
            finishers=stage.deliver._finishers,
            posting=stage.posting,
            work_dir=stage.folder,
            gate=stage.jobs._gate,
        )
        stage.revoke._gallery = self.hall.clearing

    async def posted(self) -> tuple[str, Job]:
        """A voice, and a job that was posted with it."""
        stage = self.stage
        consent = await stage.room.granted("anna")
        job = stage.room.job(consent, created_at=stage.clock.now)
        await stage.jobs.add(job, "answer", stage.clock.now + 900)
        stage.dispatcher.submit(job)

        async def stands() -> bool:
            found = await stage.jobs.get(job.id)
            return found is not None and found.state is JobState.POSTED

        await until(stands)
        return consent.voice, job

    async def clear(self, voice: str) -> bool:
        traces = await self.stage.traces.of_voice(voice)
        return self.hall.wall.messages == {} and all(trace.is_clear for trace in traces)


@pytest.mark.parametrize("accepted", [True, False])
async def test_what_hangs_or_waits_in_the_gallery_goes_with_the_voice(tmp_path: Path, accepted: bool) -> None:
    house = Exhibition(tmp_path)
    await house.open()
    try:
        voice, job = await house.posted()
        await house.hall.gallery.submit(job.id, ANNA, named=True, name="Anna")
        if accepted:
            await house.hall.gallery.review(job.id, ACCEPT, TEACHER)
        assert not await house.clear(voice)
        await house.stage.revoke.revoke(voice, ANNA)
        assert await house.clear(voice)
        with pytest.raises(AtelierError):
            await house.hall.gallery.submit(job.id, ANNA, named=True)
        with pytest.raises(AtelierError):
            await house.hall.gallery.review(job.id, ACCEPT, TEACHER)
    finally:
        await house.stage.close()


async def test_a_voice_that_is_withdrawn_while_its_work_is_being_hung_is_not_seen(tmp_path: Path) -> None:
    house = Exhibition(tmp_path)
    await house.open()
    try:
        voice, job = await house.posted()
        await house.hall.gallery.submit(job.id, ANNA, named=True, name="Anna")
        wall = house.hall.wall
        wall.hold, wall.sending = asyncio.Event(), asyncio.Event()
        accepting = asyncio.create_task(house.hall.gallery.review(job.id, ACCEPT, TEACHER))
        await wall.sending.wait()
        revoking = asyncio.create_task(house.stage.revoke.revoke(voice, ANNA))
        await asyncio.sleep(0.05)
        wall.hold.set()
        await asyncio.gather(accepting, revoking)
        assert await house.clear(voice)
    finally:
        await house.stage.close()


async def test_a_withdrawal_that_a_crash_broke_off_is_finished_in_the_gallery_too(tmp_path: Path) -> None:
    house = Exhibition(tmp_path)
    await house.open()
    try:
        voice, job = await house.posted()
        await house.hall.gallery.submit(job.id, ANNA, named=True, name="Anna")
        await house.hall.gallery.review(job.id, ACCEPT, TEACHER)
        house.hall.wall.hindrance = Hindrance.AWAY
        revoked = await house.stage.revoke.revoke(voice, ANNA)
        assert [left.job for left in revoked.left] == [job.id]
        await house.stage.crash()
        await house.open()
        house.hall.wall.hindrance = None
        assert await house.stage.traces.unfinished() == [voice]
        await house.stage.revoke.finish()
        assert await house.clear(voice)
    finally:
        await house.stage.close()
