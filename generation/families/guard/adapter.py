"""The guard family: task "judge", the last of some texts to safe or unsafe. When in doubt it fails."""

from __future__ import annotations

from pathlib import Path

from generation.families.guard.conversation import (
    CATEGORIES,
    check_vocabulary,
    checked_turns,
    prompt,
    read_answer,
)
from generation.llama import engine as llama
from generation.llama.engine import CONTEXT, Engine, split_chunks
from generation.worker import seeding
from generation.worker.api import Context, Model, Result, Task, TaskFailed

_ANSWER_TOKENS = 48


def create() -> GuardAdapter:
    llama.quiet()
    return GuardAdapter()


class GuardAdapter:
    """Keeps one model loaded."""

    parallel = 1

    def __init__(self) -> None:
        self._engine: Engine | None = None
        self._loaded: tuple[str, Path] | None = None

    def run(self, task: Task, context: Context) -> Result:
        """Task "judge" with {"texts": [{"role", "text"}, …]}, oldest first.

        Facts: safe, categories, raw_first_token, cut (older texts left out). Raises Cancelled; TaskFailed invalid,
        model_missing, model_broken, out_of_memory; worker_failed for every answer that is not perfectly clear.
        """
        if task.name != "judge":
            raise TaskFailed("invalid", f"no task {task.name}")
        turns = checked_turns(task.params.get("texts"))
        if task.model is None:
            raise TaskFailed("model_missing", "no model")
        context.check()
        engine = self._load(task.model, context)
        context.progress(0, _ANSWER_TOKENS, "reading")
        categories = int(task.model.options.get("categories", len(CATEGORIES)))
        room = engine.size - _ANSWER_TOKENS
        tokens, cut = prompt(engine.vocabulary, turns, room, categories=categories)
        engine.read(split_chunks(tokens), context)
        first, text = _answer(engine, context)
        judgement = read_answer(text)
        context.progress(_ANSWER_TOKENS, _ANSWER_TOKENS, "judging")
        return Result(
            facts={
                "safe": judgement.safe,
                "categories": list(judgement.categories),
                "raw_first_token": first,
                "cut": cut,
            }
        )

    def _load(self, model: Model, context: Context) -> Engine:
        if self._engine is not None and self._loaded == (model.id, model.path):
            return self._engine
        if self._engine is not None:
            self._engine.close()
        self._engine = self._loaded = None
        seeding.free_memory()
        context.loading(model.id)
        file = llama.find_file(model.path, model.options.get("file"))
        engine = Engine(file, context_size=int(model.options.get("n_ctx", CONTEXT)))
        try:
            check_vocabulary(engine.vocabulary)
        except TaskFailed:
            engine.close()
            raise
        self._engine, self._loaded = engine, (model.id, model.path)
        return engine


def _answer(engine: Engine, context: Context) -> tuple[int, str]:
    """The likeliest tokens until the end: the first one's number, and all as text."""
    vocabulary, first, written = engine.vocabulary, -1, b""
    for count in range(_ANSWER_TOKENS):
        context.check()
        token = int(engine.logits().argmax())
        first = token if count == 0 else first
        if token in vocabulary.ends:
            return first, written.decode("utf-8", "replace")
        written += vocabulary.piece(token)
        context.progress(count, _ANSWER_TOKENS, "judging")
        engine.step(token)
    raise TaskFailed("worker_failed", "answer without an end")
