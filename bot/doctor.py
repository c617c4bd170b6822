"""`atelier doctor`: what is there, what is missing, and what to do about it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from bot.hardware import free_disk_mb, graphics_card, main_memory_mb, model_memory_mb
from bot.invite import application_id_of, invite_link
from bot.models.store import absent_files
from bot.services.listening import FAMILY as LISTENING
from bot.settings import Settings
from generation.catalog import Catalog
from generation.environments import Environments
from generation.errors import ModelMissing
from generation.speech_params import CLONES_FAMILY, NOBODYS_FAMILY

Level = Literal["ok", "note", "missing"]
_DISK_MB = 8_000
"""Environments of all families with a CUDA build of torch, and one real picture model."""
_SHOWN = ("image", "text", "music", "sound", "notes", "speech")
"""Media whose models a class chooses from; the checkers are told on their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line: `key` is its sentence `doctor.<key>` in the locales. "missing" means the bot cannot work so."""

    level: Level
    key: str
    values: dict[str, Any] = field(default_factory=dict)


async def examine(settings: Settings, environments: Environments, catalog: Catalog) -> list[Finding]:
    """Look at everything; nothing is changed or downloaded."""
    findings = [*_machine(settings), *_token(settings), *_models(catalog), *_checkers(catalog)]
    findings += [_guard(catalog), _speech(settings, catalog), *_incomplete(catalog)]
    for family in settings.families:
        if not catalog.is_usable(family):
            continue
        ready = environments.is_ready(family)
        findings.append(
            Finding(level="ok", key="environment_ready", values={"family": family})
            if ready
            else Finding(level="note", key="environment_later", values={"family": family})
        )
        if environments.wants_compiler(family):
            findings.append(Finding(level="note", key="no_compiler", values={"family": family}))
        if ready and family == "media":
            findings.append(await _codecs(environments))
    return findings


def _machine(settings: Settings) -> Iterator[Finding]:
    version = ".".join(str(part) for part in sys.version_info[:3])
    yield Finding(level="ok", key="python", values={"version": version})
    card = graphics_card()
    if card is None:
        yield Finding(level="note", key="no_card")
    else:
        yield Finding(level="ok", key="card", values={"name": card.name, "memory": card.memory_mb})
    budget = model_memory_mb(settings.memory_mb)
    yield Finding(level="ok", key="memory", values={"memory": main_memory_mb(), "budget": budget})
    free = free_disk_mb(settings.cache_dir)
    level: Level = "ok" if free >= _DISK_MB else "note"
    yield Finding(level=level, key="disk" if level == "ok" else "disk_low", values={"free": free})


def _token(settings: Settings) -> Iterator[Finding]:
    token = settings.discord_token.get_secret_value().strip() if settings.discord_token else ""
    if not token:
        yield Finding(level="missing", key="no_token")
        return
    application_id = application_id_of(token)
    if application_id is None:
        yield Finding(level="missing", key="token_odd")
        return
    yield Finding(level="ok", key="token")
    yield Finding(level="ok", key="invite", values={"link": invite_link(application_id)})


def _models(catalog: Catalog) -> Iterator[Finding]:
    for model in (model for medium in _SHOWN for model in catalog.models(medium)):
        values = {"model": model.title, "id": model.id}
        if model.path is None:
            yield Finding(level="note", key="model_absent", values=values)
        else:
            yield Finding(level="ok", key="model_rehearsal" if model.mini else "model", values=values)


def _checkers(catalog: Catalog) -> Iterator[Finding]:
    """The picture filter that is used, and the models that may not be used for want of one."""
    checker = next((one for one in catalog.models("safety") if one.path is not None), None)
    if checker is None:
        yield Finding(level="missing", key="checker_absent")
    else:
        key = "checker_rehearsal" if checker.mini else "checker"
        yield Finding(level="ok", key=key, values={"model": checker.title, "id": checker.id})
    for model in catalog.models("image"):
        try:
            catalog.demand_checker(model)
        except ModelMissing:
            if model.path is not None:
                yield Finding(level="missing", key="checker_lacks", values={"model": model.title})


def _guard(catalog: Catalog) -> Finding:
    """Whether a model judges prompts and answers beside the word lists."""
    guard = next((one for one in catalog.models("guard") if one.path is not None), None)
    if guard is None:
        return Finding(level="note", key="guard_absent")
    return Finding(level="ok", key="guard", values={"model": guard.title, "id": guard.id})


def _speech(settings: Settings, catalog: Catalog) -> Finding:
    """Who can speak here, in one line. Where nobody can listen nothing speaks: every result is marked before a post."""
    on = [one for one in catalog.models("speech") if one.family in settings.families]
    nobodys = [one.title for one in on if one.family == NOBODYS_FAMILY and one.path is not None]
    clones = [one for one in on if one.family == CLONES_FAMILY]
    cloning = next((one.title for one in clones if one.path is not None), None)
    if not nobodys and cloning is None:
        return Finding(level="note", key="speech_off")
    if LISTENING not in settings.families:
        return Finding(level="missing", key="speech_unheard")
    if not nobodys:
        return Finding(level="missing", key="speech_no_choice", values={"model": cloning})
    values = {"voices": ", ".join(nobodys)}
    if cloning is not None:
        return Finding(level="ok", key="speech", values={**values, "model": cloning})
    if not clones:
        return Finding(level="note", key="speech_no_clones", values=values)
    return Finding(
        level="note", key="speech_nobodys", values={**values, "model": clones[0].title, "id": clones[0].id}
    )


def _incomplete(catalog: Catalog) -> Iterator[Finding]:
    """Models whose folder is there without all of its files: whatever wants them fails."""
    for model in (model for medium in catalog.media() for model in catalog.models(medium)):
        if absent := absent_files(model):
            values = {"model": model.title, "id": model.id, "files": ", ".join(absent[:3])}
            yield Finding(level="missing", key="model_incomplete", values=values)


_NEEDED = ("zlib", "jpg", "webp", "freetype2", "libopus", "libmp3lame")
_CODECS = """
import sys
import av
from PIL import features

def is_there(name):
    if not name.startswith("lib"):
        return features.check(name)
    try:
        return bool(av.codec.Codec(name, "w"))
    except ValueError:
        return False

print(",".join(name for name in sys.argv[1:] if is_there(name)))
"""


async def _codecs(environments: Environments) -> Finding:
    """Which formats of pictures and sound the media family writes by itself; no ffmpeg program is needed."""
    process = await asyncio.create_subprocess_exec(
        environments.python("media"), "-I", "-c", _CODECS, *_NEEDED, stdout=asyncio.subprocess.PIPE
    )
    answer, _ = await process.communicate()
    found = answer.decode().strip()
    complete = found.split(",") == list(_NEEDED)
    return Finding(
        level="ok" if complete else "missing",
        key="codecs" if complete else "codecs_lack",
        values={"found": found},
    )
