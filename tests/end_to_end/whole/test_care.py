"""A class and its teacher over real sockets: a refusal asked about, a word for the class, a reported post, a block."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from bot.local.visitor import Handle, Visitor
from tests.end_to_end.whole.conftest import EPHEMERAL, Klass

Say = Callable[..., str]
THINKING = 1 << 7
PATIENCE = 60.0


def use(visitor: Visitor, message: dict[str, Any], action: str) -> Handle:
    found = [
        button["custom_id"]
        for row in message["components"]
        for button in row["components"]
        if button.get("custom_id", "").startswith(f"ka:{action}:")
    ]
    return visitor.press(message, custom_id=found[0])


async def said(handle: Handle) -> dict[str, Any]:
    message = await handle.message(lambda one: not one["flags"] & THINKING, timeout=PATIENCE)
    assert message["flags"] & EPHEMERAL
    return message


async def card_of(klass: Klass, action: str) -> dict[str, Any]:
    """What stands in the teachers' own channel with this button."""

    def wanted(message: dict[str, Any]) -> bool:
        return any(
            button.get("custom_id", "").startswith(f"ka:{action}:")
            for row in message["components"]
            for button in row["components"]
        )

    return await klass.teacher.wait_for_message(wanted, channel="lehrkraft")


@pytest.fixture(autouse=True)
async def review(klass: Klass) -> None:
    """The teachers' channel is adopted by looking at the set-up."""
    await klass.teacher.command("einrichten").message(lambda one: bool(one["embeds"]), timeout=PATIENCE)


async def test_a_wrong_refusal_is_asked_about_counted_and_put_right(klass: Klass, say: Say) -> None:
    prompt = "eine Nacktkatze am Fenster"
    refused = await klass.answer(klass.chiara.command("bild", prompt=prompt, anzahl=1))
    assert refused["content"] == say("error.refused_sexual", "de")
    asked = await said(use(klass.chiara, refused, "ask"))
    assert asked["content"] == say("care.asked_now", "de")
    waits = await card_of(klass, "appsee")
    assert prompt not in waits["content"], "only who presses sees what was typed"
    assert waits["id"] not in klass.chiara.seen
    listed = await said(klass.teacher.command("meldungen"))
    assert prompt not in listed["content"]
    card = await said(use(klass.teacher, waits, "appsee"))
    assert prompt in card["content"]
    decided = await said(use(klass.teacher, card, "appwrong"))
    assert decided["content"] == say("care.decided_wrong", "de")
    done = say("care.card_question_done", "de")
    await klass.teacher.wait_for_message(
        lambda one: one["id"] == waits["id"] and one["content"] == done, channel="lehrkraft"
    )
    overview = await said(klass.teacher.command("woerter"))
    assert say("words.judged", "de", wrong=1, n=1) in overview["content"]
    await said(klass.teacher.command("woerter", erlauben="Nacktkatze"))
    posted = await klass.answer(klass.chiara.command("bild", prompt=prompt, anzahl=1))
    assert posted["attachments"], posted["content"]


async def test_a_word_of_the_class_is_refused_and_a_letter_is_warned_of(klass: Klass, say: Say) -> None:
    warned = await said(klass.teacher.command("woerter", ablehnen="e"))
    assert "140" in warned["content"]
    await said(klass.teacher.command("woerter", ablehnen="einhorn*"))
    refused = await klass.answer(klass.ben.command("image", prompt="ein E1nh0rn", count=1))
    assert refused["content"] == say("error.refused_class_word", "en")
    await said(klass.teacher.command("woerter", entfernen="einhorn*"))


async def test_a_reported_post_is_taken_down_and_its_owner_told(klass: Klass, say: Say) -> None:
    post = await klass.result(klass.chiara.command("bild", prompt="ein Kreis", anzahl=1))
    await klass.ada.refresh()
    assert post["id"] in klass.ada.seen
    form = await klass.ben.open_form(use(klass.ben, post, "report"))
    sent = await said(klass.ben.fill_in(form, reason=["hurtful"], note="that is me"))
    assert sent["content"] == say("care.reported_now", "en")
    assert say("reason.hurtful", "de") in (await card_of(klass, "repsee"))["content"]
    listed = await said(klass.teacher.command("meldungen"))
    card = await said(use(klass.teacher, listed, "repsee"))
    assert "that is me" in card["content"]
    taken = await said(use(klass.teacher, card, "reptake"))
    assert taken["content"] == say("care.taken_down", "de")
    await klass.ada.refresh()
    assert post["id"] not in klass.ada.seen


async def test_blocking_is_for_teachers_and_never_hits_one(klass: Klass, say: Say) -> None:
    not_theirs = await said(klass.ben.command("block", person="Chiara"))
    assert not_theirs["content"] == say("error.teachers_only", "en")
    blocked = await said(klass.teacher.command("sperren", person="Ada", minuten=5))
    assert "Ada" in blocked["content"] or "<@" in blocked["content"]
    until = klass.ada.command("bild", prompt="ein Kreis", anzahl=1)
    shut = await said(until)
    assert shut["content"].split("<t:")[0] == say("error.blocked", "de", until=0).split("<t:")[0]
    for name, options in (("chat", {}), ("text", {"prompt": "ein Satz"}), ("stimme-aufnehmen", {})):
        also = await said(klass.ada.command(name, **options))
        assert also["content"] == shut["content"], name
    helped = await klass.ada.command("hilfe").message(lambda one: bool(one["content"] or one["embeds"]))
    assert shut["content"] not in str(helped)
    freed = await said(klass.teacher.command("freigeben", person="Ada"))
    assert freed["content"]


TEACHERS_COMMANDS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("words", {}),
    ("words", {"refuse": "unicorn*"}),
    ("words", {"allow": "unicorn"}),
    ("words", {"remove": "unicorn*"}),
    ("reports", {}),
    ("block", {"person": "Chiara", "minutes": 5}),
    ("unblock", {}),
    ("unblock", {"person": "Chiara"}),
    ("lesson start", {"minutes": 45}),
    ("lesson end", {}),
    ("lesson status", {}),
    ("pause", {}),
    ("resume", {}),
    ("emergency-stop", {}),
    ("log", {}),
    ("consents", {}),
    ("set-up", {}),
    ("my-data show", {"whole_class": True}),
    ("my-data export", {"whole_class": True}),
    ("my-data delete", {"whole_class": True, "really": True}),
)


async def test_no_pupil_may_use_what_is_for_teachers(klass: Klass, say: Say) -> None:
    no = {say(f"error.{code}", "en") for code in ("teachers_only", "setup_not_allowed", "not_allowed")}
    wrong = []
    for name, options in TEACHERS_COMMANDS:
        answer = await said(klass.ben.command(name, **options))
        if answer["content"] not in no:
            wrong.append((name, answer["content"][:200]))
    assert wrong == []
