"""The recordings of voices: clips and phrases as files in one folder of their own, which nothing else lies in."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Final

from data import files
from data.errors import storage_failure

LEFT_S: Final = 60.0


class VoiceFiles:
    """Names are drawn here: no name comes from outside. Raises StorageFailed throughout."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def keep(self, source: Path) -> tuple[Path, str]:
        """Copy a clean recording; its path and SHA-256. Raises ArtifactChanged when `source` is no plain file."""
        path = self.folder / f"{secrets.token_hex(12)}.wav"
        return path, await asyncio.to_thread(self._copy, source, path)

    async def remove(self, names: Iterable[str]) -> None:
        for name in names:
            await asyncio.to_thread(_unlink, self.folder / name)

    async def are_unchanged(self, hashes: Iterable[tuple[Path, str]]) -> bool:
        """Whether each file still is what was kept: not missing, not another."""
        expected = list(hashes)
        found = [await asyncio.to_thread(files.digest, path) for path, _ in expected]
        return bool(expected) and found == [sha256 for _, sha256 in expected]

    async def remove_others(self, known: Collection[str], *, older_s: float = LEFT_S) -> None:
        """Remove what a crash, or a disk that refused, left behind. A fresh file may be about to get its row."""
        await asyncio.to_thread(self._remove_others, known, time.time() - older_s)

    def _copy(self, source: Path, path: Path) -> str:
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            sha256, _ = files.copy(source, path)
            files.flush_folder(self.folder)
        except OSError as error:
            raise storage_failure(error) or error from error
        return sha256

    def _remove_others(self, known: Collection[str], before: float) -> None:
        try:
            names = [one.name for one in self.folder.iterdir()] if self.folder.is_dir() else []
            left = [self.folder / name for name in names if name not in known]
            old = [file for file in left if file.lstat().st_mtime <= before]
        except OSError as error:
            raise storage_failure(error) or error from error
        for file in old:
            _unlink(file)


def _unlink(file: Path) -> None:
    try:
        file.unlink(missing_ok=True)
    except OSError as error:
        raise storage_failure(error) or error from error
