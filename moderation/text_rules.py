"""Rules for what a text model wrote: no links, no contacts of people, no endless repetition.

Such things are taken out rather than refused: a model that ends a good story with an invented link has still written a
good story. `tidy` takes them out before a text is judged, and `AnswerRules` refuses a text that still has them, so
that a way which forgets to tidy shows nothing.

These are patterns, so they know only the usual spellings: "name at school dot de" gets through.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from moderation.verdict import Verdict

PRIVACY: Final = "privacy"
REPETITION: Final = "repetition"
GAP: Final = "[…]"
"""Stands where something was taken out."""
ELLIPSIS: Final = "…"
LINE_LIMIT: Final = 10
"""How often the same line of at least three words may stand in a text: a refrain comes back some five times."""
SHORT_PHRASE: Final = 8
LONGEST_PHRASE: Final = 40
SHORT_LIMIT, LONG_LIMIT = 12, 4
"""How often a phrase of fewer than eight words, or a longer one, may follow itself: "na na na" is a song."""
KEPT: Final = 2
_ROUNDS: Final = 5
"""What was taken out may bring together what is too much again."""

_LINKS = re.compile(
    r"\b(?:https?|ftp)://\S+|\bwww\.\S+"
    r"|(?<![\w-])[\w-]{2,60}\.[a-z]{2,6}/[\w-]\S*"
    r"|(?<![\w-])[\w-]{3,60}\.(?:de|com|org|net)\b(?!\w)",
)
_MAILS = re.compile(r"(?<![\w.+-])[\w.+-]{1,80}@[\w-]+(?:\.[\w-]+)+")
_PHONES = re.compile(
    r"(?<![\w.,/+-])(?:"
    r"(?:\+|00)[1-9](?:[ /()-]{0,3}\d){7,13}"
    r"|\(?0[1-9]\d{1,4}\)?[ /-]{0,3}\d{2,}(?:[ -]?\d{2,}){0,5}"
    r"|\(?\d{3}\)?[ -]\d{3}-\d{4}"
    r")(?![\w/])"
)
_FREE = re.compile(r"(?:(?:\+|00)49[ /-]?|0)800")
"""Numbers of help lines and companies, never of a person; 116 111 is too short to look like a number at all."""
_LEAST_DIGITS: Final = 7
_ADDRESSES = re.compile(
    r"\b[A-ZÄÖÜ][\w.]{0,40}(?:[ -][A-ZÄÖÜ]?[\w.]{0,40}){0,2}?"
    r"(?:(?:s|S)tra(?:ß|ss)e|(?:s|S)tr\.|(?:w|W)eg|(?:a|A)llee|(?:g|G)asse|(?:p|P)latz|Street|Road|Avenue|Lane)"
    r"\s+\d{1,4}\s?[a-z]?\s*,?\s+(?:D-)?\d{5}\s+[A-ZÄÖÜ]\w+"
    r"|\b\d{1,5}\s+(?:[A-Z]\w+\s+){1,3}(?:Street|St\.?|Road|Rd\.?|Avenue|Ave\.?|Lane|Drive)\s*,"
    r"[^\n.]{2,40}?\b(?:\d{5}|[A-Z]{1,2}\d[A-Z\d]?\s\d[A-Z]{2})\b"
)
_STUTTER = re.compile(r"([^\W\d_]{1,8}?)\1{29,}")
_WORDS = re.compile(r"\S+")


@dataclass(frozen=True, slots=True)
class Tidied:
    """A text and what was taken out of it: PRIVACY, REPETITION, both or nothing."""

    text: str
    removed: tuple[str, ...] = ()


def tidy(text: str) -> Tidied:
    """The text without what the rules forbid. Never empty where `text` is not; linear in its length."""
    whole, removed = text, set()
    for _ in range(_ROUNDS):
        private = _without_contacts(text)
        short = _without_repetition(private)
        removed |= {PRIVACY} if private != text else set()
        removed |= {REPETITION} if short != private else set()
        if short == text:
            break
        text = short
    text = text.rstrip() if removed else text
    return Tidied(text if text.strip() else whole and GAP, tuple(sorted(removed)))


class AnswerRules:
    """A text check for answers: refuses what `tidy` would change."""

    name: Final = "rules"

    def __call__(self, text: str) -> Verdict:
        removed = tidy(text).removed
        return Verdict.refuse(self.name, removed[0]) if removed else Verdict.allow(self.name)


def _without_contacts(text: str) -> str:
    for pattern in (_ADDRESSES, _MAILS, _LINKS):
        text = pattern.sub(GAP, text)
    return _PHONES.sub(_phone, text)


def _phone(found: re.Match[str]) -> str:
    number = found[0]
    harmless = sum(map(str.isdigit, number)) < _LEAST_DIGITS or _FREE.match(number.lstrip("("))
    return number if harmless else GAP


def _without_repetition(text: str) -> str:
    text = _STUTTER.sub(lambda found: found[1] * KEPT + ELLIPSIS, text)
    text = _without_often_repeated_lines(text)
    for length in range(1, LONGEST_PHRASE + 1):
        for start, end in reversed(list(_runs(text, length))):
            text = f"{text[:start].rstrip()} {ELLIPSIS}{text[end:]}"
    return text


def _without_often_repeated_lines(text: str) -> str:
    seen: Counter[str] = Counter()
    lines = []
    for line in text.split("\n"):
        key = " ".join(line.casefold().split())
        seen[key] += 1
        if key.count(" ") < 2 or seen[key] <= LINE_LIMIT:
            lines.append(line)
    return "\n".join(lines)


def _runs(text: str, length: int) -> Iterator[tuple[int, int]]:
    """Where phrases of `length` words follow themselves without end: all but the first KEPT times, from and to."""
    words = [(found.start(), found.end(), found[0].casefold()) for found in _WORDS.finditer(text)]
    limit = SHORT_LIMIT if length < SHORT_PHRASE else LONG_LIMIT
    same = 0
    for place in range(length, len(words) + 1):
        if place < len(words) and words[place][2] == words[place - length][2]:
            same += 1
            continue
        if same // length + 1 > limit:
            first = place - same - length + KEPT * length
            yield words[first][0], words[place - 1][1]
        same = 0
