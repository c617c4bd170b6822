"""What models there are, read from each family's `models.toml`, and which of them are on this machine."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from generation.errors import ModelMissing, NotFound
from generation.params import SIZE_HIGH, SIZE_LOW

_ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}\Z")
_SHA256 = re.compile(r"[0-9a-f]{64}\Z")
_SENTENCE_LANGUAGES = frozenset({"de", "en"})


class CatalogError(Exception):
    """A `models.toml` that cannot be used; the message names the file, the model and the key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelInfo:
    """One model. `path` is a local folder, None when it is not on this machine; sizes in pixels.

    `files` maps names inside the repository to SHA-256; `data_sentence` says in "de" and "en" what it
    learned from.
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
    options: Mapping[str, Any] = field(default_factory=dict)
    mini: bool = False
    default: bool = False

    @property
    def sides(self) -> tuple[int, int]:
        """The shortest and the longest side of a picture that it can make, in pixels."""
        low, high = self.options.get("sides", (SIZE_LOW, SIZE_HIGH))
        return int(low), int(high)


class Catalog:
    """All models of all families; made by `read`."""

    def __init__(self, models: Iterable[ModelInfo]) -> None:
        self._models = {model.id: model for model in models}

    @classmethod
    def read(cls, families_dir: Path, models_dir: Path) -> Catalog:
        """Read every family's `models.toml`. Raises CatalogError. Reads the disk."""
        models: dict[str, ModelInfo] = {}
        for file in sorted(families_dir.glob("*/models.toml")):
            for model in _read_file(file, models_dir):
                if model.id in models:
                    raise CatalogError(f"{_short(file)}: model {model.id}: the id is taken")
                models[model.id] = model
        return cls(models.values())

    def only(self, families: Iterable[str]) -> Catalog:
        """The models of these families alone."""
        chosen = frozenset(families)
        return Catalog(model for model in self._models.values() if model.family in chosen)

    def models(self, medium: str) -> list[ModelInfo]:
        """Those for `medium`: installed first, then defaults first, then as written."""
        found = [one for one in self._models.values() if one.medium == medium]
        return sorted(found, key=lambda one: (one.path is None, not one.default))

    def get(self, id: str) -> ModelInfo:  # noqa: A002 - the field's name
        """Raises NotFound model_unknown."""
        model = self._models.get(id)
        if model is None:
            raise NotFound("model_unknown", known=", ".join(self._models))
        return model

    def default(self, medium: str) -> ModelInfo:
        """The first of `models(medium)`. Raises NotFound model_unknown when there is none."""
        models = self.models(medium)
        if not models:
            raise NotFound("model_unknown", known="")
        return models[0]

    def demand_checker(self, model: ModelInfo) -> None:
        """Raises ModelMissing checker_missing: the rehearsal checker knows its test card and nothing else.

        What a real model makes is judged by a real checker or not made at all.
        """
        if not model.mini and not any(one.path and not one.mini for one in self.models("safety")):
            raise ModelMissing("checker_missing", model=model.title)


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
    "options": dict,
    "mini": bool,
    "default": bool,
}


def _short(file: Path) -> str:
    return f"{file.parent.name}/{file.name}"


def _read_file(file: Path, models_dir: Path) -> list[ModelInfo]:
    try:
        plain = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CatalogError(f"{_short(file)}: {error}") from error
    entries = plain.pop("model", [])
    if plain or not isinstance(entries, list):
        raise CatalogError(f"{_short(file)}: key {next(iter(plain), 'model')}: only [[model]] is known here")
    return [_read_entry(entry, number, file, models_dir) for number, entry in enumerate(entries, 1)]


def _read_entry(entry: Any, number: int, file: Path, models_dir: Path) -> ModelInfo:
    if not isinstance(entry, dict):
        raise CatalogError(f"{_short(file)}: key model: entry {number} is not a table")
    where = f"{_short(file)}: model {entry.get('id', number)}"
    _check_types(entry, where)
    _check_values(entry, where)
    source_root = file.parents[3]
    source = entry.pop("path_source", None)
    path = source_root / source if source is not None else models_dir / entry["id"]
    return ModelInfo(
        **{**entry, "languages": tuple(entry["languages"])},
        family=file.parent.name,
        path=path if path.exists() else None,
    )


def _check_types(entry: Mapping[str, Any], where: str) -> None:
    for key in _REQUIRED.keys() - entry.keys():
        raise CatalogError(f"{where}: key {key} is missing")
    for key, value in entry.items():
        wanted = _REQUIRED.get(key) or _OPTIONAL.get(key)
        if wanted is None:
            raise CatalogError(f"{where}: key {key} is unknown")
        if type(value) is not wanted and not (wanted is float and type(value) is int):
            raise CatalogError(f"{where}: key {key} must be {wanted.__name__}")


def _check_values(entry: Mapping[str, Any], where: str) -> None:
    sentence = entry["data_sentence"]
    problems = {
        "id": not _ID.match(entry["id"]),
        "languages": not all(isinstance(one, str) for one in entry["languages"]),
        "memory_mb": entry["memory_mb"] < 0,
        "data_sentence": set(sentence) != _SENTENCE_LANGUAGES
        or not all(isinstance(one, str) and one for one in sentence.values()),
        "files": not all(
            isinstance(digest, str) and _SHA256.match(digest) for digest in entry.get("files", {}).values()
        ),
        "revision": ("repository" in entry) != ("revision" in entry),
        "path_source": ("repository" in entry) == ("path_source" in entry),
    }
    for key, wrong in problems.items():
        if wrong:
            raise CatalogError(f"{where}: key {key} is not valid")
