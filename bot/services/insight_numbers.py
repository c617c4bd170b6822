"""Probabilities as they are printed. What is drawn and kept is never rounded."""

from __future__ import annotations

import math
from collections.abc import Sequence

_SCALES = (0.1, 0.25, 0.5, 1.0)


def percents(shares: Sequence[float]) -> list[float]:
    """Shares that make 1 together, in percent with one decimal place, so that what is printed makes 100.0.

    Each differs by less than 0.1 from the truth: what rounding down leaves over goes to those who lost the most.
    """
    tenths = [share * 1000 for share in shares]
    floors = [math.floor(tenth + 1e-9) for tenth in tenths]
    left = max(0, min(round(math.fsum(tenths)) - sum(floors), len(shares)))
    losers = sorted(range(len(shares)), key=lambda place: (floors[place] - tenths[place], place))
    for place in losers[:left]:
        floors[place] += 1
    return [floor / 10 for floor in floors]


def printed_percent(percent: float, share: float, locale: str) -> str:
    """ "12,3 %" in German, "12.3%" in English; what is there but would be printed as nothing is "< 0,1 %"."""
    german = locale == "de"
    if share > 0 and percent < 0.1:
        return "< 0,1 %" if german else "< 0.1%"
    number = f"{percent:.1f}"
    return f"{number.replace('.', ',')} %" if german else f"{number}%"


def whole_percent(share: float, locale: str) -> str:
    return f"{share * 100:.0f} %" if locale == "de" else f"{share * 100:.0f}%"


def scale_of(shares: Sequence[float]) -> float:
    """The right end of an axis on which all shares fit."""
    return next((scale for scale in _SCALES if max(shares, default=0) <= scale), 1.0)


def ticks_of(scale: float) -> list[float]:
    """Where lines are drawn: at whole percents, from 0 to the right end."""
    steps = 4 if scale == 1.0 else 5
    return [scale * step / steps for step in range(steps + 1)]
