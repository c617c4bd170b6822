"""The families that are switched on: their environments, and the models that this machine has of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import generation
from bot.hardware import model_memory_mb
from bot.i18n import Sentences, system_language
from bot.installing import tell_steps
from bot.settings import Settings
from generation.catalog import Catalog
from generation.environments import Environments
from generation.errors import AtelierError

Report = Callable[[str], None]
_SOURCE_ROOT = Path(generation.__file__).parents[1]
_FAMILIES_DIR = _SOURCE_ROOT / "generation" / "families"
REQUIRED_FAMILIES = ("safety", "media")
"""Without them nothing could be checked and shown."""
NEEDED_FAMILIES = (*REQUIRED_FAMILIES, "diffusion")
"""What a class begins with, in the order in which it is made."""


class FamilyOff(AtelierError):
    """A family is switched off that the bot cannot do without."""

    default_code = "family_off"


class FamilyUnknown(AtelierError):
    """A name among the families that no folder has."""

    default_code = "family_unknown"


def check_families(names: Iterable[str]) -> None:
    """Raises FamilyUnknown: to install a misspelt family would look like success."""
    known = sorted(file.parent.name for file in _FAMILIES_DIR.glob("*/adapter.py"))
    for name in names:
        if name not in known:
            raise FamilyUnknown("family_unknown", family=name, known=", ".join(known))


def environments_of(settings: Settings, *, report: Report) -> Environments:
    tell = tell_steps(report, Sentences.load(), system_language())
    return Environments(cache_dir=settings.cache_dir, source_root=_SOURCE_ROOT, report=tell)


def catalog_of(settings: Settings) -> Catalog:
    """The models of the families that are switched on. Raises FamilyUnknown."""
    check_families(settings.families)
    memory_mb = model_memory_mb(settings.memory_mb)
    return Catalog.read(_FAMILIES_DIR, settings.models_dir, memory_mb).only(settings.families)
