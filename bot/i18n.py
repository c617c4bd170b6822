"""Every sentence a person reads, from `locales/<language>.toml`. Imports nothing of ours.

A sentence is a text with `{placeholders}`, or a table `{ one = "…", other = "…" }` chosen by the value `n`.
Keys are joined by dots: `[error]` with `job_gone = "…"` is "error.job_gone".
"""

from __future__ import annotations

import logging
import os
import string
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

LANGUAGES = ("en", "de")
FALLBACK = "en"
LOCALES_DIR = Path(__file__).parent / "locales"

Sentence = str | Mapping[str, str]
_log = logging.getLogger(__name__)


class MissingSentence(KeyError):
    """A key that no language knows, or (strict) one that the language asked for lacks."""


def language_of(locale: object) -> str:
    """Discord's locale ("de", "en-GB", …) -> one of LANGUAGES."""
    short = str(locale).replace("_", "-").split("-", 1)[0].casefold()
    return short if short in LANGUAGES else FALLBACK


def system_language() -> str:
    """The language of this machine's terminal, one of LANGUAGES."""
    variables = (os.environ.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    return language_of(next(filter(None, variables), FALLBACK))


class Sentences:
    """Looks sentences up. `strict`: a language that lacks a key is an error instead of being answered in English."""

    def __init__(self, tables: Mapping[str, Mapping[str, Sentence]], *, strict: bool = False) -> None:
        self._tables = tables
        self._strict = strict

    @classmethod
    def load(cls, folder: Path = LOCALES_DIR, *, strict: bool = False) -> Sentences:
        """Read all languages once. Raises OSError or tomllib.TOMLDecodeError."""
        return cls(
            {
                language: _flatten(tomllib.loads((folder / f"{language}.toml").read_text("utf-8")))
                for language in LANGUAGES
            },
            strict=strict,
        )

    def text(self, key: str, locale: object, /, **values: Any) -> str:
        """The sentence in the person's language; decimal numbers are written as that language does.

        A key known in no language raises MissingSentence.
        """
        language = language_of(locale)
        sentence = self._find(key, language)
        if not isinstance(sentence, str):
            sentence = sentence["one" if values.get("n") == 1 else "other"]
        shown = {name: _shown(value, language) for name, value in values.items()}
        try:
            return sentence.format_map(shown)
        except KeyError as missing:
            if self._strict:
                raise
            # better a sentence with a gap than none: a person waits for it
            _log.error("the sentence %s lacks the value %s", key, missing)
            return string.Formatter().vformat(sentence, (), _Gaps(shown))

    def of_error(self, code: str, locale: object, values: Mapping[str, Any]) -> str:
        """The sentence of an error, and that of its reason where a worker named one; "internal" for an unknown code."""
        reason = f"error.invalid_{values.get('reason')}" if code == "invalid_input" else ""
        key = next((key for key in (reason, f"error.{code}") if self.has(key)), "error.internal")
        return self.text(key, locale, **values)

    def has(self, key: str) -> bool:
        return key in self._tables[FALLBACK]

    def keys(self, language: str) -> frozenset[str]:
        return frozenset(self._tables[language])

    def forms(self, key: str, language: str) -> tuple[str, ...]:
        """All forms of a sentence, for tests and checks of length."""
        sentence = self._tables[language][key]
        return (sentence,) if isinstance(sentence, str) else tuple(sentence.values())

    def _find(self, key: str, language: str) -> Sentence:
        found = self._tables[language].get(key)
        if found is None and not self._strict:
            found = self._tables[FALLBACK].get(key)
        if found is None:
            raise MissingSentence(f"{key} ({language})")
        return found


class _Gaps(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "…"


def _shown(value: object, language: str) -> object:
    if not isinstance(value, float):
        return value
    text = f"{value:.10g}"
    return text.replace(".", ",") if language == "de" else text


def _flatten(table: Mapping[str, Any], prefix: str = "") -> dict[str, Sentence]:
    flat: dict[str, Sentence] = {}
    for name, value in table.items():
        if isinstance(value, str) or _is_plural(value):
            flat[f"{prefix}{name}"] = value
        else:
            flat.update(_flatten(value, f"{prefix}{name}."))
    return flat


def _is_plural(value: object) -> bool:
    return isinstance(value, Mapping) and set(value) == {"one", "other"}
