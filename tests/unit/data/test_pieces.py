"""Which results hold another: whatever leads from one to the other, and nothing besides."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from data.database import Database
from data.jobs import Jobs
from data.pieces import PieceLinks
from generation.clip_params import ClipParams, Step
from tests.fakes_dispatch import make_job


async def add(database: Database, medium: str, job: str, **more: Any) -> str:
    await Jobs(database).add(replace(make_job("ben", medium=medium, **more), id=job))
    return job


@pytest.mark.parametrize(
    "params",
    [
        ClipParams(pictures=("other/1", "hers/2")),
        ClipParams(pictures=("other/1",), song="hers/1"),
        ClipParams(pictures=("other/1",), speech="hers"),
        ClipParams(video="hers"),
    ],
)
async def test_a_combined_piece_holds_all_its_parts(database: Database, params: ClipParams) -> None:
    await add(database, "clip", "piece", params=params.to_plain())
    assert await PieceLinks(database).of(["hers"]) == ["piece"]
    assert await PieceLinks(database).of(["her"]) == []
    assert await PieceLinks(database).of(["piece"]) == []


async def test_it_is_found_by_way_of_others(database: Database) -> None:
    """Her song, continued by somebody, moved to by a video, which is in a combined piece."""
    await add(database, "music", "further", params={"prompt": "x", "prior": "hers/1"})
    await add(database, "video", "moved", params={"keys": [], "song": "further/1"})
    await add(database, "clip", "piece", params=ClipParams(video="moved").to_plain())
    assert await PieceLinks(database).of(["hers"]) == ["further", "moved", "piece"]
    assert await PieceLinks(database).of(["hers", "moved"]) == ["further", "piece"]


async def test_what_only_follows_it_does_not_hold_it(database: Database) -> None:
    """Another picture with its prompt, music to its melody, an upload of that name, words that look like it."""
    await add(database, "image", "again", params={"prompt": "hers/1"}, parent="hers", parent_index=1)
    await add(database, "music", "tune", params={"prompt": "x", "melody": "hers/1"})
    await add(database, "music", "upload", params={"prompt": "x", "prior": "hers"})
    await add(database, "text", "told", params={"video": "hers", "speech": "hers"})
    assert await PieceLinks(database).of(["hers"]) == []
    assert await PieceLinks(database).of(["hers"], telling=True) == []


async def test_the_recipe_of_a_combined_piece_tells_of_all_that_led_to_it(database: Database) -> None:
    await add(database, "image", "again", params={"prompt": "x"}, parent="hers", parent_index=1)
    await add(database, "clip", "piece", params=ClipParams(pictures=("again/1",)).to_plain())
    chain = ClipParams(pictures=("other/1",), chain=(Step(job="hers"),))
    await add(database, "clip", "chained", params=chain.to_plain())
    links = PieceLinks(database)
    assert await links.of(["hers"]) == []
    assert await links.of(["hers"], telling=True) == ["piece", "chained"]


async def test_what_is_in_a_piece_that_stays_is_held_whatever_lies_between(database: Database) -> None:
    await add(database, "music", "tune", params={"prompt": "x"})
    await add(database, "image", "alone", params={"prompt": "x"})
    await add(database, "video", "moved", params={"keys": [], "song": "tune/1"})
    await add(database, "clip", "piece", params=ClipParams(video="moved").to_plain())
    links = PieceLinks(database)
    assert await links.held(["tune", "alone"]) == {"tune"}
    assert await links.held(["tune", "alone", "moved"]) == {"tune", "moved"}
    assert await links.held(["tune", "alone", "moved", "piece"]) == set()
