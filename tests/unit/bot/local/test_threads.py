"""Threads as discord.py and a class use them: who sees, writes, wakes, locks, and what the bot is told."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Callable

import aiohttp
import discord
import pytest

from bot.local.classroom import BOT_PERMISSIONS
from bot.local.permissions import Permission
from bot.local.server import ClassServer
from bot.local.visitor import VisitError, Visitor
from tests.unit.bot.local.conftest import Api, Classroom
from tests.unit.bot.local.example_bot import PNG, Buttons, ExampleBot


async def _until(done: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not done():
            await asyncio.sleep(0.01)


async def _text(bot: ExampleBot, guild_id: str, name: str = "atelier") -> discord.TextChannel:
    await _until(lambda: bot.get_guild(int(guild_id)) is not None)
    guild = bot.get_guild(int(guild_id))
    assert guild is not None
    channel = discord.utils.get(guild.text_channels, name=name)
    assert channel is not None
    return channel


@pytest.fixture
async def text(bot: ExampleBot, classroom: Classroom) -> discord.TextChannel:
    return await _text(bot, classroom.id)


@pytest.fixture
async def thread(text: discord.TextChannel, ada: Visitor) -> discord.Thread:
    """A public thread that the bot began, with Ada at her window."""
    made = await text.create_thread(name="Gespräch", type=discord.ChannelType.public_thread)
    await ada.thread("Gespräch")
    return made


@pytest.fixture
async def mighty(server: ClassServer, bot: ExampleBot) -> AsyncIterator[tuple[discord.TextChannel, Visitor]]:
    """A class whose bot manages threads, and Ada in it."""
    more = BOT_PERMISSIONS | Permission.MANAGE_THREADS | Permission.CREATE_PRIVATE_THREADS
    guild_id = server.add_guild("Fäden", bot_permissions=int(more))
    channel = await _text(bot, guild_id)
    async with await Visitor.enter(server.base_url, "Ada", guild=guild_id, timeout=5) as ada:
        yield channel, ada


async def test_a_thread_is_announced_to_everybody(
    text: discord.TextChannel, ada: Visitor, bot: ExampleBot
) -> None:
    made = await text.create_thread(
        name="Über den Mond", type=discord.ChannelType.public_thread, auto_archive_duration=1440
    )
    shown = await ada.thread("Über den Mond")
    assert (shown["parent_id"], shown["can_write"], shown["archived"]) == (str(text.id), True, False)
    await _until(lambda: bot.told(made.id) == ["create", "join"])
    notice = await ada.wait_for_message(lambda one: one["type"] == 18)
    assert (notice["content"], notice["message_reference"]["channel_id"]) == ("Über den Mond", str(made.id))
    assert made.owner_id == (bot.user.id if bot.user else 0)
    assert made.me is not None
    assert (await made.fetch_member(made.owner_id)).id == made.owner_id
    assert [one.id for one in await text.guild.active_threads()] == [made.id]


async def test_a_thread_that_hangs_on_a_message(text: discord.TextChannel, ada: Visitor) -> None:
    message = await text.send("darüber reden wir")
    made = await message.create_thread(name="Gespräch")
    assert made.id == message.id
    marked = await ada.wait_for_message(lambda one: "thread" in one and one["flags"] & 32)
    assert marked["thread"]["name"] == "Gespräch"
    (first,) = await ada.messages(await ada.thread("Gespräch"))
    assert (first["type"], first["content"]) == (21, "")
    assert first["referenced_message"]["content"] == "darüber reden wir"
    again = await text.fetch_message(message.id)
    assert again.flags.has_thread
    assert again.thread is not None
    assert again.thread.message_count == 0
    with pytest.raises(discord.HTTPException) as refused:
        await message.create_thread(name="noch eins")
    assert refused.value.code == 160004


@pytest.mark.parametrize(
    "body",
    [
        {"type": 11},
        {"name": "", "type": 11},
        {"name": "x" * 101, "type": 11},
        {"name": "x", "type": 11, "auto_archive_duration": 61},
        {"name": "x", "type": 5},
    ],
)
async def test_what_is_no_thread_is_refused(api: Api, bot: ExampleBot, body: dict[str, object]) -> None:
    status, answer = await api("POST", f"/channels/{api.channel()}/threads", json=body)
    assert (status, answer["code"]) == (400, 50035)


async def test_no_thread_below_a_thread(api: Api, thread: discord.Thread) -> None:
    status, answer = await api("POST", f"/channels/{thread.id}/threads", json={"name": "x", "type": 11})
    assert (status, answer["code"]) == (400, 50024)


async def test_threads_need_a_permission(server: ClassServer, bot: ExampleBot) -> None:
    guild_id = server.add_guild("Ohne Fäden")
    denied = Permission.CREATE_PUBLIC_THREADS | Permission.SEND_MESSAGES_IN_THREADS
    closed = [{"id": server.bot_id, "type": 1, "allow": "0", "deny": str(int(denied))}]
    place = server.state.channels[server.channel_id("atelier", guild_id)]
    server.commit({"type": "channels.put", "value": {**place, "permission_overwrites": closed}})
    text = await _text(bot, guild_id)
    message = await text.send("x")
    for begin in (
        lambda: text.create_thread(name="x", type=discord.ChannelType.public_thread),
        lambda: message.create_thread(name="x"),
        lambda: text.create_thread(name="x", type=discord.ChannelType.private_thread),
    ):
        with pytest.raises(discord.Forbidden) as refused:
            await begin()
        assert refused.value.code == 50013


async def test_messages_in_a_thread(thread: discord.Thread, ada: Visitor, server: ClassServer) -> None:
    said = await ada.say("schau", channel="Gespräch")
    file = discord.File(io.BytesIO(PNG), "a.png")
    answer = await thread.send(
        "hier",
        file=file,
        view=Buttons(),
        reference=discord.MessageReference.from_message(
            thread.get_partial_message(int(said["id"])),
            fail_if_not_exists=True,  # type: ignore[arg-type]
        ),
        mention_author=True,
    )
    there = await ada.wait_for_message(lambda one: one["content"] == "hier", channel="Gespräch")
    assert there["referenced_message"]["content"] == "schau"
    assert server.state.messages[str(answer.id)]["pinged"] == [ada.me["id"]]
    assert await ada.download(there["attachments"][0]) == PNG
    await answer.edit(content="geändert")
    await ada.wait_for_message(lambda one: one["content"] == "geändert")
    handle = ada.press(there, label="Private")
    await handle.message(lambda one: one["content"] == "second follow-up")
    contents = [one.content async for one in thread.history()]
    # What Ada said is not for the bot to read; the private answers are in nobody's history.
    assert contents[-2:] == ["geändert", ""]
    members = {one.id for one in await thread.fetch_members()}
    assert int(ada.me["id"]) in members


async def test_commands_in_a_thread_know_where_they_are(
    thread: discord.Thread, ada: Visitor, server: ClassServer
) -> None:
    seen: list[dict[str, object]] = []
    observer = lambda one: seen.append(one.data) if getattr(one, "name", "") == "INTERACTION_CREATE" else None  # noqa: E731
    server.observe(observer)
    try:
        (message,) = await ada.command("bild", channel="Gespräch", prompt="x")
    finally:
        server._world.traffic.observers.remove(observer)
    assert message["channel_id"] == str(thread.id)
    channel = seen[0]["channel"]
    assert isinstance(channel, dict)
    assert (channel["type"], channel["parent_id"]) == (11, str(thread.parent_id))
    assert channel["thread_metadata"]["archived"] is False
    assert int(str(seen[0]["app_permissions"])) & Permission.SEND_MESSAGES_IN_THREADS
    await ada.select(message, "One")
    await ada.wait_for_message(lambda one: one["content"] == "chosen ['1']", channel="Gespräch")


async def test_a_message_wakes_an_archived_thread(
    thread: discord.Thread, ada: Visitor, bot: ExampleBot
) -> None:
    last = await thread.send("Ende")
    await thread.edit(archived=True)
    gone = await ada.wait_for(lambda name, data: name == "CHANNEL_DELETE" and data["id"] == str(thread.id))
    assert gone["archived"] is True
    await _until(lambda: "archived" in bot.told(thread.id))
    for change in (
        lambda: last.edit(content="zu spät"),
        lambda: last.add_reaction("👍"),
        lambda: thread.add_user(discord.Object(int(ada.me["id"]))),
        lambda: thread.edit(name="anders"),
    ):
        with pytest.raises(discord.Forbidden) as refused:
            await change()
        assert refused.value.code == 50083
    looked_up = await ada.request("GET", f"/channels/{thread.id}")
    assert (looked_up["archived"], looked_up["can_write"]) == (True, True)
    await ada.say("doch nicht", channel=str(thread.id))
    assert (await ada.thread("Gespräch"))["archived"] is False
    await _until(lambda: bot.told(thread.id)[-1] != "archived")


async def test_a_locked_thread_refuses(
    mighty: tuple[discord.TextChannel, Visitor], server: ClassServer
) -> None:
    text, ada = mighty
    thread = await text.create_thread(name="zu", type=discord.ChannelType.public_thread)
    pressable = await thread.send("x", view=Buttons())
    await thread.edit(locked=True)
    there = await ada.wait_for_message(lambda one: one["id"] == str(pressable.id))
    await ada.wait_for(lambda name, data: name == "CHANNEL_UPDATE" and data.get("locked"))
    assert (await ada.thread("zu"))["can_write"] is False
    for act in (
        lambda: ada.say("und doch", channel="zu"),
        lambda: ada.command("bild", channel="zu", prompt="x").sent(),
        lambda: ada.press(there, label="Later").sent(),
    ):
        with pytest.raises(VisitError) as refused:
            await act()
        assert (refused.value.status, refused.value.code) == (403, 160005)
    await thread.send("wer verwaltet, darf")
    async with await Visitor.enter(server.base_url, "Frau Sommer", guild=str(text.guild.id)) as sommer:
        await sommer.say("ich auch", channel="zu")


async def test_a_bot_without_manage_threads(
    thread: discord.Thread, text: discord.TextChannel, classroom: Classroom, server: ClassServer, api: Api
) -> None:
    for change in (lambda: thread.edit(locked=True), lambda: thread.edit(slowmode_delay=5), thread.delete):
        with pytest.raises(discord.Forbidden) as refused:
            await change()
        assert refused.value.code == 50013
    await thread.edit(name="Neuer Name")
    record = server.state.channels[str(thread.id)]
    locked = {**record["thread_metadata"], "locked": True}
    server.commit({"type": "channels.put", "value": {**record, "thread_metadata": locked}})
    with pytest.raises(discord.Forbidden) as closed:
        await thread.send("x")
    assert closed.value.code == 160005
    with pytest.raises(discord.Forbidden) as shut:
        await thread.edit(archived=True)
    assert shut.value.code == 50013


async def test_a_strangers_private_thread(
    mighty: tuple[discord.TextChannel, Visitor], bot: ExampleBot, server: ClassServer
) -> None:
    text, ada = mighty
    own = await text.create_thread(name="privat", type=discord.ChannelType.private_thread)
    await own.add_user(discord.Object(int(ada.me["id"])))
    await ada.thread("privat")
    await ada.say("nur wir", channel="privat")
    async with await Visitor.enter(server.base_url, "Ben", guild=str(text.guild.id), timeout=5) as ben:
        assert ben.threads() == []
        for method, path in (("GET", ""), ("GET", "/messages"), ("POST", "/typing")):
            with pytest.raises(VisitError) as refused:
                await ben.request(method, f"/channels/{own.id}{path}")
            assert refused.value.code == 50001
        with pytest.raises(VisitError) as silent:
            await ben.say("x", channel=str(own.id))
        assert silent.value.code == 50001
        await ada.say(f"{ada.mention('Ben')} komm", channel="privat")
        await ben.thread("privat")
        await ben.wait_for_message(lambda one: one["content"].endswith("komm"))
    await own.delete()
    with pytest.raises(VisitError) as gone:
        await ada.say("noch da?", channel=str(own.id))
    assert gone.value.code == 10003
    await _until(lambda: "delete" in bot.told(own.id))


async def test_threads_are_there_when_the_bot_comes_back(thread: discord.Thread, server: ClassServer) -> None:
    """GUILD_CREATE brings the open threads with the bot's own membership; archived ones do not come."""
    other = await thread.parent.create_thread(name="alt", type=discord.ChannelType.public_thread)  # type: ignore[union-attr]
    await other.edit(archived=True)
    async with aiohttp.ClientSession() as session, session.ws_connect(server.gateway_url) as socket:
        identify = {"token": server.token, "intents": 1, "properties": {}}
        await socket.send_json({"op": 2, "d": identify})
        while True:
            frame = await socket.receive_json(timeout=5)
            if frame.get("t") == "GUILD_CREATE" and frame["d"]["id"] == str(thread.guild.id):
                break
    (found,) = frame["d"]["threads"]
    assert (found["id"], found["member"]["id"]) == (str(thread.id), str(thread.id))
