"""Discord's limits for what a bot may register as commands."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from bot.local.errors import Json, Problems, Refusal

LOCALES = frozenset(
    {
        "id", "da", "de", "en-GB", "en-US", "es-ES", "es-419", "fr", "hr", "it", "lt", "hu",
        "nl", "no", "pl", "pt-BR", "ro", "fi", "sv-SE", "vi", "tr", "cs", "el", "bg",
        "ru", "uk", "hi", "th", "zh-CN", "ja", "zh-TW", "ko",
    }
)  # fmt: skip
_NAME = re.compile(r"[-_'\w]{1,32}")
_SUB, _GROUP, _STRING, _INTEGER, _NUMBER = 1, 2, 3, 4, 10
MAX_OPTIONS, MAX_CHOICES, MAX_SIZE = 25, 25, 8000
MOST = {1: 100, 2: 5, 3: 5}
"""Slash commands, commands of people's and of messages' context menus; for all servers, and again for each."""


def check_commands(commands: list[Json]) -> None:
    """Refuse with 50035 or 30032 what Discord would not register."""
    for kind, most in MOST.items():
        if sum((one.get("type") or 1) == kind for one in commands) > most:
            raise Refusal(400, 30032, f"Maximum number of application commands reached ({most}).")
    problems = Problems()
    names: set[tuple[int, str]] = set()
    for place, one in enumerate(commands):
        at = problems.at(place)
        key = (one.get("type") or 1, str(one.get("name")))
        if key in names:
            at.add("APPLICATION_COMMANDS_DUPLICATE_NAME", "Application command names must be unique")
        names.add(key)
        _check_command(one, at)
    problems.refuse()


def _check_command(command: Json, at: Problems) -> None:
    if not at.at("type").choice(command.get("type") or 1, set(MOST)):
        return
    if (command.get("type") or 1) != 1:
        _check_menu_command(command, at)
        return
    _check_names(command, at)
    _check_options(command.get("options") or [], at.at("options"), depth=0)
    if _size(command) > MAX_SIZE:
        at.add("APPLICATION_COMMAND_TOO_LARGE", f"Command exceeds maximum size ({MAX_SIZE})")


def _check_menu_command(command: Json, at: Problems) -> None:
    """A command of a context menu: a name in any case, spaces allowed, and nothing else."""
    at.at("name").text(command.get("name") or "", 1, 32)
    for locale, name in (command.get("name_localizations") or {}).items():
        if at.at("name_localizations", locale).choice(locale, LOCALES):
            at.at("name_localizations", locale).text(name, 1, 32)
    if command.get("description"):
        at.at("description").text(command["description"], 0, 0)
    if command.get("options"):
        at.at("options").length(command["options"], 0, 0)


def _check_names(thing: Json, at: Problems) -> None:
    """Name and description of a command or option, with their localisations."""
    _check_name(thing.get("name"), at.at("name"))
    for locale, name in (thing.get("name_localizations") or {}).items():
        if at.at("name_localizations", locale).choice(locale, LOCALES):
            _check_name(name, at.at("name_localizations", locale))
    at.at("description").text(thing.get("description") or "", 1, 100)
    for locale, text in (thing.get("description_localizations") or {}).items():
        if at.at("description_localizations", locale).choice(locale, LOCALES):
            at.at("description_localizations", locale).text(text, 1, 100)


def _check_name(name: Any, at: Problems) -> None:
    if not isinstance(name, str) or not _NAME.fullmatch(name) or name != name.lower():
        at.add("APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid")


def _check_options(options: list[Json], at: Problems, *, depth: int) -> None:
    if len(options) > MAX_OPTIONS:
        at.add("BASE_TYPE_MAX_LENGTH", f"Must be {MAX_OPTIONS} or fewer in length.")
    _check_distinct(options, at)
    optional_seen = False
    for place, one in enumerate(options):
        inner = at.at(place)
        _check_names(one, inner)
        if not inner.at("type").choice(one.get("type"), set(range(1, 12))):
            continue
        if one["type"] in (_SUB, _GROUP):
            if depth >= 2 or (depth == 1 and one["type"] == _GROUP):
                inner.add("APPLICATION_COMMAND_OPTIONS_NESTING", "Sub-commands cannot be nested so deep")
            _check_options(one.get("options") or [], inner.at("options"), depth=depth + 1)
            continue
        if one.get("required") and optional_seen:
            message = "Required options must be placed before non-required options"
            inner.add("APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID", message)
        optional_seen |= not one.get("required")
        _check_values(one, inner)


def _check_distinct(options: list[Json], at: Problems) -> None:
    """Names must differ, in every language: a locale's own names and, where one is missing, the default."""
    locales = {locale for one in options for locale in one.get("name_localizations") or {}}
    for locale in (None, *sorted(locales)):
        seen: set[str] = set()
        for place, one in enumerate(options):
            name = str((one.get("name_localizations") or {}).get(locale, one.get("name")))
            if name in seen:
                message = f"Option names must be unique ({locale or 'default'}: {name})"
                at.at(place).add("APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_EXISTS", message)
            seen.add(name)


def _check_values(option: Json, at: Problems) -> None:
    choices = option.get("choices") or []
    if choices and option.get("autocomplete"):
        at.add(
            "APPLICATION_COMMAND_OPTION_AUTOCOMPLETE_CHOICES", "Choices and autocomplete exclude each other"
        )
    at.at("choices").length(choices, 0, MAX_CHOICES)
    names = [one.get("name") for one in choices]
    for place, one in enumerate(choices):
        inner = at.at("choices", place)
        inner.at("name").text(one.get("name") or "", 1, 100)
        for locale, text in (one.get("name_localizations") or {}).items():
            if inner.at("name_localizations", locale).choice(locale, LOCALES):
                inner.at("name_localizations", locale).text(text, 1, 100)
        if names.count(one.get("name")) > 1:
            inner.add("APPLICATION_COMMAND_OPTIONS_CHOICE_NAME_ALREADY_EXISTS", "Choice names must be unique")
        if option["type"] == _STRING:
            inner.at("value").text(one.get("value"), 1, 100)
        elif isinstance(one.get("value"), bool) or not isinstance(one.get("value"), int | float):
            inner.at("value").add("NUMBER_TYPE_COERCE", "Value is not a number.")
    _check_bounds(option, at)


def _check_bounds(option: Json, at: Problems) -> None:
    for low, high, kinds in (
        ("min_value", "max_value", (_INTEGER, _NUMBER)),
        ("min_length", "max_length", (_STRING,)),
    ):
        given = [name for name in (low, high) if option.get(name) is not None]
        if given and option["type"] not in kinds:
            at.add(
                "APPLICATION_COMMAND_OPTION_BOUNDS_INVALID", f"{given[0]} does not fit this type of option"
            )
        if len(given) == 2 and option[low] > option[high]:
            at.add("APPLICATION_COMMAND_OPTION_BOUNDS_INVALID", f"{low} lies above {high}")


def _size(thing: Json) -> int:
    """Characters of names, descriptions and values, the longest localisation counting for each."""
    total = _longest(thing, "name") + _longest(thing, "description") + len(str(thing.get("value", "")))
    inner: Iterable[Json] = (*(thing.get("options") or []), *(thing.get("choices") or []))
    return total + sum(_size(one) for one in inner)


def _longest(thing: Json, name: str) -> int:
    texts = (thing.get(name) or "", *(thing.get(f"{name}_localizations") or {}).values())
    return max(len(str(one)) for one in texts)
