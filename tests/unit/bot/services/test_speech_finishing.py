"""Of what speaks, marks and finishes nothing is posted that is not exactly what was asked for, with its mark."""

from __future__ import annotations

import wave
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.services.speech_finishing import read_speech
from generation.errors import ModelMissing, WorkerError, WorkerHung
from generation.job import Job, JobState
from generation.supervisor import Outcome
from generation.worker.api import File
from tests.fakes import Fault
from tests.fakes_dispatch import make_job
from tests.fakes_music import write_wave
from tests.unit.bot.services.speech_room import ENGLISH, SpeechRoom, speech_room
from tests.unit.moderation.faults import AUDIO_FAULTS

Change = Callable[[Outcome], Outcome]


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[SpeechRoom]:
    async with speech_room(tmp_path) as opened:
        yield opened


async def wrong(room: SpeechRoom, code: str, state: JobState = JobState.FAILED, **more: Any) -> Job:
    """A job that must not be posted: nothing is seen, nothing is kept or left, its owner is told."""
    job = await room.said(**more)
    assert (job.state, job.error_code) == (state, code)
    assert room.discord.spoken == {}
    assert await room.artifacts.of_job(job.id) == []
    assert list(room.work_dir.iterdir()) == []
    assert room.discord.codes(job.id) == [code]
    return job


def files(change: Callable[[tuple[File, ...]], Any]) -> Change:
    return lambda done: replace(done, files=tuple(change(done.files)))


def over(change: Callable[[Path], object], name: str = "1.wav") -> Change:
    def changed(done: Outcome) -> Outcome:
        change(done.out / name)
        return done

    return changed


WORKER_FAULTS: dict[str, Change] = {
    "none": files(lambda made: []),
    "two": files(lambda made: [*made, replace(made[0], index=2)]),
    "another kind": files(lambda made: [replace(made[0], kind="notes")]),
    "another index": files(lambda made: [replace(made[0], index=2)]),
    "another seed": files(lambda made: [replace(made[0], seed=8)]),
    "a way out": files(lambda made: [replace(made[0], name="../1.wav")]),
    "no wave": over(lambda file: file.write_bytes(b"MP3" * 100)),
    "nothing": over(lambda file: write_wave(file, 0)),
    "a strange rate": over(lambda file: write_wave(file, rate=96_000)),
}


@pytest.mark.parametrize("name", WORKER_FAULTS)
async def test_a_worker_s_file_is_read_strictly(room: SpeechRoom, name: str) -> None:
    room.workers.change["speech"] = WORKER_FAULTS[name]
    await wrong(room, "worker_garbage")
    assert "mark" not in [one.task for one in room.workers.requests]


@pytest.mark.parametrize(
    ("task", "error", "code"),
    [
        ("mark", WorkerError("worker_failed"), "worker_failed"),
        ("mark", WorkerHung(), "worker_hung"),
        ("mark", ModelMissing("medium_off"), "medium_off"),
        ("mark", RuntimeError("x"), "internal"),
        ("find_mark", WorkerError("worker_failed"), "worker_failed"),
        ("audio_post", WorkerError("worker_failed"), "worker_failed"),
        ("probe_audio", WorkerError("worker_failed"), "worker_failed"),
    ],
)
async def test_without_its_mark_nothing_is_posted(
    room: SpeechRoom, task: str, error: Exception, code: str
) -> None:
    room.workers.fault[task] = Fault(error)
    await wrong(room, code)


@pytest.mark.parametrize("found", [False, None, 1, "yes", "missing"])
async def test_only_a_clear_yes_is_a_mark(room: SpeechRoom, found: Any) -> None:
    room.workers.found = lambda file: found
    await wrong(room, "speech_unmarked")


async def test_the_mark_is_looked_for_in_what_is_posted(room: SpeechRoom) -> None:
    looked: list[str] = []
    room.workers.found = lambda file: not looked.append(file.name)
    await room.said()
    assert looked == ["clean.wav"]
    order = [one.task for one in room.workers.requests]
    assert order == ["speech", "mark", "audio_post", "probe_audio", "find_mark"]
    posted = next(one for one in room.workers.requests if one.task == "audio_post")
    assert [Path(piece["file"]).name for piece in posted.params["pieces"]] == ["marked.wav"]


MARK_FAULTS: dict[str, Change] = {
    "none": files(lambda made: []),
    "another name": files(lambda made: [replace(made[0], name="1.wav")]),
    "no wave": over(lambda file: file.write_bytes(b"x"), "marked.wav"),
}


@pytest.mark.parametrize("name", MARK_FAULTS)
async def test_what_is_marked_is_read_strictly(room: SpeechRoom, name: str) -> None:
    room.workers.change["mark"] = MARK_FAULTS[name]
    await wrong(room, "worker_garbage")


@pytest.mark.parametrize("name", [one for one in AUDIO_FAULTS if one != "too short"])
async def test_what_measures_badly_is_refused(room: SpeechRoom, name: str) -> None:
    room.workers.measured = lambda index, facts: AUDIO_FAULTS[name]
    job = await room.said()
    assert job.state is JobState.REFUSED
    assert (job.error_code or "").startswith(("refused_audio_", "refused_check_failed"))
    assert room.discord.spoken == {}


@pytest.mark.parametrize("locale", ["de", "en"])
async def test_label_and_recipe_go_into_the_file_and_whose_voice_does_not(
    room: SpeechRoom, locale: str
) -> None:
    consent = await room.consent()
    who = replace(room.anna, locale=locale)
    job = await room.said(ENGLISH, who, voice=consent.voice)
    params = next(one for one in room.workers.requests if one.task == "audio_post").params
    assert params["label"] == {"de": "KI-Stimme", "en": "AI voice"}[locale]
    assert params["format"] == "ogg"
    assert params["recipe"]["seed"] == job.seed
    assert params["recipe"]["cloned"] is True
    assert params["recipe"]["params"] == {"text": ENGLISH, "emotion": "neutral", "quality": "fast"}
    assert consent.voice not in str(params)


async def test_a_revocation_while_it_is_checked_ends_it(room: SpeechRoom) -> None:
    """Between the worker and the post: the gate refuses the move, whatever the finisher has made."""
    consent = await room.consent()
    revoked = []

    async def revoke() -> None:
        await room.voices.revoke(consent)
        revoked.append(consent)

    room.before["find_mark"] = revoke
    job = await room.said(ENGLISH, voice=consent.voice)
    assert revoked
    assert job.state in {JobState.FAILED, JobState.REFUSED}
    assert job.error_code == "refused_consent_revoked"
    assert [private for _, _, _, private in room.discord.told] == [True]
    assert room.discord.spoken == {}
    assert await room.artifacts.of_job(job.id) == []


async def test_kept_speech_is_measured_again_and_posted_alike(room: SpeechRoom) -> None:
    job = await room.said()
    old = room.discord.spoken[job.id]
    again = await room.finisher.finish_kept(job, await room.artifacts.of_job(job.id), seconds=2.0)
    assert replace(again.value, job=job) == replace(old, job=job)


async def test_kept_speech_without_its_picture_is_not_posted(room: SpeechRoom) -> None:
    job = await room.said()
    kept = [one for one in await room.artifacts.of_job(job.id) if one.kind == "audio"]
    with pytest.raises(Exception, match="artifact_changed"):
        await room.finisher.finish_kept(job, kept, seconds=2.0)


async def test_kept_speech_of_a_voice_that_ended_is_not_posted(room: SpeechRoom) -> None:
    consent = await room.consent()
    job = await room.said(ENGLISH, voice=consent.voice)
    await room.voices.revoke(consent)
    with pytest.raises(Exception, match="refused_consent_revoked"):
        await room.finisher.finish_kept(job, await room.artifacts.of_job(job.id), seconds=2.0)


@pytest.mark.parametrize(("frames", "expected"), [(100, 13_230), (13_230, 13_230), (40_000, 40_000)])
def test_a_short_word_ends_in_silence(tmp_path: Path, frames: int, expected: int) -> None:
    write_wave(tmp_path / "1.wav", frames, rate=22_050)
    made = (File(name="1.wav", index=1, seed=7, kind="audio"),)
    read = read_speech(make_job(), Outcome(files=made, facts={}, seconds=1.0, out=tmp_path))
    with wave.open(str(read), "rb") as opened:
        assert opened.getnframes() == expected
        assert opened.readframes(frames) == b"\1\0" * frames
        assert set(opened.readframes(expected)) <= {0}
