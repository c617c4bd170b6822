"""What `/image` offers as a size can be made by the model it is offered for."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.services.submit import DEFAULT_SIDE
from cogs.image import _sizes
from generation.catalog import Catalog, ModelInfo
from generation.params import parse_size

FAMILIES = Path(__file__).parents[3] / "generation" / "families"
MODELS = Catalog.read(FAMILIES, Path("nowhere")).models("image")


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.id)
def test_every_size_that_is_offered_can_be_made(model: ModelInfo) -> None:
    sizes = _sizes(model)
    assert sizes[0] == (model.default_width or DEFAULT_SIDE, model.default_height or DEFAULT_SIDE)
    for width, height in sizes:
        assert parse_size(f"{width}x{height}", model.sides) == (width, height)
