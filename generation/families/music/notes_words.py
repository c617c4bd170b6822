"""What the words of a prompt ask of a notes model: a table beside its weights says which tokens stand for them.

A model without a table knows no words. The table (`prompt_words.json`):
`phrases`: small letters -> {attribute: value}, found with one of `endings` behind it; `order`: the attributes that are
tokens `<attribute>_<value>`, in this order; attribute `Program` is the file's sound (General MIDI, 0 … 127);
`roots`: names of notes that may stand before a phrase with `Kind`; `numbers`: a number before one of `units` is the
nearest of `beats`, which ask attributes as phrases do.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FILE = "prompt_words.json"


@dataclass(frozen=True, slots=True)
class Asked:
    """`tokens` in front of the piece; `words` that were understood, as they stand in the table."""

    tokens: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    program: int = 0


class PromptWords:
    """The table of one model."""

    def __init__(self, table: Mapping[str, Any]) -> None:
        self._order = tuple(table["order"])
        self._phrases: Mapping[str, Mapping[str, Any]] = table["phrases"]
        self._roots: Mapping[str, int] = table["roots"]
        self._beats: Mapping[str, Mapping[str, Any]] = table["numbers"]["beats"]
        longest_first = sorted(self._phrases, key=len, reverse=True)
        self._pattern = re.compile(
            rf"(?<!\w)(?:(?P<root>{_any(sorted(self._roots, key=len, reverse=True))})[- ])?"
            rf"(?P<phrase>{_any(longest_first)})(?:{_any(table['endings'])})?(?!\w)"
        )
        self._number = re.compile(
            rf"(?<![\w.,])(\d{{2,3}})\s*(?P<unit>{_any(table['numbers']['units'])})(?!\w)"
        )

    @classmethod
    def read(cls, folder: Path) -> PromptWords | None:
        """None: the model has no table. Raises ValueError, KeyError, TypeError, re.error for a damaged one."""
        file = folder / FILE
        return cls(json.loads(file.read_text(encoding="utf-8"))) if file.is_file() else None

    def find(self, prompt: str) -> Asked:
        """The first word that speaks of an attribute decides; a number of beats goes before words of tempo."""
        small = prompt.lower()
        values: dict[str, Any] = {}
        words: list[str] = []
        if (number := self._number.search(small)) is not None and self._beats:
            nearest = min(self._beats, key=lambda beat: abs(int(beat) - int(number[1])))
            values.update(self._beats[nearest])
            words.append(" ".join(number[0].split()))
        for match in self._pattern.finditer(small):
            meant = dict(self._phrases[match["phrase"]])
            if match["root"] and "Kind" in meant and "Kind" not in values:
                meant["Root"] = self._roots[match["root"]]
            if not meant.keys() <= values.keys():
                words.append(match["phrase"])
            values = {**meant, **values}
        tokens = tuple(f"{name}_{values[name]}" for name in self._order if name in values)
        return Asked(tokens, tuple(words), int(values.get("Program", 0)))


def _any(words: Any) -> str:
    return "|".join(re.escape(word) for word in words)
