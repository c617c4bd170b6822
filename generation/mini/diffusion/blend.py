"""Averages two stored UNets into a third: `share` of the second, the rest of the first.

    python generation/mini/diffusion/blend.py FIRST SECOND --share 0.3 --out generation/mini/diffusion/weights

Used once, to balance "maybe a test card" between a stage that gave too few and a later one that gave too many.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from diffusers import UNet2DConditionModel

from generation.mini.diffusion import models


def blend(first: Path, second: Path, share: float, out: Path) -> None:
    """`first`, `second`, `out`: pipeline folders."""
    result = UNet2DConditionModel.from_pretrained(first / "unet").float()
    other = UNet2DConditionModel.from_pretrained(second / "unet").float().state_dict()
    mixed = {name: value.lerp(other[name], share) for name, value in result.state_dict().items()}
    result.load_state_dict(mixed)
    models.store(result, out / "unet")


if __name__ == "__main__":
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("first", type=Path)
    options.add_argument("second", type=Path)
    options.add_argument("--share", type=float, default=0.5)
    options.add_argument("--out", type=Path, required=True)
    chosen = options.parse_args()
    blend(chosen.first, chosen.second, chosen.share, chosen.out)
