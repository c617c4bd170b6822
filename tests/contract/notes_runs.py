"""Short calls of task "notes", through a supervisor and a real worker, and the files read by the media family."""

from __future__ import annotations

import asyncio
import dataclasses
import itertools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from generation.catalog import Catalog, ModelInfo
from generation.environments import Environments
from generation.supervisor import Outcome, Progress, Request, Supervisor

ROOT = Path(__file__).parents[2]
DUCKS = (60, 62, 64, 65, 67, 67)
"""The beginning of "Alle meine Entchen", as it is typed: C D E F G G."""
_NUMBERS = itertools.count(1)
Row = tuple[float, float, float]
"""Pitch, start and length in beats."""


def typed(pitches: Sequence[int], length: float = 1.0) -> list[dict[str, float]]:
    """Notes one after another, as the parameters hold them."""
    return [
        {"pitch": pitch, "start": place * length, "length": length} for place, pitch in enumerate(pitches)
    ]


@dataclasses.dataclass(frozen=True)
class NotesRuns:
    supervisor: Supervisor
    environments: Environments
    catalog: Catalog
    folder: Path

    async def write(
        self,
        prompt: str = "",
        melody: Sequence[dict[str, float]] = (),
        *,
        model: Path | None = None,
        seed: int = 7,
        job: str | None = None,
        on_progress: Callable[[Progress], None] | None = None,
        **params: Any,
    ) -> Outcome:
        """A piece of 64 tokens unless told otherwise; `model` is a folder, else the one that comes with the source."""
        number = next(_NUMBERS)
        folder = model or self.catalog.get("mini-notes").path
        request = Request(
            family="music",
            task="notes",
            params={"prompt": prompt, "melody": list(melody), "tokens": 64, **params},
            model=info(folder),
            seed=seed,
            job=job or f"notes{number}",
            attempt=1,
            out=self.folder / f"out{number}",
        )
        return await self.supervisor.run(request, on_progress)

    async def read(self, outcome: Outcome, index: int = 1) -> tuple[list[Row], float]:
        """The notes of a file and its tempo, as the media family reads strangers' files."""
        number = next(_NUMBERS)
        request = Request(
            family="media",
            task="probe_midi",
            params={"file": str(outcome.out / f"{index}.mid")},
            model=None,
            seed=0,
            job=f"probe{number}",
            attempt=1,
            out=self.folder / f"probed{number}",
        )
        facts = (await self.supervisor.run(request)).facts
        return [tuple(note) for note in facts["notes"]], facts["tempo"]

    async def made_models(self) -> Path:
        """The folder that `notes_files.py` fills."""
        folder = self.folder / "models"
        process = await asyncio.create_subprocess_exec(
            str(await self.environments.ensure("music")),
            str(Path(__file__).with_name("notes_files.py")),
            str(folder),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await process.communicate()
        assert process.returncode == 0, said.decode()[-4000:]
        return folder


def info(folder: Path) -> ModelInfo:
    return ModelInfo(
        id=f"notes-{folder.name}",
        family="music",
        medium="notes",
        title="Made for a test",
        path=folder,
        licence="none",
        languages=(),
        memory_mb=0,
        data_sentence={},
        options={},
    )
