"""The three tasks: parameters in, files and facts out. Imported by `adapter.create` once the hub is prepared."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from generation.errors import AtelierError
from generation.families.music import loading, packages, sections, waves
from generation.families.music.composing import Composer, Order
from generation.families.music.hub import PrivateHub
from generation.job import seed_of
from generation.music_params import MusicParams, NotesParams, SoundParams
from generation.worker import seeding
from generation.worker.api import Context, File, Model, Result, Task, TaskFailed

_P = TypeVar("_P", MusicParams, SoundParams, NotesParams)


class MusicAdapter:
    """Keeps one model loaded; another model takes its place."""

    parallel = 1  # a language model holds the state of the one piece it is making

    def __init__(self, hub: PrivateHub) -> None:
        self._hub = hub
        self._device = packages.prepare()
        self._marker = waves.Marker()
        self._model: Any = None
        self._loaded: tuple[str, str, Path] | None = None

    def run(self, task: Task, context: Context) -> Result:
        """Tasks "music" and "sound" write 1.wav … n.wav, "notes" 1.mid … n.mid.

        Raises Cancelled within one token; TaskFailed invalid, model_missing, model_broken, worker_failed;
        torch.OutOfMemoryError, after which the model stays loaded.
        """
        if task.name == "notes":
            notes = _parsed(NotesParams, task.params)
            return self._get(task, context, self._load_notes).write(task, notes, context)
        if task.name == "music":
            return self._make(task, _parsed(MusicParams, task.params), context)
        if task.name == "sound":
            sound = _parsed(SoundParams, task.params)
            plain = MusicParams(prompt=sound.prompt, seconds=sound.seconds, count=sound.count)
            return self._make(task, plain, context)
        raise TaskFailed("invalid", f"no task {task.name}")

    def _make(self, task: Task, params: MusicParams, context: Context) -> Result:
        composer: Composer = self._get(task, context, self._load_composer)
        context.check()
        marked = bool(task.model and task.model.options.get("section_words", True))
        order = _order(composer, params, marked=marked)
        plan = composer.plan(order)
        tokens = Tokens(context, composer.tokens(plan) * params.count)
        files, seconds = [], []
        for index in range(1, params.count + 1):
            seed = seed_of(task.seed, index)
            seeding.seed_all(seed)
            samples = waves.finish(composer.compose(order, plan, tokens.one), composer.rate, self._marker)
            waves.write(task.out / f"{index}.wav", samples, composer.rate)
            files.append(File(name=f"{index}.wav", index=index, seed=seed, kind="audio"))
            seconds.append(round(samples.shape[-1] / composer.rate, 3))
        facts = self._facts(composer, params, order, len(plan))
        return Result(files=files, facts={**facts, "seconds": seconds})

    def _facts(self, composer: Composer, params: MusicParams, order: Order, windows: int) -> dict[str, Any]:
        prior = None if order.prior is None else round(composer.seconds(order.prior.shape[-1]), 3)
        return {
            "sample_rate": composer.rate,
            "channels": composer.channels,
            "windows": windows,
            "prior_seconds": prior,
            "sections": sections.places(params, after=prior or 0.0),
            "watermark": waves.MARK,
            "device": self._device.type,
        }

    def _get(self, task: Task, context: Context, load: Callable[[Task, Model], Any]) -> Any:
        if task.model is None:
            raise TaskFailed("model_missing", "no model")
        context.check()
        wanted = (task.name, task.model.id, task.model.path)
        if self._loaded != wanted:
            self._model = self._loaded = None
            seeding.free_memory()
            context.loading(task.model.id)
            self._model = load(task, task.model)
            self._loaded = wanted
        return self._model

    def _load_composer(self, task: Task, model: Model) -> Composer:
        return Composer(loading.load(task.name, model.path, model.options, self._hub, self._device))

    def _load_notes(self, _: Task, model: Model) -> Any:
        from generation.families.music import notes

        return notes.load(model.path, model.options)


class Tokens:
    """Counts the tokens of all takes and windows, and looks at each whether to stop."""

    def __init__(self, context: Context, total: int) -> None:
        self._context = context
        self._total = total
        self._done = 0

    def one(self) -> None:
        self._context.check()
        self._done += 1
        self._context.progress(self._done, self._total)


def _order(composer: Composer, params: MusicParams, *, marked: bool) -> Order:
    """Raises TaskFailed invalid where the model follows no melodies or a file is of no use."""
    melody = prior = None
    if params.melody is not None:
        if not composer.follows_melodies:
            raise TaskFailed("invalid", "melody_unsupported")
        melody = waves.read(params.melody, composer.rate, 1)
    if params.prior is not None:
        prior = composer.encode_end(waves.read(params.prior, composer.rate, composer.channels))
        if prior is None:
            raise TaskFailed("invalid", "prior_short")
    return Order(
        prompts=sections.prompts(params, marked=marked),
        seconds=sections.lengths(params),
        melody=melody,
        prior=prior,
    )


def _parsed(kind: type[_P], plain: Mapping[str, Any]) -> _P:
    try:
        return kind.from_plain(plain)
    except AtelierError as error:
        raise TaskFailed("invalid", error.code) from None
    except (TypeError, KeyError, AttributeError):
        raise TaskFailed("invalid", "unknown or missing parameter") from None
