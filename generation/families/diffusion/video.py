"""Task "video": `VideoParams` to one PNG a frame, by a walk between pictures or the travel of a motion model."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from generation.errors import AtelierError
from generation.families.diffusion import frame_plan, painting, schedulers, travelling
from generation.families.diffusion.frame_store import FrameStore, frame_name
from generation.families.diffusion.pace import pace_of
from generation.families.diffusion.walking import Walk
from generation.params import SIZE_HIGH, SIZE_LOW, STEPS_LIMIT
from generation.video_params import FOR_PEOPLE, VideoParams, with_end
from generation.worker import seeding
from generation.worker.api import Context, File, Model, Result, Task, TaskFailed

AT_ONCE = 4
"""Frames of 512 x 512 that share a model call unless the model's entry says otherwise (`frames_at_once`)."""
MOST_AT_ONCE = 8
"""Of however small ones: after so many there is something to be seen, and more gain little."""
DENOISING = 0.9
"""The share of a travel that is over when its frames are decoded."""


class Order:
    """What a task asks for. Raises TaskFailed invalid."""

    def __init__(self, task: Task) -> None:
        plain = dict(task.params)
        self.keep = _folder(plain.pop("keep", None))
        self.params = _params(plain)
        self.song = _song(self.params)
        self.task = task


class Making:
    """One video on `pipeline`. `make` raises Cancelled within a frame, TaskFailed, torch.OutOfMemoryError."""

    def __init__(self, order: Order, pipeline: Any, model: Model, context: Context) -> None:
        self._task = order.task
        self._keep = order.keep
        self._song = order.song
        self._params = _fitting(order.params, pipeline, model)
        self._pipeline = pipeline
        self._model = model
        self._context = context
        self._resumed = 0

    def make(self) -> Result:
        """Files frame-00001.png … of kind "frame", facts as in README.md."""
        params = self._params
        motion = "travel" if self._try_travel() else "walk"
        if motion == "walk":
            self._walk()
        files = [
            File(name=frame_name(number), index=number, seed=params.keys[0].seed, kind="frame")
            for number in range(1, params.frames + 1)
        ]
        return Result(files=files, facts={**self._facts(), "motion": motion})

    def _facts(self) -> dict[str, Any]:
        params, pipeline = self._params, self._pipeline
        facts: dict[str, Any] = {
            name: getattr(params, name) for name in ("frames", "fps", "width", "height", "steps")
        }
        facts["scheduler"] = params.scheduler or schedulers.name_of(pipeline.scheduler)
        facts["resumed"] = self._resumed
        facts["device"] = pipeline.device.type
        if any(painting.is_cut(pipeline, key.prompt) for key in params.keys):
            facts["prompt_cut"] = True
        if painting.is_cut(pipeline, params.negative):
            facts["negative_cut"] = True
        return facts

    def _walk(self) -> None:
        params = self._params
        keys = with_end(params.keys, params.frames)
        way = frame_plan.positions(keys, self._pace())
        store = self._store("walk", way)
        walk = Walk(self._pipeline, params, step=lambda: self._tell(store), add=store.add)
        for batch in frame_plan.batches(keys, _at_once(self._model, params)):
            if not store.has(range(batch.start + 1, batch.stop + 1)):
                walk.make(batch, way, self._task.out)
                self._tell(store)

    def _pace(self) -> frame_plan.Pace:
        if self._song is None:
            return frame_plan.even_pace
        # what librosa compiles once on a machine takes a while
        self._context.loading(self._model.id)
        try:
            return pace_of(self._song, self._params.fps)
        except RuntimeError as error:
            raise TaskFailed("invalid", "upload_broken") from error

    def _try_travel(self) -> bool:
        """False: nothing was made, a walk will do. A song sets the pace of a walk only."""
        adapter = travelling.adapter_of(self._model, self._pipeline)
        if self._params.motion != "travel" or self._song is not None or adapter is None:
            return False
        try:
            self._travel(adapter)
        except (RuntimeError, MemoryError) as error:
            if not seeding.is_out_of_memory(error):
                raise
        else:
            return True
        seeding.free_memory()
        return False

    def _travel(self, adapter: Path) -> None:
        params, context = self._params, self._context
        store = self._store("travel", [])
        if store.has(range(1, params.frames + 1)):
            return
        self._resumed = 0  # they are all made together
        done = 0.0

        def look(share: float | None = None) -> None:
            nonlocal done
            done = done if share is None else DENOISING * share * params.frames
            context.check()
            context.progress(int(done), params.frames, "denoising")

        context.loading(self._model.id)
        frames = travelling.travel(self._pipeline, params, self._model, adapter, look=look)
        for number, picture in enumerate(frames, 1):
            store.add(number, picture)
            left = (1 - DENOISING) * (params.frames - number)
            context.progress(int(params.frames - left), params.frames, "decoding")

    def _store(self, motion: str, way: Sequence[float]) -> FrameStore:
        params = self._params
        made_of = {**_decisive(params), "motion": motion, "model": self._model.id, "way": list(way)}
        digest = hashlib.sha256(json.dumps(made_of, sort_keys=True).encode()).hexdigest()
        size = (params.width, params.height)
        store = FrameStore(self._task.out, self._keep, made_of=digest, size=size)
        self._resumed = store.take_over(params.frames)
        return store

    def _tell(self, store: FrameStore) -> None:
        self._context.check()
        self._context.progress(store.done, self._params.frames, "denoising")


def _fitting(params: VideoParams, pipeline: Any, model: Model) -> VideoParams:
    """With the scheduler that will be used. Raises TaskFailed invalid for what the model cannot do."""
    painting.check_size(pipeline, params, tuple(model.options.get("sides", (SIZE_LOW, SIZE_HIGH))))
    painting.check_steps(params, tuple(model.options.get("steps", (1, STEPS_LIMIT))))
    return dataclasses.replace(params, scheduler=None) if model.options.get("own_scheduler") else params


def _at_once(model: Model, params: VideoParams) -> int:
    """As many frames as take the memory of `frames_at_once` of 512 x 512."""
    pixels = int(model.options.get("frames_at_once", AT_ONCE)) * 512 * 512
    return max(1, min(MOST_AT_ONCE, pixels // (params.width * params.height)))


def _decisive(params: VideoParams) -> dict[str, Any]:
    return {name: value for name, value in params.to_plain().items() if name not in (*FOR_PEOPLE, "motion")}


def _params(plain: Mapping[str, Any]) -> VideoParams:
    try:
        return VideoParams.from_plain(plain)
    except AtelierError as error:
        raise TaskFailed("invalid", error.code) from None
    except (TypeError, KeyError, AttributeError):
        raise TaskFailed("invalid", "unknown or missing parameter") from None


def _folder(value: object) -> Path | None:
    if value is None:
        return None
    if not isinstance(value, str) or not Path(value).is_absolute():
        raise TaskFailed("invalid", "keep is no absolute folder")
    return Path(value)


def _song(params: VideoParams) -> Path | None:
    if params.song is None:
        return None
    song = Path(params.song)
    if not song.is_absolute() or not song.is_file():
        raise TaskFailed("invalid", "song_gone")
    return song
