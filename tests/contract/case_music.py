"""The music family's tasks, with the mini models."""

from __future__ import annotations

from tests.contract.case import Case

CASES = [
    Case(
        family="music",
        task="music",
        params={"prompt": "fröhliche schnelle Musik", "seconds": 1, "count": 2},
        model="mini-music",
        files=2,
        seeded=True,
        alone={"count": 1},
        long={"seconds": 60},
        wrong={"seconds": 61},
    ),
    Case(
        family="music",
        task="sound",
        params={"prompt": "Regen", "seconds": 1},
        model="mini-sound",
        files=1,
        seeded=True,
        long={"seconds": 10, "count": 4},
        wrong={"seconds": 11},
    ),
    Case(
        family="music",
        task="notes",
        params={"prompt": "ruhig und traurig", "tokens": 32, "count": 2},
        model="mini-notes",
        files=2,
        seeded=True,
        alone={"count": 1},
        long={"tokens": 512, "count": 6},
        wrong={"temperature": 3.0},
    ),
]
