"""Speech through the bot's own services and real workers: spoken, marked, finished, measured, approved, kept."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from bot.i18n import Sentences
from bot.services.listening import Listening
from bot.services.speech_compose import SpeechComposer
from bot.services.speech_finishing import SpeechFinisher
from bot.services.speech_ports import SpeechPost
from bot.services.speech_start import SpeechStart
from data.artifacts import Artifacts
from data.database import Database
from data.errors import VoiceRefused
from data.voice_records import Consent
from generation.catalog import Catalog, ModelInfo
from generation.errors import WorkerError
from generation.job import Job, JobState
from generation.speech_params import EMOTIONS, SPEECH, SpeechParams
from generation.supervisor import Outcome, Request
from moderation.pipeline import Pipeline
from moderation.verdict import Approved, Verdict
from moderation.words import WordCheck
from tests.contract.speech_runs import TEXT, SpeechRuns, hum, model_at
from tests.contract.voice_runs import VoiceRuns
from tests.fakes_dispatch import make_job
from tests.unit.moderation.faults import allow_images
from tests.voice_room import Room

SENTENCES = Sentences.load(strict=True)
GERMAN = "Guten Morgen, liebe Klasse! Heute spreche ich."
SPEAKERS = ("standard", "bass", "tenor", "alto", "soprano", "robot", "whisper")


@dataclass
class Studio:
    """The services of speech on a real database, with real workers."""

    room: Room
    runs: VoiceRuns
    folder: Path
    catalog: Catalog
    listening: Listening = field(init=False)

    def __post_init__(self) -> None:
        supervisor: Any = self.runs.supervisor
        self.listening = Listening(supervisor=supervisor, work_dir=self.folder, is_on=True)
        self.start = SpeechStart(voices=self.room.voices, consents=self.room.consents, clock=self.room.clock)
        self.artifacts = Artifacts(self.room.database, self.folder / "artifacts")
        self.finisher = SpeechFinisher(
            pipeline=Pipeline(text_checks=[WordCheck()], image_check=allow_images),
            listening=self.listening,
            composer=SpeechComposer(supervisor=supervisor, catalog=self.catalog, sentence=SENTENCES.text),
            artifacts=self.artifacts,
            voices=self.room.voices,
            consents=self.room.consents,
            catalog=self.catalog,
            work_dir=self.folder,
        )

    def job(self, text: str = GERMAN, **params: Any) -> Job:
        made = SpeechParams(text=text, **{"language": "de", **params})
        return make_job(
            medium=SPEECH, family="voices", model="espeak", params=made.to_plain(), state=JobState.QUEUED
        )

    async def spoken(self, job: Job) -> Outcome:
        started = await self.start.prepare(job)
        request = Request(
            family=job.family,
            task=SPEECH,
            params=started.params,
            job=job.id,
            attempt=1,
            seed=job.seed,
            out=self.folder / f"{job.id}-1",
            model=self.catalog.get(job.model),
        )
        return await self.runs.supervisor.run(request)

    async def finished(self, job: Job) -> Approved[SpeechPost] | Verdict:
        await self.room.jobs.add(job)
        return await self.finisher.finish(job, await self.spoken(job))

    async def heard(self, post: SpeechPost) -> dict[str, Any]:
        """What the listening family says of the very file that is posted."""
        clean = await self.runs._run("media", "probe_audio", {"file": str(post.file)})
        return dict(await self.listening.find_mark(clean.out / "clean.wav"))


@pytest.fixture
async def studio(voices: VoiceRuns, catalog: Catalog, tmp_path: Path) -> AsyncIterator[Studio]:
    async with await Database.open(tmp_path / "data") as database:
        yield Studio(Room(database, tmp_path), voices, tmp_path, catalog)


def post_of(finished: Approved[SpeechPost] | Verdict) -> SpeechPost:
    assert isinstance(finished, Approved), finished
    return finished.value


async def tags(studio: Studio, post: SpeechPost) -> str:
    return (post.file.read_bytes()[:8000]).decode("utf-8", "replace")


@pytest.mark.parametrize("locale", ["de", "en"])
async def test_nobody_s_voice_is_posted_with_its_label_and_its_mark(studio: Studio, locale: str) -> None:
    post = post_of(await studio.finished(replace(studio.job(speaker="alto"), locale=locale)))
    assert (post.file.suffix, post.seed, post.voice_name, post.cloned) == (".ogg", 7, "alto", False)
    assert post.file.read_bytes()[:4] == b"OggS"
    assert b"OpusHead" in post.file.read_bytes()[:200]
    assert 1.5 < post.length < 10
    written = await tags(studio, post)
    assert SENTENCES.text("speech.label", locale) in written
    assert "digitalsourcetype/algorithmicMedia" in written
    assert post.about == studio.catalog.get("espeak").data_sentence[locale]
    assert (await studio.heard(post))["marked"] is True
    kept = await studio.artifacts.of_job(post.job.id)
    again = post_of(await studio.finisher.finish_kept(post.job, kept, seconds=1.0))
    assert (again.file, again.length) == (post.file, post.length)


@pytest.mark.parametrize("text", ["Ja!", "8", "Oh nein!"])
async def test_the_shortest_word_has_room_for_the_mark(studio: Studio, text: str) -> None:
    post = post_of(await studio.finished(studio.job(text)))
    assert post.length >= 0.5
    assert (await studio.heard(post))["marked"] is True


@pytest.mark.parametrize("speaker", SPEAKERS)
async def test_each_speaker_bears_the_mark(studio: Studio, speaker: str) -> None:
    assert (await studio.heard(post_of(await studio.finished(studio.job(speaker=speaker)))))["marked"] is True


@pytest.mark.parametrize("emotion", EMOTIONS)
async def test_each_emotion_bears_the_mark(studio: Studio, emotion: Any) -> None:
    assert (await studio.heard(post_of(await studio.finished(studio.job(emotion=emotion)))))["marked"] is True


@dataclass
class Cloned:
    """Anna's voice with a living consent, and a studio that knows the reduced tortoise."""

    studio: Studio
    consent: Consent
    model: ModelInfo

    def job(self, **changes: Any) -> Job:
        params = SpeechParams(text=TEXT, voice=self.consent.voice, quality="ultra_fast")
        return self.studio.room.job(
            self.consent,
            **{"params": params.to_plain(), "model": self.model.id, "state": JobState.QUEUED, **changes},
        )


@pytest.fixture
async def cloned(studio: Studio, speaking: SpeechRuns, tmp_path: Path) -> Cloned:
    studio.room.clock.now = time.time()
    model = model_at(speaking.models / "plain")
    room = studio.room
    clip = Path(hum(tmp_path / "hum.wav", 180.0)).read_bytes()
    voice = await room.clip(await room.start(model=model.id), content=clip)
    voice = await room.record(await room.phrase(voice))
    voice = await room.enrolments.note_checks(voice.id, room.listen(voice))
    consent = await room.grant(await room.enrolments.ask(voice.id))
    catalog = Catalog([model, studio.catalog.get("espeak")])
    return Cloned(Studio(room, studio.runs, tmp_path, catalog), consent, model)


async def test_a_copied_voice_goes_from_its_consent_to_its_post(cloned: Cloned) -> None:
    """Tortoise's own code with the reduced models, from real clips and the token that the bot makes."""
    post = post_of(await cloned.studio.finished(cloned.job()))
    assert (post.cloned, post.voice_name, post.owner) == (True, "Stimme", "anna")
    assert post.until == cloned.consent.until
    assert (await cloned.studio.heard(post))["marked"] is True
    assert cloned.consent.voice not in await tags(cloned.studio, post)


async def test_a_token_is_for_one_job(cloned: Cloned) -> None:
    started = await cloned.studio.start.prepare(cloned.job())
    other = replace(cloned.job(), params=started.params)
    request = Request(
        family="speech",
        task=SPEECH,
        params=started.params,
        job=other.id,
        attempt=1,
        seed=7,
        out=cloned.studio.folder / "other",
        model=cloned.model,
    )
    with pytest.raises(WorkerError) as refused:
        await cloned.studio.runs.supervisor.run(request)
    assert refused.value.values["reason"] == "no_consent"


async def test_after_a_revocation_nothing_starts_and_nothing_is_finished(cloned: Cloned) -> None:
    studio, job = cloned.studio, cloned.job()
    outcome = await studio.spoken(job)
    await studio.room.jobs.add(job)
    await studio.room.revoke(cloned.consent)
    with pytest.raises(VoiceRefused):
        await studio.finisher.finish(job, outcome)
    with pytest.raises(VoiceRefused):
        await studio.start.prepare(job)
