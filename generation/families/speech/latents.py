"""What tortoise has heard in a voice's clips, in memory only, for as long as its owner allows."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any

from generation.families.speech.clips import Clip
from generation.families.speech.consent import Permit

MOST = 32
"""Voices and moods; a few kilobytes each."""
_Key = tuple[str, tuple[str, ...]]


class Latents:
    """A pair of tensors for each voice and choice of its clips."""

    def __init__(self) -> None:
        self._kept: OrderedDict[_Key, tuple[float, Any]] = OrderedDict()

    def get(self, permit: Permit, chosen: Sequence[Clip], make: Callable[[int], Any]) -> Any:
        """Those of `chosen`; `make(seed)` hears the clips where it is the first time.

        The seed comes from the clips alone: the same voice sounds the same in every job.
        """
        key = (permit.voice, tuple(one.sha256 for one in chosen))
        if key not in self._kept:
            seed = int.from_bytes(hashlib.sha256("".join(key[1]).encode()).digest()[:4], "big")
            self._kept[key] = permit.until, make(seed)
        _, latents = self._kept[key]
        self._kept[key] = permit.until, latents
        self._kept.move_to_end(key)
        while len(self._kept) > MOST:
            self._kept.popitem(last=False)
        return latents

    def forget(self, voice: str) -> int:
        """How many were dropped."""
        return self._drop(lambda key, _: key[0] == voice)

    def forget_over(self, is_over: Callable[[float], bool]) -> None:
        """Drop those whose last permit has run out."""
        self._drop(lambda _, until: is_over(until))

    def clear(self) -> None:
        self._kept.clear()

    def _drop(self, wanted: Callable[[_Key, float], bool]) -> int:
        gone = [key for key, (until, _) in self._kept.items() if wanted(key, until)]
        for key in gone:
            del self._kept[key]
        return len(gone)
