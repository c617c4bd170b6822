"""Shannon's way to the next word (1948): look up in a book what came after the same words, and count.

C. E. Shannon, A Mathematical Theory of Communication, section 3, does it with a book, a finger and patience. Pure text
and numbers; a large book takes a moment, so do it in a thread.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from generation.errors import InvalidInput
from generation.params import is_control

BOOK_LIMIT = 1024 * 1024
"""Bytes."""
LONGEST_ENDING = 4
FOLLOWERS_KEPT = 10
WORD_LIMIT = 60
BOOKS_DIR = Path(__file__).parents[1] / "books"
_WORD = re.compile(r"[^\W_]+(?:['’\-][^\W_]+)*|[.!?…]")


@dataclass(frozen=True, slots=True, kw_only=True)
class BookCount:
    """After `ending`, which stands in the book `occurrences` times, came the `followers` (word, how often)."""

    ending: str
    occurrences: int
    followers: tuple[tuple[str, int], ...]
    words: int
    own: bool
    """Looked up in a book that a pupil brought along, not in ours."""

    def to_plain(self) -> dict[str, Any]:
        return {**asdict(self), "followers": [list(one) for one in self.followers]}

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Self:
        return cls(**{**plain, "followers": tuple((str(word), int(n)) for word, n in plain["followers"])})


def count_in(book: bytes | None, beginning: str, locale: str) -> BookCount:
    """Count what follows the longest ending of `beginning` that the book knows. None: the book that comes with the bot.

    Raises InvalidInput book_large, book_unreadable, book_short or book_unknown. Reads the disk for our book.
    """
    words = _WORD.findall(_own_book(locale) if book is None else decode(book))
    if len(words) < 2:
        raise InvalidInput("book_short")
    found = _lookup(words, _WORD.findall(beginning))
    if found is None:
        raise InvalidInput("book_unknown")
    ending, followers = found
    counted = Counter(word.casefold() for word in followers)
    spelling = _spellings(followers)
    kept = [(spelling[word][:WORD_LIMIT], n) for word, n in counted.most_common(FOLLOWERS_KEPT)]
    return BookCount(
        ending=" ".join(ending),
        occurrences=len(followers),
        followers=tuple(kept),
        words=len(words),
        own=book is not None,
    )


def _own_book(locale: str) -> str:
    return (BOOKS_DIR / f"{'de' if locale == 'de' else 'en'}.txt").read_text("utf-8")


def decode(book: bytes) -> str:
    """The text of a file in UTF-8, UTF-16 or Latin-1. Raises InvalidInput book_large or book_unreadable."""
    if len(book) > BOOK_LIMIT:
        raise InvalidInput("book_large")
    for encoding in _encodings(book):
        try:
            text = book.decode(encoding)
        except UnicodeDecodeError:
            continue
        # pictures and PDF files are full of them; a form feed stands between the pages of old texts
        if not any(is_control(char) for char in text if char not in "\n\r\t\f\ufeff"):
            return text.removeprefix("\ufeff")
    raise InvalidInput("book_unreadable")


def _encodings(book: bytes) -> Sequence[str]:
    if book.startswith((b"\xff\xfe", b"\xfe\xff")):
        return ("utf-16",)
    return ("utf-8-sig", "cp1252", "latin-1")


def _lookup(words: Sequence[str], beginning: Sequence[str]) -> tuple[Sequence[str], list[str]] | None:
    """The longest ending that is followed by something, and everything that follows it."""
    folded = [word.casefold() for word in words]
    for length in range(min(LONGEST_ENDING, len(beginning)), 0, -1):
        ending = beginning[-length:]
        wanted = [word.casefold() for word in ending]
        followers = [
            words[place + length]
            for place in range(len(words) - length)
            if folded[place] == wanted[0] and folded[place : place + length] == wanted
        ]
        if followers:
            return ending, followers
    return None


def _spellings(words: Sequence[str]) -> dict[str, str]:
    """The most frequent spelling of each word."""
    seen: dict[str, Counter[str]] = {}
    for word in words:
        seen.setdefault(word.casefold(), Counter())[word] += 1
    return {folded: spellings.most_common(1)[0][0] for folded, spellings in seen.items()}
