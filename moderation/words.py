"""The check with word lists: German and English always together, since pupils mix them."""

from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from itertools import chain
from pathlib import Path
from typing import Final

from moderation.normalise import Word, read
from moderation.patterns import Patterns
from moderation.verdict import Verdict
from moderation.wordlist import ALLOW, REACH, SECTIONS, Entry, Pattern, WordListError, load

WORDLISTS: Final = Path(__file__).parent / "wordlists"

# Word of the sequence -> the numbers of the patterns that it matches.
_Found = list[frozenset[int]]


class WordCheck:
    """Refuses texts with listed words. Loads every `*.txt` of a folder once; raises WordListError.

    Calling it is the same as `check`. Linear in the length of the text; never raises for any text.
    """

    name: Final = "words"

    def __init__(self, folder: Path = WORDLISTS) -> None:
        files = sorted(folder.glob("*.txt"))
        if not files:
            raise WordListError(f"there is no word list in the folder {folder.name!r}")
        self.entries: Final = load(files)
        self._refusing = WordIndex([entry for entry in self.entries if entry.section != ALLOW], repeats=True)
        self._allowing = _allowing(self.entries)

    def allowing(self, entries: Sequence[Entry]) -> "WordCheck":
        """The same check with more that it must not catch; this one stays as it is."""
        check = copy(self)
        check._allowing = _allowing((*self.entries, *entries))
        return check

    def __call__(self, text: str) -> Verdict:
        return self.check(text)

    def check(self, text: str) -> Verdict:
        matched: dict[str, Entry] = {}
        for words in read(text):
            found = self._refusing.find(words)
            if not any(found):
                continue
            for place in self._allowed(words):
                found[place] = frozenset()
            matched.update({entry.text: entry for entry in self._refusing.match(found)})
        if not matched:
            return Verdict.allow(self.name)
        sections = {entry.section for entry in matched.values()}
        code = next(code for section, code in SECTIONS.items() if section in sections)
        return Verdict.refuse(self.name, code, tuple(sorted(matched)))

    def _allowed(self, words: Sequence[Word]) -> set[int]:
        """The places of words that [allow] covers. Only words typed plainly: a disguise has no excuse."""
        typed = [Word((tuple((letter,) for letter in word.plain),)) for word in words]
        return self._allowing.covered(self._allowing.find(typed))


def _allowing(entries: Sequence[Entry]) -> "WordIndex":
    return WordIndex([entry for entry in entries if entry.section == ALLOW], repeats=False)


class WordIndex:
    """Entries made ready for searching: every distinct word pattern has a number."""

    def __init__(self, entries: Sequence[Entry], *, repeats: bool) -> None:
        self._patterns = Patterns(repeats=repeats)
        self._numbers: dict[Pattern, int] = {}
        self._by_first: dict[int, list[tuple[Entry, list[list[int]]]]] = {}
        for entry in entries:
            parts = [[self._number(pattern) for pattern in part] for part in entry.parts]
            self._by_first.setdefault(parts[0][0], []).append((entry, parts))

    def _number(self, pattern: Pattern) -> int:
        if pattern not in self._numbers:
            self._numbers[pattern] = len(self._numbers)
            self._patterns.add(self._numbers[pattern], pattern)
        return self._numbers[pattern]

    def find(self, words: Sequence[Word]) -> _Found:
        known: dict[Word, frozenset[int]] = {}
        for word in words:
            if word not in known:
                known[word] = self._patterns.find(word)
        return [known[word] for word in words]

    def match(self, found: _Found) -> list[Entry]:
        places = _places(found)
        return [
            entry for entry, parts in self._begun(places) if _near([_starts(part, places) for part in parts])
        ]

    def covered(self, found: _Found) -> set[int]:
        """All places that lie within a match of an entry of one part."""
        places = _places(found)
        return {
            start + offset
            for _, (part, *_) in self._begun(places)
            for start in _starts(part, places)
            for offset in range(len(part))
        }

    def _begun(self, places: Mapping[int, set[int]]) -> Iterator[tuple[Entry, list[list[int]]]]:
        """The entries of which the first word occurs, each with the numbers of its parts."""
        return chain.from_iterable(self._by_first.get(number, ()) for number in places)


def _places(found: _Found) -> Mapping[int, set[int]]:
    places: dict[int, set[int]] = {}
    for place, numbers in enumerate(found):
        for number in numbers:
            places.setdefault(number, set()).add(place)
    return places


def _near(parts: Sequence[set[int]]) -> bool:
    """Whether all parts start within REACH words of a start of the first one."""
    first, *others = parts
    return any(
        all(any(start + step in other for step in range(-REACH, REACH + 1)) for other in others)
        for start in first
    )


def _starts(numbers: Sequence[int], places: Mapping[int, set[int]]) -> set[int]:
    """Where the numbered patterns stand in a row."""
    starts = set(places.get(numbers[0], ()))
    for offset, number in enumerate(numbers[1:], start=1):
        starts &= {place - offset for place in places.get(number, ())}
    return starts
