"""The teacher's lesson in the running bot: private results, a pause with a job in work, the emergency stop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from bot.local.visitor import Handle
from tests.end_to_end.whole.conftest import EPHEMERAL, PATIENCE, Klass

Say = Callable[..., str]
THINKING = 1 << 7


async def words(handle: Handle) -> dict[str, Any]:
    """The first answer that says something."""
    return await handle.message(lambda one: not one["flags"] & THINKING, timeout=PATIENCE)


@pytest.fixture
async def lesson(klass: Klass) -> AsyncIterator[Klass]:
    """Whatever a test leaves running is over behind it."""
    yield klass
    await words(klass.teacher.command("weiter"))
    await words(klass.teacher.command("stunde ende"))


async def test_in_a_private_lesson_only_who_asked_sees_a_result(lesson: Klass, say: Say) -> None:
    await words(lesson.teacher.command("stunde start", minuten=30, privat=True))
    handle = lesson.ada.command("bild", prompt="ein roter Kreis", anzahl=1)
    post = await handle.message(lambda one: bool(one["attachments"]), timeout=PATIENCE)
    assert post["flags"] & EPHEMERAL
    assert say("notice.lesson_private", "de") in post["content"]
    for other in (lesson.ben, lesson.chiara, lesson.teacher):
        assert post["id"] not in other.seen
    await words(lesson.teacher.command("stunde ende"))
    open_post = await lesson.result(lesson.ada.command("bild", prompt="ein roter Kreis", anzahl=1))
    assert not open_post["flags"] & EPHEMERAL


async def test_the_teacher_sees_what_was_handed_in_in_private(lesson: Klass, say: Say) -> None:
    await words(lesson.teacher.command("stunde start", minuten=30, privat=True))
    await words(lesson.teacher.command("stunde aufgabe", woerter="Turm, rote Dächer"))
    refused = await lesson.answer(lesson.ada.command("bild", prompt="zwei Türme", anzahl=1))
    assert refused["content"] == say("error.task_words", "de", words="rote Dächer")
    handle = lesson.ada.command("bild", prompt="zwei Türme, rote  Daecher", anzahl=1)
    post = await handle.message(lambda one: bool(one["attachments"]), timeout=PATIENCE)
    (offered,) = await lesson.ada.autocomplete("abgeben", "ergebnis")
    handed = await words(lesson.ada.command("abgeben", ergebnis=offered["value"]))
    assert handed["content"] == say("lesson.handed_in", "de")
    again = await words(lesson.ada.command("abgeben", ergebnis=offered["value"]))
    assert again["content"] == say("error.task_handed_in", "de")
    assert await lesson.ada.autocomplete("stunde stand", "ergebnis") == []
    (found,) = await lesson.teacher.autocomplete("stunde stand", "ergebnis")
    seen = await words(lesson.teacher.command("stunde stand", ergebnis=found["value"]))
    assert seen["flags"] & EPHEMERAL
    assert say("notice.lesson_private", "de") not in seen["content"]
    assert not seen["components"]
    shown = [await lesson.teacher.download(one) for one in seen["attachments"]]
    assert shown == [await lesson.ada.download(one) for one in post["attachments"]]
    pupil = await words(lesson.ada.command("stunde stand", ergebnis=found["value"]))
    assert pupil["content"] == say("error.teachers_only", "de")


async def test_what_runs_in_a_pause_is_shown_after_it(lesson: Klass, say: Say) -> None:
    await words(lesson.teacher.command("stunde start", minuten=30))
    handle = lesson.ada.command("bild", prompt="ein blaues Quadrat", anzahl=2)
    await handle.acknowledged()
    await words(handle)
    await words(lesson.teacher.command("pause"))
    refused = await lesson.answer(lesson.ben.command("image", prompt="a circle", count=1))
    assert refused["content"] == say("error.paused", "en")
    await asyncio.sleep(5)
    assert not any(message["attachments"] for message in handle.messages), "nothing is shown in a pause"
    await words(lesson.teacher.command("weiter"))
    assert (await lesson.result(handle))["attachments"]


async def test_the_emergency_stop_ends_everything_until_it_is_lifted(lesson: Klass, say: Say) -> None:
    handle = lesson.ada.command("video", prompt1="ein Kreis", prompt2="ein Stern", laenge=10)
    await handle.acknowledged()
    await words(handle)
    stopped = await words(lesson.teacher.command("notaus"))
    assert stopped["flags"] & EPHEMERAL
    refused = await lesson.answer(lesson.ada.command("bild", prompt="ein Kreis", anzahl=1))
    assert refused["content"] == say("error.emergency_on", "de")
    chat = await words(lesson.ada.command("chat"))
    assert chat["content"] == say("error.emergency_on", "de")
    assert chat["flags"] & EPHEMERAL
    pupil = await lesson.answer(lesson.ben.command("emergency-stop"))
    assert pupil["content"] == say("error.teachers_only", "en")
    await words(lesson.teacher.press(stopped, label=say("button.lift_stop", "de")))
    again = await lesson.result(lesson.ada.command("bild", prompt="ein Kreis", anzahl=1))
    assert again["attachments"]
    assert not any(
        one["filename"].endswith(".mp4") for message in handle.messages for one in message["attachments"]
    )
