"""An unmodified discord.py bot and people at windows: commands, answers, components, forms, files."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.local.server import ClassServer
from bot.local.visitor import InteractionFailed, VisitError, Visitor
from tests.unit.bot.local.conftest import Classroom
from tests.unit.bot.local.example_bot import PNG, ExampleBot


async def test_a_deferred_answer_is_edited_with_files(ada: Visitor, tmp_path: Path) -> None:
    picture = tmp_path / "mein bild.png"
    picture.write_bytes(PNG)
    handle = ada.command("bild", prompt="ein Kreis", anzahl=3, datei=picture, wen="Ben")
    assert await handle.acknowledged() == 5
    (message,) = await handle
    assert message["content"] == f"ein Kreis None {len(PNG)} Ben"
    assert message["flags"] == 0
    assert message["interaction_metadata"]["name"] == "bild"
    assert message["interaction_metadata"]["user"]["id"] == ada.me["id"]
    files = message["attachments"]
    assert [one["filename"] for one in files] == ["bild0.png", "bild1.png", "bild2.png"]
    assert [files[0][key] for key in ("width", "height", "description")] == [2, 3, "a dot"]
    assert message["embeds"][0]["image"]["url"] == files[0]["url"]
    assert await ada.download(files[0]) == PNG
    thinking = next(data for name, data in ada.events if name == "MESSAGE_CREATE")
    assert thinking["flags"] == 128
    assert message["edited_timestamp"] is None


async def test_everybody_sees_an_answer(ada: Visitor, ben: Visitor) -> None:
    (message,) = await ada.command("echo", text="Hallo")
    there = await ben.wait_for(lambda name, data: name == "MESSAGE_CREATE")
    assert there["id"] == message["id"]
    assert [one["content"] for one in await ben.messages()] == ["Hallo"]


async def test_private_answers_reach_one_person(ada: Visitor, ben: Visitor, classroom: Classroom) -> None:
    handle = ada.command("hidden")
    await handle
    await handle.message(lambda one: one["content"] == "everybody")
    assert [one["flags"] for one in handle.messages] == [64, 0]
    await ben.wait_for(lambda name, data: data.get("content") == "everybody")
    assert "only you" not in [data.get("content") for _name, data in ben.events]
    assert [one["content"] for one in await ben.messages()] == ["everybody"]
    assert [one["content"] for one in await ada.messages()] == ["only you", "everybody"]
    with pytest.raises(VisitError) as refused:
        await ben.react(handle.messages[0], "👍")
    assert refused.value.code == 10008


async def test_autocomplete(ada: Visitor) -> None:
    assert await ada.autocomplete("bild", "stil", "aqu", prompt="x") == [{"name": "aqu!", "value": "aqu"}]


async def test_german_names_work(ada: Visitor) -> None:
    (message,) = await ada.command("gemälde", beschreibung="ein Haus")
    assert message["content"].startswith("ein Haus")


async def test_a_sub_command(ada: Visitor) -> None:
    (message,) = await ada.command("gruppe eins", wert=True)
    assert message["content"] == "eins True"
    assert message["interaction_metadata"]["name"] == "gruppe eins"


async def test_a_form_from_a_command(ada: Visitor) -> None:
    form = await ada.open_form(ada.command("form"))
    assert form["title"] == "A form"
    (answer,) = await ada.fill_in(form, Text="Hallo", Colour=["red"])
    assert answer["content"] == "Hallo ['red']"
    assert answer["flags"] == 64
    with pytest.raises(VisitError) as refused:
        await ada.fill_in(form, Text="again")
    assert refused.value.code == 10062


async def test_a_form_from_a_button_is_checked(ada: Visitor, ben: Visitor) -> None:
    (message,) = await ada.command("bild", prompt="x")
    form = await ada.open_form(ada.press(message, label="Form"))
    for values in ({"text": ""}, {"text": "x" * 21}, {"text": "x", "colour": ["blue"]}):
        with pytest.raises(VisitError) as refused:
            await ada.fill_in(form, **values)
        assert refused.value.code == 50035
    with pytest.raises(VisitError) as stolen:
        await ben.fill_in(form, text="x")
    assert stolen.value.code == 10062
    (answer,) = await ada.fill_in(form, text="ok")
    assert answer["content"] == "ok []"


async def test_buttons_and_menus(ada: Visitor) -> None:
    (message,) = await ada.command("bild", prompt="x")
    await ada.press(message, label="Later")
    await ada.wait_for(lambda name, data: data.get("content") == "edited later")
    assert len(ada.seen[message["id"]]["attachments"]) == 1
    await ada.select(message, "One", "2")
    assert ada.seen[message["id"]]["content"] == "chosen ['1', '2']"
    assert ada.seen[message["id"]]["components"] == []


async def test_the_first_follow_up_keeps_the_visibility(ada: Visitor, ben: Visitor) -> None:
    (message,) = await ada.command("bild", prompt="x")
    handle = ada.press(message, custom_id="private")
    await handle.message(lambda one: one["content"] == "second follow-up")
    first, second = handle.messages
    assert (first["content"], first["flags"]) == ("first follow-up", 64)
    assert second["flags"] == 0
    await ben.wait_for(lambda name, data: data.get("content") == "second follow-up")
    assert "first follow-up" not in [data.get("content") for _name, data in ben.events]


async def test_what_is_not_there_cannot_be_pressed(ada: Visitor, ben: Visitor) -> None:
    (message,) = await ada.command("bild", prompt="x")
    body = {"type": 3, "message_id": message["id"], "component_type": 2}
    for custom_id in ("off", "nothing"):
        with pytest.raises(VisitError) as refused:
            await ada.request("POST", "/interactions", json={**body, "custom_id": custom_id})
        assert refused.value.code == 50035
    with pytest.raises(VisitError) as refused:
        await ada.select(message, "3")
    assert refused.value.code == 50035


async def test_silence_fails_after_three_seconds(ada: Visitor, server: ClassServer) -> None:
    handle = ada.command("silent")
    await handle.sent()
    server.clock.advance(3.1)
    with pytest.raises(InteractionFailed, match="timeout"):
        await handle


async def test_a_late_answer_is_unknown(ada: Visitor, server: ClassServer, bot: ExampleBot) -> None:
    handle = ada.command("slow", seconds=0.2)
    await handle.sent()
    server.clock.advance(3.1)
    with pytest.raises(InteractionFailed):
        await handle
    while not bot.errors:
        await ada.request("GET", "/state")
    assert getattr(bot.errors.pop(), "code", None) == 10062


async def test_teachers_commands(classroom: Classroom, ada: Visitor) -> None:
    assert "teacher" not in [one["name"] for one in ada.state["commands"]]
    sommer = await classroom.visit("Frau Sommer")
    command = next(one for one in sommer.state["commands"] if one["name"] == "teacher")
    assert (await sommer.command("teacher"))[0]["content"] == "yes"
    body = {"type": 2, "channel_id": ada.channel_id("atelier"), "command_id": command["id"], "options": []}
    with pytest.raises(VisitError) as refused:
        await ada.request("POST", "/interactions", json=body)
    assert refused.value.code == 50013


async def test_commands_in_direct_messages(ada: Visitor, ben: Visitor) -> None:
    direct = await ada.direct()
    (message,) = await ada.command("echo", channel=direct["id"], text="psst")
    assert message["content"] == "psst"
    assert "psst" not in [data.get("content") for _name, data in ben.events]
    with pytest.raises(VisitError) as refused:
        await ben.request("GET", f"/channels/{direct['id']}/messages")
    assert refused.value.code == 50001


async def test_parts_of_the_new_kind(ada: Visitor) -> None:
    (message,) = await ada.command("parts")
    assert message["flags"] & 1 << 15
    assert [one["type"] for one in message["components"]] == [17, 12]
    assert message["components"][1]["items"][0]["media"]["url"] == message["attachments"][0]["url"]


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({}, "prompt"),
        ({"prompt": ""}, "prompt"),
        ({"prompt": "x" * 51}, "prompt"),
        ({"prompt": "x", "anzahl": 0}, "anzahl"),
        ({"prompt": "x", "anzahl": 5}, "anzahl"),
        ({"prompt": "x", "anzahl": "2"}, "anzahl"),
        ({"prompt": "x", "anzahl": True}, "anzahl"),
        ({"prompt": "x", "datei": 0}, "datei"),
    ],
)
async def test_options_are_checked(ada: Visitor, options: dict[str, object], field: str) -> None:
    with pytest.raises(VisitError) as refused:
        await ada.command("bild", **options)
    assert refused.value.code == 50035
    assert list(refused.value.body["errors"]["options"]) == [field]


async def test_an_unknown_person_is_no_option(ada: Visitor, server: ClassServer) -> None:
    command = next(one for one in ada.state["commands"] if one["name"] == "bild")
    stranger = next(
        one for one in server.state.users if server.state.member(ada.state["guild"]["id"], one) is None
    )
    options = [
        {"name": "prompt", "type": 3, "value": "x"},
        {"name": "wen", "type": 6, "value": stranger},
    ]
    body = {
        "type": 2,
        "channel_id": ada.channel_id("atelier"),
        "command_id": command["id"],
        "options": options,
    }
    with pytest.raises(VisitError) as refused:
        await ada.request("POST", "/interactions", json=body)
    assert "OPTION_UNKNOWN_USER" in str(refused.value)
