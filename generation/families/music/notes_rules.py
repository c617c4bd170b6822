"""Which token comes next in a row of MIDI tokens: what may, and what chance takes of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch


class Rules:
    """Which token may follow which, so that every row of tokens is a piece, at any temperature."""

    def __init__(self, tokenizer: Any, size: int) -> None:
        self._vocabulary: Mapping[str, int] = tokenizer.vocab
        self.special = frozenset(tokenizer.special_tokens_ids)
        self.end = self._vocabulary.get("EOS_None", -1)
        self.first = self._vocabulary.get("BOS_None", 0)
        self._size = size
        # pieces of several tokens have no one kind
        self._graph = {} if tokenizer.is_trained else tokenizer.tokens_types_graph
        self._kinds = {token: name.split("_")[0] for name, token in self._vocabulary.items()}
        self._masks: dict[Any, torch.Tensor] = {}

    def kind(self, token: int) -> str:
        return self._kinds.get(token, "")

    def given(self, asked: Sequence[str]) -> list[int]:
        """What stands before a piece; what the model has no token for is left out."""
        named = ["BOS_None", *asked]
        return [self._vocabulary[name] for name in named if name in self._vocabulary]

    def of_kind(self, kind: str) -> torch.Tensor:
        return self._mask(("kind", kind), lambda token: self.kind(token) == kind)

    def allowed(self, last: int | None, *, may_end: bool) -> torch.Tensor:
        """True for each token that may follow `last` (None: nothing is written yet), shape [vocabulary]."""
        if last is None and "Bar" in self._graph:
            return self.of_kind("Bar")
        following = self._graph.get(self.kind(last)) if last is not None else None

        def fits(token: int) -> bool:
            if token in self.special:
                return token == self.end and may_end
            return not following or self.kind(token) in following

        return self._mask((self.kind(last) if last is not None else None, may_end), fits)

    def _mask(self, key: Any, fits: Callable[[int], bool]) -> torch.Tensor:
        if key not in self._masks:
            mask = torch.zeros(self._size, dtype=torch.bool)
            mask[[token for token in self._kinds if fits(token)]] = True
            self._masks[key] = mask
        return self._masks[key]


class Draw:
    """One token from what the model expects, by chance of its own."""

    def __init__(self, temperature: float, top_p: float, dice: torch.Generator) -> None:
        self._temperature = temperature
        self._top_p = top_p
        self._dice = dice

    def one(self, logits: torch.Tensor, allowed: torch.Tensor) -> int:
        logits = logits.masked_fill(~allowed, -torch.inf)
        shares, order = torch.softmax(logits / self._temperature, dim=-1).sort(descending=True, stable=True)
        # the likeliest ones that together make up top_p, always at least one
        shares[shares.cumsum(0) - shares >= self._top_p] = 0.0
        return int(order[torch.multinomial(shares, 1, generator=self._dice)])
