"""Counts the steps of one piece of speech over both stages, and asks at each whether it may go on."""

from __future__ import annotations

from collections.abc import Callable

from generation.worker.api import Context

WORDS, SOUND = "autoregressive", "diffusion"


class Steps:
    """`passes`: how often the text may have to be spoken. `demand` raises once the speaking is not allowed any more.

    A stage that ends early counts as done: the number of tokens is a limit, not a plan.
    """

    def __init__(self, context: Context, demand: Callable[[], None], passes: int) -> None:
        self._context = context
        self._demand = demand
        self._passes = passes
        self._pass = -1
        self._batches = self._tokens = self._forwards = 0
        self._batch = self._length = self._first = self._forward = 0

    def begin(self, *, batches: int, tokens: int, forwards: int) -> None:
        """A pass: so many batches of at most so many tokens, then so many calls of the diffusion model."""
        self._pass += 1
        self._batches, self._tokens, self._forwards = batches, tokens, forwards
        self._batch, self._length, self._forward = -1, 0, 0

    def token(self, length: int) -> None:
        """A token was added to the sequences of a batch, which now have `length`."""
        if self._batch < 0 or length <= self._length:
            self._batch += 1
            self._first = length
        self._length = length
        self._tell(self._batch * self._tokens + min(length - self._first + 1, self._tokens), WORDS)

    def forward(self) -> None:
        """The diffusion model is about to be called."""
        self._tell(self._batches * self._tokens + self._forward, SOUND)
        self._forward += 1

    def look(self) -> None:
        """Something else that takes its time is about to be done."""
        self._context.check()
        self._demand()

    def end(self) -> None:
        total = self._passes * self._size
        self._context.progress(total, total, SOUND)

    @property
    def _size(self) -> int:
        return self._batches * self._tokens + self._forwards

    def _tell(self, done: int, stage: str) -> None:
        self.look()
        self._context.progress(
            self._pass * self._size + min(done, self._size), self._passes * self._size, stage
        )
