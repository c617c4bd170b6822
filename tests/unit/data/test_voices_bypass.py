from __future__ import annotations

import random
from pathlib import Path

from data.database import Database
from generation.errors import Refused
from tests import consent_bypass
from tests.consent_kinds import KINDS, Kind, Scene
from tests.voice_room import Room


def test_there_are_enough_kinds_and_each_is_another() -> None:
    assert len(KINDS) >= consent_bypass.LEAST_KINDS
    assert len({one.name for one in KINDS}) == len(KINDS)


async def test_a_sample_of_the_attempts_dies_where_it_must(tmp_path: Path) -> None:
    counts = await consent_bypass.run(50, 20_250_921, tmp_path)
    assert sum(one.tried for one in counts.values()) == 50
    assert {name: dict(one.wrong) for name, one in counts.items() if one.wrong} == {}


async def test_the_count_notices_what_gets_through(database: Database, tmp_path: Path) -> None:
    room = Room(database, tmp_path)

    async def open_door(scene: Scene, mutated: bool) -> None:
        assert scene.owner != scene.other

    async def wrong_check(scene: Scene, mutated: bool) -> None:
        if mutated:
            raise Refused("refused_another")

    async def never(scene: Scene, mutated: bool) -> None:
        raise Refused("refused_mine")

    found = [
        await consent_bypass._pair(room, Kind("x", "refused_mine", attempt), 1, random.Random(1))
        for attempt in (open_door, wrong_check, never)
    ]
    assert found == [
        "GOT THROUGH",
        "died at refused_another instead of refused_mine",
        "its twin died: refused_mine",
    ]
