"""A job of a combined piece, as the family gets it that puts it together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from bot.services.clip_sources import ClipSources, Source, song_of_video, spoken_in
from bot.services.references import References
from bot.services.video_compose import Sentence
from bot.services.video_finishing import MOST_BYTES, ROOM_FOR_WORDS
from generation.clip_params import CLIP, ClipParams, seconds_of
from generation.job import Job
from generation.params import PROMPT_LIMIT

HEADING: Final = 80
"""Letters of what stands large on the title card."""


class ClipStart:
    """`limit`: the bytes of a file that a job's server accepts."""

    def __init__(
        self,
        *,
        sources: ClipSources,
        references: References,
        sentence: Sentence,
        limit: Callable[[Job], int],
    ) -> None:
        self._sources = sources
        self._references = references
        self._sentence = sentence
        self._limit = limit

    async def prepare(self, job: Job) -> Job:
        """The job with the parameters of `clip_post`; other media stay as they are.

        Raises NotFound clip_gone, upload_gone or song_gone.
        """
        if job.medium != CLIP:
            return job
        params = ClipParams.from_plain(job.params)
        sources = await self._sources.of(job.guild_id, job.owner_id, params)
        told = await self._sources.told(sources, params)
        song = await self._references.song(job)
        spoken = spoken_in(sources)
        files = {(one.kind, one.index, one.job.id): await self._sources.file(one) for one in sources}
        limit = max(ROOM_FOR_WORDS, min(self._limit(job), MOST_BYTES) - ROOM_FOR_WORDS)
        label = self._sentence("post.label", job.locale)
        if params.speech is not None:
            label = f"{label} · {self._sentence('speech.label', job.locale)}"
        plain: dict[str, Any] = {
            "title": {"lines": list(lines_of(job, told, self._sentence))},
            "parts": [
                _part(source, files[source.kind, source.index, source.job.id], params, spoken)
                for source in sources
                if source.kind in {"picture", "video"}
            ],
            "music": None if song is None else str(song),
            "speech": [
                {"file": str(file), "text": spoken}
                for (kind, _, _), file in files.items()
                if kind == "speech"
            ],
            "subtitles": params.subtitles,
            "limit_bytes": limit,
            "label": label,
            "recipe": await self._recipe(job, params, sources),
        }
        return replace(job, params=plain)

    async def _recipe(self, job: Job, params: ClipParams, sources: Sequence[Source]) -> dict[str, Any]:
        steps = await self._sources.history(sources, params.chain)
        plain = params.to_plain()
        plain.pop("chain", None)
        return {
            "job": job.id,
            "medium": job.medium,
            "model": job.model,
            "params": plain,
            "seed": job.seed,
            "seeds": [source.seed for source in sources],
            "parent": None if job.parent is None else {"job": job.parent, "index": job.parent_index},
            "sources": [
                {"kind": source.kind, "job": source.job.id, "index": source.index, "seed": source.seed}
                for source in sources
            ],
            "steps": steps,
        }


def lines_of(job: Job, sources: Sequence[Source], sentence: Sentence) -> tuple[str, ...]:
    """What the title card says: the title, then each model with its seeds. `sources`: those of `ClipSources.told`."""
    params = ClipParams.from_plain(job.params)
    title = params.title or sentence("clip.untitled", job.locale)
    seeds: dict[tuple[str, str], list[int]] = {}
    for source in sources:
        seeds.setdefault((source.kind, source.model_title), []).extend(source.seeds)
    lines = [
        sentence(
            f"clip.card_{kind}",
            job.locale,
            model=model,
            n=len(dict.fromkeys(own)),
            seeds=", ".join(map(str, dict.fromkeys(own))),
        )
        for (kind, model), own in seeds.items()
    ]
    song = params.song or song_of_video(sources)
    if song is not None and "/" not in song:
        lines.append(sentence("clip.card_own", job.locale))
    return (title[:HEADING], *(line[:PROMPT_LIMIT] for line in lines))


def _part(source: Source, file: Path, params: ClipParams, spoken: str) -> dict[str, Any]:
    if source.kind == "video":
        return {"kind": "video", "file": str(file)}
    seconds = seconds_of([spoken] if spoken else [], len(params.pictures))
    return {"kind": "picture", "file": str(file), "seconds": seconds}
