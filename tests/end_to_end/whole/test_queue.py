"""Waiting, limits, cancelling, and who may do it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable

from tests.end_to_end.whole.conftest import EPHEMERAL, Klass

Say = Callable[..., str]
LONG = {"schritte": 150, "anzahl": 4}


async def _cancel_button(klass: Klass, handle: object, name: str) -> dict[str, object]:
    message = await handle.message(lambda one: bool(one["components"]), timeout=60)  # type: ignore[attr-defined]
    visitor = klass.visitors[name]
    return await visitor.wait_for(
        lambda event, data: (
            event.startswith("MESSAGE_") and data.get("id") == message["id"] and bool(data.get("components"))
        )
    )


async def test_waiting_running_and_cancelled_by_owner_and_teacher(klass: Klass, say: Say) -> None:
    running = klass.ada.command("bild", prompt="ein roter Kreis", **LONG)
    waiting = klass.ben.command("image", prompt="a blue circle", steps=150)
    seen_by_ben = await _cancel_button(klass, running, "ben")
    refused = await klass.answer(klass.ben.press(seen_by_ben, label=say("button.cancel", "de")))
    assert refused["content"] == say("error.not_allowed", "en")
    assert refused["flags"] & EPHEMERAL
    overview = await klass.answer(klass.teacher.command("warteschlange"))
    assert f"<@{klass.ada.me['id']}>" in json.dumps(overview)
    assert f"<@{klass.ben.me['id']}>" in json.dumps(overview)
    seen_by_teacher = await _cancel_button(klass, waiting, "teacher")
    await klass.teacher.press(seen_by_teacher, label=say("button.cancel", "en"))
    assert (await klass.answer(waiting))["content"] == say("error.cancelled", "en")
    own = await _cancel_button(klass, running, "ada")
    await klass.ada.press(own, label=say("button.cancel", "de"))
    assert (await klass.answer(running))["content"] == say("error.cancelled", "de")


async def test_more_than_the_limit_is_refused_kindly(klass: Klass, say: Say) -> None:
    handles = [klass.chiara.command("bild", prompt="ein Stern", **LONG) for _ in range(7)]
    answers = await asyncio.gather(*(_first_words(handle) for handle in handles))
    refused = [text for text in answers if text == say("error.limit_waiting", "de", limit=4)]
    assert len(refused) == 3
    overview = await klass.answer(klass.chiara.command("warteschlange"))
    buttons = [one for row in overview["components"] for one in row["components"]]
    assert len(buttons) == 4
    for button in buttons:
        await klass.chiara.press(overview, custom_id=button["custom_id"])
    ends = await asyncio.gather(*(klass.answer(handle) for handle in handles))
    assert sum(end["content"] == say("error.cancelled", "de") for end in ends) == 4


async def _first_words(handle: object) -> str:
    message = await handle.message(  # type: ignore[attr-defined]
        lambda one: bool(one["content"]) and not one["flags"] & 128, timeout=60
    )
    return str(message["content"])


async def test_forged_and_foreign_ids_do_nothing(klass: Klass, say: Say) -> None:
    message = await klass.result(klass.ada.command("bild", prompt="ein Kreis", anzahl=1, schritte=4))
    job = message["components"][1]["components"][0]["custom_id"].split(":")[2]
    body = {"type": 3, "message_id": message["id"], "component_type": 2}
    for forged in (f"ka:adapt:{job}:9", "ka:again:ffffffffff", f"ka:cancel:{job[::-1]}"):
        known = klass.server.state.messages[message["id"]]
        known["components"][1]["components"][0]["custom_id"] = forged  # what a changed client would send
        before = len(klass.ben.events)
        await klass.ben.request("POST", "/interactions", json={**body, "custom_id": forged})
        answer = await klass.ben.wait_for(
            lambda name, data: (
                name.startswith("MESSAGE_") and bool(data.get("content")) and bool(data["flags"] & EPHEMERAL)
            ),
            since=before,
        )
        assert answer["content"] in {say("error.job_gone", "en"), say("error.button_unknown", "en")}, forged
