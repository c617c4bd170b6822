"""The bot's own calls of the media family for sound and notes, through a real worker: both sides agree."""

from __future__ import annotations

import asyncio
import math
import struct
from pathlib import Path
from typing import Any

import pytest

from bot.i18n import Sentences
from bot.services.audio_compose import AudioComposer, Composed
from bot.services.audio_files import is_midi, is_wave
from bot.services.probe import UploadProbe
from generation.errors import InvalidInput
from generation.job import Job
from generation.music_params import MusicParams, Note, NotesParams, Section, SoundParams
from generation.supervisor import Outcome
from moderation.audio_check import SILENT, Bounds
from moderation.pipeline import Decision, Pipeline
from tests.contract.audio_counts import wav
from tests.contract.midi_files import ENTCHEN, midi, row, tempo, track
from tests.contract.picture_files import drawn
from tests.contract.picture_runs import Runs
from tests.fakes_dispatch import make_job
from tests.unit.moderation.faults import allow_images, allow_text

RATE = 32_000
SENTENCES = Sentences.load(strict=True)
SONG = (Section("intro", "", 2), Section("verse", "la la", 3))


def job_of(params: MusicParams | SoundParams | NotesParams, medium: str) -> Job:
    return make_job(medium=medium, family="music", model="mini-music", params=params.to_plain(), locale="de")


def tune(folder: Path, name: str, seconds: float, *, strength: float = 0.3) -> Path:
    places = range(round(seconds * RATE))
    values = (round(strength * 32767 * math.sin(math.tau * 440 * place / RATE)) for place in places)
    file = folder / name
    file.write_bytes(wav(rate=RATE, data=struct.pack(f"<{len(places)}h", *values)))
    return file


def composer(runs: Runs) -> AudioComposer:
    return AudioComposer(supervisor=runs.supervisor, catalog=runs.catalog, sentence=SENTENCES.text)


async def compose(runs: Runs, job: Job, folder: Path, *takes: Path, seam: float | None = None) -> Composed:
    outcome = Outcome(files=(), facts={"sample_rate": RATE}, seconds=1.0, out=folder)
    return await composer(runs).compose(job, outcome, list(takes), seam=seam)


async def judge(made: Composed, bounds: Bounds) -> Decision[tuple[Path, ...]]:
    pipeline = Pipeline(text_checks=[allow_text], image_check=allow_images)
    return await pipeline.approve_audio(
        made.sounds, measured=made.measured, bounds=bounds, texts=["ein Lied"]
    )


@pytest.mark.parametrize("ending", ["ogg", "mp3"])
async def test_music_is_finished_measured_and_allowed(runs: Runs, tmp_path: Path, ending: Any) -> None:
    job = job_of(MusicParams(prompt="fröhlich", seconds=5, count=2, sections=SONG, format=ending), "music")
    takes = [tune(tmp_path, f"{index}.wav", 5) for index in (1, 2)]
    assert all(is_wave(take) for take in takes)
    made = await compose(runs, job, tmp_path, *takes)
    assert [sound.name for sound in made.sounds] == [f"piece-1.{ending}", f"piece-2.{ending}"]
    decision = await judge(made, Bounds(4.25, 5.75))
    assert decision.approved is not None, decision.verdict
    assert drawn(made.picture)
    again = await composer(runs).measure(job, made.sounds, tmp_path / "again")
    assert again == made.measured


async def test_a_continuation_and_a_sound(runs: Runs, tmp_path: Path) -> None:
    for number, (params, medium, seam) in enumerate(
        [
            (MusicParams(prompt="weiter", seconds=2, prior="job/1"), "music", 1.5),
            (SoundParams(prompt="Regen", seconds=3), "sound", None),
        ]
    ):
        folder = tmp_path / str(number)
        folder.mkdir()
        made = await compose(runs, job_of(params, medium), folder, tune(folder, "1.wav", 3.2), seam=seam)
        assert (await judge(made, Bounds(2.5, 4.0))).approved is not None


async def test_silence_is_refused_by_what_was_measured(runs: Runs, tmp_path: Path) -> None:
    job = job_of(MusicParams(prompt="still", seconds=2), "music")
    made = await compose(runs, job, tmp_path, tune(tmp_path, "1.wav", 2, strength=0.0))
    decision = await judge(made, Bounds(1.0, 3.0))
    assert (decision.approved, decision.verdict.code) == (None, SILENT)
    assert not made.sounds[0].exists()


async def test_notes_are_finished_measured_and_allowed(runs: Runs, tmp_path: Path) -> None:
    params = NotesParams(melody=(Note(60, 0, 1), Note(62, 1, 1)), count=6)
    takes = []
    for index in range(1, 7):
        takes.append(tmp_path / f"{index}.mid")
        takes[-1].write_bytes(midi([track(row(ENTCHEN), before=tempo(120))]))
    assert all(is_midi(take) for take in takes)
    made = await compose(runs, job_of(params, "notes"), tmp_path, *takes)
    assert (len(made.sounds), len(made.midis)) == (6, 6)
    assert all(is_midi(file) for file in made.midis)
    decision = await judge(made, Bounds(0.2, 300.0))
    assert decision.approved is not None, decision.verdict
    assert await composer(runs).measure(job_of(params, "notes"), made.sounds, tmp_path / "x") == made.measured


async def test_uploads_are_probed(runs: Runs, tmp_path: Path) -> None:
    probe = UploadProbe(supervisor=runs.supervisor, work_dir=tmp_path)
    sound = await asyncio.to_thread(tune(tmp_path, "melody.wav", 3).read_bytes)
    async with probe.probed("audio", sound) as found:
        assert found.seconds == pytest.approx(3.0, abs=0.05)
        assert found.clean is not None
        assert is_wave(found.clean)
    async with probe.probed("midi", midi([track(row(ENTCHEN), before=tempo(120))])) as found:
        assert [note[0] for note in found.notes][:4] == [60, 62, 64, 65]
    assert [file.name for file in tmp_path.iterdir()] == ["melody.wav"]


@pytest.mark.parametrize(
    ("kind", "content", "code"),
    [
        ("audio", b"Alle meine Entchen", "audio_kind"),
        ("audio", wav(rate=RATE, data=bytes(RATE * 4)), "audio_silent"),
        ("audio", wav(rate=8000, data=b"\1\2" * 8000 * 61), "audio_long"),
        ("midi", b"Alle meine Entchen", "midi_broken"),
        ("midi", midi([track([])]), "midi_empty"),
    ],
)
async def test_a_file_that_is_no_good_is_a_sentence(
    runs: Runs, tmp_path: Path, kind: Any, content: bytes, code: str
) -> None:
    probe = UploadProbe(supervisor=runs.supervisor, work_dir=tmp_path)
    with pytest.raises(InvalidInput) as caught:
        async with probe.probed(kind, content):
            pass
    assert caught.value.code == code
    for language in ("de", "en"):
        assert "{" not in SENTENCES.text(f"error.{code}", language, **caught.value.values)
    assert list(tmp_path.iterdir()) == []
