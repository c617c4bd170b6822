"""One entry of a `models.toml`: what it may say, and what it says once it is read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from generation.params import SIZE_HIGH, SIZE_LOW, STEPS_LIMIT

_ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}\Z")
_SHA256 = re.compile(r"[0-9a-f]{64}\Z")
_COMMIT = re.compile(r"[0-9a-f]{40}\Z")
_REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+\Z", re.ASCII)
_FILE = re.compile(r"(?!.*(?:^|/)\.)[\w. -]+(?:/[\w. -]+)*\Z", re.ASCII)
"""Relative, no part of it hidden or "..": the name is used on this machine."""
_SENTENCE_LANGUAGES = frozenset({"de", "en"})
TRUST = frozenset({"revision", "files"})
"""What must be confirmed for a download to be compared with what stands here."""


class CatalogError(Exception):
    """A `models.toml` that cannot be used; the message names the file, the model and the key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Files of one hub repository. `files` maps names in it to SHA-256, "" where nobody could confirm one."""

    repository: str
    revision: str
    files: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelInfo:
    """One model. `path` is a local folder, None when it is not on this machine; sizes in pixels.

    `data_sentence` says in "de" and "en" what it learned from. `rank`: of the models of a medium that fit, the
    highest is the default. `unconfirmed` names the keys of the entry that rest on no source.
    """

    id: str
    family: str
    medium: str
    title: str
    path: Path | None
    licence: str
    languages: tuple[str, ...]
    memory_mb: int
    default_width: int | None = None
    default_height: int | None = None
    default_steps: int | None = None
    default_guidance: float | None = None
    data_sentence: Mapping[str, str]
    repository: str | None = None
    revision: str | None = None
    files: Mapping[str, str] = field(default_factory=dict)
    extra: tuple[Source, ...] = ()
    unconfirmed: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    mini: bool = False
    rank: int = 0

    @property
    def sides(self) -> tuple[int, int]:
        """The shortest and the longest side of a picture that it can make, in pixels."""
        low, high = self.options.get("sides", (SIZE_LOW, SIZE_HIGH))
        return int(low), int(high)

    @property
    def steps(self) -> tuple[int, int]:
        """The fewest and the most inference steps that it was made for."""
        low, high = self.options.get("steps", (1, STEPS_LIMIT))
        return int(low), int(high)

    @property
    def sources(self) -> tuple[Source, ...]:
        """Where its files come from; empty for a model that comes with the program."""
        if self.repository is None or self.revision is None:
            return ()
        return (
            Source(repository=self.repository, revision=self.revision, files=self.files),
            *self.extra,
        )

    @property
    def unproven(self) -> tuple[str, ...]:
        """What of its download could not be confirmed: "revision", "files", both or nothing."""
        return tuple(key for key in self.unconfirmed if key in TRUST)


_REQUIRED: Mapping[str, type] = {
    "id": str,
    "medium": str,
    "title": str,
    "licence": str,
    "languages": list,
    "memory_mb": int,
    "data_sentence": dict,
}
_OPTIONAL: Mapping[str, type] = {
    "path_source": str,
    "default_width": int,
    "default_height": int,
    "default_steps": int,
    "default_guidance": float,
    "repository": str,
    "revision": str,
    "files": dict,
    "extra": list,
    "unconfirmed": list,
    "options": dict,
    "mini": bool,
    "rank": int,
}
_SOURCE: Mapping[str, type] = {"repository": str, "revision": str, "files": dict}


def check_entry(entry: Mapping[str, Any], where: str) -> None:
    """Raises CatalogError, beginning with `where`, for what is missing, unknown or not valid."""
    _check_types(entry, where)
    sentence = entry["data_sentence"]
    doubts = entry.get("unconfirmed", [])
    problems = {
        "id": not _ID.match(entry["id"]),
        "languages": not all(isinstance(one, str) for one in entry["languages"]),
        "memory_mb": entry["memory_mb"] < 0,
        "rank": entry.get("rank", 0) < 0,
        "data_sentence": set(sentence) != _SENTENCE_LANGUAGES
        or not all(isinstance(one, str) and one for one in sentence.values()),
        "path_source": ("repository" in entry) == ("path_source" in entry),
        "unconfirmed": not all(isinstance(one, str) and one in entry for one in doubts),
        "extra": not all(_is_source(one) for one in entry.get("extra", [])),
        **_source_problems(entry, doubts),
    }
    for key, wrong in problems.items():
        if wrong:
            raise CatalogError(f"{where}: key {key} is not valid")


def _check_types(entry: Mapping[str, Any], where: str) -> None:
    for key in _REQUIRED.keys() - entry.keys():
        raise CatalogError(f"{where}: key {key} is missing")
    for key, value in entry.items():
        wanted = _REQUIRED.get(key) or _OPTIONAL.get(key)
        if wanted is None:
            raise CatalogError(f"{where}: key {key} is unknown")
        if type(value) is not wanted and not (wanted is float and type(value) is int):
            raise CatalogError(f"{where}: key {key} must be {wanted.__name__}")


def _source_problems(entry: Mapping[str, Any], doubts: list[Any]) -> dict[str, bool]:
    """What is wrong with repository, revision and files, which stand together or not at all."""
    if "repository" not in entry:
        return {key: key in entry for key in ("revision", "files", "extra")}
    files = entry.get("files", {})
    return {
        "repository": not _REPOSITORY.match(entry["repository"]),
        "revision": not _is_revision(entry.get("revision"), "revision" in doubts),
        "files": not files
        or not all(_is_file(name, digest, "files" in doubts) for name, digest in files.items()),
    }


def _is_source(plain: Any) -> bool:
    """A further source is confirmed or does not stand here."""
    if not isinstance(plain, dict) or set(plain) != set(_SOURCE):
        return False
    if not all(isinstance(plain[key], kind) for key, kind in _SOURCE.items()):
        return False
    return not any(_source_problems(plain, []).values())


def is_commit(revision: str) -> bool:
    """Whether it names one state of a repository for ever, unlike a branch."""
    return bool(_COMMIT.match(revision))


def _is_revision(revision: Any, doubtful: bool) -> bool:
    return isinstance(revision, str) and (is_commit(revision) or (doubtful and bool(revision)))


def _is_file(name: str, digest: Any, doubtful: bool) -> bool:
    if not _FILE.match(name) or not isinstance(digest, str):
        return False
    return bool(_SHA256.match(digest)) or (doubtful and not digest)
