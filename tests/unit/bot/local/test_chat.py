"""What people write to each other, how much of it a bot without the message content intent gets, and context menus."""

from __future__ import annotations

import asyncio
from pathlib import Path

import discord
import pytest

from bot.local.server import ClassServer
from bot.local.visitor import VisitError, Visitor
from tests.unit.bot.local.conftest import Api, Classroom
from tests.unit.bot.local.example_bot import ExampleBot


async def _heard(bot: ExampleBot, message_id: str) -> discord.Message:
    async with asyncio.timeout(5):
        while not (found := [one for one in bot.heard if one.id == int(message_id)]):
            await asyncio.sleep(0.01)
    return found[0]


async def test_the_class_reads_what_the_bot_does_not(
    ada: Visitor, ben: Visitor, bot: ExampleBot, tmp_path: Path
) -> None:
    note = tmp_path / "notiz.txt"
    note.write_text("geheim", encoding="utf-8")
    said = await ada.say("unter uns", files=[note])
    there = await ben.wait_for_message(lambda one: one["id"] == said["id"])
    assert (there["content"], there["attachments"][0]["filename"]) == ("unter uns", "notiz.txt")
    heard = await _heard(bot, said["id"])
    assert (heard.content, heard.attachments, heard.author.display_name) == ("", [], "Ada")


async def test_a_mention_opens_the_message_to_the_bot(ada: Visitor, bot: ExampleBot) -> None:
    said = await ada.say(f"{ada.mention()} erzähl von {ada.mention('Ben')}\nund mir")
    heard = await _heard(bot, said["id"])
    assert heard.content.endswith("und mir")
    assert {one.display_name for one in heard.mentions} == {"Ben", bot.user.display_name if bot.user else ""}


@pytest.mark.parametrize("ping", [True, False])
async def test_a_reply_to_the_bot_counts_as_a_mention_if_it_pings(
    ada: Visitor, bot: ExampleBot, ping: bool
) -> None:
    (answer,) = await ada.command("echo", text="frag mich")
    said = await ada.say("warum?", reply_to=answer, ping=ping)
    heard = await _heard(bot, said["id"])
    assert heard.content == ("warum?" if ping else "")
    assert heard.type is discord.MessageType.reply
    assert heard.reference is not None
    assert isinstance(heard.reference.resolved, discord.Message)
    assert heard.reference.resolved.content == "frag mich"


async def test_a_mention_does_not_open_what_is_replied_to(
    ada: Visitor, ben: Visitor, bot: ExampleBot
) -> None:
    """Asking the bot about somebody's message shows it the question alone."""
    private = await ada.say("mein Geheimnis")
    said = await ben.say(f"{ben.mention()} was meint Ada?", reply_to=private)
    heard = await _heard(bot, said["id"])
    assert heard.content.endswith("was meint Ada?")
    assert heard.reference is not None
    assert isinstance(heard.reference.resolved, discord.Message)
    assert heard.reference.resolved.content == ""


async def test_the_history_hides_the_same(ada: Visitor, bot: ExampleBot, api: Api) -> None:
    hidden = await ada.say("unter uns")
    said = await ada.say(f"{ada.mention()} hallo")
    await ada.command("echo", text="von mir")
    channel = bot.get_channel(int(api.channel()))
    assert isinstance(channel, discord.TextChannel)
    contents = [one.content async for one in channel.history(limit=3)]
    assert contents == ["von mir", said["content"], ""]
    assert (await channel.fetch_message(int(hidden["id"]))).content == ""


async def test_who_did_not_ask_for_messages_gets_none(ada: Visitor, server: ClassServer) -> None:
    got: list[str] = []
    session = next(iter(server.gateway.sessions.values()))
    push, intents = session.push, session.intents
    session.intents &= ~(1 << 9)
    session.push = lambda name, data: got.append(name)  # type: ignore[method-assign]
    try:
        await ada.say("hallo")
        await ada.type_on()
    finally:
        session.push, session.intents = push, intents  # type: ignore[method-assign]
    assert got == ["TYPING_START"]


async def test_long_messages(ada: Visitor) -> None:
    assert len((await ada.say("ä" * 2000))["content"]) == 2000
    with pytest.raises(VisitError) as refused:
        await ada.say("ä" * 2001)
    assert refused.value.code == 50035
    with pytest.raises(VisitError) as empty:
        await ada.say(" \n ")
    assert empty.value.code == 50006


async def test_a_reply_needs_its_message(ada: Visitor, ben: Visitor) -> None:
    said = await ada.say("gleich weg")
    answer = await ben.say("was?", reply_to=said)
    await ada.delete(said)
    again = next(one for one in await ben.messages() if one["id"] == answer["id"])
    assert again["referenced_message"] is None
    with pytest.raises(VisitError) as refused:
        await ben.say("nochmal", reply_to=said)
    assert refused.value.code == 50035


async def test_typing_is_seen_by_all(ada: Visitor, ben: Visitor, bot: ExampleBot) -> None:
    before = len(bot.typed)
    await ada.type_on()
    seen = await ben.wait_for(lambda name, _data: name == "TYPING_START")
    assert seen["user_id"] == ada.me["id"]
    async with asyncio.timeout(5):
        while len(bot.typed) == before:
            await asyncio.sleep(0.01)
    assert isinstance(bot.typed[-1].user, discord.Member)
    assert bot.typed[-1].user.display_name == "Ada"
    channel = bot.get_channel(bot.typed[-1].channel_id)
    assert isinstance(channel, discord.TextChannel)
    async with channel.typing():
        await ada.wait_for(lambda name, data: name == "TYPING_START" and data["user_id"] in ada.mention())


async def test_typing_needs_the_right_to_write(
    classroom: Classroom, ada: Visitor, server: ClassServer
) -> None:
    channel = server.state.channels[server.channel_id("galerie", classroom.id)]
    closed = [{"id": classroom.id, "type": 0, "allow": "0", "deny": str(1 << 11)}]
    server.commit({"type": "channels.put", "value": {**channel, "permission_overwrites": closed}})
    with pytest.raises(VisitError) as refused:
        await ada.type_on("galerie")
    assert refused.value.code == 50013


async def test_a_message_menu_gives_the_whole_message(
    ada: Visitor, ben: Visitor, bot: ExampleBot, tmp_path: Path
) -> None:
    note = tmp_path / "notiz.txt"
    note.write_text("Text", encoding="utf-8")
    first = await ada.say("davor")
    said = await ada.say("Was ist ein Token?", reply_to=first, files=[note])
    (answer,) = await ben.menu("Erkläre das!", said)
    assert answer["content"] == "Was ist ein Token? /  / 1"
    assert answer["type"] == 23
    assert answer["interaction_metadata"]["target_message_id"] == said["id"]


async def test_a_persons_menu(ada: Visitor, bot: ExampleBot) -> None:
    ben = next(one for one in ada.state["members"] if one["name"] == "Ben")
    (answer,) = await ada.menu("Wer ist das", ben)
    assert answer["content"] == "Ben"
    assert answer["interaction_metadata"]["target_user"]["global_name"] == "Ben"


async def test_menus_are_about_what_one_sees(ada: Visitor, classroom: Classroom) -> None:
    sommer = await classroom.visit("Frau Sommer")
    secret = await sommer.say("nur für Lehrkräfte", channel="lehrkraft")
    with pytest.raises(VisitError) as hidden:
        await ada.menu("Erkläre das!", secret).sent()
    assert hidden.value.code == 50001
    with pytest.raises(VisitError) as elsewhere:
        await ada.menu("Erkläre das!", {**secret, "channel_id": ada.channel_id("atelier")}).sent()
    assert elsewhere.value.code == 10008
    with pytest.raises(KeyError):
        await ada.menu("bild", secret).sent()


@pytest.mark.parametrize(
    "command",
    [
        {"type": 3, "name": ""},
        {"type": 3, "name": "x" * 33},
        {"type": 3, "name": "x", "description": "y"},
        {"type": 2, "name": "x", "options": [{"type": 3, "name": "a", "description": "b"}]},
        {"type": 3, "name": "x", "name_localizations": {"de": "y" * 33}},
        {"type": 7, "name": "x"},
    ],
)
async def test_menus_have_a_name_and_nothing_else(
    api: Api, server: ClassServer, bot: ExampleBot, command: dict[str, object]
) -> None:
    path = f"/applications/{server.bot_id}/guilds/{api.guild}/commands"
    status, answer = await api("PUT", path, json=[command])
    assert (status, answer["code"]) == (400, 50035)


async def test_at_most_five_of_each_menu(api: Api, server: ClassServer, bot: ExampleBot) -> None:
    path = f"/applications/{server.bot_id}/guilds/{api.guild}/commands"
    six = [{"type": 3, "name": f"Befehl Nummer {number}"} for number in range(6)]
    status, answer = await api("PUT", path, json=six)
    assert (status, answer["code"]) == (400, 30032)
    assert (await api("PUT", path, json=six[:5]))[0] == 200
    assert (await api("POST", path, json=six[5]))[1]["code"] == 30032
    assert (await api("POST", path, json={"type": 2, "name": "Befehl Nummer 1"}))[0] == 201
