"""The safety family: task "check_images", picture files to verdicts. It never writes a picture."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import diffusers
import transformers

from generation.families.safety import pictures
from generation.families.safety.checker import Checker, Finding
from generation.worker import seeding
from generation.worker.api import Context, Model, Result, Task, TaskFailed

FILES_LIMIT = 64
AT_ONCE = 4


def create() -> SafetyAdapter:
    # both would tell stderr about flagged pictures and missing extras
    diffusers.utils.logging.set_verbosity_error()
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    return SafetyAdapter()


class SafetyAdapter:
    """Keeps the checker loaded."""

    parallel = 1

    def __init__(self) -> None:
        self._checker: Checker | None = None
        self._loaded: tuple[str, Path] | None = None

    def run(self, task: Task, context: Context) -> Result:
        """Task "check_images" with {"files": [absolute paths]}.

        Facts: scores = [{"file", "flagged", "scores"}] in the order of the files, all numbers finite.
        One file that cannot be judged fails the whole task: TaskFailed invalid, model_missing, worker_failed.
        """
        if task.name != "check_images":
            raise TaskFailed("invalid", f"no task {task.name}")
        files = _files(task.params)
        if task.model is None:
            raise TaskFailed("model_missing", "no model")
        checker = self._load(task.model, context)
        findings: list[Finding] = []
        for start in range(0, len(files), AT_ONCE):
            context.check()
            findings += checker.check([pictures.read(Path(file)) for file in files[start : start + AT_ONCE]])
            context.progress(len(findings), len(files), "checking")
        return Result(facts={"scores": _plain(files, findings)})

    def _load(self, model: Model, context: Context) -> Checker:
        if self._checker is None or self._loaded != (model.id, model.path):
            self._checker = self._loaded = None
            seeding.free_memory()
            context.loading(model.id)
            self._checker = Checker(model.path, model.options)
            self._loaded = (model.id, model.path)
        return self._checker


def _files(params: Mapping[str, Any]) -> list[str]:
    files = params.get("files")
    if not isinstance(files, list) or not 1 <= len(files) <= FILES_LIMIT:
        raise TaskFailed("invalid", f"files: 1 to {FILES_LIMIT} needed")
    if not all(isinstance(file, str) and Path(file).is_absolute() for file in files):
        raise TaskFailed("invalid", "files: absolute paths needed")
    return files


def _plain(files: list[str], findings: list[Finding]) -> list[dict[str, Any]]:
    if len(findings) != len(files):
        raise TaskFailed("worker_failed", "findings missing")
    return [
        {"file": file, "flagged": finding.flagged, "scores": list(finding.scores)}
        for file, finding in zip(files, findings, strict=True)
    ]
