"""The listening family: tasks "hear", "compare", "mark" and "find_mark". Parameters and facts stand in README.md.

It measures and decides nothing: what is enough is said elsewhere. Everything it is given are clean WAV files; nothing
of what it hears is kept, written down or logged.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from generation.families.listening import sound
from generation.families.listening.hearing import hear
from generation.families.listening.marks import Marker, assert_usable
from generation.families.listening.speakers import Speakers
from generation.worker.api import Context, File, Result, Task, TaskFailed

_Doing = Callable[[Task, Context], Result]
CLIPS_LIMIT = 3


def create() -> ListeningAdapter:
    assert_usable()
    return ListeningAdapter()


class ListeningAdapter:
    """Keeps the networks that come inside its packages, once they have been needed."""

    parallel = 1

    def __init__(self) -> None:
        self._marker = Marker()
        self._speakers = Speakers()
        self._tasks: Mapping[str, _Doing] = {
            "hear": self._hear,
            "compare": self._compare,
            "mark": self._mark,
            "find_mark": self._find_mark,
        }

    def run(self, task: Task, context: Context) -> Result:
        """Raises Cancelled; TaskFailed invalid, worker_failed."""
        doing = self._tasks.get(task.name)
        if doing is None:
            raise TaskFailed("invalid", f"no task {task.name}")
        context.check()
        return doing(task, context)

    def _hear(self, task: Task, context: Context) -> Result:
        _only(task.params, "file", "language", "vocabulary")
        language, vocabulary = task.params.get("language"), task.params.get("vocabulary", [])
        if not isinstance(language, str):
            raise TaskFailed("invalid", "language")
        recording = sound.read(_path(task.params.get("file")))
        return Result(facts=hear(recording, language, vocabulary, context))

    def _compare(self, task: Task, context: Context) -> Result:
        _only(task.params, "phrase", "clips")
        clips = task.params.get("clips")
        if not isinstance(clips, list) or not 1 <= len(clips) <= CLIPS_LIMIT:
            raise TaskFailed("invalid", f"clips: 1 to {CLIPS_LIMIT} needed")
        recordings = [sound.read(_path(one)) for one in (task.params.get("phrase"), *clips)]
        return Result(facts=self._speakers.compare(recordings[0], recordings[1:], context))

    def _mark(self, task: Task, context: Context) -> Result:
        _only(task.params, "file")
        recording = sound.read(_path(task.params.get("file")))
        context.check()
        sound.write(task.out / "marked.wav", self._marker.mark(recording))
        return Result(files=[File(name="marked.wav", kind="audio")], facts={"watermark": "perth"})

    def _find_mark(self, task: Task, context: Context) -> Result:
        _only(task.params, "file")
        recording = sound.read(_path(task.params.get("file")))
        context.check()
        return Result(facts=self._marker.find(recording))


def _only(params: Mapping[str, Any], *known: str) -> None:
    if params.keys() - set(known):
        raise TaskFailed("invalid", "unknown_parameter")


def _path(value: Any) -> Path:
    if not isinstance(value, str) or not value:
        raise TaskFailed("invalid", "a path needed")
    return Path(value)
