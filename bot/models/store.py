"""The folder of real models: `<id>/` with its files and `pinned.json`; `.staging/<id>/` while one is being fetched.

A folder gets its name once it is complete and checked, in one step: half a download is never taken for a model.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from bot.models import checkpoint
from generation.catalog import ModelInfo

_CHUNK = 1024 * 1024
_MIN_HEADER = 8
_CHECKPOINTS = (".bin", ".pth")
PINNED = "pinned.json"
OnBytes = Callable[[int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """What was fetched from one repository: the commit, and the SHA-256 of every file."""

    repository: str
    commit: str
    files: Mapping[str, str]


class Store:
    def __init__(self, models_dir: Path) -> None:
        self.models_dir = models_dir

    def folder(self, model_id: str) -> Path:
        return self.models_dir / model_id

    def holds(self, model_id: str) -> bool:
        """Whether its place is taken, be it by a link to a disk that is away."""
        folder = self.folder(model_id)
        return folder.exists() or folder.is_symlink()

    def staging(self, model_id: str) -> Path:
        return self.models_dir / ".staging" / model_id

    def lock(self, model_id: str) -> FileLock:
        """Two terminals never fetch the same model at once."""
        folder = self.models_dir / ".staging"
        folder.mkdir(parents=True, exist_ok=True)
        return FileLock(folder / f"{model_id}.lock", timeout=0)

    def pins(self, model_id: str) -> tuple[Pin, ...]:
        """What was written down when it was fetched; empty when nothing was, or nothing that can be read."""
        try:
            plain = json.loads((self.folder(model_id) / PINNED).read_text("utf-8"))
            return tuple(Pin(**one) for one in plain["sources"])
        except (OSError, ValueError, KeyError, TypeError):
            return ()

    def settle(self, model_id: str, files: Path, pins: Sequence[Pin]) -> None:
        """Give the complete, checked folder `files` its place. Raises OSError."""
        plain = {
            "sources": [
                {"repository": p.repository, "commit": p.commit, "files": dict(p.files)} for p in pins
            ]
        }
        (files / PINNED).write_text(json.dumps(plain, indent=2) + "\n", encoding="utf-8")
        files.rename(self.folder(model_id))
        self.discard(model_id)

    def discard(self, model_id: str) -> None:
        """Forget what was fetched so far."""
        with contextlib.suppress(OSError):
            _delete(self.staging(model_id))

    def remove(self, model_id: str) -> None:
        """Take the model away; out of sight first, so that an interruption leaves no half one. Raises OSError."""
        self.discard(model_id)
        staging = self.staging(model_id)
        if self.holds(model_id):
            staging.parent.mkdir(parents=True, exist_ok=True)
            self.folder(model_id).rename(staging)
            _delete(staging)

    def expected(self, model: ModelInfo) -> dict[str, str]:
        """SHA-256 by name: what the catalog confirms is binding, the rest is what was pinned at the first download.

        "" where neither says anything.
        """
        pinned = {name: digest for pin in self.pins(model.id) for name, digest in pin.files.items()}
        return {
            name: digest or pinned.get(name, "")
            for source in model.sources
            for name, digest in source.files.items()
        }

    def wrong_files(self, model: ModelInfo, on_bytes: OnBytes) -> Iterator[str]:
        """Names of files that are missing or not what they should be. Reads them all; `on_bytes` hears how many."""
        for name, digest in self.expected(model).items():
            file = self.folder(model.id) / name
            if not file.is_file() or not digest or sha256_of(file, on_bytes) != digest:
                yield name


def _delete(place: Path) -> None:
    """A folder with all that is inside; of a link to one the link alone. Raises OSError."""
    if place.is_symlink() or place.is_file():
        place.unlink()
    else:
        shutil.rmtree(place)


def sha256_of(file: Path, on_bytes: OnBytes) -> str:
    """Raises OSError."""
    return _hashed(file, hashlib.sha256(), on_bytes)


def git_sha1_of(file: Path) -> str:
    """How git, and with it the hub, names the contents of a small file. Raises OSError."""
    start = hashlib.sha1(b"blob %d\0" % file.stat().st_size, usedforsecurity=False)
    return _hashed(file, start, lambda _: None)


def _hashed(file: Path, digest: hashlib._Hash, on_bytes: OnBytes) -> str:
    with file.open("rb") as opened:
        while chunk := opened.read(_CHUNK):
            digest.update(chunk)
            on_bytes(len(chunk))
    return digest.hexdigest()


def is_allowed(name: str) -> bool:
    """Only formats that cannot carry a program: weights as safetensors, GGUF or ONNX, settings and words as text.

    And torch's own (`.bin`, `.pth`), which can: `looks_right` reads the whole of what it says.
    """
    return name.endswith((".safetensors", ".gguf", ".onnx", ".json", ".txt", *_CHECKPOINTS))


def looks_right(file: Path) -> bool:
    """Whether a file begins as the format its name promises; a checkpoint also names no program. Raises OSError."""
    if file.name.endswith(_CHECKPOINTS):
        return checkpoint.is_plain(file)
    with file.open("rb") as opened:
        start = opened.read(_MIN_HEADER + 1)
    if file.name.endswith(".gguf"):
        return start.startswith(b"GGUF")
    if file.name.endswith(".onnx"):
        return start.startswith(b"\x08")  # the first field of the message: its version
    if file.name.endswith(".safetensors"):
        return start[_MIN_HEADER:] == b"{"
    return b"\0" not in start


def absent_files(model: ModelInfo) -> list[str]:
    """What its entry names and its folder lacks; empty for a model that is not here at all. Reads the disk."""
    folder = model.path
    if folder is None or folder.is_file():
        return []
    return [name for source in model.sources for name in source.files if not (folder / name).is_file()]


def size_of(folder: Path) -> int:
    """Bytes of all files inside."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
