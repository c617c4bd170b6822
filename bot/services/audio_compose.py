"""What is shown of music, sounds and notes: finished files, a picture, their measured numbers, by the media family."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bot.services.finishing import model_of
from generation.catalog import Catalog
from generation.errors import WorkerGarbage
from generation.job import Job, seed_of
from generation.music_params import MARKS, MusicParams, NotesParams, SoundParams, read_params
from generation.ports import Runner
from generation.supervisor import Outcome, Request

Sentence = Callable[..., str]
"""`sentence(key, locale, **values)`; `bot.i18n` on Discord."""
TITLE_LIMIT: Final = 100
Params = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Composed:
    """`sounds` (playable) and for notes `midis`, both in the order of the takes; `measured` for each of the sounds."""

    picture: Path
    sounds: tuple[Path, ...]
    midis: tuple[Path, ...]
    measured: tuple[object, ...]


class AudioComposer:
    def __init__(self, *, supervisor: Runner, catalog: Catalog, sentence: Sentence) -> None:
        self._supervisor = supervisor
        self._catalog = catalog
        self._sentence = sentence

    async def compose(
        self, job: Job, outcome: Outcome, takes: Sequence[Path], *, seam: float | None
    ) -> Composed:
        """Finish the takes, none of which has been judged. `seam`: seconds at which a continuation begins to be new.

        Raises WorkerError when the media family cannot, or gives back other files than those asked for.
        """
        params = read_params(job.medium, job.params)
        out = outcome.out / "post"
        out.mkdir(mode=0o700)
        made = await self._run(
            job,
            "notes_post" if isinstance(params, NotesParams) else "audio_post",
            {**self._common(job, params, outcome, takes, seam), **self._own(job, params)},
            out,
        )
        return read_composed(made, count=len(takes), with_midi=isinstance(params, NotesParams))

    async def measure(self, job: Job, sounds: Sequence[Path], out: Path) -> tuple[object, ...]:
        """The numbers of finished sounds, in their order; None for one that has none."""
        return await measure_sounds(self._supervisor, job, sounds, out)

    async def _run(self, job: Job, task: str, params: Params, out: Path) -> Outcome:
        return await self._supervisor.run(media_request(job, task, params, out))

    def _common(
        self,
        job: Job,
        params: MusicParams | SoundParams | NotesParams,
        outcome: Outcome,
        takes: Sequence[Path],
        seam: float | None,
    ) -> Params:
        known = {"given": len(params.melody)} if isinstance(params, NotesParams) else {"seam": seam}
        pieces = [
            {"file": str(take), "index": index, "seed": seed_of(job.seed, index), **known}
            for index, take in enumerate(takes, 1)
        ]
        title = params.prompt if isinstance(params, NotesParams) else params.original or params.prompt
        return {
            "pieces": pieces,
            "label": self._sentence("post.label", job.locale),
            "title": (title or self._sentence("drawn.untitled", job.locale))[:TITLE_LIMIT],
            "recipe": self._recipe(job, outcome, len(takes)),
        }

    def _own(self, job: Job, params: MusicParams | SoundParams | NotesParams) -> Params:
        """What only this medium's picture shows, all in the person's language."""
        if isinstance(params, NotesParams):
            return {
                "given_text": self._sentence("drawn.given", job.locale),
                "new_text": self._sentence("drawn.new", job.locale),
                "bar_text": self._sentence("drawn.bar", job.locale),
                "note_names": self._sentence("drawn.note_names", job.locale).split(),
            }
        own: Params = {
            "format": params.format,
            "seam_text": self._sentence("drawn.seam", job.locale),
            "decimal": self._sentence("drawn.decimal", job.locale),
        }
        if isinstance(params, MusicParams) and params.sections:
            starts = itertools.accumulate((one.seconds for one in params.sections), initial=0)
            own["sections"] = [
                {"mark": one.mark, "start": start}
                for one, start in zip(params.sections, starts, strict=False)
            ]
            own["section_words"] = {
                mark: self._sentence(f"drawn.section_{mark}", job.locale) for mark in MARKS
            }
        return own

    def _recipe(self, job: Job, outcome: Outcome, count: int) -> Params:
        return {
            "job": job.id,
            "medium": job.medium,
            "model": job.model,
            "model_title": model_of(self._catalog, job)[0],
            "params": dict(job.params),
            "seed": job.seed,
            "seeds": [seed_of(job.seed, index) for index in range(1, count + 1)],
            "parent": None if job.parent is None else {"job": job.parent, "index": job.parent_index},
            "flagged": [],
            "seconds": round(outcome.seconds, 2),
            "facts": dict(outcome.facts),
        }


def media_request(job: Job, task: str, params: Params, out: Path) -> Request:
    """What the media family is asked for after a job's worker is done."""
    return Request(
        family="media",
        task=task,
        job=f"{job.id}-post",
        attempt=job.attempt,
        seed=job.seed,
        params=params,
        out=out,
        model=None,
    )


async def measure_sounds(
    supervisor: Runner, job: Job, sounds: Sequence[Path], out: Path
) -> tuple[object, ...]:
    """As `AudioComposer.measure`."""
    files = {"files": [str(sound) for sound in sounds]}
    made = await supervisor.run(media_request(job, "measure_audio", files, out))
    measured = made.facts.get("measured")
    if made.files or not isinstance(measured, Mapping):
        raise WorkerGarbage
    return tuple(measured.get(str(sound)) for sound in sounds)


def read_composed(made: Outcome, *, count: int, with_midi: bool) -> Composed:
    """The files of `made`, which must be exactly those that were asked for. Raises WorkerGarbage."""
    files = {(file.kind, file.index): made.out / file.name for file in made.files}
    sounds = [("audio", index) for index in range(1, count + 1)]
    midis = [("notes", index) for index in range(1, count + 1)] if with_midi else []
    expected = [("sheet", 0), *sounds, *midis]
    measured = made.facts.get("measured")
    if set(files) != set(expected) or len(made.files) != len(expected) or not isinstance(measured, Mapping):
        raise WorkerGarbage
    paths = tuple(files[sound] for sound in sounds)
    if set(measured) != {path.name for path in paths}:
        raise WorkerGarbage
    return Composed(
        picture=files["sheet", 0],
        sounds=paths,
        midis=tuple(files[midi] for midi in midis),
        measured=tuple(measured[path.name] for path in paths),
    )
