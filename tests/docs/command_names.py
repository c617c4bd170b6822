"""What the bot tells Discord about its commands, as papers write them: `/stunde start minuten:45`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tests.command_payloads import command_payloads

SPAN: Final = re.compile(r"`/([\w-]+)(?: ([^`]*))?`")
"""A command in a paper, with what is written after it; a path with a second slash is none."""
OPTION: Final = re.compile(r"(?:^|\s)([\w-]+):")
_SLASH, _MEMBER = 1, 1
"""Discord's kinds: a command written with a slash; below a command, one that is written with a second word."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """A command in one language. `key`: its name in English; `members`: those of a group, by name; `options`: names."""

    key: str
    options: frozenset[str]
    members: Mapping[str, Spoken]

    def faults(self, written: str) -> list[str]:
        """What stands after the name and is neither option nor member. `a | b` names several members."""
        if not self.members:
            return sorted(set(OPTION.findall(written)) - self.options)
        first, _, rest = written.partition(" ")
        if first not in self.members:
            return [first] if first else []
        if rest.startswith("|"):
            return [one for one in re.split(r"[ |]+", rest.strip("| ")) if one not in self.members]
        return self.members[first].faults(rest)

    def keys(self) -> Iterator[str]:
        """The command's key, of a group those of its members: `lesson start`."""
        yield from (f"{self.key} {one.key}" for one in self.members.values()) if self.members else [self.key]


async def commands() -> dict[str, dict[str, Spoken]]:
    """All slash commands of the bot as it is started, by language and name."""
    slash = [one for one in await command_payloads() if one["type"] == _SLASH]
    return {language: _by_name(slash, language) for language in ("de", "en")}


def _by_name(payloads: list[dict[str, Any]], language: str) -> dict[str, Spoken]:
    return {_name(one, language): _spoken(one, language) for one in payloads}


def _spoken(payload: dict[str, Any], language: str) -> Spoken:
    inner = payload.get("options") or []
    members = [one for one in inner if one["type"] == _MEMBER]
    options = frozenset(_name(one, language) for one in inner if one["type"] != _MEMBER)
    return Spoken(key=payload["name"], options=options, members=_by_name(members, language))


def _name(payload: dict[str, Any], language: str) -> str:
    return str((payload.get("name_localizations") or {}).get(language, payload["name"]))


def faults(text: str, known: Mapping[str, Spoken]) -> list[str]:
    """The commands, members and options in this text that do not exist."""
    found = []
    for name, written in SPAN.findall(text):
        if name not in known:
            found.append(f"/{name}")
        else:
            found += [f"/{name}: {one}" for one in known[name].faults(written)]
    return found
