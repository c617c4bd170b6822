"""What the options of the mini picture model do, through diffusers' own pipelines, with the stored weights.

All seeds are fixed; bars lie well below what was measured, which is in generation/mini/diffusion/README.md.
"""

from __future__ import annotations

from typing import Any

import pytest
import pytest_asyncio

from tests.contract.mini_scripts import run_script


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def figures() -> Any:
    return await run_script("diffusion", "diffusion/score_controls.py")


@pytest.mark.timeout(600)
async def test_weak_image_to_image_keeps_the_layout(figures: Any) -> None:
    weak, strong = figures["image_to_image"]["weak"], figures["image_to_image"]["strong"]
    assert weak["stays"] >= 2
    assert weak["stays"] > strong["stays"]
    assert weak["apart"] < 0.5 * strong["apart"]


async def test_strong_image_to_image_follows_the_new_prompt(figures: Any) -> None:
    assert figures["image_to_image"]["strong"]["second"] >= 0.75
    assert figures["image_to_image"]["weak"]["second"] <= 0.4


async def test_inpainting_changes_the_masked_area_alone_and_draws_what_was_asked(figures: Any) -> None:
    assert figures["inpainting"]["outside"] < 4
    assert figures["inpainting"]["inside"] >= 2


async def test_a_walk_goes_from_one_picture_to_the_other_without_a_leap(figures: Any) -> None:
    assert figures["walk"]["ends"] < 1
    assert figures["walk"]["rising"] > 0.9
    assert figures["walk"]["jump"] < 0.6


async def test_a_negative_prompt_avoids_its_colour(figures: Any) -> None:
    assert figures["negative"]["red"] >= 3
    assert figures["negative"]["red_negative"] <= 0.5 * figures["negative"]["red"]


@pytest.mark.parametrize(("less", "worse"), [("guidance_1", 0.5), ("steps_2", 0.1)])
async def test_guidance_and_steps_matter(figures: Any, less: str, worse: float) -> None:
    """`worse`: how much the shares of right colours and shapes lose together; the same pictures would lose nothing."""
    usual = figures["usual"]
    assert usual["colour"] >= 0.8
    assert usual["colour"] + usual["shape"] > figures[less]["colour"] + figures[less]["shape"] + worse


async def test_unknown_words_give_something_calm(figures: Any) -> None:
    assert figures["unknown"]["unrest"] < 0.6 * figures["unknown"]["scenes"]
    assert figures["unknown"]["worst"] < 1.2 * figures["unknown"]["scenes"]
    assert figures["unknown"]["cards"] == 0
