"""What only some models cannot do is said before anything waits."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from generation.catalog import Catalog
from generation.errors import InvalidInput
from tests.fakes import small_catalog
from tests.unit.bot.services.conftest import SENTENCES, Room

FEW_STEPS = {"steps": [1, 8], "own_scheduler": True, "negative": False}


def few_steps() -> Catalog:
    (image,) = small_catalog("big").models("image")
    limited = dataclasses.replace(image, options=FEW_STEPS, default_steps=4)
    return Catalog([limited, *small_catalog().models("safety")])


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    opened = Room(tmp_path, catalog=few_steps())
    await opened.open()
    try:
        yield opened
    finally:
        await opened.close()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"steps": 9}, "steps_of_model"),
        ({"scheduler": "ddim"}, "scheduler_of_model"),
        ({"negative": "red"}, "negative_of_model"),
    ],
)
async def test_a_few_step_model_says_what_it_cannot_do(
    room: Room, changes: dict[str, Any], code: str
) -> None:
    with pytest.raises(InvalidInput) as error:
        await room.ask(**changes)
    assert error.value.code == code
    assert await room.jobs.of_owner("class", "anna") == []
    for language in ("de", "en"):
        assert "Big" in SENTENCES.text(f"error.{code}", language, **error.value.values)


async def test_and_does_the_rest(room: Room) -> None:
    ticket = await room.ask()
    assert ticket.job.params["steps"] == 4
    await room.end(ticket)
