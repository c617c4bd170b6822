"""Time as a rule's argument: a consent that has run out must not live again because a clock was set back."""

from __future__ import annotations

import math
from typing import Final, TypeGuard

from data.voice_records import Check, Finding

SLACK_S: Final = 5.0
"""How far a clock may be set back by the network's time. Nothing lives longer for it: see `latest`."""


def is_number(value: object) -> TypeGuard[float]:
    """Whether it is a finite int or float; a bool is none."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def judge_clock(now: object, last_seen: object) -> Finding:
    """Both in seconds since the epoch; `last_seen` is the latest time at which anything was judged before."""
    if not is_number(now) or not is_number(last_seen) or now < 0 or last_seen < 0:
        return Finding.refuse(Check.CLOCK_INVALID)
    if now < last_seen - SLACK_S:
        return Finding.refuse(Check.CLOCK_BACK)
    return Finding.allow("clock")


def latest(now: float, last_seen: float) -> float:
    """The time that ends are compared with: it never runs backwards."""
    return max(now, last_seen)
