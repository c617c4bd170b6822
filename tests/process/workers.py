"""A supervisor with fake workers for the tests of this folder."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

import generation
from generation.budget import MemoryBudget
from generation.catalog import Catalog, ModelInfo
from generation.environments import Environments
from generation.supervisor import FamilySpec, Outcome, Patience, Progress, Request, Supervisor

ROOT = Path(generation.__file__).parents[1]
CALM = Patience(heartbeat=0.2, shutdown=3.0, terminate=3.0)
HASTY = Patience(heartbeat=0.2, silence=2.0, loading=20.0, progress=1.0, shutdown=0.5, terminate=2.0)


@dataclass
class Bench:
    """Runs fake jobs; `progress` holds what they reported, by job."""

    supervisor: Supervisor
    folder: Path
    catalog: Catalog
    progress: dict[str, list[Progress]] = field(default_factory=dict)

    def model(self, name: str = "fake") -> ModelInfo:
        return self.catalog.get(name)

    def request(self, job: str, behaviour: str = "ok", **changed: Any) -> Request:
        fake = {"behaviour": behaviour, **changed.pop("fake", {})}
        params = {
            "width": 64,
            "height": 64,
            "count": 1,
            "steps": 4,
            **changed.pop("params", {}),
            "fake": fake,
        }
        attempt = changed.pop("attempt", 1)
        plain: dict[str, Any] = {
            "family": "fake",
            "task": "image",
            "seed": 7,
            "model": self.model(),
            **changed,
        }
        out = self.folder / f"{job}-{attempt}"
        return Request(job=job, attempt=attempt, params=params, out=out, **plain)

    async def run(self, job: str, behaviour: str = "ok", **changed: Any) -> Outcome:
        reported = self.progress.setdefault(job, [])
        return await self.supervisor.run(self.request(job, behaviour, **changed), reported.append)

    def begin(self, job: str, behaviour: str = "ok", **changed: Any) -> asyncio.Task[Outcome]:
        return asyncio.create_task(self.run(job, behaviour, **changed))

    async def first_step(self, job: str) -> None:
        await eventually(lambda: bool(self.progress.get(job)))

    def jobs(self, family: str = "fake") -> tuple[str, ...]:
        """Those its worker has in flight."""
        return next((state.jobs for state in self.supervisor.states() if state.family == family), ())

    def pid(self, family: str = "fake") -> int:
        (pid,) = [state.pid for state in self.supervisor.states() if state.family == family]
        assert pid is not None
        return pid


@asynccontextmanager
async def bench(
    tmp_path: Path, *, patience: Patience = CALM, memory_mb: int = 8000, lock_dir: Path | None = None
) -> AsyncIterator[Bench]:
    """Families "fake", and "fake_b" and "safety" with the same adapter."""
    environments = Environments(cache_dir=tmp_path / "cache", source_root=ROOT, report=lambda _: None)
    supervisor = Supervisor(
        environments=environments,
        budget=MemoryBudget(memory_mb),
        settings=patience,
        specs=[FamilySpec(name="fake_b", adapter="fake"), FamilySpec(name="safety", adapter="fake")],
        lock_dir=lock_dir,
    )
    catalog = Catalog.read(ROOT / "generation" / "families", tmp_path / "models")
    try:
        yield Bench(supervisor, tmp_path / "work", catalog)
    finally:
        await supervisor.close()


async def eventually(condition: Callable[[], bool], seconds: float = 20.0) -> float:
    """Wait until `condition`; seconds it took."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < seconds, "waited in vain"
        await asyncio.sleep(0.01)
    return time.monotonic() - began


def is_running(pid: int) -> bool:
    """A zombie nobody collects is not running."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
