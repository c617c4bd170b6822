"""Short calls of the families that speak and listen, through a supervisor and real workers."""

from __future__ import annotations

import asyncio
import dataclasses
import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from generation.catalog import Catalog, ModelInfo
from generation.supervisor import Outcome, Request, Supervisor
from moderation.phrase import phrase_words

_NUMBERS = itertools.count(1)


@dataclasses.dataclass(frozen=True)
class VoiceRuns:
    supervisor: Supervisor
    catalog: Catalog
    folder: Path

    async def say(
        self,
        text: str,
        language: str = "de",
        *,
        model: ModelInfo | None = None,
        seed: int = 7,
        **changes: Any,
    ) -> Outcome:
        """`text` as `1.wav`, with the voice made of rules unless told otherwise."""
        params = {"text": text, "language": language, **changes}
        return await self._run("voices", "speech", params, model or self.catalog.get("espeak"), seed)

    async def voice_file(self, text: str, language: str = "en", **changes: Any) -> str:
        return str((await self.say(text, language, **changes)).out / "1.wav")

    async def hear(
        self, file: str, language: str = "en", vocabulary: Sequence[str] | None = None
    ) -> dict[str, Any]:
        words = list(phrase_words("en") if vocabulary is None else vocabulary)
        return await self._facts("hear", {"file": file, "language": language, "vocabulary": words})

    async def compare(self, phrase: str, *clips: str) -> dict[str, Any]:
        return await self._facts("compare", {"phrase": phrase, "clips": list(clips)})

    async def mark(self, file: str) -> str:
        return str((await self._run("listening", "mark", {"file": file})).out / "marked.wav")

    async def find_mark(self, file: str) -> dict[str, Any]:
        return await self._facts("find_mark", {"file": file})

    async def posted(self, file: str, ending: str) -> str:
        """The file as it is posted (ogg with opus, or mp3), and uploaded again."""
        piece = {"file": file, "index": 1, "seed": 7}
        params = {"pieces": [piece], "format": ending, "label": "KI", "recipe": {}}
        made = await self._run("media", "audio_post", params)
        clean = await self._run("media", "probe_audio", {"file": str(made.out / f"piece-1.{ending}")})
        return str(clean.out / "clean.wav")

    async def _facts(self, task: str, params: dict[str, Any]) -> dict[str, Any]:
        return dict((await self._run("listening", task, params)).facts)

    async def _run(
        self, family: str, task: str, params: dict[str, Any], model: ModelInfo | None = None, seed: int = 7
    ) -> Outcome:
        number = next(_NUMBERS)
        request = Request(
            family=family,
            task=task,
            params=params,
            job=f"speech{number}",
            attempt=1,
            seed=seed,
            out=self.folder / f"speech{number}",
            model=model,
        )
        return await asyncio.wait_for(self.supervisor.run(request), 600)
