from __future__ import annotations

from pathlib import Path

from tests.contract.case import Case
from tests.contract.picture_files import furthest


def nearly_same(first: Path, second: Path) -> bool:
    """Beside other pictures the last bit of a sum may differ."""
    return furthest(first, second) <= 1


CASES = [
    Case(
        family="diffusion",
        task="image",
        params={
            "prompt": "ein roter Ball",
            "count": 2,
            "steps": 3,
            "guidance": 4.0,
            "width": 64,
            "height": 64,
        },
        model="mini",
        files=2,
        seeded=True,
        alone={"count": 1},
        long={"count": 1, "steps": 150},
        wrong={"width": 1000},
        same=nearly_same,
    ),
    Case(
        family="diffusion",
        task="video",
        params={
            "keys": [
                {"frame": 0, "prompt": "ein roter Ball", "seed": 1234},
                {"frame": 3, "prompt": "ein gelbes Haus", "seed": 5},
            ],
            "frames": 4,
            "steps": 3,
            "guidance": 4.0,
            "width": 64,
            "height": 64,
        },
        model="mini",
        files=4,
        seeded=False,
        long={"frames": 40, "steps": 150},
        wrong={"frames": 1000},
        same=nearly_same,
    ),
]
