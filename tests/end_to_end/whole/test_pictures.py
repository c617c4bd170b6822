"""From a slash command to checked pictures with their seeds, in both languages."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from bot.png import read_recipe
from tests.end_to_end.whole.conftest import EPHEMERAL, Klass
from tests.pixels import largest_difference

Say = Callable[..., str]
FAST = {"schritte": 6, "orientierung": 5.0}
FAST_EN = {"steps": 6, "guidance": 5.0}


async def test_four_pictures_in_german(klass: Klass, say: Say) -> None:
    handle = klass.ada.command("bild", prompt="ein roter Kreis auf grünem Grund", seed="2026", **FAST)
    message = await klass.result(handle)
    assert [f"`{seed}`" in message["content"] for seed in (2026, 2027, 2028, 2029)] == [True] * 4
    embed = message["embeds"][0]
    shown = json.dumps(embed, ensure_ascii=False)
    assert "ein roter Kreis auf grünem Grund" in shown
    assert say("post.label", "de") in shown
    fields = {field["name"]: field["value"] for field in embed["fields"]}
    assert fields[say("post.steps", "de")] == "6"
    assert fields[say("post.guidance", "de")] == "5"
    assert embed["image"]["url"].endswith(message["attachments"][0]["filename"])
    assert len(message["attachments"]) == 5
    labels = [one.get("label") for row in message["components"] for one in row["components"]]
    assert labels == [
        "1",
        "2",
        "3",
        "4",
        say("button.again", "de"),
        say("button.seeds", "de"),
        say("button.gallery", "de"),
        say("button.report", "de"),
    ]
    assert len(klass.calls_about(handle)) <= 4
    assert not klass.server.state.messages[message["id"]].get("pinged")


async def test_two_pictures_in_english_with_the_recipe_in_the_file(klass: Klass, say: Say) -> None:
    handle = klass.ben.command("image", prompt="a blue square", negative="red", count=2, seed="7", **FAST_EN)
    message = await klass.result(handle)
    assert say("post.label", "en") in json.dumps(message["embeds"])
    recipe = read_recipe((await klass.pictures(message))[1])
    assert recipe is not None
    assert recipe["seeds"] == [7, 8]
    assert recipe["params"]["prompt"] == "a blue square"
    assert recipe["params"]["negative"] == "red"


async def test_the_printed_seed_alone_makes_the_picture_again(klass: Klass) -> None:
    of_four = await klass.result(
        klass.ada.command("bild", prompt="ein gelber Stern", seed="4294967294", **FAST)
    )
    assert "`4294967295`" in of_four["content"]
    assert "`0`" in of_four["content"], "the seed after the largest is 0"
    alone = await klass.result(
        klass.ben.command("image", prompt="ein gelber Stern", count=1, seed="0", **FAST_EN)
    )
    third, again = (await klass.pictures(of_four))[2], (await klass.pictures(alone))[0]
    assert largest_difference(third, again) <= 1


async def test_adapting_keeps_the_seed_and_shows_old_and_new(klass: Klass) -> None:
    old = await klass.result(klass.ada.command("bild", prompt="ein roter Kreis", anzahl=2, seed="11", **FAST))
    form = await klass.ben.open_form(klass.ben.press(old, label="2"))
    inputs = [one for row in form["components"] for one in (row.get("components") or [row.get("component")])]
    values = {one["custom_id"]: one.get("value", "") for one in inputs}
    assert list(values.values()) == ["ein roter Kreis", "", "5", "6"]
    name = next(iter(values))
    new = await klass.result(klass.ben.fill_in(form, **{name: "ein blauer Kreis"}))
    assert "`12`" in new["content"]
    recipe = read_recipe((await klass.pictures(new))[0])
    assert recipe is not None
    assert recipe["seeds"] == [12]
    assert recipe["parent"]["index"] == 2
    sheet = await klass.ada.download(new["attachments"][0])
    width, height = int.from_bytes(sheet[16:20]), int.from_bytes(sheet[20:24])
    assert width > 1.5 * height, "old and new stand side by side"


async def test_an_adapted_picture_with_bad_numbers_gets_a_sentence(klass: Klass, say: Say) -> None:
    old = await klass.result(klass.ada.command("bild", prompt="ein roter Kreis", anzahl=1, **FAST))
    form = await klass.ada.open_form(klass.ada.press(old, label="1"))
    inputs = [one for row in form["components"] for one in (row.get("components") or [row.get("component")])]
    answer = await klass.answer(klass.ada.fill_in(form, **{inputs[3]["custom_id"]: "viele"}))
    assert answer["content"] == say("error.steps_invalid", "de", high=150)
    assert answer["flags"] & EPHEMERAL


async def test_again_is_the_same_and_new_seeds_are_new(klass: Klass, say: Say) -> None:
    old = await klass.result(
        klass.ada.command("bild", prompt="ein grünes Dreieck", anzahl=1, seed="5", **FAST)
    )
    again = await klass.result(klass.chiara.press(old, label=say("button.again", "de")))
    assert largest_difference(*(await klass.pictures(old)), *(await klass.pictures(again))) <= 1
    other = await klass.result(klass.chiara.press(old, label=say("button.seeds", "de")))
    assert "`5`" not in other["content"]


@pytest.mark.parametrize(
    ("options", "code", "values"),
    [
        ({"prompt": " \u200b "}, "prompt_empty", {}),
        ({"prompt": "x" * 5000}, "prompt_long", {"length": 5000, "limit": 1000}),
        ({"prompt": "ein\x07Kreis"}, "prompt_control", {}),
        ({"prompt": "ein Kreis", "groesse": "7"}, "size_invalid", {"low": 64, "high": 256, "step": 64}),
        ({"prompt": "ein Kreis", "seed": "-1"}, "seed_invalid", {"high": 2**32 - 1}),
        ({"prompt": "ein Kreis", "seed": str(2**40)}, "seed_invalid", {"high": 2**32 - 1}),
        ({"prompt": "ein Kreis", "modell": "traum"}, "model_unknown", None),
        ({"prompt": "ein Kreis", "verfahren": "zauberei"}, "scheduler_unknown", None),
    ],
)
async def test_bad_input_gets_one_private_sentence(
    klass: Klass, say: Say, options: dict[str, str], code: str, values: dict[str, object] | None
) -> None:
    handle = klass.ada.command("bild", **options)
    answer = await klass.answer(handle)
    assert answer["flags"] & EPHEMERAL
    expected = say(f"error.{code}", "de", **(values or {"known": "…"}))
    assert answer["content"].startswith(expected.split("…")[0])
    assert [one["id"] for one in handle.messages] == [answer["id"]], "nothing else is left standing"
    assert answer["id"] not in klass.ben.seen


async def test_a_ping_in_the_prompt_pings_nobody(klass: Klass) -> None:
    prompt = "@everyone <@&1> @here ein Kreis **fett** ||geheim||"
    message = await klass.result(klass.ada.command("bild", prompt=prompt, anzahl=1, **FAST))
    assert not klass.server.state.messages[message["id"]].get("pinged")
