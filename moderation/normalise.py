"""Undoes disguises: what are the words of this text, however they were typed?

`clean` removes what nobody sees; `read` gives the words in several sequences, each a way of reading the whole
text. Both take time linear in the length of the text.
"""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from moderation.letters import DIGITS, SIGNS, Readings, look_alikes

_DIAERESIS: Final = "\u0308"
# Letters that show nothing: Hangul fillers, the blank of Braille.
_BLANK: Final = frozenset("\u115f\u1160\u3164\uffa0\u2800")
# Inside words they separate nothing: "don't".
_APOSTROPHES: Final = frozenset("'’‘ʼ`")
_MIN_SPELLED: Final = 3


@dataclass(frozen=True, slots=True)
class Word:
    """A word: at each place the readings of one character, in one or more variants of the whole word.

    `plain` is the word as typed if it is made of ordinary letters only, else "". A `spelled` word was put
    together from single letters, so nobody knows where in it a word begins and ends.
    """

    variants: tuple[tuple[Readings, ...], ...]
    plain: str = ""
    spelled: bool = False


@dataclass(frozen=True, slots=True)
class _Mark:
    """A character with its readings. `kind`: letter, look-alike, digit, sign, gap (in a chunk), space."""

    kind: str
    readings: Readings = ()


_SPACE: Final = _Mark("space")
_GAP: Final = _Mark("gap")


def clean(text: str) -> str:
    """NFKC without invisible characters and combining marks; the dots of ä, ö and ü stay. Idempotent."""
    decomposed = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", text))
    kept: list[str] = []
    for character in decomposed:
        if character.isspace():
            kept.append(" ")
            continue
        is_umlaut = character == _DIAERESIS and kept and kept[-1] in "aouAOU"
        if is_umlaut or not _is_invisible(character):
            kept.append(character)
    return unicodedata.normalize("NFC", "".join(kept))


def read(text: str) -> tuple[tuple[Word, ...], ...]:
    """The text as sequences of words; each sequence is one way of reading it from beginning to end.

    In this order: split at everything that is no letter or digit; signs read as letters; everything between
    two spaces taken for one word; letters that stand alone put together. Sequences that say the same are
    given once.
    """
    marks = _marks(clean(text))
    chunks = [list(group) for is_space, group in groupby(marks, _SPACE.__eq__) if not is_space]
    split = tuple(word for chunk in chunks for word in _words(chunk, signs=False))
    signed = tuple(word for chunk in chunks for word in _words(chunk, signs=True))
    joined = tuple(word for chunk in chunks for word in _word([mark for mark in chunk if mark != _GAP]))
    return tuple(dict.fromkeys((split, signed, joined, tuple(_spelled(marks)))))


def _is_invisible(character: str) -> bool:
    # M: combining marks, variation selectors. C: control, format (zero width, bidi, tags), private use.
    return unicodedata.category(character)[0] in "MC" or character in _BLANK


def _marks(cleaned: str) -> list[_Mark]:
    table = look_alikes()
    marks: list[_Mark] = []
    before_is_lower = False
    for character in cleaned:
        if character in _APOSTROPHES:
            continue
        if before_is_lower and character.isupper():
            marks.append(_GAP)  # "rotesHaus": two words without a separator
        before_is_lower = character.islower()
        marks.extend(_mark(lower, table.get(lower)) for lower in character.lower())
    return marks


def _mark(character: str, found: Readings | None) -> _Mark:
    if "a" <= character <= "z" or character in "äöüß":
        return _Mark("letter", found or (character,))
    if character in DIGITS:
        return _Mark("digit", DIGITS[character])
    if character in SIGNS:
        return _Mark("sign", SIGNS[character])
    if character == " ":
        return _SPACE
    if found:
        return _Mark("look-alike", found)
    return _Mark("letter", (character,)) if character.isalpha() else _GAP


def _words(chunk: Sequence[_Mark], *, signs: bool) -> Iterator[Word]:
    gaps = {"gap"} if signs else {"gap", "sign"}
    for is_gap, piece in groupby(chunk, lambda mark: mark.kind in gaps):
        if not is_gap:
            yield from _word(list(piece))


def _word(piece: Sequence[_Mark]) -> Iterator[Word]:
    """The word that a piece spells, or nothing: "10" and "!!" are no words, so a letter is required."""
    kinds = {mark.kind for mark in piece}
    if not kinds & {"letter", "look-alike"}:
        return
    variants = dict.fromkeys(tuple(mark.readings for mark in variant) for variant in _variants(piece, kinds))
    whole = "".join(mark.readings[0] for mark in piece) if kinds == {"letter"} else ""
    yield Word(tuple(variants), whole)


def _variants(piece: Sequence[_Mark], kinds: set[str]) -> Iterator[Sequence[_Mark]]:
    """All characters read as letters; without digits and signs at an end; without any of them."""
    yield piece
    if kinds & {"digit", "sign"}:
        real = [place for place, mark in enumerate(piece) if mark.kind not in {"digit", "sign"}]
        yield piece[: real[-1] + 1]
        yield piece[real[0] :]
        yield piece[real[0] : real[-1] + 1]
        yield [piece[place] for place in real]


def _spelled(marks: Sequence[_Mark]) -> Iterator[Word]:
    """Words put together from characters that stand alone: "n a c k t", "n.a.c.k.t"."""
    separators = {"gap", "space"}
    pieces = [
        list(group)
        for is_separator, group in groupby(marks, lambda mark: mark.kind in separators)
        if not is_separator
    ]
    for is_single, run in groupby(pieces, lambda piece: len(piece) == 1):
        letters = [mark for piece in run for mark in piece] if is_single else []
        if len(letters) >= _MIN_SPELLED:
            for word in _word(letters):
                yield Word(word.variants)
                yield Word(word.variants, spelled=True)
