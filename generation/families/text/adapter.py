"""The text family: tasks "text", "next_word", "tokens" and "surprise" with a GGUF model on llama.cpp."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from generation.families.text import inside
from generation.families.text.writing import Wish, Writer
from generation.job import seed_of
from generation.llama import engine as llama
from generation.llama.engine import CONTEXT, Engine
from generation.worker import seeding
from generation.worker.api import Context, File, Model, Result, Task, TaskFailed

_TASKS = frozenset({"text", "next_word", "tokens", "surprise"})


def create() -> TextAdapter:
    llama.quiet()
    return TextAdapter()


class TextAdapter:
    """Keeps one model loaded; another model takes its place."""

    parallel = 1  # a llama.cpp context serves one request at a time

    def __init__(self) -> None:
        self._engine: Engine | None = None
        self._writer: Writer | None = None
        self._loaded: tuple[str, Path] | None = None

    def run(self, task: Task, context: Context) -> Result:
        """Task "text" writes 1.txt, the others 1.json; their parameters and contents stand in README.md.

        Raises Cancelled within one token; TaskFailed invalid, model_missing, model_broken, out_of_memory,
        worker_failed.
        """
        if task.name not in _TASKS:
            raise TaskFailed("invalid", f"no task {task.name}")
        wish = Wish.of(task.params) if task.name == "text" else None
        if task.model is None:
            raise TaskFailed("model_missing", "no model")
        context.check()
        engine, writer = self._load(task.model, context)
        seed = seed_of(task.seed, 1)
        if wish is not None:
            answer = writer.write(wish, seed, context)
            (task.out / "1.txt").write_text(answer.text, encoding="utf-8")
            return Result(files=[File(name="1.txt", index=1, seed=seed, kind="text")], facts=answer.facts)
        return self._look(engine, task, seed, context)

    def _look(self, engine: Engine, task: Task, seed: int, context: Context) -> Result:
        if task.name == "next_word":
            found = inside.next_word(engine, task.params, seed, context)
        elif task.name == "tokens":
            found = inside.token_lists(engine, task.params, context)
        else:
            found = inside.surprise(engine, task.params, context)
        (task.out / "1.json").write_text(_plain(found), encoding="utf-8")
        return Result(files=[File(name="1.json", index=1, seed=seed, kind="data")])

    def _load(self, model: Model, context: Context) -> tuple[Engine, Writer]:
        if self._engine is not None and self._writer is not None and self._loaded == (model.id, model.path):
            return self._engine, self._writer
        if self._engine is not None:
            self._engine.close()
        self._engine = self._writer = self._loaded = None
        seeding.free_memory()
        context.loading(model.id)
        file = llama.find_file(model.path, model.options.get("file"))
        self._engine = Engine(file, context_size=int(model.options.get("n_ctx", CONTEXT)))
        self._writer = Writer(self._engine, model.options)
        self._loaded = model.id, model.path
        return self._engine, self._writer


def _plain(found: dict[str, Any]) -> str:
    return json.dumps(found, ensure_ascii=False, allow_nan=False)
