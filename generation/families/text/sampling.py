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


def likeliest(values: Numbers, count: int) -> list[int]:
    """The tokens with the `count` largest values, largest first, of equals the lower number."""
    count = min(count, len(values))
    # the vocabulary of a real model is too long to be sorted for every token
    least = numpy.partition(values, len(values) - count)[len(values) - count]
    found = numpy.flatnonzero(values >= least)
    return [int(token) for token in found[numpy.argsort(-values[found], kind="stable")[:count]]]


def draw(logits: Numbers, temperature: float, dice: Dice, *, top_k: int, top_p: float) -> int:
    """One of the `top_k` likeliest tokens, and of them of as few as make `top_p` together."""
    if temperature <= 0:
        return int(logits.argmax())
    order = likeliest(logits, top_k)
    shares = probabilities(logits[order], temperature)
    kept = int(numpy.searchsorted(numpy.cumsum(shares), top_p)) + 1
    return order[dice.draw(shares[:kept])]


class Dice:
    """Numbers that depend on the seed alone; PCG64's stream is the same on every machine."""

    def __init__(self, seed: int) -> None:
        self._random = numpy.random.Generator(numpy.random.PCG64(seed))

    def draw(self, shares: Numbers) -> int:
        """A place with its share as probability; the shares need not make one together."""
        sums = numpy.cumsum(shares)
        place = int(numpy.searchsorted(sums, self._random.random() * sums[-1], side="right"))
        return min(place, int(numpy.flatnonzero(shares)[-1]))
