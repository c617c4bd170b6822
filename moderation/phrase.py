"""A fresh random phrase and the rules on its recording: given once, in time, by the right person, with these words.

The recogniser never sees the expected words: it answers which words of the whole list it heard. Nothing here does I/O
but reading the lists once.
"""

from __future__ import annotations

import math
import secrets
import unicodedata
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from data.voice_records import Check, Finding, Phrase
from moderation.clock import is_number, judge_clock, latest
from moderation.consent import is_text, same_samples
from moderation.wordlist import WordListError

PHRASES: Final = Path(__file__).parent / "phrases"
LANGUAGES: Final = ("de", "en")
LIST_WORDS: Final = 48
PHRASE_WORDS: Final = 8
LEAST_BITS: Final = 44.0
LIFETIME_S: Final = 180.0
PHRASE: Final = "phrase"


@dataclass(frozen=True, slots=True)
class Tolerance:
    """What a recording may lack. `extra`: words beyond the phrase's number, or whoever reads the whole list passes.

    The speech lies between the two numbers of seconds, measured by voice activity.
    """

    missed: int = 2
    extra: int = 2
    least_speech_s: float = 1.5
    most_speech_s: float = 60.0

    def __post_init__(self) -> None:
        if not 0 <= self.missed <= PHRASE_WORDS // 4 or not 0 <= self.extra <= PHRASE_WORDS // 2:
            raise ValueError("at least three of four words must be heard, and at most half as many besides")
        if not 0 < self.least_speech_s < self.most_speech_s < math.inf:
            raise ValueError("speech is measured in seconds, the shorter first")

    @property
    def chance(self) -> float:
        """At most how probable it is that words spoken at random pass: enough of them in order, nothing else asked."""
        needed = PHRASE_WORDS - self.missed
        ways = math.comb(PHRASE_WORDS, needed) * math.comb(PHRASE_WORDS + self.extra, needed)
        return ways / float(LIST_WORDS - 1) ** needed


@dataclass(frozen=True, slots=True)
class Hearing:
    """What was heard: words in order (none where no recogniser listened), and how many seconds of speech there were."""

    words: tuple[str, ...]
    speech_s: float
    measured: bool

    @classmethod
    def of(cls, facts: object) -> Hearing | None:
        """Read a worker's facts {words, speech_seconds, measured}; None where one is missing or of another type."""
        if not isinstance(facts, Mapping):
            return None
        words, seconds, measured = (facts.get(key) for key in ("words", "speech_seconds", "measured"))
        if not isinstance(words, list | tuple) or not all(map(is_text, words)):
            return None
        if not is_number(seconds) or seconds < 0 or not isinstance(measured, bool):
            return None
        return cls(tuple(words), float(seconds), measured)


@cache
def phrase_words(language: str) -> tuple[str, ...]:
    """The list of a language, as it is shown. Raises WordListError: a shorter list would be a weaker phrase."""
    if language not in LANGUAGES:
        raise WordListError("there is no list of phrase words for this language")
    file = PHRASES / f"{language}.txt"
    try:
        lines = [line.partition("#")[0].strip() for line in file.read_text(encoding="utf-8").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise WordListError(f"{file.name}: cannot be read ({type(error).__name__})") from error
    words = tuple(line for line in lines if line)
    if len({plain(word) for word in words}) != LIST_WORDS or len(words) != LIST_WORDS:
        raise WordListError(f"{file.name}: a list has {LIST_WORDS} different words")
    if not all(word.isalpha() for word in words):
        raise WordListError(f"{file.name}: a word is made of letters only")
    return words


def draw_phrase(language: str, *, choose: Callable[[Sequence[str]], str] = secrets.choice) -> tuple[str, ...]:
    """Eight words, no two neighbours alike: they are hard to read and hard to hear apart. Raises WordListError."""
    words = phrase_words(language)
    drawn: list[str] = []
    while len(drawn) < PHRASE_WORDS:
        drawn.append(choose([word for word in words if drawn[-1:] != [word]]))
    return tuple(drawn)


def phrase_bits() -> float:
    """How many bits a phrase has."""
    return math.log2(LIST_WORDS) + (PHRASE_WORDS - 1) * math.log2(LIST_WORDS - 1)


def plain(word: str) -> str:
    """A word as it is compared: whatever its capitals and the composition of its umlauts."""
    return unicodedata.normalize("NFC", word).casefold()


def judge_phrase(
    phrase: object,
    *,
    guild: object,
    person: object,
    sample_hashes: object,
    purpose: object,
    model: object,
    now: object,
    last_seen: object,
) -> Finding:
    """Whether this person may give a recording of this phrase now. It is used up by that, whatever follows."""
    clock = judge_clock(now, last_seen)
    if not clock.allowed or not is_number(now) or not is_number(last_seen):
        return clock
    if not isinstance(phrase, Phrase) or not _is_sound(phrase):
        return Finding.refuse(Check.PHRASE_NONE)
    # who it belongs to comes first: a stranger does not learn whether it was used
    for bound, given, check in (
        (phrase.guild, guild, Check.PHRASE_GUILD),
        (phrase.person, person, Check.PHRASE_PERSON),
        (phrase.purpose, purpose, Check.PHRASE_PURPOSE),
        (phrase.model, model, Check.PHRASE_MODEL),
    ):
        if not is_text(given) or given != bound:
            return Finding.refuse(check)
    refusing = (
        _fresh(phrase, latest(now, last_seen))
        if same_samples(phrase.sample_hashes, sample_hashes)
        else Check.PHRASE_SAMPLES
    )
    return Finding.allow(PHRASE) if refusing is None else Finding.refuse(refusing)


def judge_words(
    hearing: object,
    phrase: object,
    *,
    measured: Collection[str],
    tolerance: Tolerance | None = None,
) -> Finding:
    """Whether the phrase was spoken. `measured`: the languages whose recogniser was measured; else the witness decides.

    A recogniser that failed, hung or answered nonsense refuses: it must not be a way to the easier question.
    """
    tolerance = tolerance or Tolerance()
    if not isinstance(hearing, Hearing) or not isinstance(phrase, Phrase) or not _is_sound(phrase):
        return Finding.refuse(Check.PHRASE_FAILED)
    if not is_number(hearing.speech_s):
        return Finding.refuse(Check.PHRASE_FAILED)
    if not tolerance.least_speech_s <= hearing.speech_s <= tolerance.most_speech_s:
        return Finding.refuse(Check.PHRASE_SILENT)
    if phrase.language not in measured:
        return Finding.ask(Check.PHRASE_UNCHECKED)
    heard = [plain(word) for word in hearing.words]
    if hearing.measured is not True or not set(heard) <= {
        plain(word) for word in phrase_words(phrase.language)
    }:
        return Finding.refuse(Check.PHRASE_FAILED)
    check = _compare([plain(word) for word in phrase.words], heard, tolerance)
    return Finding.allow(PHRASE) if check is None else Finding.refuse(check)


def _fresh(phrase: Phrase, time: float) -> Check | None:
    if phrase.used_at is not None:
        return Check.PHRASE_REUSED
    if not phrase.issued_at <= time:
        return Check.CLOCK_BACK
    return None if time <= phrase.expires_at else Check.PHRASE_LATE


def _compare(expected: Sequence[str], heard: Sequence[str], tolerance: Tolerance) -> Check | None:
    """Recognisers miss words and mistake them, but they do not swap them: a swap always refuses."""
    if len(heard) > len(expected) + tolerance.extra:
        return Check.PHRASE_EXTRA
    anywhere = (Counter(expected) & Counter(heard)).total()
    if anywhere < len(expected) - tolerance.missed:
        return Check.PHRASE_WORDS
    return Check.PHRASE_ORDER if _in_order(expected, heard) < anywhere else None


def _in_order(expected: Sequence[str], heard: Sequence[str]) -> int:
    """The length of the longest row of expected words that was heard in this order, gaps allowed."""
    best = [0] * (len(heard) + 1)
    for word in expected:
        before = best[:]
        for place, other in enumerate(heard, start=1):
            best[place] = before[place - 1] + 1 if word == other else max(before[place], best[place - 1])
    return best[-1]


def _is_sound(phrase: Phrase) -> bool:
    """Whether it is a phrase of ours at all: long enough, of our words, with a lifetime."""
    if phrase.language not in LANGUAGES or not isinstance(phrase.words, tuple):
        return False
    if not is_number(phrase.issued_at) or not is_number(phrase.expires_at):
        return False
    known = {plain(word) for word in phrase_words(phrase.language)}
    return (
        len(phrase.words) == PHRASE_WORDS
        and all(is_text(word) and plain(word) in known for word in phrase.words)
        and 0 < phrase.expires_at - phrase.issued_at <= LIFETIME_S
    )
