from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.contract.case import Case
from tests.contract.picture_files import plain, png, test_card


def two_pictures(folder: Path) -> dict[str, Any]:
    files = folder / "harmless.png", folder / "card.png"
    files[0].write_bytes(plain((90, 140, 200)))
    files[1].write_bytes(png(128, 128, test_card))
    return {"files": [str(file) for file in files]}


CASES = [
    Case(
        family="safety",
        task="check_images",
        params={},
        inputs=two_pictures,
        model="mini-safety",
        files=0,
        seeded=False,
        long=None,
        wrong={"files": []},
    )
]
