"""What models there are, read from each family's `models.toml`, and which of them are on this machine.

What an entry may say stands in `generation/model_entries.py`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from generation.errors import ModelMissing, NotFound
from generation.model_entries import CatalogError, ModelInfo, Source, check_entry

__all__ = ["Catalog", "CatalogError", "ModelInfo", "Source", "best_first"]

CHECKERS = frozenset({"safety", "guard"})
"""Media whose models judge what others make. The best one on this machine is used, whatever the memory: when
the card is full it runs on the processor, and no picture is worth a worse check."""
UNSEEN = CHECKERS | {"text", "music", "sound", "notes", "speech"}
"""Media whose models make nothing that a picture checker could judge."""


def best_first(models: Iterable[ModelInfo], memory_mb: int | None) -> list[ModelInfo]:
    """Those on this machine first: real ones that fit `memory_mb`, the highest rank first, then the mini models,
    then real ones that do not fit; at last those that are not here. None: everything fits. Ties stay as written."""

    def place(model: ModelInfo) -> tuple[bool, int, bool, int]:
        fits = memory_mb is None or model.memory_mb <= memory_mb
        kind = 1 if model.mini else 0 if fits else 2
        return model.path is None, kind, not fits, -model.rank

    return sorted(models, key=place)


class Catalog:
    """All models of all families; made by `read`. `memory_mb` is what the models may take, None: unbounded."""

    def __init__(self, models: Iterable[ModelInfo], memory_mb: int | None = None) -> None:
        self._models = {model.id: model for model in models}
        self._memory_mb = memory_mb

    @classmethod
    def read(cls, families_dir: Path, models_dir: Path, memory_mb: int | None = None) -> Catalog:
        """Read every family's `models.toml`. Raises CatalogError. Reads the disk."""
        models: dict[str, ModelInfo] = {}
        for file in sorted(families_dir.glob("*/models.toml")):
            for model in _read_file(file, models_dir):
                if model.id in models:
                    raise CatalogError(f"{_short(file)}: model {model.id}: the id is taken")
                models[model.id] = model
        return cls(models.values(), memory_mb)

    def only(self, families: Iterable[str]) -> Catalog:
        """The models of these families alone."""
        chosen = frozenset(families)
        return Catalog((model for model in self._models.values() if model.family in chosen), self._memory_mb)

    def media(self) -> list[str]:
        """The media that have models, as written."""
        return list(dict.fromkeys(model.medium for model in self._models.values()))

    def models(self, medium: str) -> list[ModelInfo]:
        """Those for `medium`, the best one for this machine first (`best_first`)."""
        found = [one for one in self._models.values() if one.medium == medium]
        return best_first(found, None if medium in CHECKERS else self._memory_mb)

    def get(self, id: str) -> ModelInfo:  # noqa: A002 - the field's name
        """Raises NotFound model_unknown."""
        model = self._models.get(id)
        if model is None:
            raise NotFound("model_unknown", known=", ".join(self._models))
        return model

    def medium_of(self, id: str) -> str | None:  # noqa: A002 - the field's name
        """What this model makes; None: there is no such model."""
        model = self._models.get(id)
        return None if model is None else model.medium

    def default(self, medium: str) -> ModelInfo:
        """The first of `models(medium)`. Raises NotFound model_unknown when there is none."""
        models = self.models(medium)
        if not models:
            raise NotFound("model_unknown", known="")
        return models[0]

    def is_usable(self, family: str) -> bool:
        """Whether its worker has anything to do: it needs no models, or one of them is here."""
        known = [one for one in self._models.values() if one.family == family]
        return not known or any(one.path is not None for one in known)

    def demand_checker(self, model: ModelInfo) -> None:
        """Raises ModelMissing checker_missing: the rehearsal checker knows its test card and nothing else.

        What a real model shows is judged by a real checker or not made at all. Texts and sounds are judged by other
        checks.
        """
        if not model.mini and model.medium not in UNSEEN and not self.has_checker():
            raise ModelMissing("checker_missing", model=model.title)

    def has_checker(self) -> bool:
        """Whether the checker in use (the default one) is a real one."""
        checker = next(iter(self.models("safety")), None)
        return checker is not None and checker.path is not None and not checker.mini


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
    check_entry(entry, f"{_short(file)}: model {entry.get('id', number)}")
    source = entry.pop("path_source", None)
    path = file.parents[3] / source if source is not None else models_dir / entry["id"]
    lists = {name: tuple(entry.get(name, ())) for name in ("languages", "unconfirmed")}
    extra = tuple(Source(**one) for one in entry.get("extra", ()))
    return ModelInfo(
        **{**entry, **lists, "extra": extra},
        family=file.parent.name,
        path=path if path.exists() else None,
    )
