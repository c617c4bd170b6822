"""Speech: read strictly, marked inaudibly, finished, judged by its text and what was measured, kept, only then shown.

Without the mark nothing is posted: it says of every copy that an engine made it.
"""

from __future__ import annotations

import asyncio
import shutil
import wave
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, Final, Protocol

from bot.services.audio_files import is_wave
from bot.services.finishing import model_of
from bot.services.speech_compose import SpeechComposer
from bot.services.speech_ports import SpeechPost
from data.artifacts import Artifact, Artifacts, NewArtifact
from data.consents import Consents
from data.errors import ArtifactChanged, VoiceRefused
from data.voice_records import Check
from data.voices import Voices
from generation.catalog import Catalog
from generation.errors import NotFound, WorkerError, WorkerGarbage
from generation.job import Job
from generation.speech_params import SpeechParams
from generation.supervisor import Outcome
from moderation.audio_check import Bounds
from moderation.pipeline import Pipeline
from moderation.verdict import Approved, Verdict

BOUNDS: Final = Bounds(0.3, 61.0)
"""300 characters take half a minute."""
SHORTEST_S: Final = 0.6
"""A shorter word ends in silence: below half a second no mark is looked for."""
UNMARKED: Final = "speech_unmarked"


class Marking(Protocol):
    """`bot.services.listening.Listening`."""

    async def mark(self, file: Path, to: Path) -> None: ...

    async def find_mark(self, file: Path) -> Mapping[str, Any]: ...


@dataclass(frozen=True, slots=True)
class _Whose:
    """The voice of a post: its name, and of a copied one the owner and the end of the consent."""

    name: str
    owner: str | None = None
    until: float | None = None


class SpeechFinisher:
    """For the medium speech."""

    def __init__(
        self,
        *,
        pipeline: Pipeline,
        listening: Marking,
        composer: SpeechComposer,
        artifacts: Artifacts,
        voices: Voices,
        consents: Consents,
        catalog: Catalog,
        work_dir: Path,
    ) -> None:
        self._pipeline = pipeline
        self._listening = listening
        self._composer = composer
        self._artifacts = artifacts
        self._voices = voices
        self._consents = consents
        self._catalog = catalog
        self._work_dir = work_dir

    async def finish(self, job: Job, outcome: Outcome) -> Approved[SpeechPost] | Verdict:
        spoken = await asyncio.to_thread(read_speech, job, outcome)
        marked = outcome.out / "marked.wav"
        await self._mark(spoken, marked)
        composed = await self._composer.compose(job, outcome, marked)
        await self._demand_mark(await self._composer.decode(job, composed.sounds[0], outcome.out / "heard"))
        decision = await self._pipeline.approve_audio(
            composed.sounds, measured=composed.measured, bounds=BOUNDS, texts=_texts(job), guild=job.guild_id
        )
        if decision.approved is None:
            return decision.verdict
        new = [
            NewArtifact(index=0, seed=job.seed, kind="sheet", path=composed.picture),
            NewArtifact(
                index=1, seed=job.seed, kind="audio", path=composed.sounds[0], sha256=decision.digests[0]
            ),
        ]
        return await decision.approved.compose(
            lambda _: self._keep(job, new, composed.measured[0], seconds=outcome.seconds)
        )

    async def finish_kept(
        self, job: Job, kept: Sequence[Artifact], *, seconds: float
    ) -> Approved[SpeechPost] | Verdict:
        """Measured once more. What was kept is byte for byte what was marked and approved."""
        files = _by_kind(kept)
        if set(files) != {"sheet", "audio"}:
            raise ArtifactChanged
        folder = Path(mkdtemp(dir=self._work_dir, prefix=f"{job.id}-again-"))
        try:
            # the pipeline destroys what it does not approve, also when it is cancelled: it gets a copy
            copy = await asyncio.to_thread(shutil.copyfile, files["audio"], folder / files["audio"].name)
            measured = await self._composer.measure(job, [copy], folder / "measured")
            decision = await self._pipeline.approve_audio(
                [copy], measured=measured, bounds=BOUNDS, texts=_texts(job), guild=job.guild_id
            )
        finally:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
        if decision.approved is None:
            return decision.verdict
        if decision.digests != tuple(item.sha256 for item in kept if item.kind == "audio"):
            raise ArtifactChanged
        return await decision.approved.compose(lambda _: self._post(job, files, measured[0], seconds=seconds))

    async def _mark(self, spoken: Path, marked: Path) -> None:
        """Raises WorkerError."""
        await self._listening.mark(spoken, marked)
        if not await asyncio.to_thread(is_wave, marked):
            raise WorkerGarbage

    async def _demand_mark(self, heard: Path) -> None:
        """That it is in what is posted, encoded and decoded again. Raises WorkerError speech_unmarked."""
        facts = await self._listening.find_mark(heard)
        if facts.get("marked") is not True:
            raise WorkerError(UNMARKED)

    async def _keep(
        self, job: Job, new: Sequence[NewArtifact], measured: object, *, seconds: float
    ) -> SpeechPost:
        """What is posted is what is stored."""
        kept = await self._artifacts.store(job.id, new)
        return await self._post(job, _by_kind(kept), measured, seconds=seconds)

    async def _post(
        self, job: Job, files: Mapping[str, Path], measured: object, *, seconds: float
    ) -> SpeechPost:
        whose = await self._whose(job)
        title, is_rehearsal = model_of(self._catalog, job)
        return SpeechPost(
            job=job,
            model_title=title,
            seconds=seconds,
            is_rehearsal=is_rehearsal,
            file=files["audio"],
            picture=files["sheet"],
            length=_seconds(measured),
            seed=job.seed,
            voice_name=whose.name,
            cloned=whose.owner is not None,
            about=self._about(job),
            owner=whose.owner,
            until=whose.until,
        )

    async def _whose(self, job: Job) -> _Whose:
        """Raises VoiceRefused where a copied voice has no consent any more."""
        params = SpeechParams.from_plain(job.params)
        if params.voice is None:
            return _Whose(params.speaker)
        voice = await self._voices.get(params.voice, job.guild_id)
        consent = await self._consents.of_voice(params.voice)
        if voice is None or consent is None:
            raise VoiceRefused(Check.CONSENT_NONE)
        if consent.revoked_at is not None:
            raise VoiceRefused(Check.CONSENT_REVOKED)
        return _Whose(voice.name, consent.person, consent.until)

    def _about(self, job: Job) -> str:
        try:
            told = self._catalog.get(job.model).data_sentence
        except NotFound:
            return ""
        return told.get(job.locale, "")


def read_speech(job: Job, outcome: Outcome) -> Path:
    """The one recording, at least SHORTEST_S long. Raises WorkerGarbage for anything but it. Reads the disk."""
    made = [(file.kind, file.index, file.name, file.seed) for file in outcome.files]
    spoken = outcome.out / "1.wav"
    if made != [("audio", 1, "1.wav", job.seed)] or not is_wave(spoken):
        raise WorkerGarbage
    with wave.open(str(spoken), "rb") as opened:
        settings, frames = opened.getparams(), opened.readframes(opened.getnframes())
    lacking = int(SHORTEST_S * settings.framerate) - settings.nframes
    if lacking <= 0:
        return spoken
    longer = outcome.out / "longer.wav"
    with wave.open(str(longer), "wb") as opened:
        opened.setparams(settings)
        opened.writeframes(frames + bytes(lacking * settings.nchannels * settings.sampwidth))
    return longer


def _texts(job: Job) -> tuple[str, ...]:
    return SpeechParams.from_plain(job.params).texts


def _by_kind(kept: Sequence[Artifact]) -> dict[str, Path]:
    return {item.kind: item.path for item in kept if item.path is not None}


def _seconds(measured: object) -> float:
    """Of numbers that were judged."""
    if not isinstance(measured, Mapping):
        raise WorkerGarbage
    return float(measured["seconds"])
