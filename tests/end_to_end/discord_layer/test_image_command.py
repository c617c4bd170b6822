"""`/bild` and its result over real sockets: what people see, and how many calls it takes."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bot.posts.shared import footer_of
from tests.end_to_end.discord_layer.conftest import Class

PROMPT = "ein roter Kreis links von einem blauen Quadrat"


def labels(message: dict[str, Any]) -> list[list[str]]:
    """Of every row, without the button that every post has at its end: reporting it."""
    rows = [[one["label"] for one in row["components"]] for row in message["components"]]
    return [kept for row in rows if (kept := [one for one in row if one not in {"Melden", "Report"}])]


async def test_a_job_takes_four_calls_and_shows_everything(klass: Class) -> None:
    ada = await klass.enter()
    handle = ada.command(
        "bild", prompt=PROMPT, negativ="Text", anzahl=4, orientierung=7.5, schritte=30, seed="100"
    )
    (status,) = await handle
    job = await klass.desk.wait_for_job()
    assert status["content"].startswith("⏳")
    assert "<t:" in status["content"]
    assert labels(status) == [["Abbrechen"]]
    await klass.desk.show_progress(job)
    progress = await handle.message(lambda one: "▰" in one["content"])
    assert "25 %" in progress["content"]
    await klass.desk.finish(job)
    result = await handle.message(lambda one: bool(one["attachments"]))

    assert klass.school.calls() == [
        "POST /interactions/{interaction_id}/{token}/callback",
        *["PATCH /webhooks/{application_id}/{token}/messages/@original"] * 3,
    ]
    assert result["content"].startswith("Seeds: `100` · `101` · `102` · `103`")
    assert labels(result) == [["1", "2", "3", "4"], ["Nochmal", "Neue Seeds", "Für die Galerie"]]
    assert len(result["attachments"]) == 5
    assert all(
        "KI gemacht" in one["description"] and PROMPT in one["description"] for one in result["attachments"]
    )
    (embed,) = result["embeds"]
    assert PROMPT in embed["description"]
    assert "Text" in embed["description"]
    assert klass.say("post.rehearsal") in embed["description"]
    assert embed["author"]["name"] == "Mit KI gemacht"
    assert embed["footer"]["text"] == footer_of(job.id, klass.school.sentences, "de")
    fields = {one["name"]: one["value"] for one in embed["fields"]}
    assert fields["Inferenzschritte"] == "30"
    assert fields["Orientierungsskala"] == "7,5"
    assert fields["Größe"] == "64 × 64"


async def test_english_pupils_get_english(klass: Class) -> None:
    ben = await klass.enter("Ben", "en-US")
    handle = ben.command("image", prompt="a red circle", count=1)
    (status,) = await handle
    assert "Your job is next" in status["content"]
    await klass.desk.finish(await klass.desk.wait_for_job())
    result = await handle.message(lambda one: bool(one["attachments"]))
    assert result["content"].startswith("Seed: `")
    assert labels(result) == [["1"], ["Again", "New seeds", "For the gallery"]]
    assert result["embeds"][0]["author"]["name"] == "Made with AI"


@pytest.mark.parametrize(
    ("options", "key", "values"),
    [
        ({"prompt": "   "}, "prompt_empty", {}),
        ({"prompt": "x" * 5000}, "prompt_long", {"length": 5000, "limit": 1000}),
        ({"prompt": "a\x07b"}, "prompt_control", {}),
        ({"prompt": "x", "groesse": "7"}, "size_invalid", {"low": 64, "high": 1024, "step": 64}),
        ({"prompt": "x", "seed": "-1"}, "seed_invalid", {"high": 2**32 - 1}),
        ({"prompt": "x", "seed": str(2**40)}, "seed_invalid", {"high": 2**32 - 1}),
        ({"prompt": "x", "modell": "none"}, "model_unknown", {"known": "mini, big"}),
        ({"prompt": "etwas verboten"}, "refused_violence", {}),
    ],
)
async def test_bad_input_gets_one_private_sentence(
    klass: Class, options: dict[str, Any], key: str, values: dict[str, Any]
) -> None:
    ada, ben = await klass.enter(), await klass.enter("Ben")
    handle = ada.command("bild", **options)
    said = await handle.message(lambda one: bool(one["content"]))
    assert said["content"] == klass.say(f"error.{key}", **values)
    assert said["flags"] & 64
    async with asyncio.timeout(5):
        while ben.seen:
            await asyncio.sleep(0.005)
    assert [one for one in klass.desk.jobs.values() if one.state == "queued"] == []


async def test_nobody_is_pinged_by_a_prompt(klass: Class) -> None:
    ada = await klass.enter()
    hostile = "@everyone @here <@&1> **fett** ```code``` [x](https://example.org) ||s|| discord.gg/abc"
    handle = ada.command("bild", prompt=hostile, negativ=hostile)
    await handle
    await klass.desk.finish(await klass.desk.wait_for_job())
    result = await handle.message(lambda one: bool(one["attachments"]))
    assert not result["mention_everyone"]
    assert result["mentions"] == []
    assert "everyone" not in result["content"]
    for exchange in klass.school.exchanges:
        sent = exchange.request if isinstance(exchange.request, dict) else {}
        if "content" in sent:
            assert sent["allowed_mentions"] == {"parse": []}


async def test_flagged_pictures_have_no_button_and_a_kind_sentence(klass: Class) -> None:
    ada = await klass.enter()
    handle = ada.command("bild", prompt=PROMPT, seed="5")
    await handle
    await klass.desk.finish(await klass.desk.wait_for_job(), flagged=(2,))
    result = await handle.message(lambda one: bool(one["attachments"]))
    assert labels(result)[0] == ["1", "3", "4"]
    assert klass.say("post.flagged", n=1, which="2") in result["content"]
    assert "`6`" not in result["content"]
    assert len(result["attachments"]) == 4


async def test_too_large_files_are_left_out_with_a_note(klass: Class) -> None:
    ada = await klass.enter()
    handle = ada.command("bild", prompt=PROMPT)
    await handle
    await klass.desk.finish(await klass.desk.wait_for_job(), padding=11 * 2**20)
    result = await handle.message(lambda one: bool(one["attachments"]))
    assert len(result["attachments"]) == 1
    assert klass.say("post.left_out", n=4) in result["content"]


async def test_discord_may_find_it_too_large_all_the_same(klass: Class) -> None:
    ada = await klass.enter()
    handle = ada.command("bild", prompt=PROMPT)
    await handle
    klass.school.server.limits.request_bytes = 5000
    try:
        await klass.desk.finish(await klass.desk.wait_for_job(), padding=3000)
        result = await handle.message(lambda one: bool(one["embeds"]))
        assert klass.say("post.left_out", n=4) in result["content"]
        assert len(result["attachments"]) == 1
    finally:
        klass.school.server.limits.request_bytes = 25 * 2**20


async def test_a_limit_is_said_privately(klass: Class) -> None:
    ada = await klass.enter()
    klass.desk.waiting_limit = 1
    await ada.command("bild", prompt=PROMPT)
    said = await ada.command("bild", prompt=PROMPT).message(lambda one: bool(one["content"]))
    assert said["content"] == klass.say("error.limit_waiting", limit=1)


async def test_an_error_of_ours_is_said_and_logged_without_the_prompt(
    klass: Class, caplog: pytest.LogCaptureFixture
) -> None:
    ada = await klass.enter()
    klass.desk.break_with = RuntimeError(f"trouble with {PROMPT}")
    said = await ada.command("bild", prompt=PROMPT).message(lambda one: bool(one["content"]))
    assert said["content"] == klass.say("error.internal")
    assert "RuntimeError" in caplog.text
    assert PROMPT not in caplog.text


async def test_autocompletion_speaks_the_persons_language(klass: Class) -> None:
    ada, ben = await klass.enter(), await klass.enter("Ben", "en-GB")
    german = await ada.autocomplete("bild", "prompt", "kreis")
    assert german
    assert all("reis" in one["value"] for one in german)
    assert len(await ben.autocomplete("image", "prompt", "", prompt=None)) == 15
    models = await ada.autocomplete("bild", "modell", "", prompt="x")
    assert [one["value"] for one in models] == ["big", "mini"]
    assert "Übungsmodell" in models[1]["name"]
    sizes = await ada.autocomplete("bild", "groesse", "", prompt="x")
    assert sizes[0]["value"] == "64x64"
    assert [one["value"] for one in await ada.autocomplete("bild", "verfahren", "eul", prompt="x")] == [
        "euler",
        "euler_a",
    ]
