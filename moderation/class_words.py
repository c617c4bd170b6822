"""Words of one class on top of the lists: more that is refused there, and more that the lists must not catch.

The teacher adds and removes them (`/woerter`). They are checked where the lists are, so every text of a request and of
a model passes them; nothing else of the lists is touched. Before the words of the classes were loaded, every text of a
class is refused: a class whose words are not known must not be judged without them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from moderation.normalise import read
from moderation.verdict import Verdict
from moderation.wordlist import ALLOW, Entry, Pattern, WordListError, read_entry
from moderation.words import WordCheck, WordIndex

CODE: Final = "class_word"
EVERYDAY: Final = Path(__file__).parent / "everyday"
LONGEST_WORD: Final = 60
MANY: Final = 0.02
"""The share of harmless sentences from which on a word is warned of: the bound that the lists themselves must keep."""
FIXED: Final = frozenset({"sexual", "self_harm"})
"""Sections whose own words no class may allow; other words that they catch by mistake may be."""
_SECTION: Final = "class"
_LEAST_BEGINNING: Final = 5
_ENDING: Final = 2
"""Letters of an ending by which a word is declined."""


@dataclass(frozen=True, slots=True)
class ClassEntries:
    """As they were typed, in the syntax of the lists."""

    refused: tuple[str, ...] = ()
    allowed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Impact:
    """What a word would do: harmless sentences that it refuses, of how many; entries of the lists that it lifts."""

    refuses: int
    of: int
    example: str = ""
    lifts: tuple[str, ...] = ()
    fixed: bool = False
    """It would lift an entry that no class may lift."""

    @property
    def is_much(self) -> bool:
        return self.refuses > MANY * self.of


class ClassWords:
    """The text check of a bot with classes: the lists, and in each class its own words. See `text_checks.OfClasses`."""

    name: Final = "words"

    def __init__(self, base: WordCheck) -> None:
        self._base = base
        self._classes: dict[str, ClassCheck] | None = None

    def __call__(self, text: str) -> Verdict:
        return self._base.check(text)

    def load(self, classes: Mapping[str, ClassEntries]) -> None:
        """From now on classes are judged: these by their words, all others by the lists. Raises WordListError."""
        self._classes = {guild: ClassCheck(self._base, entries) for guild, entries in classes.items()}

    def put(self, guild: str, entries: ClassEntries) -> None:
        """All words of a class, in place of those before. Raises WordListError."""
        check = ClassCheck(self._base, entries)
        self._classes = {**(self._classes or {}), guild: check}

    def for_class(self, guild: str, /) -> "ClassCheck | WordCheck":
        """Raises RuntimeError before the first `load`."""
        if self._classes is None:
            raise RuntimeError("the words of the classes were not loaded")
        return self._classes.get(guild, self._base)

    def impact(self, word: str, *, allow: bool) -> Impact:
        """What `word` would do in any class. Raises WordListError for what is none."""
        entry = read_word(word, allow=allow)
        if not allow:
            return _refusing(entry)
        lifted = [one for one in self._base.entries if one.section != ALLOW and _lifts(entry, one)]
        fixed = any(one.section in FIXED for one in lifted)
        return Impact(0, len(everyday()), lifts=tuple(one.text for one in lifted), fixed=fixed)


class ClassCheck:
    """The check of one class. A word that is refused and allowed is refused."""

    name: Final = "class_words"

    def __init__(self, base: WordCheck, entries: ClassEntries) -> None:
        allowed = [read_word(word, allow=True) for word in entries.allowed]
        self._lists = base.allowing(allowed) if allowed else base
        self._own = WordIndex([read_word(word, allow=False) for word in entries.refused], repeats=True)

    def __call__(self, text: str) -> Verdict:
        """The lists first: their sentences say more, and that of self-harm says where to find help."""
        verdict = self._lists.check(text)
        if not verdict.allowed:
            return verdict
        matches = _matches(self._own, text)
        return Verdict.refuse(self.name, CODE, matches) if matches else verdict


def read_word(word: str, *, allow: bool) -> Entry:
    """A word or words of a class. Raises WordListError for what the lists would not take either.

    What is allowed is words in a row, written out: only the last may go on (`nacktkatze*`), after five letters.
    """
    if len(word) > LONGEST_WORD or any(sign in word for sign in "#[]\n"):
        raise WordListError("no word of a list")
    entry = read_entry(" ".join(word.split()), ALLOW if allow else _SECTION)
    if allow and not all(_is_written_out(pattern) for pattern in entry.parts[0]):
        raise WordListError("what is allowed must be written out")
    return entry


def occurrences(text: str) -> Impact:
    """In how many harmless sentences these very letters stand: for what is too short to be a word of a list."""
    found = [one for one in everyday() if text.casefold() in one.casefold()] if text.strip() else []
    return Impact(len(found), len(everyday()), found[0] if found else "")


@cache
def everyday() -> tuple[str, ...]:
    """Our own harmless sentences in both languages."""
    lines = [line for file in sorted(EVERYDAY.glob("*.txt")) for line in file.read_text("utf-8").splitlines()]
    return tuple(line for line in lines if line and not line.startswith("#"))


def _refusing(entry: Entry) -> Impact:
    index = WordIndex([entry], repeats=True)
    found = [sentence for sentence in everyday() if _matches(index, sentence)]
    return Impact(len(found), len(everyday()), found[0] if found else "")


def _matches(index: WordIndex, text: str) -> tuple[str, ...]:
    found = {entry.text for words in read(text) for entry in index.match(index.find(words))}
    return tuple(sorted(found))


def _lifts(allowed: Entry, entry: Entry) -> bool:
    """Whether the entry's own words would be excused; one of several is enough to make it miss."""
    patterns: Sequence[Pattern] = [pattern for part in entry.parts for pattern in part]
    return any(_covers(one, pattern) for one in allowed.parts[0] for pattern in patterns)


def _covers(allowed: Pattern, pattern: Pattern) -> bool:
    """Whether `allowed` excuses the pattern's own word, bare or declined ("nackt*" is there for "nacktes" too)."""
    if allowed.open_end:
        return any(spelling.startswith(allowed.spellings) for spelling in pattern.spellings)
    longest = _ENDING if pattern.open_end else 0
    return any(
        word.startswith(own) and len(word) - len(own) <= longest
        for word in allowed.spellings
        for own in pattern.spellings
    )


def _is_written_out(pattern: Pattern) -> bool:
    return not pattern.open_start and (
        not pattern.open_end or min(map(len, pattern.spellings)) >= _LEAST_BEGINNING
    )
