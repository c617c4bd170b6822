"""The grammar: sentences with gaps. One direction fills the gaps, the other recognises sentences that were filled so.

A gap is `{form:variable}`; the first letter of the variable says what may stand there (`SORTS`), the form how it is
inflected (`FORMS`). One variable is one thing throughout a sentence: "{Der:a} wäscht {sein:a} Fell" accepts no sheep
that washes "ihr Fell".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Any, Final

from generation.mini.text import lexicon as lx

Binding = Mapping[str, Any]
GAP: Final = re.compile(r"\{(\w+):(\w+)\}")
ANY_NAME: Final = r"[\w][\w'-]{0,24}(?: [\w][\w'-]{0,24})?"
SORTS: Final[dict[str, Sequence[Any]]] = {
    "a": lx.ANIMALS, "b": lx.ANIMALS, "q": [*lx.ANIMALS, *lx.THINGS], "x": lx.THINGS, "o": lx.OBJECTS,
    "c": list(lx.COLOURS.values()), "p": list(lx.PLACES.values()), "n": lx.NUMBERS, "m": lx.NUMBERS,
    "k": lx.NUMBERS, "d": lx.DAYS, "e": lx.DAYS, "u": lx.MONTHS, "w": lx.MONTHS, "g": lx.OPPOSITES,
    "h": lx.OPPOSITES,
}  # fmt: skip
"""`s`, not listed, is any name or word of one's own."""


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def _home(animal: lx.Animal) -> lx.Place:
    return animal.home


FORMS: Final[dict[str, Callable[[Any], str]]] = {
    "der": lambda e: e.de.der("nom"), "den": lambda e: e.de.der("acc"), "dem": lambda e: e.de.der("dat"),
    "des": lambda e: e.de.der("gen"), "ein": lambda e: e.de.ein("nom"), "einen": lambda e: e.de.ein("acc"),
    "einem": lambda e: e.de.ein("dat"), "kein": lambda e: "k" + e.de.ein("nom"),
    "klein": lambda e: e.de.ein("nom", "klein"), "alt": lambda e: e.de.ein("nom", "alt"),
    "rot": lambda e: e.de.ein("acc", "rot"), "golden": lambda e: e.de.ein("acc", "golden"),
    "er": lambda e: e.de.pronoun("nom"), "ihn": lambda e: e.de.pronoun("acc"), "ihm": lambda e: e.de.pronoun("dat"),
    "sein": lambda e: "ihr" if e.de.gender == "f" else "sein",
    "seinen": lambda e: ("ihren" if e.de.gender == "f" else "seinen"),
    "tier": lambda e: e.de.word, "tiere": lambda e: e.de.plural,
    "farbe": lambda e: e.colour.de, "colour": lambda e: e.colour.en,
    "beine": lambda e: "ein Bein" if e.legs == 1 else f"{lx.NUMBERS[e.legs].de if e.legs else 'keine'} Beine",
    "legs": lambda e: f"{lx.NUMBERS[e.legs].en if e.legs else 'no'} legs",
    "laut": lambda e: (e.sound or ("", ""))[0], "sound": lambda e: (e.sound or ("", ""))[1],
    "wo": lambda e: _home(e).de, "where": lambda e: _home(e).en,
    "futter": lambda e: e.food[0], "food": lambda e: e.food[1],
    "en": lambda e: e.en, "the": lambda e: "the " + e.bare, "bare": lambda e: e.bare, "many": lambda e: e.plural,
    "thing": lambda e: e.en, "de": lambda e: e.de, "eng": lambda e: e.en, "digits": lambda e: str(e.value),
    "rank": lambda e: str(e.value + 1), "the_o": lambda e: "the " + e.en, "a_o": lambda e: _article(e.en),
    "name": str,
}  # fmt: skip


def _article(noun: str) -> str:
    return ("an " if noun[0] in "aeiou" else "a ") + noun


def inflect(form: str, entity: Any) -> str:
    """A form whose first letter is a capital begins a sentence."""
    text = FORMS[form.lower() if form not in FORMS else form](entity)
    return _upper(text) if form[0].isupper() else text


def fill(template: str, binding: Binding) -> str:
    return GAP.sub(lambda gap: inflect(gap[1], binding[gap[2]]), template)


def draw(template: str, rng: Random, fixed: Binding | None = None) -> str:
    """Fills what is not fixed by chance, each variable with something of its own."""
    binding = dict(fixed or {})
    for _, variable in GAP.findall(template):
        if variable not in binding:
            taken = [
                value
                for key, value in binding.items()
                if key[0] == variable[0] or {key[0], variable[0]} == {"a", "b"}
            ]
            binding[variable] = rng.choice([e for e in SORTS[variable[0]] if e not in taken])
    return fill(template, binding)


@cache
def _readings(form: str, sort: str) -> dict[str, frozenset[str]]:
    """Every text that a gap can hold, with the keys of what it then means."""
    found: dict[str, set[str]] = {}
    for entity in SORTS[sort]:
        try:
            text = inflect(form, entity)
        except AttributeError:
            continue
        if text:
            found.setdefault(text, set()).add(_key(entity))
    return {text: frozenset(keys) for text, keys in found.items()}


def _key(entity: Any) -> str:
    return str(getattr(entity, "key", None) or entity.value)


@dataclass(frozen=True)
class Pattern:
    """A sentence with gaps, compiled for recognising."""

    template: str
    regex: re.Pattern[str]
    gaps: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, template: str) -> Pattern:
        gaps = tuple(GAP.findall(template))
        pieces = GAP.split(template)
        regex = re.escape(pieces[0])
        for form, variable, literal in zip(pieces[1::3], pieces[2::3], pieces[3::3], strict=True):
            if variable[0] == "s":
                regex += f"({ANY_NAME})"
            else:
                words = sorted(_readings(form, variable[0]), key=len, reverse=True)
                regex += "(" + "|".join(map(re.escape, words)) + ")"
            regex += re.escape(literal)
        return cls(template, re.compile(regex), gaps)

    def accepts(self, sentence: str) -> bool:
        """Whether the gaps can be read so that each variable means one and the same thing."""
        found = self.regex.fullmatch(sentence)
        if found is None:
            return False
        meanings: dict[str, frozenset[str]] = {}
        for (form, variable), text in zip(self.gaps, found.groups(), strict=True):
            keys = frozenset({text}) if variable[0] == "s" else _readings(form, variable[0])[text]
            meanings[variable] = meanings.get(variable, keys) & keys
        return all(meanings.values())


class Acceptor:
    """Says of a text which of its sentences the grammar could have written."""

    def __init__(self, templates: Iterable[str]) -> None:
        self._patterns = [Pattern.of(template) for template in dict.fromkeys(templates)]

    def accepts(self, sentence: str) -> bool:
        return any(pattern.accepts(sentence) for pattern in self._patterns)

    def sentences(self, text: str) -> list[str]:
        """Cuts a text where a sentence of the grammar can end: behind . ! ? and at line ends behind them."""
        return [part.strip() for part in re.split(r"(?<=[.!?\"])\s+|(?<=\])\n|\n\n+", text) if part.strip()]

    def share(self, texts: Iterable[str]) -> tuple[int, int]:
        """How many sentences were accepted, and how many there were."""
        found = [self.accepts(sentence) for text in texts for sentence in self.sentences(text)]
        return sum(found), len(found)
