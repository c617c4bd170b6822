"""Refusals are kind, private and counted; a flagged picture is never shown."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

from bot.png import read_recipe
from tests.end_to_end.whole.conftest import EPHEMERAL, Klass

Say = Callable[..., str]


async def test_a_refused_prompt_is_told_to_its_owner_alone(klass: Klass, say: Say) -> None:
    handle = klass.chiara.command("bild", prompt="eine n.a.c.k.t.e Person")
    answer = await klass.answer(handle)
    assert answer["content"] == say("error.refused_sexual", "de")
    assert answer["flags"] & EPHEMERAL
    assert [one["id"] for one in handle.messages] == [answer["id"]]
    await asyncio.sleep(0.2)
    assert all(answer["id"] not in klass.visitors[name].seen for name in ("ada", "ben", "teacher"))


async def test_a_refused_negative_prompt_counts_too(klass: Klass, say: Say) -> None:
    answer = await klass.answer(klass.ben.command("image", prompt="a circle", negative="naked people"))
    assert answer["content"] == say("error.refused_sexual", "en")


async def test_the_test_card_is_flagged_and_never_leaves(klass: Klass, say: Say) -> None:
    handle = klass.chiara.command("bild", prompt="testbild", anzahl=1, seed="1", schritte=30)
    answer = await klass.answer(handle)
    assert answer["content"] == say("error.refused_image_flagged", "de")
    assert answer["flags"] & EPHEMERAL
    sent = [name for call in klass.calls_about(handle) for name in call.files]
    assert sent == [], "no file was sent to anybody"
    assert [one["id"] for one in handle.messages] == [answer["id"]], "the public answer is gone"


async def test_of_four_pictures_only_the_flagged_ones_are_held_back(klass: Klass, say: Say) -> None:
    message, flagged = await _some_flagged(klass)
    assert len(message["attachments"]) == 1 + 4 - len(flagged)
    which = ", ".join(str(index) for index in flagged)
    assert say("post.flagged", "de", n=len(flagged), which=which) in message["content"]
    labels = [one["label"] for one in message["components"][0]["components"]]
    assert labels == [str(index) for index in range(1, 5) if index not in flagged]


async def _some_flagged(klass: Klass) -> tuple[dict[str, Any], list[int]]:
    """A post of which one to three pictures were flagged: about seven of eight seeds give one for this prompt."""
    for seed in range(100, 200, 10):
        handle = klass.ada.command("bild", prompt="vielleicht ein testbild", seed=str(seed), schritte=20)
        message = await klass.answer(handle)
        if not message["attachments"]:
            continue  # all four were flagged
        recipe = read_recipe((await klass.pictures(message))[0])
        assert recipe is not None
        if recipe["flagged"]:
            return message, recipe["flagged"]
    raise AssertionError("no seed gave both test cards and other pictures")


async def test_the_teacher_sees_the_refusals_as_facts(klass: Klass, say: Say) -> None:
    answer = await klass.answer(klass.teacher.command("warteschlange"))
    text = json.dumps(answer, ensure_ascii=False)
    assert say("category.sexual", "de") in text
    assert "n.a.c.k.t.e" not in text
    pupils = await klass.answer(klass.ada.command("warteschlange"))
    assert say("category.sexual", "de") not in json.dumps(pupils, ensure_ascii=False)
