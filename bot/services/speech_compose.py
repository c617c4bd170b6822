"""What is shown of speech: an ogg file with its label and recipe, and its wave form, by the media family."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from bot.services.audio_compose import (
    TITLE_LIMIT,
    Composed,
    Sentence,
    measure_sounds,
    media_request,
    read_composed,
)
from bot.services.finishing import model_of
from generation.catalog import Catalog
from generation.errors import NotFound, WorkerGarbage
from generation.job import Job
from generation.ports import Runner
from generation.speech_params import SpeechParams
from generation.supervisor import Outcome

FORMAT: Final = "ogg"


class SpeechComposer:
    def __init__(self, *, supervisor: Runner, catalog: Catalog, sentence: Sentence) -> None:
        self._supervisor = supervisor
        self._catalog = catalog
        self._sentence = sentence

    async def compose(self, job: Job, outcome: Outcome, marked: Path) -> Composed:
        """Finish a marked recording that has not been judged. Raises WorkerError."""
        out = outcome.out / "post"
        out.mkdir(mode=0o700)
        piece = {"file": str(marked), "index": 1, "seed": job.seed, "seam": None}
        params: dict[str, Any] = {
            "pieces": [piece],
            "format": FORMAT,
            "label": self._sentence("speech.label", job.locale),
            "title": SpeechParams.from_plain(job.params).text[:TITLE_LIMIT],
            "decimal": self._sentence("drawn.decimal", job.locale),
            "recipe": self._recipe(job, outcome),
        }
        made = await self._supervisor.run(media_request(job, "audio_post", params, out))
        return read_composed(made, count=1, with_midi=False)

    async def measure(self, job: Job, sounds: Sequence[Path], out: Path) -> tuple[object, ...]:
        """The numbers of finished sounds, in their order; None for one that has none."""
        return await measure_sounds(self._supervisor, job, sounds, out)

    async def decode(self, job: Job, sound: Path, out: Path) -> Path:
        """The finished sound as a listener hears it: a clean WAV in `out`. Raises WorkerError."""
        made = await self._supervisor.run(media_request(job, "probe_audio", {"file": str(sound)}, out))
        if [(file.kind, file.name) for file in made.files] != [("upload", "clean.wav")]:
            raise WorkerGarbage
        return made.out / "clean.wav"

    def _has_learned(self, job: Job) -> bool:
        """A voice made of rules has not; of a model that has gone nobody knows it any more."""
        try:
            return self._catalog.get(job.model).options.get("engine") != "espeak"
        except NotFound:
            return True

    def _recipe(self, job: Job, outcome: Outcome) -> dict[str, Any]:
        """Copies of the file may outlive a consent: whose voice it was does not stand in it."""
        params = {name: value for name, value in job.params.items() if name != "voice"}
        return {
            "job": job.id,
            "medium": job.medium,
            "model": job.model,
            "model_title": model_of(self._catalog, job)[0],
            "params": params,
            "cloned": "voice" in job.params,
            "learned": self._has_learned(job),
            "watermark": "perth",
            "seed": job.seed,
            "seeds": [job.seed],
            "flagged": [],
            "seconds": round(outcome.seconds, 2),
        }
