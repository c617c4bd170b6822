"""What stands before every button and form: that the school has stated something, and that nobody is blocked."""

from __future__ import annotations

import random
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from bot.buttons import ButtonId
from bot.services.blocks import FREE_COMMANDS
from bot.services.ports import Requester
from bot.services.setup import ALWAYS, ENDING, OPEN_PRESSES, Setup
from bot.services.setup_rules import Statement
from data.setup import Setups
from generation.errors import NotAllowed
from tests.forged_ids import FORM, PRESS, fields_of, state_of
from tests.forged_world import SENTENCES, Forged, World, build, world_of
from tests.unit.bot.services.conftest import ANNA, BEN, TEACHER, Room


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    room = Room(tmp_path)
    await room.open()
    yield await build(room)
    await room.close()


def presses(world: World) -> list[tuple[Any, str]]:
    return [*((PRESS, one) for one in world.buttons), *((FORM, one) for one in world.forms)]


async def said(world: World, how: Any, action: str, who: Requester) -> list[str]:
    """What is answered to a press on something that the world has."""
    rng = random.Random(action)
    subject = next((one for mine, one, _ in world.live if mine == action), world.subjects["job"][0])
    data = fields_of(how, str(ButtonId(action=action, subject=subject, index=1)), rng)
    press = Forged(type=how, data=data, who=who, ground=world.ground)
    await world.presses.answer(cast("Any", press))
    return [text for _, text in press.done]


async def test_who_is_blocked_is_told_until_when_whatever_they_press(world: World) -> None:
    for restart in (False, True):
        if restart:
            await world.room.restart()
            world = replace_presses(world)
        else:
            block, _ = await world.room.desk.care.blocks.block(ANNA.person_id, 45, TEACHER, is_teacher=False)
        blocked = [SENTENCES.of_error("blocked", "de", {"until": round(block.until)})]
        shut = [(how, action) for how, action in presses(world) if action not in OPEN_PRESSES]
        before = await state_of(world)
        assert len(shut) > 40
        for how, action in shut:
            assert await said(world, how, action, ANNA) == blocked, action
        assert await state_of(world) == before
        assert await said(world, PRESS, "again", BEN) != blocked
        for how, action in presses(world):
            if action in OPEN_PRESSES:
                assert await said(world, how, action, ANNA) != blocked, action


def replace_presses(world: World) -> World:
    """The same class after a restart."""
    anew = world_of(world.room)
    return replace(world, presses=anew.presses, buttons=anew.buttons, forms=anew.forms)


async def test_a_block_ends_by_itself_or_by_a_teacher_also_after_a_restart(world: World) -> None:
    blocks: Any = world.room.desk.care.blocks
    await blocks.block(ANNA.person_id, 5, TEACHER, is_teacher=False)
    with pytest.raises(NotAllowed):
        await blocks.demand_free(ANNA, command="image")
    blocks._clock = lambda: time.time() + 301
    await blocks.demand_free(ANNA, command="image")
    blocks._clock = time.time
    await blocks.block(ANNA.person_id, 60, TEACHER, is_teacher=False)  # longer, while the first one stands
    blocks._clock = lambda: time.time() + 301
    with pytest.raises(NotAllowed):
        await blocks.demand_free(ANNA, command="image")
    await world.room.restart()
    anew = world.room.desk.care.blocks
    with pytest.raises(NotAllowed):
        await anew.demand_free(ANNA, command="image")
    await anew.demand_free(replace(ANNA, guild_id="elsewhere"), command="image")
    await anew.demand_free(replace(ANNA, is_teacher=True), command="image")
    for command in FREE_COMMANDS:
        await anew.demand_free(ANNA, command=command)
    await anew.unblock(ANNA.person_id, TEACHER)
    await anew.demand_free(ANNA, command="image")


def test_what_a_blocked_pupil_may_use_makes_nothing() -> None:
    assert FREE_COMMANDS >= ALWAYS | ENDING
    assert not FREE_COMMANDS & {
        "image",
        "text",
        "chat",
        "speech",
        "music",
        "video",
        "clip",
        "record-voice",
        "hand-in",
    }


@pytest.mark.parametrize("who", [ANNA, BEN, TEACHER])
async def test_before_the_statement_every_press_says_what_is_missing(world: World, who: Requester) -> None:
    setup = Setup(setups=Setups(world.room.database), given=Statement(), on_discord=True)
    world.room.desk = replace(world.room.desk, setup=setup)
    world = replace_presses(world)
    missing = [SENTENCES.text("error.setup_missing", "de")]  # as their Discord is set
    before = await state_of(world)
    for how, action in presses(world):
        if action not in OPEN_PRESSES:
            assert await said(world, how, action, who) == missing, action
    assert await state_of(world) == before


@pytest.mark.parametrize("stopped", ["pause", "emergency"])
async def test_while_the_class_is_held_posts_can_be_reported_and_refusals_asked_about(
    world: World, stopped: str
) -> None:
    desk = world.room.desk
    await (desk.lessons.pause(TEACHER) if stopped == "pause" else desk.emergency.stop(TEACHER))
    post, refused = world.subjects["job"][2], world.subjects["job"][-2]
    report = {
        "custom_id": f"ka:report:{post}:1",
        "components": fields_of(FORM, "", random.Random(1))["components"],
    }
    for how, data, who, answer in [
        (FORM, report, BEN, "care.reported_unheard"),
        (PRESS, {"custom_id": f"ka:ask:{refused}"}, ANNA, "care.asked_before"),
        (PRESS, {"custom_id": f"ka:appwrong:{refused}"}, TEACHER, "care.decided_wrong"),
    ]:
        press = Forged(type=how, data=data, who=who, ground=world.ground)
        await world.presses.answer(cast("Any", press))
        assert press.done[0][1] == SENTENCES.text(answer, "de"), press.done
    lift = Forged(type=PRESS, data={"custom_id": "ka:liftstop:class"}, who=TEACHER, ground=world.ground)
    await world.presses.answer(cast("Any", lift))
    key = "lesson.lifted" if stopped == "emergency" else "lesson.not_stopped"
    assert [text for _, text in lift.done] == [SENTENCES.text(key, "de")]
