"""Combined pieces: the file decoded again, every frame of it judged with all its words, kept, and only then shown."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import Final

from bot.services.clip_ports import ClipPost
from bot.services.clip_sources import ClipSources, Source, spoken_in
from bot.services.clip_start import lines_of
from bot.services.video_compose import Decoded, Sentence, VideoComposer
from bot.services.video_finishing import REDUCED
from bot.services.video_ports import Measured
from data.artifacts import Artifact, Artifacts, NewArtifact
from data.consents import Consents
from data.errors import ArtifactChanged, VoiceRefused
from data.voice_records import Check, voice_of
from generation.clip_params import ClipParams
from generation.errors import NotFound, WorkerGarbage
from generation.job import Job
from generation.supervisor import Outcome
from moderation.pipeline import Pipeline
from moderation.verdict import Approved, Verdict
from moderation.video_check import FRAMES_LIMIT

HELD: Final = "clip_held"
HELD_S: Final = 1.5
"""A last picture that waits longer for the voice is told about."""
SRT_BYTES: Final = 64 * 1024
_KINDS: Final = {"video": "clip.mp4", "sheet": "poster.png", "subtitles": "clip.srt"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Facts:
    """What the post says that neither the job nor the file does; kept beside them for a restart."""

    lines: tuple[str, ...]
    spoken: str
    notices: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Whose:
    """Of a copied voice: whose, and the end of the consent."""

    owner: str | None = None
    until: float | None = None


class ClipFinisher:
    """`prepare` makes sure that pictures can be checked."""

    def __init__(
        self,
        *,
        pipeline: Pipeline,
        composer: VideoComposer,
        artifacts: Artifacts,
        sources: ClipSources,
        consents: Consents,
        sentence: Sentence,
        work_dir: Path,
        prepare: Callable[[], Awaitable[None]],
    ) -> None:
        self._pipeline = pipeline
        self._composer = composer
        self._artifacts = artifacts
        self._sources = sources
        self._consents = consents
        self._sentence = sentence
        self._work_dir = work_dir
        self._prepare = prepare

    async def finish(self, job: Job, outcome: Outcome) -> Approved[ClipPost] | Verdict:
        params = ClipParams.from_plain(job.params)
        files = read_clip(outcome, speaks=params.speech is not None)
        sources = await self._demand_sources(job)
        facts = _Facts(
            lines=lines_of(job, await self._sources.told(sources, params), self._sentence),
            spoken=spoken_in(sources),
            notices=_notices(outcome),
        )
        decoded = await self._decode(job, files, outcome.out / "seen")
        digests = await self._judge(job, files, decoded, await self._texts(job, files, facts))
        if isinstance(digests, Verdict):
            await asyncio.to_thread(self._destroy, job)
            return digests
        new = await asyncio.to_thread(_artifacts, job, files, facts, outcome)
        return await digests.compose(
            lambda sha256: self._keep(job, new, sha256, decoded.measured, facts, seconds=outcome.seconds)
        )

    async def finish_kept(
        self, job: Job, kept: Sequence[Artifact], *, seconds: float
    ) -> Approved[ClipPost] | Verdict:
        """Decoded and judged once more: nothing is shown because it was fine before. Raises ArtifactChanged also where
        something was taken down that it was made of."""
        files = _by_kind(kept)
        if not {"video", "sheet", "facts"} <= set(files) <= {"video", "sheet", "facts", "subtitles"}:
            raise ArtifactChanged
        facts = await asyncio.to_thread(_read_facts, files["facts"])
        try:
            await self._demand_sources(job)
        except NotFound:
            raise ArtifactChanged from None
        folder = Path(mkdtemp(dir=self._work_dir, prefix=f"{job.id}-again-"))
        try:
            # the pipeline destroys what it does not approve, also when it is cancelled: it gets copies
            copies = await asyncio.to_thread(_copy_into, folder, files)
            decoded = await self._decode(job, copies, folder / "seen")
            approved = await self._judge(job, copies, decoded, await self._texts(job, copies, facts))
        finally:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
        if isinstance(approved, Verdict):
            return approved
        judged = dict(zip(("video", "sheet"), approved.value, strict=True))
        if any(judged.get(one.kind, one.sha256) != one.sha256 for one in kept):
            raise ArtifactChanged
        return await approved.compose(
            lambda _: self._post(job, files, decoded.measured, facts, seconds=seconds)
        )

    async def _decode(self, job: Job, files: Mapping[str, Path], out: Path) -> Decoded:
        decoded = await self._composer.decode(job, files["video"], out, most=FRAMES_LIMIT)
        params = ClipParams.from_plain(job.params)
        if not decoded.measured.has_sound and (params.song is not None or params.speech is not None):
            raise WorkerGarbage
        return decoded

    async def _texts(self, job: Job, files: Mapping[str, Path], facts: _Facts) -> list[str]:
        """Everything in it that can be read: what a person wrote, and what really stands in the subtitles."""
        words = await asyncio.to_thread(_words, files["subtitles"]) if "subtitles" in files else ""
        title = ClipParams.from_plain(job.params).title
        return [text for text in dict.fromkeys((title, facts.spoken, words)) if text]

    async def _judge(
        self, job: Job, files: Mapping[str, Path], decoded: Decoded, texts: Sequence[str]
    ) -> Approved[tuple[str, str]] | Verdict:
        """The hashes of the piece and of its poster. One bad frame, wherever it stands, refuses all of it."""
        await self._prepare()
        pictures = await self._pipeline.approve_images([files["sheet"]])
        if pictures.approved is None:
            return pictures.verdicts[0]
        decision = await self._pipeline.approve_video(
            files["video"],
            decoded.frames,
            expected=None,
            measured=decoded.facts,
            texts=texts,
            guild=job.guild_id,
        )
        if decision.approved is None:
            return decision.verdict
        if decision.frames_checked != decoded.measured.frames:
            raise WorkerGarbage
        return decision.approved.map(lambda _: (decision.digest, pictures.digests[0]))

    def _destroy(self, job: Job) -> None:
        for folder in self._work_dir.glob(f"{job.id}-*"):
            shutil.rmtree(folder, ignore_errors=True)

    async def _keep(
        self,
        job: Job,
        new: Sequence[NewArtifact],
        sha256: tuple[str, str],
        measured: Measured,
        facts: _Facts,
        *,
        seconds: float,
    ) -> ClipPost:
        """What is posted is what is stored, and that is what was judged."""
        judged = dict(zip(("video", "sheet"), sha256, strict=True))
        exact = [
            NewArtifact(
                index=one.index, seed=one.seed, kind=one.kind, path=one.path, sha256=judged.get(one.kind)
            )
            for one in new
        ]
        files = _by_kind(await self._artifacts.store(job.id, exact))
        return await self._post(job, files, measured, facts, seconds=seconds)

    async def _post(
        self, job: Job, files: Mapping[str, Path], measured: Measured, facts: _Facts, *, seconds: float
    ) -> ClipPost:
        sources = await self._demand_sources(job)  # again: judging all its frames took a while
        whose = await self._whose(sources)
        return ClipPost(
            job=job,
            model_title=self._sentence("clip.maker", job.locale),
            seconds=seconds,
            video=files["video"],
            poster=files["sheet"],
            subtitles=files.get("subtitles"),
            measured=measured,
            lines=facts.lines,
            spoken=facts.spoken,
            owner=whose.owner,
            until=whose.until,
            notices=facts.notices,
        )

    async def _demand_sources(self, job: Job) -> list[Source]:
        """What it is made of, all of it still there: what was taken down meanwhile is not shown in a piece either.

        Raises NotFound clip_gone.
        """
        sources = await self._sources.of(job.guild_id, job.owner_id, ClipParams.from_plain(job.params))
        for source in sources:
            await self._sources.file(source)
        return sources

    async def _whose(self, sources: Sequence[Source]) -> _Whose:
        """Raises VoiceRefused where a copied voice has no consent any more."""
        speech = next((one.job for one in sources if one.kind == "speech"), None)
        voice = None if speech is None else voice_of(speech.params)
        if voice is None:
            return _Whose()
        consent = await self._consents.of_voice(voice)
        if consent is None:
            raise VoiceRefused(Check.CONSENT_NONE)
        if consent.revoked_at is not None:
            raise VoiceRefused(Check.CONSENT_REVOKED)
        return _Whose(consent.person, consent.until)


def read_clip(outcome: Outcome, *, speaks: bool) -> dict[str, Path]:
    """The files by their kind. Raises WorkerGarbage for anything but these."""
    found = {file.kind: file.name for file in outcome.files}
    wanted = {kind: name for kind, name in _KINDS.items() if speaks or kind != "subtitles"}
    if found != wanted or len(outcome.files) != len(found):
        raise WorkerGarbage
    return {kind: outcome.out / name for kind, name in found.items()}


def _notices(outcome: Outcome) -> tuple[str, ...]:
    """Raises WorkerGarbage."""
    reduced, held = outcome.facts.get("reduced"), outcome.facts.get("held", 0.0)
    if not (reduced is None or isinstance(reduced, Mapping)) or not isinstance(held, int | float):
        raise WorkerGarbage
    return (*([REDUCED] if reduced is not None else []), *([HELD] if held > HELD_S else []))


def _words(srt: Path) -> str:
    """What is to be read in a file of subtitles, without numbers and times. Raises WorkerGarbage."""
    with srt.open("rb") as opened:
        content = opened.read(SRT_BYTES + 1)
    try:
        lines = content.decode("utf-8").splitlines()
    except UnicodeDecodeError:
        raise WorkerGarbage from None
    if len(content) > SRT_BYTES:
        raise WorkerGarbage
    return " ".join(
        line.strip() for line in lines if line.strip() and "-->" not in line and not line.isdigit()
    )


def _artifacts(job: Job, files: Mapping[str, Path], facts: _Facts, outcome: Outcome) -> list[NewArtifact]:
    """Writes to the disk."""
    told = outcome.out / "facts.json"
    told.write_text(json.dumps(asdict(facts)), encoding="utf-8")
    return [
        NewArtifact(index=0 if kind == "sheet" else 1, seed=job.seed, kind=kind, path=path)
        for kind, path in {**files, "facts": told}.items()
    ]


def _read_facts(file: Path) -> _Facts:
    """Raises ArtifactChanged for what was not written by us."""
    try:
        plain = json.loads(file.read_bytes())
        lines, notices = (tuple(map(str, plain[name])) for name in ("lines", "notices"))
        return _Facts(lines=lines, spoken=str(plain["spoken"]), notices=notices)
    except (OSError, ValueError, TypeError, KeyError):
        raise ArtifactChanged from None


def _by_kind(kept: Sequence[Artifact]) -> dict[str, Path]:
    return {item.kind: item.path for item in kept if item.path is not None}


def _copy_into(folder: Path, files: Mapping[str, Path]) -> dict[str, Path]:
    return {kind: Path(shutil.copyfile(file, folder / file.name)) for kind, file in files.items()}
