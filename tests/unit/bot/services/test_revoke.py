"""A withdrawn consent: nothing of that voice is visible or kept once somebody was told."""

from __future__ import annotations

import random
from pathlib import Path

from bot.services.ports import Requester
from data.enrolments import Enrolments
from data.voice_records import VoiceState
from tests import revocations
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
