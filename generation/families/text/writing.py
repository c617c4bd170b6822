"""Task "text": a conversation to the next answer."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy

from generation.families.text.chat import Chat, Conversation, Message, checked_messages
from generation.families.text.sampling import Dice, draw
from generation.llama.engine import Chunk, Engine, split_chunks
from generation.worker.api import Context, TaskFailed

LENGTH_LIMIT = 1024
TEMPERATURE_LIMIT = 2.0
TOP_K = 40
TOP_P = 0.95
"""Draw from these only: a small model's unlikely words spoil the rest of a text. `options` of an entry may differ."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """`remember`: another question may follow, so the answer is read again for it."""

    messages: tuple[Message, ...]
    temperature: float
    length: int
    remember: bool

    @classmethod
    def of(cls, params: Mapping[str, Any]) -> Wish:
        """Raises TaskFailed invalid."""
        length = params.get("length")
        if not isinstance(length, int) or isinstance(length, bool) or not 1 <= length <= LENGTH_LIMIT:
            raise TaskFailed("invalid", "length")
        return cls(
            messages=tuple(checked_messages(params.get("messages"))),
            temperature=checked_temperature(params.get("temperature")),
            length=length,
            remember=params.get("conversation", "") is not None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    text: str
    facts: Mapping[str, Any]


def checked_temperature(value: Any) -> float:
    """Raises TaskFailed invalid."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not math.isfinite(value) or not 0 <= value <= TEMPERATURE_LIMIT:
        raise TaskFailed("invalid", "temperature")
    return float(value)


class Writer:
    """Writes answers with one model."""

    def __init__(self, engine: Engine, options: Mapping[str, Any]) -> None:
        self._engine = engine
        self._chat = Chat(engine.vocabulary, engine.template())
        self._top_k = int(options.get("top_k", TOP_K))
        self._top_p = float(options.get("top_p", TOP_P))
        vocabulary = engine.vocabulary
        # an answer holds text and an end; no other control token is ever written
        self._never = numpy.array(sorted(vocabulary.control - vocabulary.ends), dtype=int)

    def write(self, wish: Wish, seed: int, context: Context) -> Answer:
        """Raises Cancelled within one token; TaskFailed invalid, worker_failed."""
        began = time.monotonic()
        context.progress(0, wish.length, "reading")
        room = self._engine.size - min(wish.length, self._engine.size // 2)
        asked = self._chat.fitting(wish.messages, room)
        evaluated = self._engine.read(_chunks(asked.segments), context)
        first = time.monotonic()
        tokens, ended, text = self._continue(asked, wish, Dice(seed), context)
        seconds = time.monotonic() - first
        if not text:
            raise TaskFailed("worker_failed", "empty answer")
        if wish.remember:
            self._remember(asked, text, context)
        context.progress(wish.length, wish.length, "writing")
        facts = {
            "prompt_tokens": asked.length,
            "evaluated_tokens": evaluated,
            "tokens": tokens,
            "ended": ended,
            "prompt_cut": asked.cut,
            "memory_cut": asked.forgot,
            "template": "plain" if asked.stop else "own",
            "tokens_per_second": round(tokens / max(seconds, 1e-9), 2),
            "first_token_seconds": round(first - began, 4),
        }
        return Answer(text=text, facts=facts)

    def _continue(
        self, asked: Conversation, wish: Wish, dice: Dice, context: Context
    ) -> tuple[int, str, str]:
        """How many tokens, why it ended, and the text."""
        written = b""
        for count in range(1, wish.length + 1):
            context.check()
            token = self._draw(wish.temperature, dice)
            if token in self._engine.vocabulary.ends:
                return count, "stop", _text(written)
            written += self._engine.vocabulary.piece(token)
            if asked.stop is not None and (end := written.find(asked.stop.encode())) >= 0:
                return count, "stop", _text(written[:end])
            context.progress(count, wish.length + 1, "writing")
            if count == wish.length or self._engine.used >= self._engine.size:
                break
            self._engine.step(token)
        return count, "length", _text(written)

    def _draw(self, temperature: float, dice: Dice) -> int:
        logits = self._engine.logits()
        logits[self._never] = -numpy.inf
        return draw(logits, temperature, dice, top_k=self._top_k, top_p=self._top_p)

    def _remember(self, asked: Conversation, text: str, context: Context) -> None:
        """Read the answer the way it will stand before the next question, which then waits for its own words only."""
        messages = [*asked.messages, Message("assistant", text), Message("user", "?")]
        following = self._chat.conversation(messages)
        chunks = _chunks(following.segments[:-2])
        if sum(len(chunk) for chunk in chunks) <= self._engine.size:
            self._engine.read(chunks, context)


def _chunks(segments: tuple[tuple[int, ...], ...]) -> list[Chunk]:
    """Chunks end where texts end: so they are the same when the conversation has gone on."""
    return [chunk for segment in segments for chunk in split_chunks(segment)]


def _text(written: bytes) -> str:
    """Without half a character at the end, and without blanks around."""
    return written.decode("utf-8", "ignore").strip()
