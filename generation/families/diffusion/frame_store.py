"""Finished frames: written whole or not at all, where a later attempt of the same job finds them again."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from PIL import Image

from generation.worker.api import TaskFailed

BLACK = 4
"""Of 255: a frame that is nowhere lighter shows nothing. A checker or a failed model leaves such frames."""
_MADE_OF = "made_of.txt"


def frame_name(number: int) -> str:
    return f"frame-{number:05d}.png"


class FrameStore:
    """Frames 1 … n of `size` (width, height) in the folder `out` and, if there is one, in `keep`.

    `made_of` stands for everything that decides how a frame looks: what `keep` holds of something else is deleted.
    """

    def __init__(self, out: Path, keep: Path | None, *, made_of: str, size: tuple[int, int]) -> None:
        self._out = out
        self._keep = keep
        self._size = size
        self._finished: set[int] = set()
        if keep is not None:
            _prepare(keep, made_of)

    def take_over(self, total: int) -> int:
        """Put what is kept into `out`. The number of frames that were."""
        if self._keep is None:
            return 0
        for number in range(1, total + 1):
            if self._is_whole(self._keep / frame_name(number)):
                self._show(number)
        return self.done

    @property
    def done(self) -> int:
        """How many frames are finished."""
        return len(self._finished)

    def has(self, numbers: Iterable[int]) -> bool:
        """Whether all of them are finished."""
        return self._finished.issuperset(numbers)

    def add(self, number: int, picture: Image.Image) -> None:
        """Raises TaskFailed worker_failed for a black one."""
        extrema = picture.convert("RGB").getextrema()
        if max(int(high) for _, high in extrema) <= BLACK:
            raise TaskFailed("worker_failed", "a black frame")
        folder = self._keep or self._out
        part = folder / f"{frame_name(number)}.part"
        # only the media family's worker reads it: what counts is how soon it is written
        picture.save(part, format="png", compress_level=1)
        part.replace(folder / frame_name(number))
        self._show(number)

    def _show(self, number: int) -> None:
        self._finished.add(number)
        if self._keep is None:
            return
        kept, shown = self._keep / frame_name(number), self._out / frame_name(number)
        shown.unlink(missing_ok=True)
        try:
            os.link(kept, shown)
        except OSError:  # another disk, or one that has no links
            shutil.copyfile(kept, shown)

    def _is_whole(self, file: Path) -> bool:
        if not file.is_file():
            return False
        with contextlib.suppress(OSError, SyntaxError, ValueError), Image.open(file) as picture:
            picture.load()
            return picture.size == self._size and picture.format == "PNG"
        return False


def _prepare(keep: Path, made_of: str) -> None:
    keep.mkdir(mode=0o700, parents=True, exist_ok=True)
    note = keep / _MADE_OF
    if note.exists() and note.read_text("utf-8") == made_of:
        return
    for old in keep.glob("frame-*"):
        old.unlink()
    note.write_text(made_of, "utf-8")
