"""Of what a worker and the media family give back, nothing is posted that is not exactly what was asked for."""

from __future__ import annotations

import math
import wave
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.services.audio_files import is_midi, is_wave
from bot.services.audio_ports import ContinueRequest, NotesRequest
from bot.services.ports import Ticket
from generation.job import Job, JobState
from generation.supervisor import Outcome
from generation.worker.api import File
from tests.fakes import AWAY, Fault, until
from tests.fakes_music import MIDI, write_wave
from tests.unit.bot.services.conftest import ADDRESS, ANNA
from tests.unit.bot.services.music_room import MusicRoom, music_room
from tests.unit.moderation.faults import AUDIO_FAULTS

Change = Callable[[Outcome], Outcome]


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[MusicRoom]:
    async with music_room(tmp_path) as opened:
        yield opened


async def wrong(room: MusicRoom, **more: Any) -> Job:
    """A job that must not be posted: nothing is seen, nothing is kept, its owner is told."""
    job = await room.played(**{"count": 2, **more})
    assert job.id not in room.stage.pieces
    assert room.kept(job.id) == []
    assert room.left_behind() == []
    assert room.discord.codes(job.id) == [job.error_code]
    return job


def over(change: Callable[[Path], object], name: str = "2.wav") -> Change:
    def changed(done: Outcome) -> Outcome:
        change(done.out / name)
        return done

    return changed


def files(change: Callable[[tuple[File, ...]], Any]) -> Change:
    return lambda done: replace(done, files=tuple(change(done.files)))


def first(**changes: Any) -> Change:
    return files(lambda made: [replace(made[0], **changes), *made[1:]])


WORKER_FAULTS: dict[str, Change] = {
    "none": files(lambda made: []),
    "one is missing": files(lambda made: made[:1]),
    "one too many": files(lambda made: [*made, replace(made[0], index=3)]),
    "twice the same": files(lambda made: [made[0], made[0]]),
    "another kind": first(kind="image"),
    "another index": first(index=7),
    "another seed": first(seed=8),
    "no seed": first(seed=None),
    "another name": first(name="one.wav"),
    "a way out": first(name="../1.wav"),
    "no wave": over(lambda file: file.write_bytes(b"MP3" * 100)),
    "a wave of nothing": over(lambda file: write_wave(file, 0)),
    "three channels": over(lambda file: write_wave(file, channels=3)),
    "a strange rate": over(lambda file: write_wave(file, rate=96_000)),
    "cut off": over(lambda file: file.write_bytes(file.read_bytes()[:60])),
    "a folder": over(lambda file: (file.unlink(), file.mkdir())),
    "a prior that nobody asked for": lambda done: replace(done, facts={"prior_seconds": 3.0}),
}


@pytest.mark.parametrize("name", WORKER_FAULTS)
async def test_a_worker_s_files_are_read_strictly(room: MusicRoom, name: str) -> None:
    room.band.change["music"] = WORKER_FAULTS[name]
    job = await wrong(room)
    assert (job.state, job.error_code) == (JobState.FAILED, "worker_garbage")
    assert "audio_post" not in room.tasks()


@pytest.mark.parametrize("told", [None, 0, 0.0, -1.0, math.nan, math.inf, 31.0, True, "4", [4]])
async def test_a_continuation_says_how_much_of_it_is_old(room: MusicRoom, told: Any) -> None:
    old = await room.played()
    room.band.made = {"prior_seconds": told}
    answer = await room.desk.music.further(ContinueRequest(job=old.id), ANNA, ADDRESS)
    assert isinstance(answer, Ticket)
    job = await room.end(answer)
    assert (job.state, job.error_code) == (JobState.FAILED, "worker_garbage")
    assert job.id not in room.stage.pieces


def facts(change: Callable[[dict[str, Any]], Any]) -> Change:
    return lambda done: replace(done, facts={"measured": change(dict(done.facts["measured"]))})


POST_FAULTS: dict[str, Change] = {
    "no picture": files(lambda made: made[1:]),
    "a sound is missing": files(lambda made: made[:-1]),
    "a sound twice": files(lambda made: [*made, made[-1]]),
    "one too many": files(lambda made: [*made, replace(made[-1], index=3)]),
    "another kind": files(lambda made: [*made[:-1], replace(made[-1], kind="notes")]),
    "nothing measured": lambda done: replace(done, facts={}),
    "measured as list": lambda done: replace(done, facts={"measured": []}),
    "one is not measured": facts(lambda measured: dict(list(measured.items())[:1])),
    "another is measured": facts(lambda measured: {**measured, "piece-3.ogg": {}}),
}


@pytest.mark.parametrize("name", POST_FAULTS)
async def test_what_is_finished_is_read_strictly(room: MusicRoom, name: str) -> None:
    room.band.change["audio_post"] = POST_FAULTS[name]
    job = await wrong(room)
    assert (job.state, job.error_code) == (JobState.FAILED, "worker_garbage")


@pytest.mark.parametrize("name", AUDIO_FAULTS)
async def test_no_sound_is_posted_that_does_not_measure_up(room: MusicRoom, name: str) -> None:
    room.band.measured = lambda index, facts: AUDIO_FAULTS[name] if index == 2 else facts
    job = await wrong(room)
    assert job.state is JobState.REFUSED


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"silent_share": 1.0}, "refused_audio_silent"),
        ({"clipped": 0.5}, "refused_audio_clipped"),
        ({"finite": False}, "refused_audio_broken"),
        ({"seconds": 3.0}, "refused_audio_length"),
        ({"seconds": 20.0}, "refused_audio_length"),
        ({"peak": math.nan}, "refused_check_failed"),
    ],
)
async def test_why_a_sound_is_refused(room: MusicRoom, changes: dict[str, Any], code: str) -> None:
    room.band.measured = lambda index, facts: {**facts, **changes}
    assert (await wrong(room)).error_code == code


async def test_a_sound_that_is_gone_after_it_was_measured_is_not_kept(room: MusicRoom) -> None:
    def exchange(done: Outcome) -> Outcome:
        (done.out / "piece-2.ogg").unlink()
        return done

    room.band.change["audio_post"] = exchange
    assert (await wrong(room)).error_code == "refused_check_failed"


@pytest.mark.parametrize("content", [b"", b"MThd", MIDI[:20], b"RIFF" + MIDI, MIDI + b"x" * 70_000])
async def test_notes_are_read_strictly(room: MusicRoom, content: bytes) -> None:
    room.band.change["notes"] = over(lambda file: file.write_bytes(content), "1.mid")
    answer = await room.desk.notes.notes(NotesRequest(prompt="Ruhig"), ANNA, ADDRESS)
    assert isinstance(answer, Ticket)
    job = await room.end(answer)
    if content == MIDI[:20]:
        assert job.state is JobState.POSTED, (
            "only the header is looked at here: the media family reads the notes"
        )
    else:
        assert (job.state, job.error_code) == (JobState.FAILED, "worker_garbage")


@pytest.mark.parametrize("missing", ["audio", "notes", "sheet"])
async def test_finished_notes_are_read_strictly(room: MusicRoom, missing: str) -> None:
    room.band.change["notes_post"] = files(lambda made: [one for one in made if one.kind != missing])
    answer = await room.desk.notes.notes(NotesRequest(prompt="Ruhig"), ANNA, ADDRESS)
    assert isinstance(answer, Ticket)
    assert (await room.end(answer)).error_code == "worker_garbage"


async def test_a_cut_prompt_is_told(room: MusicRoom) -> None:
    room.band.made = {"prompt_cut": True}
    job = await room.played()
    assert room.stage.pieces[job.id].notices == ("prompt_cut",)


def test_waves_and_midi_files(tmp_path: Path) -> None:
    file = tmp_path / "x"
    assert not is_wave(file)
    assert not is_midi(file)
    write_wave(file, 10, channels=2)
    assert is_wave(file)
    assert not is_midi(file)
    with wave.open(str(file), "wb") as opened:
        opened.setnchannels(1)
        opened.setsampwidth(1)
        opened.setframerate(32_000)
        opened.writeframes(b"\1" * 10)
    assert not is_wave(file)
    file.write_bytes(MIDI)
    assert is_midi(file)
    file.write_bytes(MIDI.replace(b"\0\1\0\1", b"\0\2\0\1"))
    assert not is_midi(file)


# After a restart


async def posting(room: MusicRoom, **more: Any) -> str:
    """A job whose files are kept and that could not be shown."""
    room.pauses = (60.0,)
    await room.close()
    await room.open()
    room.discord.fault = Fault(AWAY)
    ticket = await room.play(**{"count": 2, **more})
    await until(lambda: room.discord.fault.count > 0)
    await until(lambda: not room.left_behind())
    room.discord.fault = Fault()
    return ticket.job.id


async def test_what_was_being_posted_is_measured_again_and_posted(room: MusicRoom) -> None:
    job_id = await posting(room)
    await room.restart()
    assert await room.state(job_id) is JobState.POSTED
    assert room.tasks() == ["measure_audio"]
    assert room.stage.sounds[job_id] == [b"sound 10.00 of 7", b"sound 10.00 of 8"]
    assert [piece.seconds for piece in room.stage.pieces[job_id].pieces] == [10.0, 10.0]
    assert room.left_behind() == []


async def test_notes_and_continuations_too(room: MusicRoom) -> None:
    old = await room.played()
    room.pauses = (60.0,)
    await room.close()
    await room.open()
    room.discord.fault = Fault(AWAY)
    answers = [
        await room.desk.music.further(ContinueRequest(job=old.id), ANNA, ADDRESS),
        await room.desk.notes.notes(NotesRequest(prompt="Ruhig"), ANNA, ADDRESS),
    ]
    await until(lambda: room.discord.fault.count == 2)
    room.discord.fault = Fault()
    await room.restart()
    for answer in answers:
        assert isinstance(answer, Ticket)
        assert await room.state(answer.job.id) is JobState.POSTED
    assert isinstance(answers[1], Ticket)
    assert room.stage.pieces[answers[1].job.id].pieces[0].midi is not None


@pytest.mark.parametrize("name", ["silent", "None", "peak NaN", "too long"])
async def test_what_measures_badly_now_is_not_shown(room: MusicRoom, name: str) -> None:
    job_id = await posting(room)
    await room.close()
    room.workers = workers = type(room.band)()
    workers.measured = lambda index, facts: AUDIO_FAULTS[name] if index == 1 else facts
    await room.open()
    await room.atelier.recovery.run()
    assert await room.state(job_id) is JobState.REFUSED
    assert job_id not in room.stage.pieces
    assert room.kept(job_id) == []


@pytest.mark.parametrize("file", ["audio-1.ogg", "sheet-0.png", "wave-2.wav"])
@pytest.mark.parametrize("gone", [True, False])
async def test_files_that_changed_meanwhile_are_not_shown(room: MusicRoom, file: str, gone: bool) -> None:
    job_id = await posting(room)
    await room.close()
    path = room.folder / "data" / "artifacts" / job_id / file
    if gone:
        path.unlink()
    else:
        path.write_bytes(b"sound 10.00 of 666")
    await room.open()
    await room.atelier.recovery.run()
    assert job_id not in room.stage.pieces
    assert (await room.in_state(job_id, JobState.FAILED)).error_code == "artifact_changed"
