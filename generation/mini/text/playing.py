"""Reads and continues texts with the stored model, through llama.cpp as the text family does."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from llama_cpp import Llama

from generation.mini.text.documents import Conversation

WEIGHTS = Path(__file__).with_name("weights") / "mini-text.gguf"
CONTEXT = 512


class Player:
    """One model, one text at a time. Temperature 0 takes the likeliest token."""

    def __init__(self, weights: Path = WEIGHTS, threads: int = 1) -> None:
        self._llama = Llama(
            str(weights),
            n_ctx=CONTEXT,
            n_threads=threads,
            n_threads_batch=threads,
            logits_all=True,
            verbose=False,
        )
        self._roles = {
            role: self._llama.tokenize(f"<|{role}|>".encode(), add_bos=False, special=True)[-1]
            for role in ("system", "user", "assistant")
        }

    def split(self, text: str) -> list[int]:
        """Typed text: what looks like a control token stays text."""
        return self._llama.tokenize(text.encode(), add_bos=False, special=False)

    def control(self) -> set[int]:
        return {self._llama.token_bos(), self._llama.token_eos(), *self._roles.values()}

    def opened(self, messages: Conversation) -> list[int]:
        """The tokens of a conversation, as far as the answer that is wanted."""
        ids = [self._llama.token_bos()]
        for role, text in messages:
            ids += [self._roles[role], *self.split(text), self._llama.token_eos()]
        return [*ids, self._roles["assistant"]]

    def logits(self, ids: Sequence[int]) -> Any:
        """The logits behind each token: [tokens, pieces]."""
        self._llama.reset()
        self._llama.eval(list(ids))
        return np.array(self._llama.scores[: len(ids)])

    def next_words(self, text: str, count: int = 10) -> list[tuple[str, float]]:
        """The likeliest continuations of a plain text, with their probabilities."""
        shares = _softmax(self.logits([self._llama.token_bos(), *self.split(text)])[-1])
        best = np.argsort(-shares)[:count]
        return [(self._text([int(one)]), float(shares[one])) for one in best]

    def answer(self, messages: Conversation, temperature: float = 0.0, seed: int = 0) -> str:
        return self._written(self.opened(messages), temperature, seed)

    def goes_on(self, text: str, temperature: float = 0.0, seed: int = 0) -> str:
        """The text with all that follows until the end token."""
        written = self._written(
            [self._llama.token_bos(), *(self.split(text) if text else [])], temperature, seed
        )
        return f"{text} {written}".strip()

    def _written(self, ids: list[int], temperature: float, seed: int) -> str:
        chance = np.random.default_rng(seed)
        out: list[int] = []
        self._llama.reset()
        self._llama.eval(ids)
        while len(ids) + len(out) < CONTEXT - 1:
            scores = self._llama.scores[len(ids) + len(out) - 1]
            shares = _softmax(scores / temperature) if temperature else scores
            chosen = int(chance.choice(len(shares), p=shares) if temperature else np.argmax(scores))
            if chosen in self.control():
                break
            out.append(chosen)
            self._llama.eval([chosen])
        return self._text(out).strip()

    def _text(self, ids: list[int]) -> str:
        return self._llama.detokenize(ids).decode(errors="replace")


def _softmax(scores: Any) -> Any:
    raised = np.exp(scores.astype(np.float64) - scores.max())
    return raised / raised.sum()
