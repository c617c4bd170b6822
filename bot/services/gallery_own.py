"""A person's own results as .zip files that fit into messages: approved anew, each with its recipe."""

from __future__ import annotations

import asyncio
import json
import logging
import shutil
import time
import zipfile
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import Final

from bot.services.gallery_ports import Approves
from bot.services.ports import Requester
from data.artifacts import Artifacts
from data.jobs import Jobs
from generation.errors import AtelierError
from generation.job import Job, JobState

_log = logging.getLogger(__name__)
DEFAULT_LIMIT: Final = 10 * 1024 * 1024
FRAME: Final = 64 * 1024
"""Bytes kept free in each archive for its own entries."""
ARCHIVES: Final = 5
JOBS_LOOKED_AT: Final = 1000
_NEVER_SHOWN: Final = frozenset({"wave", "facts", "data"})
"""Kept for going on from: raw sounds without label or mark, and values."""
PATIENCE_S: Final = 600.0
"""An answer lives 15 minutes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """`works` are in `archives`, the newest first; `left_out` had no room, or may not be shown any more."""

    archives: tuple[Path, ...]
    works: int
    left_out: int


class OwnWorks:
    """`work_dir`: where the archives lie until they are sent."""

    def __init__(
        self,
        *,
        jobs: Jobs,
        artifacts: Artifacts,
        approval: Approves,
        work_dir: Path,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._jobs = jobs
        self._artifacts = artifacts
        self._approval = approval
        self._work_dir = work_dir
        self._clock = clock

    @asynccontextmanager
    async def packed(self, who: Requester, *, file_limit: int | None = None) -> AsyncIterator[Packed]:
        """Everything of `who` in this class that was posted; gone again at the end of the context."""
        folder = Path(await asyncio.to_thread(mkdtemp, dir=self._work_dir, prefix="own-"))
        try:
            yield await self._pack(folder, who, (file_limit or DEFAULT_LIMIT) - FRAME)
        finally:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    async def _pack(self, folder: Path, who: Requester, limit: int) -> Packed:
        jobs = await self._jobs.of_owner(who.guild_id, who.person_id, JOBS_LOOKED_AT)
        archives, works, left_out, room = list[Path](), 0, 0, 0
        until = self._clock() + PATIENCE_S
        for job in (one for one in jobs if one.state is JobState.POSTED):
            files = await self._files(job) if self._clock() < until else []
            size = sum(path.stat().st_size for path in files)
            if size > room and size <= limit and len(archives) < ARCHIVES:
                archives.append(folder / f"{len(archives) + 1}.zip")
                room = limit
            if not files or size > room:
                left_out += 1
                continue
            await asyncio.to_thread(_add, archives[-1], job, files)
            room -= size
            works += 1
        return Packed(archives=tuple(archives), works=works, left_out=left_out)

    async def _files(self, job: Job) -> list[Path]:
        """Nothing where it may not be shown any more."""
        try:
            await self._approval.of(job)
        except AtelierError as error:
            _log.info("job %s is not handed out (%s)", job.id, error.code)
            return []
        kept = await self._artifacts.of_job(job.id)
        return [one.path for one in kept if one.path is not None and one.kind not in _NEVER_SHOWN]


def recipe(job: Job) -> dict[str, object]:
    """What is needed to make it again, but for somebody's voice: the file may outlive a consent."""
    return {
        "job": job.id,
        "medium": job.medium,
        "model": job.model,
        "seed": job.seed,
        "created_at": job.created_at,
        "params": {name: value for name, value in job.params.items() if name != "voice"},
    }


def _add(archive: Path, job: Job, files: Sequence[Path]) -> None:
    with zipfile.ZipFile(archive, "a", zipfile.ZIP_STORED) as opened:
        folder = f"{job.medium}-{job.id}"
        told = json.dumps(recipe(job), ensure_ascii=False, indent=2)
        opened.writestr(zipfile.ZipInfo(f"{folder}/recipe.json"), told)
        for path in files:
            opened.writestr(zipfile.ZipInfo(f"{folder}/{path.name}"), path.read_bytes())
