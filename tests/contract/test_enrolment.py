"""A voice's whole way on real workers: synthetic speakers, decoded, heard, compared, looked at for marks.

The recogniser is right often, not always (`listening_counts.py`): words are asked for until they are met, as a pupil
may.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.services.audio_ports import Upload
from bot.services.enrolment import Enrol
from bot.services.enrolment_ports import Checked, NewVoice
from bot.services.listening import Listening
from bot.services.ports import Requester
from bot.services.probe import UploadProbe
from bot.services.witnessing import Said, Witnessing
from data.database import Database
from data.voice_records import Answer, Check, Voice, VoiceState
from generation.environments import Environments
from generation.errors import InvalidInput
from tests.contract.audio_counts import run_in_media
from tests.contract.voice_runs import VoiceRuns
from tests.unit.bot.services.enrol_room import voice_catalog
from tests.voice_room import Clock, Room

ADA = Requester(guild_id="class", channel_id="channel", person_id="ada", locale="en")
TEACHER = Requester(guild_id="class", channel_id="channel", person_id="sommer", locale="de", is_teacher=True)
CLIP = "Good morning. My bicycle is red, and every afternoon I ride along the river to my best friend."


@dataclass
class Studio:
    """Services on real workers; a synthetic speaker sits at the microphone."""

    enrol: Enrol
    witnessing: Witnessing
    room: Room
    voices: VoiceRuns
    environments: Environments
    folder: Path

    async def recording(
        self, text: str, language: str = "en", *, by: str = "alto", kind: str = "wav"
    ) -> Upload:
        file = Path(await self.voices.voice_file(text, language, speaker=by, speed=0.9))
        if kind != "wav":
            encoded = self.folder / f"{file.parent.name}.{kind}"
            await run_in_media(self.environments, "encode", file, encoded)
            file = encoded
        return sent(file)

    async def begun(self, language: str = "en", clip: Upload | None = None) -> Voice:
        new = NewVoice(
            agreed=True,
            name="Ada",
            language=language,
            clip=clip or await self.recording(CLIP),
            mood="neutral",
        )
        return await self.enrol.begin(new, ADA)

    async def read(self, voice: Voice, *, by: str = "alto", kind: str = "wav") -> Checked:
        phrase = await self.enrol.issue(voice.id, ADA)
        recording = await self.recording(", ".join(phrase.words), voice.language, by=by, kind=kind)
        return await self.enrol.take_phrase(voice.id, recording, ADA)

    async def met(self, voice: Voice, *, kind: str = "wav") -> Checked:
        """Read until the words are understood."""
        checked = await self.read(voice, kind=kind)
        while checked.may_repeat:
            checked = await self.read(checked.voice, kind=kind)
        return checked


def sent(file: Path) -> Upload:
    async def read() -> bytes:
        return await asyncio.to_thread(file.read_bytes)

    return Upload(name=file.name, size=file.stat().st_size, read=read)


@pytest.fixture
async def studio(voices: VoiceRuns, environments: Environments, tmp_path: Path) -> AsyncIterator[Studio]:
    supervisor, work_dir = voices.supervisor, tmp_path / "work"
    work_dir.mkdir()
    async with await Database.open(tmp_path / "data") as database:
        room = Room(database, tmp_path, clock=Clock(now=time.time()))
        enrol = Enrol(
            enrolments=room.enrolments,
            voices=room.voices,
            listening=Listening(supervisor=supervisor, work_dir=work_dir, is_on=True, timeout_s=300.0),
            probe=UploadProbe(supervisor=supervisor, work_dir=work_dir, timeout_s=300.0),
            catalog=voice_catalog(),
        )
        witnessing = Witnessing(consents=room.consents, voices=room.voices, clock=room.clock)
        yield Studio(enrol, witnessing, room, voices, environments, tmp_path)
        assert list(work_dir.iterdir()) == [], "nothing that was sent stays behind"


@pytest.mark.parametrize("kind", ["webm", "m4a", "ogg", "mp3", "wav"])
async def test_the_same_speaker_reads_the_words_and_waits_for_the_witness(studio: Studio, kind: str) -> None:
    voice = await studio.begun(clip=await studio.recording(CLIP, kind=kind))
    checked = await studio.met(voice, kind=kind)
    assert [one.check for one in checked.findings] == [None, None, None]
    assert checked.waits
    said = Said(in_room=True, under_16=False, parents_reference=None, lasting="lesson")
    consent = await studio.witnessing.grant(voice.id, said, TEACHER, owner_is_teacher=False)
    assert consent.sample_hashes == checked.voice.sample_hashes
    assert len(studio.room.kept()) == 1


async def test_other_words_are_not_taken(studio: Studio) -> None:
    voice = await studio.begun()
    await studio.enrol.issue(voice.id, ADA)
    checked = await studio.enrol.take_phrase(voice.id, await studio.recording(CLIP), ADA)
    assert checked.findings[0].answer is Answer.REFUSED
    assert checked.findings[0].subject == "phrase"
    assert checked.may_repeat


async def test_another_speaker_is_noticed(studio: Studio) -> None:
    voice = await studio.begun(clip=await studio.recording(CLIP, by="bass"))
    assert (await studio.read(voice)).findings[1].check is Check.SPEAKER_DIFFERS


async def test_a_clip_that_an_engine_of_ours_made_ends_it(studio: Studio) -> None:
    plain = await studio.voices.voice_file(CLIP, speaker="alto", speed=0.9)
    voice = await studio.begun(clip=sent(Path(await studio.voices.mark(plain))))
    checked = await studio.met(voice)
    assert checked.findings[2].check is Check.MARK_FOUND
    assert checked.voice.state is VoiceState.REFUSED
    assert studio.room.kept() == []


async def test_german_words_are_the_witnesss_question(studio: Studio) -> None:
    clip = "Guten Morgen. Mein Fahrrad ist rot, und jeden Nachmittag fahre ich damit am Fluss entlang."
    voice = await studio.begun("de", await studio.recording(clip, "de"))
    checked = await studio.read(voice)
    assert [one.check for one in checked.findings] == [Check.PHRASE_UNCHECKED, None, None]
    asked = await studio.witnessing.look(voice.id, TEACHER)
    assert asked.questions == (Check.PHRASE_UNCHECKED,)
    assert checked.voice.phrase is not None
    assert asked.words == checked.voice.phrase.words


async def test_what_is_no_sound_is_told(studio: Studio, tmp_path: Path) -> None:
    file = tmp_path / "letter.mp3"
    file.write_bytes(b"Dear Sir or Madam, " * 100)
    with pytest.raises(InvalidInput) as caught:
        await studio.begun(clip=sent(file))
    assert caught.value.code in {"audio_kind", "audio_broken"}
    assert await studio.enrol.mine(ADA) == []
