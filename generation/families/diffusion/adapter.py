"""The diffusion family: tasks "image" (a prompt to 1 … 4 PNG files) and "video" (key frames to one PNG a frame)."""

from __future__ import annotations

import dataclasses
import importlib
from pathlib import Path
from typing import Any

import torch

from generation.errors import AtelierError
from generation.families.diffusion import loading, painting, schedulers
from generation.job import seed_of
from generation.params import SIZE_HIGH, SIZE_LOW, STEPS_LIMIT, ImageParams
from generation.worker import seeding
from generation.worker.api import Context, File, Model, Result, Task, TaskFailed


def create() -> DiffusionAdapter:
    loading.quiet()
    return DiffusionAdapter(loading.prepare_torch())


class DiffusionAdapter:
    """Keeps one model loaded; another model takes its place."""

    parallel = 1  # a pipeline's scheduler has state, and the accelerator is busy with one picture anyway

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._pipeline: Any = None
        self._loaded: tuple[str, Path] | None = None

    def run(self, task: Task, context: Context) -> Result:
        """Task "image" with `ImageParams` in plain form: files 1.png … n.png. Task "video": see `video.py`.

        Facts: scheduler, steps, device, prompt_cut and negative_cut where the text was too long.
        Raises Cancelled within one denoising step; TaskFailed invalid, model_missing, worker_failed;
        torch.OutOfMemoryError, after which the model stays loaded.
        """
        if task.name == "video":
            return self._video(task, context)
        if task.name != "image":
            raise TaskFailed("invalid", f"no task {task.name}")
        params = _params(task)
        if task.model is None:
            raise TaskFailed("model_missing", "no model")
        return self._image(task, params, task.model, context)

    def _video(self, task: Task, context: Context) -> Result:
        # with the first video: its packages take seconds, and most workers only paint
        video = importlib.import_module("generation.families.diffusion.video")
        order = video.Order(task)
        if task.model is None:
            raise TaskFailed("model_missing", "no model")
        context.check()
        pipeline = self._load(task.model, context)
        result: Result = video.Making(order, pipeline, task.model, context).make()
        return result

    def _image(self, task: Task, params: ImageParams, model: Model, context: Context) -> Result:
        context.check()
        pipeline = self._load(model, context)
        painting.check_size(pipeline, params, tuple(model.options.get("sides", (SIZE_LOW, SIZE_HIGH))))
        painting.check_steps(params, tuple(model.options.get("steps", (1, STEPS_LIMIT))))
        if model.options.get("own_scheduler"):
            params = dataclasses.replace(params, scheduler=None)  # the facts name the one that was used
        seeds = [seed_of(task.seed, index) for index in range(1, params.count + 1)]
        pictures = painting.paint(pipeline, params, seeds, at_once=self._at_once(model), context=context)
        files = []
        for index, picture in enumerate(pictures, start=1):
            picture.save(task.out / f"{index}.png", compress_level=3)
            files.append(File(name=f"{index}.png", index=index, seed=seeds[index - 1]))
        return Result(files=files, facts=self._facts(pipeline, params))

    def _facts(self, pipeline: Any, params: ImageParams) -> dict[str, Any]:
        facts: dict[str, Any] = {
            "scheduler": params.scheduler or schedulers.name_of(pipeline.scheduler),
            "steps": params.steps,
            "device": self._device.type,
        }
        if painting.is_cut(pipeline, params.prompt):
            facts["prompt_cut"] = True
        if painting.is_cut(pipeline, params.negative):
            facts["negative_cut"] = True
        return facts

    def _at_once(self, model: Model) -> int:
        # CPU kernels give a picture the same pixels alone and in a batch (tested); half precision on CUDA
        # gives no such promise, so there a picture has its model call for itself unless the entry says otherwise
        return int(model.options.get("pictures_at_once", 1 if self._device.type == "cuda" else 4))

    def _load(self, model: Model, context: Context) -> Any:
        if self._loaded == (model.id, model.path):
            return self._pipeline
        self._pipeline = self._loaded = None
        seeding.free_memory()
        context.loading(model.id)
        self._pipeline = loading.load(model.path, model.options, self._device)
        self._loaded = (model.id, model.path)
        return self._pipeline


def _params(task: Task) -> ImageParams:
    try:
        return ImageParams.from_plain(task.params)
    except AtelierError as error:
        raise TaskFailed("invalid", error.code) from None
    except TypeError:
        raise TaskFailed("invalid", "unknown or missing parameter") from None
