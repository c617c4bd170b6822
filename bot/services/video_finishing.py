"""Videos: made into one file, that file decoded again, every frame of it judged, kept, and only then shown."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import Final

from bot.services.finishing import model_of
from bot.services.references import References
from bot.services.video_compose import Composed, Decoded, VideoComposer, read_made
from bot.services.video_ports import Measured, VideoPost
from data.artifacts import Artifact, Artifacts, NewArtifact
from data.errors import ArtifactChanged
from generation.catalog import Catalog
from generation.errors import WorkerGarbage
from generation.job import Job
from generation.supervisor import Outcome
from generation.video_params import MOTIONS, Motion, VideoParams
from moderation.pipeline import Pipeline
from moderation.verdict import IMAGE_FLAGGED, Approved, Verdict
from moderation.video_check import FLAGGED, VIDEO

ROOM_FOR_WORDS: Final = 1024 * 1024
"""Bytes that the poster and the message itself may take of what a server accepts at once."""
MOST_BYTES: Final = 24 * 1024 * 1024
"""More than one request to Discord carries, whatever the server's limit."""
REDUCED, PROMPT_CUT = "video_reduced", "prompt_cut"


@dataclass(frozen=True, slots=True)
class _Facts:
    """What the post says that neither the job nor the file does; kept beside them for a restart."""

    motion: Motion
    notices: tuple[str, ...]


class VideoFinisher:
    """`prepare` makes sure that pictures can be checked. `limit`: the bytes of a file that a job's server accepts."""

    def __init__(
        self,
        *,
        pipeline: Pipeline,
        composer: VideoComposer,
        artifacts: Artifacts,
        references: References,
        catalog: Catalog,
        work_dir: Path,
        prepare: Callable[[], Awaitable[None]],
        limit: Callable[[Job], int],
    ) -> None:
        self._pipeline = pipeline
        self._composer = composer
        self._artifacts = artifacts
        self._references = references
        self._catalog = catalog
        self._work_dir = work_dir
        self._prepare = prepare
        self._limit = limit

    async def finish(self, job: Job, outcome: Outcome) -> Approved[VideoPost] | Verdict:
        frames = await asyncio.to_thread(read_made, job, outcome)
        song = await self._references.song(job)
        limit = max(ROOM_FOR_WORDS, min(self._limit(job), MOST_BYTES) - ROOM_FOR_WORDS)
        made = await self._composer.compose(job, outcome, frames, song=song, limit=limit)
        decoded = await self._composer.decode(job, made.video, outcome.out / "seen")
        if decoded.measured.has_sound != (song is not None):
            raise WorkerGarbage
        approved = await self._judge(job, made.video, made.poster, decoded)
        if isinstance(approved, Verdict):
            await asyncio.to_thread(self._destroy, job)
            return approved
        new = await asyncio.to_thread(_artifacts, job, made, outcome)
        measured, seconds = decoded.measured, outcome.seconds
        return await approved.compose(lambda sha256: self._keep(job, new, sha256, measured, seconds=seconds))

    async def finish_kept(
        self, job: Job, kept: Sequence[Artifact], *, seconds: float
    ) -> Approved[VideoPost] | Verdict:
        """Decoded and judged once more: nothing is shown because it was fine before."""
        files = _by_kind(kept)
        if set(files) != {"video", "sheet", "facts"}:
            raise ArtifactChanged
        folder = Path(mkdtemp(dir=self._work_dir, prefix=f"{job.id}-again-"))
        try:
            # the pipeline destroys what it does not approve, also when it is cancelled: it gets copies
            video, poster = await asyncio.to_thread(_copy_into, folder, [files["video"], files["sheet"]])
            decoded = await self._composer.decode(job, video, folder / "seen")
            approved = await self._judge(job, video, poster, decoded)
        finally:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
        if isinstance(approved, Verdict):
            return approved
        judged = {"video": approved.value[0], "sheet": approved.value[1]}
        if any(judged.get(one.kind, one.sha256) != one.sha256 for one in kept):
            raise ArtifactChanged
        facts = await asyncio.to_thread(_read_facts, files["facts"])
        return approved.map(lambda _: self._post(job, files, decoded.measured, facts, seconds=seconds))

    async def _judge(
        self, job: Job, video: Path, poster: Path, decoded: Decoded
    ) -> Approved[tuple[str, str]] | Verdict:
        """The hashes of the video and of its poster. One bad frame, wherever it stands, refuses all of it."""
        params = VideoParams.from_plain(job.params)
        await self._prepare()
        pictures = await self._pipeline.approve_images([poster])
        if pictures.approved is None:
            return _of_video(pictures.verdicts[0])
        decision = await self._pipeline.approve_video(
            video,
            decoded.frames,
            expected=params.frames,
            measured=decoded.facts,
            texts=params.texts,
            guild=job.guild_id,
        )
        if decision.approved is None:
            return decision.verdict
        if decision.frames_checked != params.frames:
            raise WorkerGarbage
        return decision.approved.map(lambda _: (decision.digest, pictures.digests[0]))

    def _destroy(self, job: Job) -> None:
        """Nothing that a refused video was made of outlives its check, frames kept for another attempt included."""
        for folder in self._work_dir.glob(f"{job.id}-*"):
            shutil.rmtree(folder, ignore_errors=True)

    async def _keep(
        self,
        job: Job,
        new: Sequence[NewArtifact],
        sha256: tuple[str, str],
        measured: Measured,
        *,
        seconds: float,
    ) -> VideoPost:
        """What is posted is what is stored, and that is what was judged."""
        judged = {"video": sha256[0], "sheet": sha256[1]}
        exact = [_exactly(one, judged.get(one.kind)) for one in new]
        files = _by_kind(await self._artifacts.store(job.id, exact))
        facts = await asyncio.to_thread(_read_facts, files["facts"])
        return self._post(job, files, measured, facts, seconds=seconds)

    def _post(
        self,
        job: Job,
        files: Mapping[str, Path],
        measured: Measured,
        facts: _Facts,
        *,
        seconds: float,
    ) -> VideoPost:
        title, is_rehearsal = model_of(self._catalog, job)
        return VideoPost(
            job=job,
            model_title=title,
            seconds=seconds,
            is_rehearsal=is_rehearsal,
            video=files["video"],
            poster=files["sheet"],
            measured=measured,
            motion=facts.motion,
            notices=facts.notices,
        )


def _of_video(verdict: Verdict) -> Verdict:
    """The poster is a picture of the video: it is the video that is told about."""
    return Verdict.refuse(VIDEO, FLAGGED) if verdict.code == IMAGE_FLAGGED else verdict


def _artifacts(job: Job, made: Composed, outcome: Outcome) -> list[NewArtifact]:
    """The file, its poster, and what the post must say about it after a restart, too. Writes to the disk."""
    notices = [REDUCED] if made.is_reduced else []
    notices += [PROMPT_CUT] if outcome.facts.get("prompt_cut") else []
    facts = outcome.out / "facts.json"
    told = _Facts(_motion(outcome.facts.get("motion")), tuple(notices))
    facts.write_text(json.dumps(asdict(told)), encoding="utf-8")
    return [
        NewArtifact(index=0, seed=job.seed, kind="sheet", path=made.poster),
        NewArtifact(index=1, seed=job.seed, kind="video", path=made.video),
        NewArtifact(index=1, seed=job.seed, kind="facts", path=facts),
    ]


def _exactly(new: NewArtifact, sha256: str | None) -> NewArtifact:
    return NewArtifact(index=new.index, seed=new.seed, kind=new.kind, path=new.path, sha256=sha256)


def _motion(told: object) -> Motion:
    """Raises WorkerGarbage."""
    for known in MOTIONS:
        if told == known:
            return known
    raise WorkerGarbage


def _read_facts(file: Path) -> _Facts:
    """Raises ArtifactChanged for what was not written by us."""
    try:
        plain = json.loads(file.read_bytes())
        return _Facts(_motion(plain["motion"]), tuple(str(code) for code in plain["notices"]))
    except (OSError, ValueError, TypeError, KeyError, WorkerGarbage):
        raise ArtifactChanged from None


def _by_kind(kept: Sequence[Artifact]) -> dict[str, Path]:
    return {item.kind: item.path for item in kept if item.path is not None}


def _copy_into(folder: Path, files: Sequence[Path]) -> list[Path]:
    return [Path(shutil.copyfile(file, folder / file.name)) for file in files]
