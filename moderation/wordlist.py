"""Reads the word lists. A list that is not entirely right is an error at start, never a smaller filter.

    [sexual]             a section; see SECTIONS
    # a comment
    nackt*               a word and all its endings; `*wort` and `*wort*` likewise
    dick pic*            several words, one after the other
    bombe* & bauen       parts not more than REACH words apart, in any order; each a word or several
    [allow]
    nacktschnecke*       what the words above must not catch

Umlauts are written as umlauts; ae and a without dots match too.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Final

from moderation.letters import DIGITS, look_alikes
from moderation.normalise import clean

# Section -> code of the sentence. Where a text matches several, the first named here is answered.
SECTIONS: Final[Mapping[str, str]] = {
    "self_harm": "self_harm",
    "sexual": "sexual",
    "hate": "hate",
    "violence": "violence",
    "drugs_weapons": "drugs_weapons",
    "names": "person_dignity",
}
ALLOW: Final = "allow"
REACH: Final = 6

_MOST_SPELLINGS: Final = 256
_MIN_LETTERS: Final = 3
_MIN_LETTERS_INSIDE: Final = 4


class WordListError(ValueError):
    """A word list cannot be used; the message names the file and the line."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """One word of an entry: its spellings in a-z, and whether more may come before or after it."""

    spellings: tuple[str, ...]
    open_start: bool
    open_end: bool


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a list: parts that all occur within REACH words, each a row of words."""

    text: str
    section: str
    parts: tuple[tuple[Pattern, ...], ...]


def load(files: Sequence[Path]) -> tuple[Entry, ...]:
    """All entries of several lists. Raises WordListError; a list without entries is one too."""
    entries = tuple(entry for file in files for entry in _load_file(file))
    if not any(entry.section != ALLOW for entry in entries):
        raise WordListError("there is no word list, or none that refuses anything")
    return entries


def read_entry(content: str, section: str) -> Entry:
    """One line, by the rules of the lists. Raises WordListError."""
    return _entry(content, section)


def _load_file(file: Path) -> list[Entry]:
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise WordListError(f"{file.name}: cannot be read ({type(error).__name__})") from error
    section = ""
    entries: dict[str, Entry] = {}
    for number, line in enumerate(lines, start=1):
        content = line.partition("#")[0].strip()
        try:
            if content.startswith("["):
                section = _section(content)
            elif content:
                _add(entries, _entry(content, section))
        except WordListError as error:
            raise WordListError(f"{file.name}, line {number}: {error}") from None
    if not entries:
        raise WordListError(f"{file.name}: the list is empty")
    return list(entries.values())


def _section(header: str) -> str:
    name = header[1:-1]
    if not header.endswith("]") or name not in {*SECTIONS, ALLOW}:
        raise WordListError(f"unknown section {header}")
    return name


def _add(entries: dict[str, Entry], entry: Entry) -> None:
    if entry.text in entries:
        raise WordListError(f"{entry.text!r} is there twice")
    entries[entry.text] = entry


def _entry(content: str, section: str) -> Entry:
    if not section:
        raise WordListError("an entry before the first section")
    parts = [part.split() for part in content.split("&")]
    if len(parts) > 1 and section == ALLOW:
        raise WordListError("[allow] takes words in a row only")
    # A single short word is found by chance; as part of a phrase it may be short.
    alone = sum(map(len, parts)) == 1
    return Entry(content, section, tuple(_part(part, alone=alone) for part in parts))


def _part(words: Sequence[str], *, alone: bool) -> tuple[Pattern, ...]:
    if not words:
        raise WordListError("nothing beside a '&'")
    return tuple(_pattern(word, alone=alone) for word in words)


def _pattern(word: str, *, alone: bool) -> Pattern:
    core = word.strip("*")
    open_start, open_end = word.startswith("*"), word.endswith("*")
    spellings = _spellings(core)
    least = _MIN_LETTERS_INSIDE if open_start else _MIN_LETTERS if alone else 1
    if len(spellings[0]) < least:
        raise WordListError(f"{word!r} is too short")
    return Pattern(spellings, open_start, open_end)


def _spellings(core: str) -> tuple[str, ...]:
    choices: list[tuple[str, ...]] = []
    for character in clean(core).lower():
        if "a" <= character <= "z":
            choices.append((character,))
        elif character in "äöü":
            choices.append(look_alikes()[character])
        elif character == "ß":
            choices.append(("ss",))
        elif character in DIGITS:
            choices.append(DIGITS[character][:1])
        else:
            raise WordListError(f"{core!r} has something other than letters and digits in it")
    if not choices:
        raise WordListError("an empty word")
    if math.prod(map(len, choices)) > _MOST_SPELLINGS:
        raise WordListError(f"{core!r} has too many umlauts")  # each of them doubles the spellings
    return tuple("".join(choice) for choice in product(*choices))
