"""What is shown of a video: one file and its poster, and that file decoded again, by the media family."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bot.services.finishing import model_of
from bot.services.video_ports import Measured
from data.files import digest
from generation.catalog import Catalog
from generation.errors import WorkerError, WorkerGarbage
from generation.job import Job
from generation.ports import Runner
from generation.supervisor import Outcome, Request
from generation.video_params import FRAMES_HIGH, VideoParams

Sentence = Callable[..., str]
"""`sentence(key, locale, **values)`; `bot.i18n` on Discord."""
FRAME: Final = "frame"
TITLE_LIMIT: Final = 100
SIDE_LIMIT: Final = 4096
"""Pixels; no video of ours has a longer side."""
_TOO_LARGE: Final = "video_limit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Composed:
    """A finished `video`, none of which has been judged. `is_reduced`: it had to be made smaller or coarser to fit."""

    video: Path
    poster: Path
    is_reduced: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """Every frame of a file in its order, the numbers that were measured on the way, and these read strictly."""

    frames: tuple[Path, ...]
    facts: Mapping[str, Any]
    measured: Measured


class VideoComposer:
    def __init__(self, *, supervisor: Runner, catalog: Catalog, sentence: Sentence) -> None:
        self._supervisor = supervisor
        self._catalog = catalog
        self._sentence = sentence

    async def compose(
        self, job: Job, outcome: Outcome, frames: Sequence[Path], *, song: Path | None, limit: int
    ) -> Composed:
        """One file of at most `limit` bytes. Raises WorkerError, with the code video_limit where none is so small."""
        params = VideoParams.from_plain(job.params)
        out = outcome.out / "post"
        out.mkdir(mode=0o700)
        title = params.original or params.keys[0].prompt
        plain = {
            "frames": [_path(frame) for frame in frames],
            "fps": params.fps,
            "song": None if song is None else _path(song),
            "limit_bytes": limit,
            "label": self._sentence("post.label", job.locale),
            "title": title[:TITLE_LIMIT],
            "recipe": self._recipe(job, params, outcome),
        }
        try:
            made = await self._run(job, "video_post", plain, out)
        except WorkerError as error:
            if error.values.get("reason") == _TOO_LARGE:
                raise WorkerError(_TOO_LARGE) from None
            raise
        return _composed(made)

    async def decode(self, job: Job, video: Path, out: Path, *, most: int = FRAMES_HIGH) -> Decoded:
        """What is really in the file, of at most so many frames. Raises WorkerError."""
        made = await self._run(job, "read_frames", {"file": _path(video)}, out)
        files = sorted(made.files, key=lambda file: file.index)
        names = [(FRAME, number, f"frame-{number:05}.png") for number in range(1, len(files) + 1)]
        if not files or [(file.kind, file.index, file.name) for file in files] != names:
            raise WorkerGarbage
        measured = read_measured(made.facts, most=most)
        if measured.frames != len(files):
            raise WorkerGarbage
        return Decoded(
            frames=tuple(made.out / file.name for file in files), facts=made.facts, measured=measured
        )

    async def _run(self, job: Job, task: str, params: Mapping[str, Any], out: Path) -> Outcome:
        return await self._supervisor.run(
            Request(
                family="media",
                task=task,
                job=f"{job.id}-post",
                attempt=job.attempt,
                seed=job.seed,
                params=params,
                out=out,
                model=None,
            )
        )

    def _recipe(self, job: Job, params: VideoParams, outcome: Outcome) -> dict[str, Any]:
        return {
            "job": job.id,
            "medium": job.medium,
            "model": job.model,
            "model_title": model_of(self._catalog, job)[0],
            "params": dict(job.params),
            "seed": job.seed,
            "seeds": [key.seed for key in params.keys],
            "parent": None if job.parent is None else {"job": job.parent, "index": job.parent_index},
            "flagged": [],
            "seconds": round(outcome.seconds, 2),
            "facts": dict(outcome.facts),
        }


def read_made(job: Job, outcome: Outcome) -> list[Path]:
    """The frames of a worker in their order. Raises WorkerGarbage for anything but these. Reads the disk."""
    params = VideoParams.from_plain(job.params)
    made = sorted(outcome.files, key=lambda file: file.index)
    expected = [(FRAME, number, f"frame-{number:05}.png", job.seed) for number in range(1, params.frames + 1)]
    if [(file.kind, file.index, file.name, file.seed) for file in made] != expected:
        raise WorkerGarbage
    if (outcome.facts.get("frames"), outcome.facts.get("fps")) != (params.frames, params.fps):
        raise WorkerGarbage
    frames = [outcome.out / file.name for file in made]
    if any(digest(frame) is None for frame in (frames[0], frames[-1])):
        raise WorkerGarbage
    return frames


def read_measured(facts: Mapping[str, Any], *, most: int = FRAMES_HIGH) -> Measured:
    """Raises WorkerGarbage for numbers that no video of ours has."""
    frames, width, height = (facts.get(name) for name in ("frames", "width", "height"))
    seconds = facts.get("seconds")
    if not (_is_whole(frames, most) and _is_whole(width, SIDE_LIMIT) and _is_whole(height, SIDE_LIMIT)):
        raise WorkerGarbage
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not math.isfinite(seconds):
        raise WorkerGarbage
    if seconds <= 0:
        raise WorkerGarbage
    return Measured(
        frames=int(frames or 0),
        seconds=float(seconds),
        width=int(width or 0),
        height=int(height or 0),
        has_sound=facts.get("audio") is not None,
    )


def _path(file: Path) -> str:
    return str(file.absolute())


def _composed(made: Outcome) -> Composed:
    files = {(file.kind, file.index): made.out / file.name for file in made.files}
    reduced = made.facts.get("reduced", made)
    wrong = set(files) != {("video", 1), ("sheet", 0)} or len(made.files) != len(files)
    if wrong or not (reduced is None or isinstance(reduced, Mapping)):
        raise WorkerGarbage
    return Composed(video=files["video", 1], poster=files["sheet", 0], is_reduced=reduced is not None)


def _is_whole(value: object, high: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= high
