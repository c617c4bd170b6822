"""Crashes, lost connections and a Discord that says no: nothing is lost, nothing is posted twice."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from bot.local.visitor import Handle
from tests.end_to_end.whole.conftest import PATIENCE, Klass

Say = Callable[..., str]
ORIGINAL = "/webhooks/*/*/messages/@original"


async def _posts_with(klass: Klass, word: str) -> list[dict[str, Any]]:
    """Every post of the channel that shows this prompt."""
    found = await klass.ada.messages("atelier", limit=100)
    return [one for one in found if one["embeds"] and word in one["embeds"][0].get("description", "")]


async def _wait_for_post(klass: Klass, word: str) -> list[dict[str, Any]]:
    async with asyncio.timeout(PATIENCE):
        while not (posts := await _posts_with(klass, word)):
            await asyncio.sleep(0.2)
    return posts


async def _running(klass: Klass, handle: Handle) -> None:
    await handle.message(lambda one: bool(one["components"]), timeout=60)


async def test_killed_in_the_middle_everything_is_posted_once_and_buttons_work(
    klass: Klass, say: Say
) -> None:
    old = await klass.result(klass.ada.command("bild", prompt="Kreis vorher", anzahl=1, schritte=4, seed="9"))
    words = ["Stern eins", "Stern zwei", "Stern drei"]
    people = [klass.ada, klass.ben, klass.chiara]
    for person, word in zip(people, words, strict=True):
        name = "image" if person is klass.ben else "bild"
        steps = {"steps": 60} if person is klass.ben else {"schritte": 60}
        await _running(klass, person.command(name, prompt=word, **steps))
    await klass.bot.kill()
    await klass.bot.start()
    await klass.online()
    for word in words:
        assert len(await _wait_for_post(klass, word)) == 1
    again = await klass.result(klass.ben.press(old, label=say("button.again", "de")))
    assert "`9`" in again["content"]
    for word in words:
        assert len(await _posts_with(klass, word)) == 1


async def test_a_token_that_died_meanwhile_gives_a_channel_message(klass: Klass) -> None:
    handle = klass.ada.command("bild", prompt="Kreis spät", anzahl=2, schritte=40)
    await _running(klass, handle)
    klass.server.clock.advance(16 * 60)
    posts = await _wait_for_post(klass, "Kreis spät")
    assert len(posts) == 1
    assert posts[0]["attachments"]
    assert posts[0].get("interaction_metadata") is None


async def test_the_gateway_is_lost_and_resumed(klass: Klass) -> None:
    handle = klass.ada.command("bild", prompt="Kreis getrennt", anzahl=1, schritte=30)
    await _running(klass, handle)
    await klass.server.gateway.drop()
    assert (await klass.result(handle))["attachments"]
    await klass.online()
    assert (await klass.result(klass.ben.command("image", prompt="circle after", count=1, steps=4)))[
        "attachments"
    ]


async def test_discord_errs_or_is_busy_or_its_answer_is_lost(klass: Klass) -> None:
    trouble: list[dict[str, Any]] = [
        {"status": 500, "times": 1},
        {"status": 429, "times": 1, "retry_after": 0.3},
        {"close": True, "applied": True, "times": 1},
        {"close": True, "times": 1},
    ]
    for number, fault in enumerate(trouble):
        word = f"Kreis Fehler {number}"
        handle = klass.ada.command("bild", prompt=word, anzahl=1, schritte=30)
        await _running(klass, handle)
        klass.server.faults.add("PATCH", ORIGINAL, **fault)
        assert (await klass.result(handle))["attachments"]
        assert len(await _posts_with(klass, word)) == 1
        klass.server.faults.clear()
