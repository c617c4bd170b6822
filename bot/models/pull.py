"""`atelier models pull`: ask the hub what there is, fetch it, check every byte, and only then let it be a model."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from filelock import Timeout

from bot.models.errors import PullFailed
from bot.models.hub import Hub, Listing, RemoteFile, is_full
from bot.models.store import Pin, Store, git_sha1_of, is_allowed, looks_right, sha256_of
from generation.catalog import ModelInfo, Source
from generation.model_entries import is_commit

_MB = 1024 * 1024
RESERVE_BYTES = 256 * _MB
"""Room that is left to everything else on the disk."""


class Progress(Protocol):
    """Who is told how far it is."""

    def begin(self, total: int) -> None:
        """`total` bytes are to be fetched or are here already."""

    def at(self, name: str, done: int) -> None:
        """`done` bytes of all are here; `name` is being fetched."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One file to fetch. `sha256` is binding, or "" where only the hub's own word is there."""

    repository: str
    commit: str
    name: str
    sha256: str
    remote: RemoteFile

    @property
    def part_name(self) -> str:
        """Named after the contents, so that another version never goes on with these bytes."""
        return f"{self.sha256 or self.remote.sha256 or self.remote.git_sha1}.part"


class Pull:
    def __init__(self, *, store: Store, hub: Hub, progress: Progress) -> None:
        self._store = store
        self._hub = hub
        self._progress = progress

    def run(self, model: ModelInfo, *, trust: bool) -> None:
        """Fetch `model`. `trust`: take commit and hashes as the hub names them where nobody has confirmed them.

        Raises PullFailed; then no folder of this model is there.
        """
        self._refuse(model, trust)
        with self._alone(model.id), self._room(model.id):
            self._refuse_present(model)
            listings = [self._hub.listing(one.repository, one.revision) for one in model.sources]
            wanted = [
                file
                for source, listing in zip(model.sources, listings, strict=True)
                for file in plan(source, listing)
            ]
            self._demand_space(model.id, wanted)
            self._fetch_all(model.id, wanted)
            files = self._store.staging(model.id) / "files"
            self._store.settle(model.id, files, _pins(files, wanted))

    def _refuse(self, model: ModelInfo, trust: bool) -> None:
        if not model.sources:
            raise PullFailed("pull_not_needed", model=model.title)
        self._refuse_present(model)
        for source in model.sources:
            for name in source.files:
                if not is_allowed(name):
                    raise PullFailed("pull_format", file=name)
        if model.unproven and not trust:
            raise PullFailed("pull_unconfirmed", model=model.title, id=model.id)

    def _refuse_present(self, model: ModelInfo) -> None:
        """Asked again once it is our turn: another window may have fetched it meanwhile."""
        if self._store.holds(model.id):
            raise PullFailed("pull_already", model=model.title, id=model.id)

    def _demand_space(self, model_id: str, wanted: Sequence[Wanted]) -> None:
        free = shutil.disk_usage(self._store.models_dir).free
        needed = sum(one.remote.size for one in wanted) - self._here(model_id)
        if needed + RESERVE_BYTES > free:
            raise PullFailed("pull_no_space", needed=-(-(needed + RESERVE_BYTES) // _MB), free=free // _MB)

    def _here(self, model_id: str) -> int:
        folder = self._store.staging(model_id)
        return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())

    def _fetch_all(self, model_id: str, wanted: Sequence[Wanted]) -> None:
        files, parts = (self._store.staging(model_id) / name for name in ("files", "parts"))
        parts.mkdir(parents=True, exist_ok=True)
        self._progress.begin(sum(one.remote.size for one in wanted))
        before = 0
        for one in wanted:
            target = files / one.name
            target.parent.mkdir(parents=True, exist_ok=True)
            if not (target.is_file() and is_right(target, one)):
                self._fetch(one, parts / one.part_name, target, before)
            before += one.remote.size
            self._progress.at(one.name, before)
        _drop_others(files, {one.name for one in wanted})

    def _fetch(self, one: Wanted, part: Path, target: Path, before: int) -> None:
        self._progress.at(one.name, before + (part.stat().st_size if part.exists() else 0))
        self._hub.fetch(
            one.repository,
            one.commit,
            one.name,
            one.remote.size,
            part,
            lambda size: self._progress.at(one.name, before + size),
        )
        if not is_right(part, one):
            part.unlink()  # these bytes are of no use to anybody
            raise PullFailed("pull_wrong_hash", file=one.name)
        part.replace(target)
        if not looks_right(target):
            target.unlink()
            raise PullFailed("pull_format", file=one.name)

    def _tidy(self, model_id: str) -> None:
        """Keep what the next try can use, and nothing else."""
        folder = self._store.staging(model_id)
        for part in folder.glob("parts/*"):
            if part.stat().st_size == 0:
                part.unlink()
        if self._here(model_id) == 0:
            self._store.discard(model_id)

    @contextlib.contextmanager
    def _alone(self, model_id: str) -> Iterator[None]:
        """What lies in the staging folder is touched by one process only."""
        try:
            lock = self._store.lock(model_id)
            lock.acquire()
        except Timeout:
            raise PullFailed("pull_busy", id=model_id) from None
        except OSError as error:
            raise self._no_folder() from error
        try:
            yield
        finally:
            lock.release()

    @contextlib.contextmanager
    def _room(self, model_id: str) -> Iterator[None]:
        """A disk that fills up in the middle gets its room back: the bot's database lies on it, too."""
        try:
            yield
        except PullFailed:
            self._tidy(model_id)
            raise
        except OSError as error:
            if not is_full(error):
                raise self._no_folder() from error
            self._store.discard(model_id)
            raise PullFailed("pull_disk_full") from error

    def _no_folder(self) -> PullFailed:
        return PullFailed("pull_no_folder", folder=str(self._store.models_dir))


def plan(source: Source, listing: Listing) -> list[Wanted]:
    """What is to be fetched. Raises PullFailed where the hub has something else than stands in the catalog."""
    if is_commit(source.revision) and listing.commit != source.revision:
        raise PullFailed("pull_no_revision", repository=source.repository)
    wanted = []
    for name, digest in source.files.items():
        remote = listing.files.get(name)
        if remote is None:
            raise PullFailed("pull_file_missing", file=name, repository=source.repository)
        if not (digest or remote.sha256 or remote.git_sha1):
            raise PullFailed("pull_no_hash", file=name)
        if digest and remote.sha256 and digest != remote.sha256:
            raise PullFailed("pull_wrong_hash", file=name)
        wanted.append(
            Wanted(
                repository=source.repository,
                commit=listing.commit,
                name=name,
                sha256=digest,
                remote=remote,
            )
        )
    return wanted


def is_right(file: Path, one: Wanted) -> bool:
    """Whether these are the bytes: by the catalog's hash, else by the hub's. Raises OSError."""
    if digest := one.sha256 or one.remote.sha256:
        return sha256_of(file, lambda _: None) == digest
    return git_sha1_of(file) == one.remote.git_sha1


def _pins(files: Path, wanted: Sequence[Wanted]) -> list[Pin]:
    places = dict.fromkeys((one.repository, one.commit) for one in wanted)
    return [
        Pin(
            repository=repository,
            commit=commit,
            files={
                one.name: one.sha256 or one.remote.sha256 or sha256_of(files / one.name, lambda _: None)
                for one in wanted
                if (one.repository, one.commit) == (repository, commit)
            },
        )
        for repository, commit in places
    ]


def _drop_others(files: Path, names: set[str]) -> None:
    """An earlier try may have been for another list of files."""
    for file in files.rglob("*"):
        if file.is_file() and file.relative_to(files).as_posix() not in names:
            file.unlink()
