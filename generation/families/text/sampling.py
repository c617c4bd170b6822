"""From logits to probabilities to one token; the same seed draws the same."""

from __future__ import annotations

from typing import TypeAlias

import numpy
from numpy.typing import NDArray

Numbers: TypeAlias = NDArray[numpy.float64]


def probabilities(logits: Numbers, temperature: float) -> Numbers:
    """softmax(logits / temperature); at temperature 0 all of it goes to the likeliest, the first of equals."""
    if temperature <= 0:
        chosen = numpy.zeros_like(logits)
        chosen[int(logits.argmax())] = 1.0
        return chosen
    # subtracted first: a tiny temperature must not make infinity minus infinity
    weights = numpy.exp((logits - logits.max()) / temperature)
    return weights / weights.sum()


def likeliest(shares: Numbers, count: int) -> list[int]:
    """The `count` tokens with the largest share, largest first, of equals the lower number."""
    return [int(token) for token in numpy.argsort(-shares, kind="stable")[:count]]


def trimmed(shares: Numbers, *, top_k: int, top_p: float) -> Numbers:
    """Only the `top_k` likeliest, and of them as few as make `top_p` together; sums to 1."""
    order = likeliest(shares, top_k)
    sums = numpy.cumsum(shares[order])
    kept = order[: int(numpy.searchsorted(sums, top_p * sums[-1])) + 1]
    chosen = numpy.zeros_like(shares)
    chosen[kept] = shares[kept]
    return chosen / chosen.sum()


class Dice:
    """Numbers that depend on the seed alone; PCG64's stream is the same on every machine."""

    def __init__(self, seed: int) -> None:
        self._random = numpy.random.Generator(numpy.random.PCG64(seed))

    def draw(self, shares: Numbers) -> int:
        """A token with its share as probability."""
        sums = numpy.cumsum(shares)
        place = int(numpy.searchsorted(sums, self._random.random() * sums[-1], side="right"))
        return min(place, int(numpy.flatnonzero(shares)[-1]))
