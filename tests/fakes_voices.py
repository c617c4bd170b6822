"""What stands in for the families that decode and listen. A recording is a line of text that says what is in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.services.audio_ports import Upload
from generation.errors import WorkerError
from generation.supervisor import Outcome, Progress, Request
from generation.worker.api import File
from tests.fakes_music import REASONS, an_upload

ALIKE, OTHER = 0.9, 0.5


def spoken(words: str = "", *, by: str = "anna", seconds: float = 8.0, marked: bool = False) -> Upload:
    """A recording of `words`, spoken by somebody; `marked`: an engine made it."""
    return an_upload(f"{by}|{seconds}|{marked}|{words}".encode())


@dataclass
class Ears:
    """Keeps the promises of `media` (probe_audio) and `listening`. `broken[task]` changes facts or raises."""

    measured: frozenset[str] = frozenset({"en"})
    broken: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)

    async def start(self, family: str) -> None:
        assert family == "listening"

    async def run(self, request: Request, on_progress: Callable[[Progress], None] | None = None) -> Outcome:
        self.requests.append(request)
        request.out.mkdir(parents=True, exist_ok=True)
        if request.task == "probe_audio":
            return self._probe(request)
        facts = {"hear": self._hear, "compare": self._compare, "find_mark": self._find_mark}[request.task](
            request.params
        )
        facts = self.broken.get(request.task, lambda same: same)(facts)
        return Outcome(files=(), facts=facts, seconds=0.1, out=request.out)

    async def cancel(self, job: str) -> None:
        """Nothing runs on."""

    def loaded(self, family: str) -> str | None:
        return None

    def told(self, task: str) -> list[Mapping[str, Any]]:
        """The parameters of every request of a task."""
        return [one.params for one in self.requests if one.task == task]

    def _probe(self, request: Request) -> Outcome:
        content = Path(request.params["file"]).read_bytes()
        if content in REASONS:
            raise WorkerError("invalid_input", reason=REASONS[content])
        (request.out / "clean.wav").write_bytes(content)
        seconds = float(content.split(b"|")[1])
        files = (File(name="clean.wav", kind="upload"),)
        return Outcome(files=files, facts={"seconds": seconds}, seconds=0.1, out=request.out)

    def _hear(self, params: Mapping[str, Any]) -> dict[str, Any]:
        words = _read(params["file"])[3].split()
        measured = params["language"] in self.measured
        heard = [word for word in words if word in params["vocabulary"]] if measured else []
        return {"words": heard, "speech_seconds": 0.7 * len(words), "measured": measured}

    def _compare(self, params: Mapping[str, Any]) -> dict[str, Any]:
        speaker = _read(params["phrase"])[0]
        alike = [ALIKE if _read(clip)[0] == speaker else OTHER for clip in params["clips"]]
        similarity = {"min": min(alike), "mean": sum(alike) / len(alike)}
        return {"usable": True, "similarity": similarity, "why": None}

    def _find_mark(self, params: Mapping[str, Any]) -> dict[str, Any]:
        marked = _read(params["file"])[2] == "True"
        return {"marked": marked, "confidence": 1.0 if marked else 0.0}


def _read(file: str) -> list[str]:
    return Path(file).read_text("utf-8").split("|")
