"""Buttons and forms over real sockets, also after a restart of the bot and in other people's hands."""

from __future__ import annotations

from typing import Any

import discord
import pytest

from bot.local.visitor import Visitor
from generation.job import JobState
from tests.end_to_end.discord_layer.conftest import Class

PROMPT = "ein gelbes Dreieck"


def has_files(message: dict[str, Any]) -> bool:
    return bool(message["attachments"])


def has_text(message: dict[str, Any]) -> bool:
    return bool(message["content"])


async def posted(klass: Class, visitor: Visitor, **options: Any) -> dict[str, Any]:
    handle = visitor.command("bild", prompt=PROMPT, **options)
    await handle
    await klass.desk.finish(await klass.desk.wait_for_job(len(klass.desk.jobs)))
    message: dict[str, Any] = await handle.message(has_files)
    return message


async def test_a_picture_is_adapted_by_the_form(klass: Class) -> None:
    ada = await klass.enter()
    result = await posted(klass, ada, seed="41", negativ="Text", orientierung=3.5)
    klass.school.exchanges.clear()
    form = await ada.open_form(ada.press(result, label="2"))
    assert form["title"] == "Bild 2 anpassen"
    values = {
        one["components"][0]["custom_id"]: one["components"][0].get("value") for one in form["components"]
    }
    assert values == {"prompt": PROMPT, "negative": "Text", "guidance": "3,5", "steps": "20"}

    handle = ada.fill_in(form, prompt="ein grünes Dreieck", guidance="8,5")
    await handle
    job = klass.desk.newest()
    assert (job.seed, job.params["prompt"], job.params["guidance"]) == (42, "ein grünes Dreieck", 8.5)
    await klass.desk.finish(job)
    changed = await handle.message(has_files)
    assert klass.say("post.beside", seed=42) in changed["content"]
    assert changed["embeds"][0]["title"] == "Bildanpassung"
    assert (await ada.messages())[0]["attachments"] == result["attachments"]
    assert klass.school.calls().count("POST /interactions/{interaction_id}/{token}/callback") == 2


@pytest.mark.parametrize(
    ("field", "text", "key", "values"),
    [
        ("guidance", "viel", "guidance_invalid", {"low": 1.0, "high": 20.0}),
        ("steps", "0", "steps_invalid", {"high": 150}),
        ("prompt", "x" * 1500, "prompt_long", {"length": 1500, "limit": 1000}),
        ("prompt", "verboten", "refused_violence", {}),
    ],
)
async def test_a_bad_form_gets_one_private_sentence(
    klass: Class, field: str, text: str, key: str, values: dict[str, Any]
) -> None:
    ada, ben = await klass.enter(), await klass.enter("Ben")
    result = await posted(klass, ada)
    form = await ada.open_form(ada.press(result, label="1"))
    said = await ada.fill_in(form, **{field: text}).message(has_text)
    assert said["content"] == klass.say(f"error.{key}", **values)
    assert said["flags"] & 64
    assert said["id"] not in ben.seen


async def test_again_and_new_seeds_belong_to_who_pressed(klass: Class) -> None:
    ada, ben = await klass.enter(), await klass.enter("Ben", "en-US")
    result = await posted(klass, ada, seed="7")
    (status,) = await ben.press(result, label="Nochmal")
    assert "Your job is next" in status["content"]
    again = klass.desk.newest()
    assert (again.owner_id, again.seed) == (ben.me["id"], 7)
    await ben.press(result, label="Neue Seeds")
    assert klass.desk.newest().seed != 7


async def test_buttons_and_open_forms_survive_a_restart(klass: Class) -> None:
    ada = await klass.enter()
    result = await posted(klass, ada, seed="3")
    form = await ada.open_form(ada.press(result, label="1"))
    waiting = ada.command("bild", prompt=PROMPT)
    (status,) = await waiting
    await klass.school.restart()
    handle = ada.fill_in(form, prompt="neu")
    await handle
    assert klass.desk.newest().params["prompt"] == "neu"
    await ada.press(result, label="Nochmal")
    assert klass.desk.newest().seed == 3
    said = await ada.press(status, label="Abbrechen").message(has_text)
    assert said["content"] == klass.say("cancel.done")


async def test_only_owner_and_teacher_cancel(klass: Class) -> None:
    ada, ben, teacher = await klass.enter(), await klass.enter("Ben"), await klass.enter("Frau Sommer")
    handle = ada.command("bild", prompt=PROMPT)
    (status,) = await handle
    job = klass.desk.newest()
    said = await ben.press(status, label="Abbrechen").message(has_text)
    assert said["content"] == klass.say("error.not_allowed")
    assert said["id"] not in ada.seen
    assert klass.desk.jobs[job.id].state == JobState.QUEUED
    said = await teacher.press(status, label="Abbrechen").message(has_text)
    assert said["content"] == klass.say("cancel.done")
    ended = await handle.message(lambda one: one["content"] == klass.say("error.cancelled"))
    assert ended["components"] == []


@pytest.mark.parametrize(
    "custom_id",
    [
        "ka:again:0000000000",
        "ka:cancel:ffffffffff",
        "ka:adapt:0000000000:1",
        "ka:adapt:0000000000:9",
        "ka:example:99",
        "ka:example:x",
        "ka:delete:1",
        "ka:again",
        "something else",
        "ka:again:' or 1=1",
    ],
)
async def test_forged_ids_get_a_sentence_and_do_nothing(klass: Class, custom_id: str) -> None:
    ada = await klass.enter()
    channel: Any = klass.school.bot.get_channel(int(ada.channel_id("atelier")))
    view = discord.ui.View(timeout=None)
    view.add_item(discord.ui.Button(label="x", custom_id=custom_id))
    view.stop()
    await channel.send("?", view=view)
    message = await ada.wait_for(lambda name, data: name == "MESSAGE_CREATE" and data["content"] == "?")
    said = await ada.press(message, label="x").message(has_text)
    assert said["content"] in {klass.say("error.job_gone"), klass.say("error.button_unknown")}
    assert said["flags"] & 64
    assert klass.desk.jobs == {}


async def test_jobs_of_another_class_are_not_to_be_had(klass: Class) -> None:
    ada = await klass.enter()
    result = await posted(klass, ada)
    job = klass.desk.newest()
    klass.desk.jobs[job.id] = klass.desk.move(job.id, JobState.POSTED, guild_id="1")
    said = await ada.press(result, label="1").message(has_text)
    assert said["content"] == klass.say("error.job_gone")


async def test_help_shows_examples_that_start_a_job(klass: Class) -> None:
    ada, ben = await klass.enter(), await klass.enter("Ben")
    handle = ada.command("hilfe")
    (shown,) = await handle
    assert shown["flags"] & 64
    assert "/bild" in shown["content"]
    buttons = [row["components"][0] for row in shown["components"]]
    assert len(buttons) == 3
    pressed = ada.press(shown, label=buttons[1]["label"])
    (status,) = await pressed
    assert klass.desk.newest().params["prompt"] == klass.say("examples.e02")
    await ben.wait_for(lambda name, data: name.startswith("MESSAGE") and data["id"] == status["id"])
    assert shown["id"] not in ben.seen


async def test_glossary(klass: Class) -> None:
    ada, ben = await klass.enter(), await klass.enter("Ben", "en-US")
    (everything,) = await ada.command("glossar")
    assert [one["name"] for one in everything["embeds"][0]["fields"]] == [
        "Prompt",
        "Seed",
        "Inferenzschritte",
        "Orientierungsskala",
        "Temperatur",
        "Token",
    ]
    offered = await ada.autocomplete("glossar", "begriff", "orient")
    assert offered[0]["value"] == "guidance"
    (one,) = await ben.command("glossary", term="guidance")
    assert [field["name"] for field in one["embeds"][0]["fields"]] == ["Guidance"]
    (typed,) = await ada.command("glossar", begriff="inferenzschritte")
    assert len(typed["embeds"][0]["fields"]) == 1


async def test_queue_is_private_and_teachers_see_all(klass: Class) -> None:
    ada, ben, teacher = await klass.enter(), await klass.enter("Ben"), await klass.enter("Frau Sommer")
    (empty,) = await ada.command("warteschlange")
    assert empty["content"] == klass.say("queue.nothing")
    assert empty["components"] == []
    await ada.command("bild", prompt=PROMPT)
    await ben.command("bild", prompt="@everyone **Kreis**")
    await ben.command("bild", prompt="verboten geheim").message(has_text)
    (own,) = await ada.command("warteschlange")
    assert PROMPT in own["content"]
    assert "Kreis" not in own["content"]
    assert own["flags"] & 64
    (everybody,) = await teacher.command("warteschlange")
    assert PROMPT in everybody["content"]
    assert "\\@everyone" in everybody["content"]
    assert klass.say("category.violence") in everybody["content"]
    assert "geheim" not in everybody["content"]
    button = own["components"][0]["components"][0]
    said = await ada.press(own, custom_id=button["custom_id"]).message(has_text)
    assert said["content"] == klass.say("cancel.done")
