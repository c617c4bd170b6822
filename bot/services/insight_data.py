"""What the text family says of a model's inside, read strictly. Values, no model, no files.

A word that may not be shown is None: its place and its probability stay.
"""

from __future__ import annotations

import json
import math
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, TypeVar

from bot.services.insight_book import BookCount
from generation.clip_params import CLIP, CLIP_TASK
from generation.errors import WorkerGarbage
from generation.job import Job
from generation.params import is_control, is_seen

NEXT_WORD, TOKENS, SURPRISE, BOOK = "next_word", "tokens", "surprise", "book"
MEDIA: Final = (NEXT_WORD, TOKENS, SURPRISE, BOOK)
CHOICES = 10
RUN_LENGTH = 10
HIDDEN = "▮▮▮"
_TEXT_LIMIT = 16_000
_PIECES_LIMIT = 16_000
_SUM_TOLERANCE = 1e-3
_BYTES = re.compile(r"(?:⟨[0-9A-Fa-f]{2}⟩)+")
"""Bytes that make no letter alone, as the text family writes them."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    text: str | None
    probability: float

    @property
    def can_follow(self) -> bool:
        """Whether the text can go on with it: not hidden, not the end of the text, no half letters or control signs."""
        text = self.text or ""
        controls = any(is_control(char) for char in text if char not in "\n\t")
        return bool(text) and not controls and _BYTES.search(text) is None

    @property
    def is_word(self) -> bool:
        """Whether somebody can vote for it."""
        return self.can_follow and any(is_seen(char) for char in (self.text or "").strip())


@dataclass(frozen=True, slots=True, kw_only=True)
class NextWord:
    """`text` with what was written by `run`, the likeliest choices after it, and the probability of all others."""

    text: str
    tokens: int
    choices: tuple[Choice, ...]
    rest: float
    cut: bool
    book: BookCount | None = None
    """What came next in a book; from the bot, never from the worker."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    text: str
    id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    texts: tuple[tuple[Piece, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """`probability` of exactly this word after what stands before it, None for the first. `best`: what the model
    expected instead; None where it is not told."""

    text: str
    probability: float | None
    bits: float | None
    best: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Surprise:
    words: tuple[Word, ...]
    cut: bool


Insight = NextWord | Tokens | Surprise


def worker_task(job: Job) -> tuple[str, Mapping[str, Any]]:
    """The task and the parameters with which a worker does the job; for other media those of the job itself."""
    params = job.params
    if job.medium in {NEXT_WORD, BOOK}:
        asked = {name: params[name] for name in ("text", "temperature", "run")}
        return NEXT_WORD, {**asked, "count": CHOICES}
    if job.medium == TOKENS:
        return TOKENS, {"texts": params["texts"]}
    if job.medium == SURPRISE:
        return SURPRISE, {"text": params["text"]}
    return (CLIP_TASK if job.medium == CLIP else job.medium), params


def read_insight(medium: str, content: bytes) -> Insight:
    """What a worker wrote, or what was kept of it. Raises WorkerGarbage for anything else."""
    try:
        plain = json.loads(content.decode("utf-8"))
        return _READERS[medium](plain)
    except (ValueError, TypeError, KeyError, RecursionError):
        raise WorkerGarbage from None


def write_insight(insight: Insight) -> bytes:
    return json.dumps(asdict(insight), ensure_ascii=False, allow_nan=False).encode()


def most_surprising(words: Sequence[Word], count: int = 3) -> list[int]:
    """The places of the words with the most bits, the most surprising first; none that was rather expected."""
    told = [place for place, word in enumerate(words) if word.bits is not None and word.bits > 1]
    return sorted(told, key=lambda place: -(words[place].bits or 0))[:count]


def hides(insight: Insight) -> bool:
    """Whether something stands as HIDDEN where it is shown."""
    if isinstance(insight, NextWord):
        followers = () if insight.book is None else insight.book.followers
        return any(choice.text is None for choice in insight.choices) or HIDDEN in dict(followers)
    if isinstance(insight, Surprise):
        return any(insight.words[place].best is None for place in most_surprising(insight.words))
    return False


def candidates(insight: NextWord) -> list[str]:
    """What a class can vote for, in the order of the alphabet: places must not tell what the model prefers."""
    words: dict[str, str] = {}
    for choice in insight.choices:
        if choice.is_word and choice.text is not None:
            # with and without a space in front they look alike on a button: the likelier one stands for both
            words.setdefault(choice.text.strip(), choice.text)
    return sorted(words.values(), key=_alphabetical)


def _alphabetical(word: str) -> tuple[str, str]:
    """Ä beside A."""
    return unicodedata.normalize("NFKD", word.strip().casefold()), word


def _next_word(plain: Any) -> NextWord:
    choices = tuple(
        Choice(
            text=None if one["text"] is None else _text(one["text"]), probability=_share(one["probability"])
        )
        for one in _list(plain["choices"], CHOICES)
    )
    shares = [choice.probability for choice in choices]
    rest = _share(plain["rest"])
    if not shares or shares != sorted(shares, reverse=True):
        raise ValueError("the likeliest comes first")
    if abs(math.fsum([*shares, rest]) - 1) > _SUM_TOLERANCE:
        raise ValueError("all probabilities make one")
    return NextWord(
        text=_text(plain["text"]),
        tokens=_whole(plain["tokens"]),
        choices=choices,
        rest=rest,
        cut=_flag(plain["cut"]),
        book=_maybe(BookCount.from_plain, plain.get("book")),
    )


def _tokens(plain: Any) -> Tokens:
    return Tokens(
        texts=tuple(
            tuple(
                Piece(text=_text(one["text"]), id=_whole(one["id"])) for one in _list(pieces, _PIECES_LIMIT)
            )
            for pieces in _list(plain["texts"], 2)
        )
    )


def _surprise(plain: Any) -> Surprise:
    words = tuple(
        Word(
            text=_text(one["text"]),
            probability=_maybe(_share, one["probability"]),
            bits=None if one["probability"] is None else _bits(one["bits"]),
            best=_maybe(_text, one["best"]),
        )
        for one in _list(plain["words"], _PIECES_LIMIT)
    )
    if not words:
        raise ValueError("no words")
    return Surprise(words=words, cut=_flag(plain["cut"]))


_READERS: Mapping[str, Callable[[Any], Insight]] = {
    NEXT_WORD: _next_word,
    BOOK: _next_word,
    TOKENS: _tokens,
    SURPRISE: _surprise,
}


def _list(value: Any, limit: int) -> list[Any]:
    if not isinstance(value, list) or len(value) > limit:
        raise TypeError("a list of bounded length")
    return value


def _text(value: Any) -> str:
    """Text that can be stored and sent. Unseen characters stay: a model may well write them, and they are told."""
    if not isinstance(value, str) or len(value) > _TEXT_LIMIT:
        raise TypeError("a text of bounded length")
    value.encode("utf-8")  # half a surrogate is none
    return value


def _share(value: Any) -> float:
    # rounding may leave a probability a hair above one
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1 + 1e-6:
        raise ValueError("a probability")
    return min(float(value), 1.0)


def _bits(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not -1e-6 <= value < 1e4:
        raise ValueError("bits")
    return max(float(value), 0.0)


def _whole(value: Any) -> int:
    if type(value) is not int or value < 0:
        raise ValueError("a whole number")
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError("yes or no")
    return value


def _maybe(read: Callable[[Any], T], value: Any) -> T | None:
    return None if value is None else read(value)


def readable(text: str) -> str:
    """`text` for a sentence: ends of lines as signs, no unseen characters."""
    shown = text.replace("\n", "↵").replace("\t", "⇥")
    return "".join(char for char in shown if not is_control(char))
