"""Forged ids do nothing; that the count would notice if they did."""

from __future__ import annotations

import random
import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import pytest

from bot.buttons import ButtonId
from bot.services.ports import Requester
from data.reports import Report, ReportRows
from tests import forged_ids
from tests.forged_ids import FORM, PRESS, Result, count, not_registered
from tests.forged_world import Forged, World, build, world_of
from tests.unit.bot.services.conftest import ANNA, BEN, TEACHER, Room

SAMPLE = 240


async def test_forged_replayed_and_foreign_ids_do_nothing(tmp_path: Path) -> None:
    seed = secrets.randbits(32)
    result = await count(tmp_path, random.Random(seed), SAMPLE)
    assert sum(result.tried.values()) == SAMPLE
    assert (seed, result.found, result.internal) == (seed, [], [])


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    room = Room(tmp_path)
    await room.open()
    yield await build(room)
    await room.close()


async def pressed(world: World, action: str, subject: str, who: Requester, *, form: bool = False) -> Forged:
    custom_id = str(ButtonId(action=action, subject=subject, index=1))
    data = forged_ids.fields_of(FORM if form else PRESS, custom_id, random.Random(1))
    press = Forged(type=FORM if form else PRESS, data=data, who=who, ground=world.ground)
    await world.presses.answer(cast("Any", press))
    return press


async def test_the_same_presses_by_those_who_may_do_something(world: World) -> None:
    """A control: otherwise a bot that answers nothing at all would pass."""
    report, asked, post = world.subjects["report"][0], world.subjects["job"][-2], world.subjects["job"][0]
    for action, subject, who, form in [
        ("repsee", report, TEACHER, False),
        ("appsee", asked, TEACHER, False),
        ("report", post, ANNA, False),
        ("report", post, ANNA, True),
        ("appwrong", asked, TEACHER, False),
        ("reptake", report, TEACHER, False),
        ("witrefuse", world.subjects["voice"][1], TEACHER, False),
        ("voicedrop", world.subjects["voice"][0], ANNA, False),
        ("galdecline", world.subjects["work"][0], TEACHER, False),
        ("galaccept", world.subjects["work"][0], TEACHER, False),
        ("galsend", world.subjects["work"][2], ANNA, False),
        ("setuprules", "server", TEACHER, False),
        ("setuprules", "new", TEACHER, True),
        ("setuppick", "server", TEACHER, False),
        ("setupmake", "server", TEACHER, False),
    ]:
        before = await forged_ids.state_of(world)
        press = await pressed(world, action, subject, who, form=form)
        result = Result()
        changed = before != await forged_ids.state_of(world)
        forged_ids.note(result, "control", action, press, changed=changed)
        assert result.acted["control"] == 1, (action, press.done)


async def test_what_is_over_stays_over_when_the_bot_was_started_anew(world: World) -> None:
    """Forms, too: they are lost with the process, and whoever has kept one may send it."""
    await world.room.restart()
    again = world_of(world.room)
    for action, subject, who in [*world.ended, ("liftstop", "class", BEN), ("setuprules", "new", BEN)]:
        for form in (False, True):
            before = await forged_ids.state_of(again)
            press = await pressed(again, action, subject, who, form=form)
            result = Result()
            forged_ids.note(result, "old", action, press, changed=before != await forged_ids.state_of(again))
            assert (result.acted["old"], result.internal) == (0, []), (action, form, press.done)


async def test_a_service_that_forgets_to_ask_is_noticed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def any_class(self: ReportRows, guild_id: str, report_id: str) -> Report | None:
        (found,) = await self._select("WHERE id = ?", report_id)
        return found

    monkeypatch.setattr(ReportRows, "get", any_class)
    monkeypatch.setattr("bot.services.reports.demand_teacher", lambda who: None)
    report = world.subjects["report"][0]
    before = await forged_ids.state_of(world)
    press = await pressed(world, "repkeep", report, BEN)
    result = Result()
    forged_ids.note(result, "broken", "repkeep", press, changed=before != await forged_ids.state_of(world))
    assert result.acted["broken"] == 1


def test_what_the_views_know_of_is_registered(world: World) -> None:
    views = (Path(forged_ids.bot.__file__).parent / "views.py").read_text("utf-8")
    missing = not_registered({*world.buttons, *world.forms})
    unknown = [name for name in missing if f"bot.{name.removesuffix('.py')} import" in views]
    assert unknown == []
    assert "setup_presses.py" not in missing
    assert "gallery_presses.py" not in missing
    assert {"report", "ask", "cancel", "witgrant", "revoke"} <= {*world.buttons, *world.forms}


def test_actions_are_found_in_a_module() -> None:
    source = 'class A:\n    def buttons(self):\n        return {"one": 1, **more, "two": 2}\n'
    assert forged_ids.actions_in(source) == {"one", "two"}
