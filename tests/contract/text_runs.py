"""Short calls of the text families, through a supervisor and a real worker or inside their environment."""

from __future__ import annotations

import asyncio
import dataclasses
import itertools
import json
import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import platformdirs

from generation.budget import MemoryBudget
from generation.catalog import Catalog, ModelInfo
from generation.environments import Environments
from generation.supervisor import Outcome, Progress, Request, Supervisor

ROOT = Path(__file__).parents[2]
_NUMBERS = itertools.count(1)


def user(text: str) -> dict[str, str]:
    return {"role": "user", "text": text}


def assistant(text: str) -> dict[str, str]:
    return {"role": "assistant", "text": text}


def system(text: str) -> dict[str, str]:
    return {"role": "system", "text": text}


@dataclasses.dataclass(frozen=True)
class Answer:
    text: str
    facts: Mapping[str, Any]


@dataclasses.dataclass(frozen=True)
class TextRuns:
    supervisor: Supervisor
    environments: Environments
    catalog: Catalog
    folder: Path

    @property
    def mini(self) -> ModelInfo:
        return self.catalog.get("mini-text")

    async def ask(self, *messages: dict[str, str], model: ModelInfo | None = None, **changes: Any) -> Answer:
        """The answer to `messages`; temperature 0.8, 40 tokens, seed 7 unless told otherwise."""
        usual: dict[str, Any] = {"temperature": 0.8, "length": 40, "seed": 7}
        wanted = {**usual, **changes}
        seed = wanted.pop("seed")
        params = {"messages": list(messages), **wanted}
        outcome = await self.run("text", params, model=model, seed=seed)
        return Answer((outcome.out / "1.txt").read_text(encoding="utf-8"), outcome.facts)

    async def look(self, task: str, model: ModelInfo | None = None, seed: int = 7, **params: Any) -> Any:
        """What the family says of a model's inside."""
        outcome = await self.run(task, params, model=model, seed=seed)
        return json.loads((outcome.out / "1.json").read_text(encoding="utf-8"))

    async def judge(self, model: ModelInfo, *texts: dict[str, str]) -> Mapping[str, Any]:
        return (await self.run("judge", {"texts": list(texts)}, model=model)).facts

    async def run(
        self,
        task: str,
        params: Mapping[str, Any],
        *,
        model: ModelInfo | None = None,
        seed: int = 7,
        job: str | None = None,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> Outcome:
        chosen = model or self.mini
        number = next(_NUMBERS)
        request = Request(
            family=chosen.family,
            task=task,
            params=params,
            job=job or f"text{number}",
            attempt=1,
            seed=seed,
            out=self.folder / f"out{number}",
            model=chosen,
        )
        return await self.supervisor.run(request, on_progress)

    async def inside(self, program: str, asked: Any, model: Path | None = None) -> Any:
        """What `program` of `text_probe.py` says, in the family's own environment."""
        python = await self.environments.ensure("text")
        process = await asyncio.create_subprocess_exec(
            str(python),
            "-P",
            str(Path(__file__).with_name("text_probe.py")),
            program,
            str(model or self.mini.path),
            env={**os.environ, "ATELIER_THREADS": "1", "OMP_NUM_THREADS": "1"},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        output, _ = await process.communicate(json.dumps(asked).encode())
        assert process.returncode == 0, program
        return json.loads(output)


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[TextRuns]:
    """For programs; tests have a fixture. `folder` is private and empty."""
    os.environ.setdefault("ATELIER_THREADS", "1")
    cache_dir = Path(os.environ.get("ATELIER_CACHE_DIR") or platformdirs.user_cache_path("klassenatelier"))
    environments = Environments(cache_dir=cache_dir, source_root=ROOT, report=lambda _: None)
    supervisor = Supervisor(environments=environments, budget=MemoryBudget(64_000), lock_dir=folder)
    catalog = Catalog.read(ROOT / "generation" / "families", folder)
    try:
        yield TextRuns(supervisor, environments, catalog, folder)
    finally:
        await supervisor.close()
        await environments.close()
