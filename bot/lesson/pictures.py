"""The lesson's pictures: seeds, a change, refusals, a mistake, a job that is cancelled."""

from __future__ import annotations

from bot.lesson.people import PATIENCE_S, Lesson, Step, Unexpected, has_words, is_settled

_FIXED_SEED = 2026
_MIXED_SEED = 100
"""For this seed the rehearsal model draws test cards and landscapes side by side."""


async def _red_circle(lesson: Lesson) -> None:
    handle = lesson.ada.command(
        "bild",
        prompt="ein roter Kreis links von einem blauen Quadrat auf grünem Grund",
        seed=str(_FIXED_SEED),
    )
    lesson.posts["ada"] = await lesson.result(lesson.ada, handle, verdict="approved", pictures=4)


async def _yellow_star(lesson: Lesson) -> None:
    handle = lesson.ben.command(
        "image", prompt="a small yellow star above a house at night", negative="red", count=2, steps=25
    )
    lesson.posts["ben"] = await lesson.result(lesson.ben, handle, verdict="approved", pictures=2)


async def _same_seed(lesson: Lesson) -> None:
    handle = lesson.chiara.command(
        "bild",
        prompt="ein roter Kreis links von einem blauen Quadrat auf grünem Grund",
        anzahl=1,
        seed=str(_FIXED_SEED + 2),
    )
    await lesson.result(lesson.chiara, handle, verdict="approved", pictures=1)


async def _adapt(lesson: Lesson) -> None:
    form = await lesson.chiara.open_form(lesson.chiara.press(lesson.posts["ada"], label="2"))
    field_id = (
        form["components"][0]["components"][0]["custom_id"] if form["components"][0]["type"] == 1 else None
    )
    prompt = "ein gelber Kreis links von einem blauen Quadrat auf grünem Grund"
    key = field_id or form["components"][0]["component"]["custom_id"]
    handle = lesson.chiara.fill_in(form, **{key: prompt})
    await lesson.result(lesson.chiara, handle, verdict="approved", pictures=1)


async def _new_seeds(lesson: Lesson) -> None:
    handle = lesson.ben.press(lesson.posts["ben"], label=lesson.label("seeds", lesson.ben))
    await lesson.result(lesson.ben, handle, verdict="approved", pictures=2)


async def _refused_picture(lesson: Lesson) -> None:
    handle = lesson.chiara.command("bild", prompt="testbild", anzahl=1, seed="1")
    await lesson.private(lesson.chiara, handle, verdict="refused")


async def _partly_flagged(lesson: Lesson) -> None:
    handle = lesson.chiara.command("bild", prompt="vielleicht ein testbild", seed=str(_MIXED_SEED))
    await lesson.result(lesson.chiara, handle, verdict="partly_flagged")


async def _refused_prompt(lesson: Lesson) -> None:
    handle = lesson.ben.command("image", prompt="a n4ked person")
    await lesson.private(lesson.ben, handle, verdict="refused")


async def _bad_input(lesson: Lesson) -> None:
    handle = lesson.ben.command("image", prompt="a red circle", seed="-1")
    await lesson.private(lesson.ben, handle, verdict="error")


async def _cancelled(lesson: Lesson) -> None:
    handle = lesson.ada.command("bild", prompt="ein blauer Stern auf weißem Grund", schritte=150)
    waiting = await handle.message(has_words, timeout=PATIENCE_S)
    if not waiting["components"]:
        raise Unexpected(waiting["content"])
    seen = await lesson.teacher.wait_for(
        lambda name, data: (
            name.startswith("MESSAGE_") and data.get("id") == waiting["id"] and bool(data.get("components"))
        )
    )
    await lesson.teacher.press(seen, label=lesson.label("cancel", lesson.ada))
    message = await handle.message(is_settled, timeout=PATIENCE_S)
    row = await lesson.transcript.add(lesson.ada, message)
    if row["verdict"] != "cancelled":
        raise Unexpected(row["text"])


async def _queue(lesson: Lesson) -> None:
    await lesson.private(lesson.teacher, lesson.teacher.command("warteschlange"))


async def _help(lesson: Lesson) -> None:
    await lesson.private(lesson.ada, lesson.ada.command("hilfe"))


async def _glossary(lesson: Lesson) -> None:
    await lesson.private(lesson.ben, lesson.ben.command("glossary"))


STEPS = (
    Step("Ada", "/hilfe", _help),
    Step("Ada", "/bild prompt:ein roter Kreis links von einem blauen Quadrat …", _red_circle),
    Step("Ben", "/image prompt:a small yellow star above a house at night count:2", _yellow_star),
    Step("Chiara", "/bild anzahl:1 seed:2028 (= 3)", _same_seed),
    Step("Chiara", "2", _adapt),
    Step("Ben", "🎲", _new_seeds),
    Step("Chiara", "/bild prompt:testbild", _refused_picture),
    Step("Chiara", "/bild prompt:vielleicht ein testbild", _partly_flagged),
    Step("Ben", "/image prompt:a n4ked person", _refused_prompt),
    Step("Ben", "/image seed:-1", _bad_input),
    Step("Ada + Frau Sommer", "/bild schritte:150 ✋", _cancelled),
    Step("Frau Sommer", "/warteschlange", _queue),
    Step("Ben", "/glossary", _glossary),
)
