"""The reader of the mini model's pictures, on drawings whose content is known and on shapes that are none."""

from __future__ import annotations

from typing import Any

import pytest
import pytest_asyncio

from tests.contract.mini_scripts import run_script


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def reading() -> Any:
    return await run_script("diffusion", "diffusion/score.py", "--reader", "--count", "80")


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("look", "least"), [("sharp", 0.98), ("worn", 0.96)])
async def test_drawings_are_read_rightly(reading: Any, look: str, least: float) -> None:
    shares = reading[look]["shares"]
    wrong = {name: shares[name] for name in ("colour", "ground", "relation", "shape") if shares[name] < least}
    assert wrong == {}
    assert shares["strays"] == 0


@pytest.mark.parametrize(("shapes", "most"), [("pebbles", 0.2), ("halves", 0.1), ("blobs", 0.25)])
async def test_what_is_no_thing_is_not_taken_for_one(reading: Any, shapes: str, most: float) -> None:
    found = reading["mistaken"][shapes]
    assert found["taken"] <= most * found["of"]
