"""Video: what was typed, uploaded or pressed becomes a job for a model that makes pictures."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

from bot.services.audio_ports import Question
from bot.services.intake import Intake
from bot.services.ports import ReplyAddress, Requester, Ticket
from bot.services.prompt_help import NOTICES, PromptHelp, ReadableTexts
from bot.services.references import is_upload, piece_reference
from bot.services.uploads import IMAGE, Order, Uploads
from bot.services.video_ports import ScriptRequest, VideoRequest
from bot.services.video_script import joined, read_script
from generation.catalog import Catalog, ModelInfo
from generation.errors import InvalidInput, NotAllowed, NotFound
from generation.job import Job, draw_seed
from generation.music_params import MUSIC, MusicParams
from generation.params import PROMPT_LIMIT, clean_prompt, parse_seed
from generation.video_params import (
    FPS_DEFAULT,
    FRAMES_LIMIT,
    SECONDS_LIMIT,
    VIDEO,
    Key,
    Motion,
    VideoParams,
)

DEFAULT_SECONDS: Final = 5
SCRIPT_SECONDS: Final = FRAMES_LIMIT // FPS_DEFAULT
"""A script has FPS_DEFAULT pictures a second, so that its numbers of frames mean the same in every video."""
DEFAULT_SCRIPT_SECONDS: Final = 10
STEPS: Final = 25
"""Fewer than a single picture has: there are dozens of them, and each is seen for a moment."""
DEFAULT_SIDE: Final = 512
DEFAULT_GUIDANCE: Final = 6.5
MOTION: Final = "motion"
"""Medium of the models that make pictures of other models move."""
BETWEEN: Final = " → "
"""Stands between the prompts in what was typed."""


class Video:
    """`/video`, `/video-script` and their buttons. Each raises an AtelierError with its sentence's code."""

    def __init__(
        self, *, intake: Intake, catalog: Catalog, prompt_help: PromptHelp, uploads: Uploads
    ) -> None:
        self._intake = intake
        self._catalog = catalog
        self._prompt_help = prompt_help
        self._uploads = uploads

    async def video(
        self, request: VideoRequest, who: Requester, address: ReplyAddress | None
    ) -> Ticket | Question:
        """A walk between two pictures. Raises InvalidInput, ModelMissing, NotFound, LimitReached or Refused; then
        nothing is queued."""
        if request.song is not None and request.job is not None:
            raise InvalidInput("piece_twice")
        model = self._model(request.model)
        piece = None if request.job is None else await self._piece(request.job, request.index, who)
        draft = _walk(request, model, piece)
        if request.song is not None:  # before anything is fetched or decoded for what is refused anyway
            await self._intake.demand_allowed(model, draft.to_plain(), who, texts=draft.texts, medium=VIDEO)
        typed = tuple(key.prompt for key in draft.keys)
        read = await self._prompt_help.readable_texts(typed, model, who)
        params = dataclasses.replace(
            draft, keys=_said(draft.keys, read.texts), original=_original(typed, read)
        )
        if request.song is None:
            parent = (None, None) if piece is None else (piece.id, request.index)
            return await self._queue(model, params, who, address, typed, parent=parent, notices=read.notices)
        kept = await self._uploads.take(request.song, "audio", who)
        if request.seconds is None:
            params = _lasting(params, _as_long_as(kept.seconds))
        order = Order(
            model=model,
            params=dataclasses.replace(params, song=kept.id),
            seed=params.keys[0].seed,
            notices=read.notices,
            medium=VIDEO,
        )
        return await self._uploads.submit(order, kept, request.song.name, who, address)

    async def script(self, request: ScriptRequest, who: Requester, address: ReplyAddress | None) -> Ticket:
        """A video whose pictures change at the frames of a script. Raises InvalidInput with the number of the line,
        ModelMissing, LimitReached or Refused; then nothing is queued."""
        model = self._model(request.model)
        frames = _seconds(request.seconds, DEFAULT_SCRIPT_SECONDS, SCRIPT_SECONDS) * FPS_DEFAULT
        common = clean_prompt(request.common or "", required=False)
        lines = read_script(request.lines, frames=frames, common=common)
        seed = _seed(request.seed)
        typed = (common, *(line.prompt for line in lines))
        read = await self._prompt_help.readable_texts(typed, model, who)
        common, *prompts = read.texts
        # one seed: only the words change
        keys = [
            Key(frame=line.frame, prompt=joined(prompt, common), seed=seed)
            for line, prompt in zip(lines, prompts, strict=True)
        ]
        params = VideoParams(
            keys=tuple(keys),
            frames=frames,
            fps=FPS_DEFAULT,
            motion=self._motion(model),
            original=_original(typed, read),
            **_looks(model),
        )
        return await self._queue(model, params, who, address, typed, notices=read.notices)

    async def again(
        self, job_id: str, who: Requester, address: ReplyAddress | None, *, new_seeds: bool
    ) -> Ticket:
        """A video once more, for the person who asks. NotAllowed song_of_other: it needs a song of somebody else."""
        old = await self.recipe(job_id, who)
        params = VideoParams.from_plain(old.params)
        if params.song is not None and is_upload(params.song):
            try:
                await self._uploads.demand_own(params.song, who)
            except NotAllowed:
                raise NotAllowed("song_of_other") from None
        if new_seeds:
            params = _with_new_seeds(params)
        # what the model could read is not found out again: the same seeds make the same pictures
        notices = tuple(code for code in old.notices if code in NOTICES)
        parent = (old.parent, old.parent_index)
        return await self._queue(self._model(old.model), params, who, address, parent=parent, notices=notices)

    async def recipe(self, job_id: str, who: Requester) -> Job:
        """The posted video of this class. Raises NotFound job_gone."""
        return await self._intake.recipe(job_id, VIDEO, who)

    async def songs(self, who: Requester, *, limit: int = 25) -> Sequence[Job]:
        """The last posted music of this class, the newest first: what a video can move to."""
        return await self._intake.recent(MUSIC, who, limit=limit)

    async def _piece(self, job_id: str, index: int, who: Requester) -> Job:
        job = await self._intake.recipe(job_id, MUSIC, who)
        if not 1 <= index <= int(job.params["count"]):
            raise NotFound("job_gone")
        return job

    async def _queue(
        self,
        model: ModelInfo,
        params: VideoParams,
        who: Requester,
        address: ReplyAddress | None,
        typed: Sequence[str] = (),
        *,
        parent: tuple[str | None, int | None] = (None, None),
        notices: tuple[str, ...] = (),
    ) -> Ticket:
        """`typed`: what was written, all of which is checked; the parameters may hold a part of it."""
        return await self._intake.queue(
            model,
            params.to_plain(),
            params.keys[0].seed,
            who,
            address,
            texts=tuple(dict.fromkeys((*params.texts, *(text for text in typed if text)))),
            medium=VIDEO,
            parent=parent,
            notices=notices,
        )

    def _model(self, model_id: str | None) -> ModelInfo:
        model = self._intake.model(IMAGE, model_id)
        self._catalog.demand_checker(model)
        return model

    def _motion(self, model: ModelInfo) -> Motion:
        """How a script moves: by the motion model that the pictures' model names, if it is here, else by a walk."""
        named = model.options.get("motion", {}).get("adapter")
        here = (one.id for one in self._catalog.models(MOTION) if one.path is not None)
        return "travel" if named in here else "walk"


def _walk(request: VideoRequest, model: ModelInfo, piece: Job | None) -> VideoParams:
    """The request with its two pictures, at the length that is known so far."""
    fps = FPS_DEFAULT if request.fps is None else request.fps
    music = None if piece is None else MusicParams.from_plain(piece.params)
    default = DEFAULT_SECONDS if music is None else _as_long_as(music.seconds)
    frames = _seconds(request.seconds, default, SECONDS_LIMIT) * fps
    return VideoParams(
        keys=(
            Key(frame=0, prompt=request.prompt1, seed=_seed(request.seed1)),
            Key(frame=frames - 1, prompt=request.prompt2, seed=_seed(request.seed2)),
        ),
        frames=frames,
        fps=fps,
        song=None if piece is None else piece_reference(piece.id, request.index),
        declaration=None if music is None else music.declaration,
        motion="walk",
        **_looks(model),
    )


def _said(keys: Sequence[Key], prompts: Sequence[str]) -> tuple[Key, ...]:
    pairs = zip(keys, prompts, strict=True)
    return tuple(dataclasses.replace(key, prompt=prompt) for key, prompt in pairs)


def _original(typed: Sequence[str], read: ReadableTexts) -> str:
    """What was typed, where the model reads something else; the beginning of it where it is very long."""
    if tuple(typed) == read.texts:
        return ""
    text = BETWEEN.join(text for text in typed if text)
    return text if len(text) <= PROMPT_LIMIT else f"{text[: PROMPT_LIMIT - 1]}…"


def _looks(model: ModelInfo) -> Mapping[str, Any]:
    low, high = model.steps
    return {
        "width": model.default_width or DEFAULT_SIDE,
        "height": model.default_height or DEFAULT_SIDE,
        "steps": max(low, min(high, model.default_steps or STEPS, STEPS)),
        "guidance": DEFAULT_GUIDANCE if model.default_guidance is None else model.default_guidance,
    }


def _lasting(params: VideoParams, seconds: int) -> VideoParams:
    """The same walk in another time."""
    frames = seconds * params.fps
    first, last = params.keys
    return dataclasses.replace(
        params, frames=frames, keys=(first, dataclasses.replace(last, frame=frames - 1))
    )


def _with_new_seeds(params: VideoParams) -> VideoParams:
    """Pictures that had the same noise have the same again."""
    new = {seed: draw_seed() for seed in {key.seed for key in params.keys}}
    keys = tuple(dataclasses.replace(key, seed=new[key.seed]) for key in params.keys)
    return dataclasses.replace(params, keys=keys)


def _as_long_as(seconds: float | None) -> int:
    """Whole seconds, within what a video may have."""
    return DEFAULT_SECONDS if seconds is None else max(1, min(SECONDS_LIMIT, math.ceil(seconds)))


def _seconds(typed: int | None, default: int, high: int) -> int:
    seconds = default if typed is None else typed
    if isinstance(seconds, bool) or not isinstance(seconds, int) or not 1 <= seconds <= high:
        raise InvalidInput("seconds_invalid", low=1, high=high)
    return seconds


def _seed(typed: str | int | None) -> int:
    seed = parse_seed(typed)
    return draw_seed() if seed is None else seed
