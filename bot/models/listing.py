"""Which models there are, for `atelier models list` and `/models`: no Discord, no hub."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bot.i18n import Sentences
from bot.models.store import size_of
from generation.catalog import Catalog, ModelInfo
from generation.speech_params import CLONES_FAMILY, SPEECH

_MB = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One model; `default` for the one that its medium uses."""

    model: ModelInfo
    default: bool

    @property
    def installed(self) -> bool:
        return self.model.path is not None


def rows(catalog: Catalog) -> list[Row]:
    """All models, medium by medium, the best first."""
    return [
        Row(model=model, default=model.path is not None and model == usual)
        for medium in catalog.media()
        for usual in [next(filter(_may_be_usual, catalog.models(medium)), None)]
        for model in catalog.models(medium)
    ]


def _may_be_usual(model: ModelInfo) -> bool:
    """What copies a voice is chosen with a voice, never by itself."""
    return not (model.medium == SPEECH and model.family == CLONES_FAMILY)


def disk_mb(row: Row) -> int | None:
    """What it takes of the disk, None when it is not here. Reads the disk."""
    return None if row.model.path is None else -(-size_of(row.model.path) // _MB)


def medium_name(medium: str, sentences: Sentences, locale: object) -> str:
    key = f"models.medium_{medium}"
    return sentences.text(key, locale) if sentences.has(key) else medium


def doubts(keys: Sequence[str], sentences: Sentences, locale: object) -> str:
    """The unconfirmed keys of an entry in words."""
    known = [f"models.doubt_{key}" for key in keys]
    return ", ".join(
        sentences.text(key, locale) if sentences.has(key) else key.removeprefix("models.doubt_")
        for key in known
    )


def as_plain(row: Row) -> dict[str, Any]:
    """For `--json`. Reads the disk."""
    model = row.model
    return {
        "id": model.id,
        "medium": model.medium,
        "title": model.title,
        "licence": model.licence,
        "languages": list(model.languages),
        "memory_mb": model.memory_mb,
        "disk_mb": disk_mb(row),
        "installed": row.installed,
        "default": row.default,
        "mini": model.mini,
        "unconfirmed": list(model.unconfirmed),
        "repositories": [f"{source.repository}@{source.revision}" for source in model.sources],
        "data_sentence": dict(model.data_sentence),
    }
