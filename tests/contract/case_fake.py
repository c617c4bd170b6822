from __future__ import annotations

from tests.contract.case import Case

CASES = [
    Case(
        family="fake",
        task="image",
        params={"width": 64, "height": 64, "count": 3, "steps": 4},
        model="fake",
        files=3,
        seeded=True,
        alone={"count": 1},
        long={"steps": 1000, "fake": {"behaviour": "slow", "step_seconds": 0.05}},
        wrong={"width": "wide"},
    )
]
