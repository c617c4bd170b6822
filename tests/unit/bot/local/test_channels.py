"""discord.py's ordinary objects against the class server: messages, threads, posts, direct messages, roles."""

from __future__ import annotations

import asyncio
import io

import discord
import pytest

from bot.local.classroom import BOT_PERMISSIONS, CHANNELS, Channel
from bot.local.config import Rate
from bot.local.permissions import Permission
from bot.local.server import ClassServer
from bot.local.state import FORUM
from bot.local.visitor import VisitError, Visitor
from tests.unit.bot.local.conftest import Classroom
from tests.unit.bot.local.example_bot import PNG, ExampleBot

MIGHTY = (
    BOT_PERMISSIONS
    | Permission.MANAGE_MESSAGES
    | Permission.PIN_MESSAGES
    | Permission.MANAGE_THREADS
    | Permission.MANAGE_ROLES
    | Permission.MANAGE_CHANNELS
    | Permission.CREATE_PRIVATE_THREADS
)


@pytest.fixture
async def mighty(server: ClassServer, bot: ExampleBot) -> discord.Guild:
    """A class in which the bot may do everything it can do, with a forum."""
    guild_id = server.add_guild(
        "Mächtig", channels=[*CHANNELS, Channel("werke", "Ein Forum", FORUM)], bot_permissions=int(MIGHTY)
    )
    return await _guild(bot, guild_id)


async def _guild(bot: ExampleBot, guild_id: str) -> discord.Guild:
    async with asyncio.timeout(5):
        while (guild := bot.get_guild(int(guild_id))) is None or guild.me is None:
            await asyncio.sleep(0.01)
    return guild


def _text(guild: discord.Guild, name: str = "atelier") -> discord.TextChannel:
    channel = discord.utils.get(guild.text_channels, name=name)
    assert channel is not None
    return channel


@pytest.fixture
async def text(bot: ExampleBot, classroom: Classroom) -> discord.TextChannel:
    return _text(await _guild(bot, classroom.id))


async def test_messages_are_sent_edited_read_and_deleted(text: discord.TextChannel, ada: Visitor) -> None:
    files = [discord.File(io.BytesIO(PNG), f"{name}.png") for name in "ab"]
    message = await text.send("Hallo", files=files, embed=discord.Embed(title="T", description="D"), nonce=7)
    assert message.nonce == "7"
    edited = await message.edit(content="Neu", attachments=[message.attachments[1]])
    assert [one.filename for one in edited.attachments] == ["b.png"]
    with pytest.raises(VisitError):
        await ada.download({"url": message.attachments[0].url})
    assert await edited.attachments[0].read() == PNG
    fetched = await text.fetch_message(message.id)
    assert (fetched.content, fetched.embeds[0].title) == ("Neu", "T")
    assert [one.id async for one in text.history(limit=5)] == [message.id]
    await message.delete()
    await ada.wait_for(lambda name, data: name == "MESSAGE_DELETE" and data["id"] == str(message.id))
    assert [one async for one in text.history()] == []


async def test_history_pages(text: discord.TextChannel) -> None:
    sent = [(await text.send(str(number))).id for number in range(7)]
    assert [one.id async for one in text.history(limit=3)] == sent[:3:-1]
    assert [one.id async for one in text.history(limit=2, before=discord.Object(sent[3]))] == [
        sent[2],
        sent[1],
    ]
    assert [one.id async for one in text.history(after=discord.Object(sent[4]))] == sent[5:]
    around = [one.id async for one in text.history(limit=3, around=discord.Object(sent[3]))]
    assert sorted(around) == sent[2:5]


async def test_a_nonce_is_spent_once(text: discord.TextChannel, server: ClassServer) -> None:
    first, second = await text.send("once", nonce="job-1"), await text.send("once", nonce="job-1")
    assert first.id == second.id
    server.clock.advance(301)
    assert (await text.send("once", nonce="job-1")).id != first.id


async def test_nothing_pings(text: discord.TextChannel, ada: Visitor, server: ClassServer) -> None:
    role = discord.utils.get(text.guild.roles, name="Klasse")
    assert role is not None
    content = f"<@{ada.me['id']}> {role.mention} @everyone"
    quiet = await text.send(content)
    loud = await text.send(content, allowed_mentions=discord.AllowedMentions.all())
    assert server.state.messages[str(quiet.id)]["pinged"] == []
    assert server.state.messages[str(loud.id)]["pinged"] == [ada.me["id"]]
    assert [one.id for one in loud.mentions] == [int(ada.me["id"])]
    assert quiet.mentions == quiet.role_mentions == []
    assert not loud.mention_everyone


async def test_replies(text: discord.TextChannel, ada: Visitor, server: ClassServer) -> None:
    said = await ada.say("eine Frage")
    reply = await text.get_partial_message(int(said["id"])).reply("eine Antwort", mention_author=False)
    assert reply.reference is not None
    assert reply.reference.message_id == int(said["id"])
    assert server.state.messages[str(reply.id)]["pinged"] == []


async def test_reactions(text: discord.TextChannel, ada: Visitor, bot: ExampleBot) -> None:
    message = await text.send("gut?")
    await message.add_reaction("👍")
    there = await ada.wait_for(lambda name, data: name == "MESSAGE_CREATE" and data["content"] == "gut?")
    await ada.react(there, "👍")
    event = await ada.wait_for(lambda name, data: name == "REACTION_ADD" and data["user_id"] == ada.me["id"])
    assert event["emoji"]["name"] == "👍"
    fetched = await text.fetch_message(message.id)
    assert (fetched.reactions[0].count, fetched.reactions[0].me) == (2, True)
    assert len([one async for one in fetched.reactions[0].users()]) == 2
    await message.remove_reaction("👍", discord.Object(bot.user.id if bot.user else 0))
    await ada.react(there, "👍", add=False)
    assert (await text.fetch_message(message.id)).reactions == []


async def test_people_write_and_the_bot_reads_only_what_concerns_it(ada: Visitor, bot: ExampleBot) -> None:
    await ada.say("geheim")
    await ada.say(f"<@{bot.user.id if bot.user else 0}> hallo")
    await ada.direct()
    await ada.say("privat", channel="Klassenatelier")
    await ada.request("GET", "/state")
    heard = [one.content for one in bot.heard[-3:]]
    assert heard[0] == ""
    assert heard[1].endswith("hallo")
    assert heard[2] == "privat"


async def test_direct_messages(bot: ExampleBot, ada: Visitor, server: ClassServer) -> None:
    user = await bot.fetch_user(int(ada.me["id"]))
    message = await user.send("dein Bild", file=discord.File(io.BytesIO(PNG), "a.png"))
    there = await ada.wait_for(lambda name, data: data.get("content") == "dein Bild")
    assert there["attachments"][0]["filename"] == "a.png"
    assert ada.channel_id("Klassenatelier") == str(message.channel.id)
    server.set_direct_messages(ada.me["id"], allowed=False)
    with pytest.raises(discord.Forbidden) as refused:
        await user.send("noch eins")
    assert refused.value.code == 50007


async def test_threads(mighty: discord.Guild, server: ClassServer) -> None:
    text = _text(mighty)
    ada = await Visitor.enter(server.base_url, "Ada", guild=str(mighty.id), timeout=5)
    message = await text.send("darüber reden wir")
    thread = await message.create_thread(name="Gespräch", auto_archive_duration=60)
    assert thread.id == message.id
    await thread.send("hier")
    await ada.wait_for(lambda name, data: name == "CHANNEL_CREATE" and data["name"] == "Gespräch")
    await ada.say("ja", channel="Gespräch")
    with pytest.raises(discord.HTTPException) as refused:
        await message.create_thread(name="noch eins")
    assert refused.value.code == 160004
    own = await text.create_thread(name="privat")
    assert own.is_private()
    assert "privat" not in [one["name"] for one in (await ada.refresh())["channels"]]
    await own.add_user(discord.Object(int(ada.me["id"])))
    assert "privat" in [one["name"] for one in (await ada.refresh())["channels"]]
    assert len(await own.fetch_members()) == 2
    assert len(await mighty.active_threads()) == 2
    await thread.edit(archived=True, locked=True)
    assert [one.id async for one in text.archived_threads()] == [thread.id]
    await ada.wait_for(lambda name, data: name == "CHANNEL_DELETE" and data["id"] == str(thread.id))
    await own.delete()
    await ada.leave()


async def test_forum_posts(mighty: discord.Guild, server: ClassServer) -> None:
    forum = mighty.forums[0]
    tag = discord.ForumTag(name="Bild", emoji="🎨")
    await forum.edit(available_tags=[tag])
    forum = await mighty.fetch_channel(forum.id)  # type: ignore[assignment]
    file = discord.File(io.BytesIO(PNG), "a.png")
    thread, message = await forum.create_thread(
        name="Mein Werk", content="schau", file=file, applied_tags=forum.available_tags
    )
    assert thread.id == message.id
    assert message.attachments[0].filename == "a.png"
    assert [one.name for one in thread.applied_tags] == ["Bild"]
    with pytest.raises(discord.HTTPException) as refused:
        await mighty._state.http.send_message(
            forum.id, params=discord.http.handle_message_parameters(content="so nicht")
        )
    assert refused.value.code == 50008


async def test_pins(mighty: discord.Guild) -> None:
    text = _text(mighty)
    message = await text.send("wichtig")
    await message.pin()
    assert [one.id async for one in text.pins()] == [message.id]
    await message.unpin()
    assert [one async for one in text.pins()] == []


async def test_roles_and_overwrites(mighty: discord.Guild, server: ClassServer) -> None:
    ada = await Visitor.enter(server.base_url, "Ada", guild=str(mighty.id), timeout=5)
    role = await mighty.create_role(name="Redaktion", colour=discord.Colour(0x123456))
    member = await mighty.fetch_member(int(ada.me["id"]))
    await member.add_roles(role)
    assert role.id in [one.id for one in (await mighty.fetch_member(member.id)).roles]
    room = await mighty.create_text_channel(
        "redaktion",
        overwrites={
            mighty.default_role: discord.PermissionOverwrite(view_channel=False),
            mighty.me: discord.PermissionOverwrite(view_channel=True),
        },
    )
    assert "redaktion" not in [one["name"] for one in (await ada.refresh())["channels"]]
    await room.set_permissions(role, view_channel=True)
    await ada.wait_for(lambda name, data: name == "CHANNEL_CREATE" and data["name"] == "redaktion")
    await member.remove_roles(role)
    await ada.wait_for(lambda name, data: name == "CHANNEL_DELETE" and data["id"] == str(room.id))
    await role.edit(name="Zeitung")
    assert "Zeitung" in [one.name for one in await mighty.fetch_roles()]
    await role.delete()
    await room.delete()
    teacher = discord.utils.get(mighty.roles, name="Atelier")
    assert teacher is not None
    with pytest.raises(discord.Forbidden) as refused:
        await member.add_roles(teacher)
    assert refused.value.code == 50013
    await ada.leave()


async def test_looking_around(bot: ExampleBot, text: discord.TextChannel, ada: Visitor) -> None:
    guild = await bot.fetch_guild(text.guild.id)
    assert guild.approximate_member_count == 5
    assert {one.name for one in await guild.fetch_channels()} == {"Atelier", *(one.name for one in CHANNELS)}
    found = await text.guild.query_members("Ad")
    assert [one.display_name for one in found] == ["Ada"]
    assert (await bot.application_info()).name == "Klassenatelier"
    async with text.typing():
        await ada.wait_for(lambda name, data: name == "TYPING_START")
    assert len([one async for one in bot.fetch_guilds()]) >= 1


async def test_the_teachers_channel_is_hidden(
    bot: ExampleBot, classroom: Classroom, ada: Visitor, text: discord.TextChannel
) -> None:
    sommer = await classroom.visit("Frau Sommer")
    secret = await _text(text.guild, "lehrkraft").send("nur für dich")
    await sommer.wait_for(lambda name, data: data.get("content") == "nur für dich")
    assert "lehrkraft" not in [one["name"] for one in ada.state["channels"]]
    for path in (f"/channels/{secret.channel.id}/messages",):
        with pytest.raises(VisitError) as refused:
            await ada.request("GET", path)
        assert refused.value.code == 50001


async def test_teachers_delete_what_pupils_may_not(
    classroom: Classroom, ada: Visitor, ben: Visitor, text: discord.TextChannel
) -> None:
    message = await text.send("Bild")
    there = await ada.wait_for(lambda name, data: name == "MESSAGE_CREATE")
    with pytest.raises(VisitError) as refused:
        await ben.delete(there)
    assert refused.value.code == 50013
    await (await classroom.visit("Frau Sommer")).delete(there)
    with pytest.raises(discord.NotFound) as gone:
        await text.fetch_message(message.id)
    assert gone.value.code == 10008


async def test_the_bot_lacks_what_it_was_not_given(text: discord.TextChannel, ada: Visitor) -> None:
    said = await ada.say("meins")
    for action in (text.get_partial_message(int(said["id"])).delete, text.delete):
        with pytest.raises(discord.Forbidden) as refused:
            await action()
        assert refused.value.code == 50013
    with pytest.raises(discord.Forbidden) as edit:
        await text.get_partial_message(int(said["id"])).edit(content="deins")
    assert edit.value.code == 50005


async def test_the_client_keeps_to_the_limits(
    text: discord.TextChannel, ada: Visitor, server: ClassServer
) -> None:
    """discord.py reads the headers and waits by itself: everything arrives, nothing is refused."""
    statuses: list[int] = []
    server.limits.channel_messages = server.limits.interaction_webhook = Rate(3, 0.25)
    observer = lambda happening: statuses.append(getattr(happening, "status", 0))  # noqa: E731
    server.observe(observer)
    try:
        await asyncio.gather(*(text.send(str(number)) for number in range(8)))
        (message,) = await ada.command("bild", prompt="x")
        handle = ada.press(message, custom_id="private")
        await handle.message(lambda one: one["content"] == "second follow-up")
    finally:
        server.limits.channel_messages = server.limits.interaction_webhook = None
        server._world.traffic.observers.remove(observer)
    assert 429 not in statuses
    assert len(await ada.messages()) == 11
