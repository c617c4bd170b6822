"""Music, sounds and notes: read strictly, finished, judged by texts and measured numbers, kept, and only then shown."""

from __future__ import annotations

import asyncio
import math
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import mkdtemp
from typing import Final

from bot.services.audio_compose import AudioComposer, Composed
from bot.services.audio_files import LONGEST_PRIOR_S, read_takes
from bot.services.audio_ports import AudioPost, Piece
from bot.services.finishing import model_of
from bot.services.references import WAVE
from data.artifacts import Artifact, Artifacts, NewArtifact
from data.errors import ArtifactChanged
from generation.catalog import Catalog
from generation.errors import WorkerGarbage
from generation.job import Job, seed_of
from generation.music_params import MUSIC, MusicParams, NotesParams, read_params
from generation.supervisor import Outcome
from moderation.audio_check import Bounds
from moderation.pipeline import Pipeline
from moderation.verdict import Approved, Verdict

TOLERANCE_S: Final = 0.75
"""What codecs and whole frames may add to the length that was asked for, or take from it."""
NOTES_BOUNDS: Final = Bounds(0.2, 300.0)
"""How long notes sound depends on how long they are."""


class AudioFinisher:
    """For the media music, sound and notes."""

    def __init__(
        self,
        *,
        pipeline: Pipeline,
        composer: AudioComposer,
        artifacts: Artifacts,
        catalog: Catalog,
        work_dir: Path,
    ) -> None:
        self._pipeline = pipeline
        self._composer = composer
        self._artifacts = artifacts
        self._catalog = catalog
        self._work_dir = work_dir

    async def finish(self, job: Job, outcome: Outcome) -> Approved[AudioPost] | Verdict:
        seam = _seam(job, outcome)
        takes = await asyncio.to_thread(read_takes, job, outcome)
        composed = await self._composer.compose(job, outcome, [take for take, _ in takes], seam=seam)
        decision = await self._pipeline.approve_audio(
            composed.sounds,
            measured=composed.measured,
            bounds=_bounds(job, (seam or 0.0, seam or 0.0)),
            texts=read_params(job.medium, job.params).texts,
            guild=job.guild_id,
        )
        if decision.approved is None:
            return decision.verdict
        new = _artifacts(job, composed, decision.digests, takes)
        notices = ("prompt_cut",) if outcome.facts.get("prompt_cut") else ()
        return await decision.approved.compose(
            lambda _: self._keep(job, new, composed.measured, seconds=outcome.seconds, notices=notices)
        )

    async def finish_kept(
        self, job: Job, kept: Sequence[Artifact], *, seconds: float
    ) -> Approved[AudioPost] | Verdict:
        """Measured once more: nothing is shown because it was fine before."""
        files = _by_place(kept)
        sounds = [files.get(("audio", index)) for index in _indices(job)]
        known = [sound for sound in sounds if sound is not None]
        if len(known) != len(sounds):
            raise ArtifactChanged
        folder = Path(mkdtemp(dir=self._work_dir, prefix=f"{job.id}-again-"))
        try:
            # the pipeline destroys what it does not approve, also when it is cancelled: it gets copies
            copies = await asyncio.to_thread(_copy_into, folder, known)
            measured = await self._composer.measure(job, copies, folder / "measured")
            decision = await self._pipeline.approve_audio(
                copies,
                measured=measured,
                bounds=_bounds(job, (0.0, LONGEST_PRIOR_S)),
                texts=read_params(job.medium, job.params).texts,
                guild=job.guild_id,
            )
        finally:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
        if decision.approved is None:
            return decision.verdict
        if decision.digests != tuple(item.sha256 for item in kept if item.kind == "audio"):
            raise ArtifactChanged
        return decision.approved.map(lambda _: self._post(job, files, measured, seconds=seconds, notices=()))

    async def _keep(
        self,
        job: Job,
        new: Sequence[NewArtifact],
        measured: Sequence[object],
        *,
        seconds: float,
        notices: tuple[str, ...],
    ) -> AudioPost:
        """What is posted is what is stored."""
        kept = await self._artifacts.store(job.id, new)
        return self._post(job, _by_place(kept), measured, seconds=seconds, notices=notices)

    def _post(
        self,
        job: Job,
        files: Mapping[tuple[str, int], Path],
        measured: Sequence[object],
        *,
        seconds: float,
        notices: tuple[str, ...],
    ) -> AudioPost:
        title, is_rehearsal = model_of(self._catalog, job)
        if ("sheet", 0) not in files:
            raise ArtifactChanged
        pieces = tuple(
            Piece(
                index=index,
                seed=seed_of(job.seed, index),
                file=files["audio", index],
                seconds=_seconds(measured[index - 1]),
                midi=files.get(("notes", index)),
            )
            for index in _indices(job)
        )
        return AudioPost(
            job=job,
            model_title=title,
            seconds=seconds,
            is_rehearsal=is_rehearsal,
            pieces=pieces,
            picture=files["sheet", 0],
            notices=notices,
        )


def _indices(job: Job) -> range:
    return range(1, int(job.params["count"]) + 1)


def _seam(job: Job, outcome: Outcome) -> float | None:
    """Seconds of what was continued. Raises WorkerGarbage where the worker says none, or some that nobody asked for."""
    told = outcome.facts.get("prior_seconds")
    if job.medium != MUSIC or job.params.get("prior") is None:
        if told:
            raise WorkerGarbage
        return None
    if isinstance(told, bool) or not isinstance(told, int | float) or not math.isfinite(told):
        raise WorkerGarbage
    if not 0 < told <= LONGEST_PRIOR_S:
        raise WorkerGarbage
    return float(told)


def _bounds(job: Job, prior: tuple[float, float]) -> Bounds:
    """`prior`: the least and the most seconds of what was continued."""
    params = read_params(job.medium, job.params)
    if isinstance(params, NotesParams):
        return NOTES_BOUNDS
    low, high = prior if isinstance(params, MusicParams) and params.prior is not None else (0.0, 0.0)
    shortest = max(params.seconds / 2, params.seconds + low - TOLERANCE_S)
    return Bounds(shortest, params.seconds + high + TOLERANCE_S)


def _artifacts(
    job: Job, composed: Composed, digests: Sequence[str], takes: Sequence[tuple[Path, str]]
) -> list[NewArtifact]:
    """The very bytes that were judged. Of music the takes, too: from them it can be continued."""
    new = [NewArtifact(index=0, seed=job.seed, kind="sheet", path=composed.picture)]

    def add(kind: str, paths: Sequence[Path], sha256: Sequence[str | None]) -> None:
        for index, (path, digest) in enumerate(zip(paths, sha256, strict=True), 1):
            seed = seed_of(job.seed, index)
            new.append(NewArtifact(index=index, seed=seed, kind=kind, path=path, sha256=digest))

    add("audio", composed.sounds, digests)
    add("notes", composed.midis, [None] * len(composed.midis))
    if job.medium == MUSIC:
        add(WAVE, [take for take, _ in takes], [sha256 for _, sha256 in takes])
    return new


def _by_place(kept: Sequence[Artifact]) -> dict[tuple[str, int], Path]:
    return {(item.kind, item.index): item.path for item in kept if item.path is not None}


def _seconds(measured: object) -> float:
    """Of numbers that were judged."""
    if not isinstance(measured, Mapping):
        raise WorkerGarbage
    return float(measured["seconds"])


def _copy_into(folder: Path, sounds: Sequence[Path]) -> list[Path]:
    return [Path(shutil.copyfile(sound, folder / sound.name)) for sound in sounds]
