"""What a combined piece is made of: posted results of its class, their files as they were kept, their ancestors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from bot.services.finishing import model_of
from bot.services.intake import may_use
from bot.services.references import WAVE
from data.artifacts import Artifacts
from data.jobs import Jobs
from generation.catalog import Catalog
from generation.clip_params import ClipParams, Step
from generation.errors import NotFound
from generation.job import Job, seed_of
from generation.music_params import MUSIC
from generation.speech_params import SPEECH
from generation.video_params import VIDEO

IMAGE: Final = "image"
Kind = Literal["video", "picture", "music", "speech"]
MEDIUM_OF: Final[Mapping[Kind, str]] = {"video": VIDEO, "picture": IMAGE, "music": MUSIC, "speech": SPEECH}
_FILES: Final[Mapping[Kind, str]] = {"video": "video", "picture": "image", "music": WAVE, "speech": "audio"}
_HIDDEN: Final = frozenset({"voice", "messages", "chain", "conversation"})
"""Parameters that are nobody's business outside of the class, or stand there already."""
_ANCESTORS: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Result `index` of a posted job. `model_title` as the catalog has it."""

    kind: Kind
    job: Job
    index: int
    model_title: str

    @property
    def seeds(self) -> tuple[int, ...]:
        """Each once: a video passes through several pictures."""
        keys = self.job.params.get("keys", ()) if self.kind == "video" else ()
        return tuple(dict.fromkeys(int(key["seed"]) for key in keys)) or (self.seed,)

    @property
    def seed(self) -> int:
        return seed_of(self.job.seed, self.index) if self.kind in {"picture", "music"} else self.job.seed


class ClipSources:
    """Looks up rows and files; nothing is ever made without what was asked for."""

    def __init__(self, *, jobs: Jobs, artifacts: Artifacts, catalog: Catalog) -> None:
        self._jobs = jobs
        self._artifacts = artifacts
        self._catalog = catalog

    async def of(self, guild_id: str, person_id: str, params: ClipParams) -> list[Source]:
        """Video or pictures, then music, then speech, without uploads: as far as this person may see them.

        Raises NotFound clip_gone.
        """
        asked: list[tuple[Kind, str]] = [("picture", one) for one in params.pictures]
        asked += [("video", params.video)] if params.video is not None else []
        asked += [("music", params.song)] if params.song is not None and "/" in params.song else []
        asked += [("speech", params.speech)] if params.speech is not None else []
        return [await self._source(guild_id, person_id, kind, reference) for kind, reference in asked]

    async def told(self, sources: Sequence[Source], params: ClipParams) -> list[Source]:
        """`sources`, and the piece that a video among them brings along where no other music was chosen."""
        song = song_of_video(sources) if params.song is None else None
        job_id, is_piece, index = (song or "").partition("/")
        job = await self._jobs.get(job_id) if is_piece else None
        if job is None:
            return list(sources)
        piece = Source(kind="music", job=job, index=int(index), model_title=model_of(self._catalog, job)[0])
        seen = [one for one in sources if one.kind != "speech"]
        return [*seen, piece, *(one for one in sources if one.kind == "speech")]

    async def file(self, source: Source, *, sha256: str | None = None) -> Path:
        """Its file, which is what was judged and posted. Raises NotFound clip_gone; clip_changed where it is not what
        has this `sha256`."""
        for kept in await self._artifacts.of_job(source.job.id):
            if kept.kind != _FILES[source.kind] or kept.index != source.index or kept.path is None:
                continue
            if kept.path in await self._artifacts.verify(source.job.id):
                break
            if sha256 is not None and sha256 not in await self._hashes(source):
                raise NotFound("clip_changed")
            return kept.path.absolute()
        raise NotFound("clip_gone", kind=source.kind)

    async def history(self, sources: Sequence[Source], chain: Sequence[Step]) -> list[dict[str, Any]]:
        """Each job that had a part in it, parents first, as values for the recipe."""
        parents = {step.job: step.parents for step in chain}
        found: dict[str, dict[str, Any]] = {}
        waiting = [*(step.job for step in chain), *(source.job.id for source in sources)]
        while waiting and len(found) < _ANCESTORS:
            job_id = waiting.pop()
            job = None if job_id in found else await self._jobs.get(job_id)
            if job is None:
                continue
            above = [*dict.fromkeys((*parents.get(job.id, ()), *_parents(job)))]
            found[job.id] = self._told(job, above)
            waiting += above
        return sorted(found.values(), key=lambda told: (told["at"], told["job"]))

    async def _source(self, guild_id: str, person_id: str, kind: Kind, reference: str) -> Source:
        job_id, _, index = reference.partition("/")
        job = await self._jobs.get(job_id)
        if job is None or job.medium != MEDIUM_OF[kind] or not may_use(job, guild_id, person_id):
            raise NotFound("clip_gone", kind=kind)
        return Source(kind=kind, job=job, index=int(index or 1), model_title=model_of(self._catalog, job)[0])

    async def _hashes(self, source: Source) -> set[str | None]:
        """Of all files of this result: music is kept as it was made, and as it was finished."""
        kept = await self._artifacts.of_job(source.job.id)
        return {one.sha256 for one in kept if one.index == source.index}

    def _told(self, job: Job, parents: Sequence[str]) -> dict[str, Any]:
        return {
            "job": job.id,
            "medium": job.medium,
            "model": job.model,
            "model_title": model_of(self._catalog, job)[0],
            "seed": job.seed,
            "params": {name: value for name, value in job.params.items() if name not in _HIDDEN},
            "parents": list(parents),
            "at": round(job.created_at, 3),
        }


def spoken_in(sources: Sequence[Source]) -> str:
    """What is said in it; "" where nobody speaks."""
    return next((str(one.job.params.get("text", "")) for one in sources if one.kind == "speech"), "")


def song_of_video(sources: Sequence[Source]) -> str | None:
    """The song that a video was made to, and whose sound it has; as in `ClipParams.song`."""
    songs = (one.job.params.get("song") for one in sources if one.kind == "video")
    return next((str(song) for song in songs if song), None)


def _parents(job: Job) -> list[str]:
    """The jobs that its row names: what was adapted, and the sounds that were used."""
    named = [job.parent, *(job.params.get(name) for name in ("song", "melody", "prior", "speech"))]
    # an upload's id is no job's
    whole = [
        one for place, one in enumerate(named) if isinstance(one, str) and (place in {0, 4} or "/" in one)
    ]
    return [one.partition("/")[0] for one in whole]
