"""Conversations over real sockets: threads, mentions, buttons with forms, and what only one person may read."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import discord
import pytest

from bot.local.classroom import BOT_PERMISSIONS
from bot.local.permissions import PUPIL, Permission
from bot.local.visitor import Visitor
from bot.services.ports import Requester
from generation.errors import NotAllowed
from generation.job import JobState
from tests.end_to_end.discord_layer.chat_room import (
    TYPING,
    Talk,
    TalkingSchool,
    answers,
    begin,
)
from tests.end_to_end.discord_layer.conftest import Class, School
from tests.fakes import until
from tests.fakes_text import text_catalog
from tests.unit.bot.services.conftest import Room

FORBIDDEN = "erzähl etwas über pornografie"
EPHEMERAL = 64


@pytest.fixture(scope="module")
async def talking(school: School, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[TalkingSchool]:
    await school.disconnect()
    room = Room(tmp_path_factory.mktemp("talking"), catalog=text_catalog(), limit=20)
    made = TalkingSchool(school, room)
    await made.connect()
    try:
        yield made
    finally:
        await made.disconnect()
        await school.restart()


@pytest.fixture(autouse=True)
def writing_at_once(talking: TalkingSchool) -> None:
    talking.writers.on_start = lambda request: None


@pytest.fixture
async def klass(talking: TalkingSchool, klass: Class) -> Class:
    """Made when the bot with the real services is there."""
    return klass


@pytest.fixture
async def ada(klass: Class) -> Visitor:
    return await klass.enter()


@pytest.fixture
async def ben(klass: Class) -> Visitor:
    return await klass.enter("Ben")


@pytest.fixture
async def talk(klass: Class, talking: TalkingSchool, ada: Visitor) -> Talk:
    return await begin(klass, talking, ada)


async def form_answer(talk: Talk, visitor: Visitor, message: dict[str, Any], question: str) -> dict[str, Any]:
    form = await visitor.open_form(visitor.press(message, label=talk.say("button.answer")))
    handle = visitor.fill_in(form, question=question)
    return await handle.message(lambda one: answers(one, question) or bool(one["flags"] & EPHEMERAL))


# Beginning


async def test_a_conversation_has_a_thread_named_after_its_question(
    klass: Class, talking: TalkingSchool, ada: Visitor, ben: Visitor
) -> None:
    talk = await begin(klass, talking, ada, prompt="Warum ist der Himmel blau?", temperatur=0.3)
    assert talk.thread["name"] == "Warum ist der Himmel blau?"
    assert talk.thread["parent_id"] == ada.channel_id("atelier")
    assert talk.thread["type"] == discord.ChannelType.public_thread.value
    for word in ("/chat-ende", talking.bot.user.mention if talking.bot.user else "?", "falsch"):
        assert word in talk.intro["content"]
    post = await talk.answer(ben, "Warum ist der Himmel blau?")
    assert post["embeds"][0]["title"] == talk.say("preset.chat")
    assert "Warum ist der Himmel blau?" in post["embeds"][0]["description"]
    assert "Seed: `" in post["content"]
    labels = [one["label"] for row in post["components"] for one in row["components"]]
    assert labels == [talk.say(f"button.{key}") for key in ("answer", "end_chat", "report")]
    assert all(
        not klass.school.server.state.messages[one]["pinged"] for one in (post["id"], talk.intro["id"])
    )


async def test_without_a_question_the_name_is_neutral(talk: Talk, ada: Visitor) -> None:
    assert talk.thread["name"] == talk.say("chat.name", name="Ada")
    assert len(await ada.messages(talk.place)) == 1


@pytest.mark.parametrize(
    ("options", "code", "values"),
    [
        ({"prompt": FORBIDDEN}, "refused_sexual", {}),
        ({"prompt": "x" * 5000}, "prompt_long", {"length": 5000, "limit": 4000}),
        ({"modell": "niemand"}, "model_unknown", {"known": "poet, writer"}),
    ],
)
async def test_what_cannot_begin_leaves_no_thread(
    klass: Class, ada: Visitor, ben: Visitor, options: dict[str, Any], code: str, values: dict[str, Any]
) -> None:
    said = await ada.command("chat", **options).message(lambda one: bool(one["content"]))
    assert said["flags"] & EPHEMERAL
    assert said["content"].split(":")[0] == klass.say(f"error.{code}", **values).split(":")[0]
    assert ada.threads() == []
    assert said["id"] not in ben.seen
    assert not any(one["content"] for one in await ben.messages())


async def test_where_no_thread_can_be(klass: Class, talk: Talk, ada: Visitor) -> None:
    said = await ada.command("chat", channel=talk.place).message(lambda one: bool(one["content"]))
    assert said["content"] == talk.say("error.chat_place")
    assert len(ada.threads()) == 1


async def test_without_the_permission_there_is_a_sentence(talking: TalkingSchool, school: School) -> None:
    threads = Permission.CREATE_PUBLIC_THREADS | Permission.SEND_MESSAGES_IN_THREADS
    klass = Class(
        school, school.server.add_guild("ohne Threads", bot_permissions=int(BOT_PERMISSIONS & ~threads))
    )
    # what everybody may, the bot may too
    everybody = school.server.state.roles[klass.guild_id]
    changed = {**everybody, "permissions": str(int(PUPIL & ~threads))}
    school.server.commit({"type": "roles.put", "value": changed})
    async with await klass.enter() as ada:
        said = await ada.command("chat").message(lambda one: bool(one["content"]))
        assert said["content"] == klass.say("error.chat_permission")
        assert said["flags"] & EPHEMERAL


async def test_deleted_threads_are_forgotten(klass: Class, talking: TalkingSchool, ada: Visitor) -> None:
    talks = [await begin(klass, talking, ada) for _ in range(3)]
    said = await ada.command("chat").message(lambda one: bool(one["content"]))
    assert said["content"] == klass.say("error.limit_chats", limit=3)
    server, chat = klass.school.server, talking.desk.chat

    async def ended(talk: Talk) -> bool:
        found = await chat.at(klass.guild_id, talk.place)
        return found is not None and found.ended_at is not None

    server.commit({"type": "channels.delete", "id": talks[0].place})
    await until(lambda: ended(talks[0]))
    await begin(klass, talking, ada)
    # deleted while the bot is away: noticed when the room is needed
    await talking.disconnect()
    server.commit({"type": "channels.delete", "id": talks[1].place})
    await talking.connect()
    chat = talking.desk.chat
    assert not await ended(talks[1])
    await begin(klass, talking, ada)
    assert await ended(talks[1])
    assert not await ended(talks[2])


# Going on


async def test_mentions_go_on(talk: Talk, ada: Visitor, ben: Visitor) -> None:
    talk.klass.school.exchanges.clear()
    await ada.say(f"{ada.mention()} Was frisst ein Igel?", channel=talk.place)
    first = await talk.answer(ben, "Was frisst ein Igel?")
    assert first["content"].startswith("Seed")
    assert TYPING in talk.klass.school.calls()
    await ben.say("Und ein Fuchs?", reply_to=first)
    await talk.answer(ada, "Und ein Fuchs?")
    job = talk.talking.writers.requests[-1]
    read = [message["text"] for message in job.params["messages"] if message["role"] == "user"]
    assert read == ["Was frisst ein Igel?", "Und ein Fuchs?"]


async def test_what_is_no_mention_is_left_alone(talk: Talk, ada: Visitor, ben: Visitor) -> None:
    before = len(talk.talking.writers.requests)
    role = next(one["id"] for one in ada.state["roles"] if one["name"] == "Atelier")
    post = await form_answer(talk, ada, talk.intro, "eins")
    for text, more in (
        ("einfach so", {}),
        (f"<@&{role}> hallo", {}),
        ("@everyone hallo", {}),
        (f"{ada.mention('Ben')} hallo", {}),
        ("stimmt", {"reply_to": post, "ping": False}),
    ):
        await ada.say(text, channel=talk.place, **more)
    await ada.say(f"{ada.mention()} zwei", channel=talk.place)
    await talk.answer(ben, "zwei")
    assert len(talk.talking.writers.requests) == before + 2
    assert len([one for one in await ada.messages(talk.place) if one["embeds"]]) == 2


async def test_outside_a_conversation_there_is_one_hint(klass: Class, ada: Visitor, ben: Visitor) -> None:
    for _ in range(3):
        await ada.say(f"{ada.mention()} hallo?")
    await ada.wait_for_message(lambda one: one["content"] == klass.say("chat.hint"))
    await ben.say(f"{ben.mention()} hallo?")
    hints = 0
    async with asyncio.timeout(5):
        while hints < 2:
            hints = [one["content"] for one in await ada.messages()].count(klass.say("chat.hint"))
            await asyncio.sleep(0.02)
    assert hints == 2, "one for each of them"


async def test_the_button_goes_on(talk: Talk, ada: Visitor, ben: Visitor) -> None:
    post = await form_answer(talk, ben, talk.intro, "Wer bist du?")
    assert post["channel_id"] == talk.place
    again = await form_answer(talk, ada, post, "Und wer bin ich?")
    assert answers(again, "Und wer bin ich?")
    texts = [message["text"] for message in talk.talking.writers.requests[-1].params["messages"]]
    assert texts[1:] == ["Wer bist du?", "Antwort auf: Wer bist du?", "Und wer bin ich?"]


async def test_one_question_at_a_time(talk: Talk, ada: Visitor, ben: Visitor) -> None:
    writers = talk.talking.writers
    writers.on_start = lambda request: writers.held.add(request.job)
    await ada.say(f"{ada.mention()} eins", channel=talk.place)
    await until(lambda: bool(writers.requests) and writers.requests[-1].params["prompt"] == "eins")
    job = writers.requests[-1].job
    await ben.say(f"{ben.mention()} zwei", channel=talk.place)
    busy = await ben.wait_for_message(
        lambda one: one["content"] == talk.say("error.chat_busy"), channel=talk.place
    )
    assert not talk.klass.school.server.state.messages[busy["id"]]["pinged"]
    private = await form_answer(talk, ben, talk.intro, "drei")
    assert private["content"] == talk.say("error.chat_busy")
    writers.release(job)
    await talk.answer(ada, "eins")


async def test_a_refused_mention_is_told_to_its_author_alone(talk: Talk, ada: Visitor, ben: Visitor) -> None:
    direct = await ada.direct()
    await ada.say(f"{ada.mention()} {FORBIDDEN}", channel=talk.place)
    said = await ada.wait_for_message(lambda one: bool(one["content"]), channel=direct["id"])
    assert said["content"] == talk.say("error.refused_sexual")
    assert said["content"] not in await talk.words(ben)
    (refused,) = [
        one
        for one in await talk.talking.room.jobs.recent_refusals(talk.klass.guild_id)
        if one.channel_id == talk.place
    ]
    assert refused.owner_id == ada.me["id"]
    (button,) = said["components"][0]["components"]
    assert button["custom_id"] == f"ka:ask:{refused.id}", (
        "a refusal in a direct message can be asked about, too"
    )


async def test_that_somebody_is_blocked_is_told_to_them_alone(
    talk: Talk, ada: Visitor, ben: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def ask(*_: object, **__: object) -> None:
        raise NotAllowed("blocked", until=1_800_000_000)

    monkeypatch.setattr(talk.talking.bot.desk.chat, "ask", ask)
    direct = await ada.direct()
    await ada.say(f"{ada.mention()} eine Frage", channel=talk.place)
    told = await ada.wait_for_message(lambda one: bool(one["content"]), channel=direct["id"])
    assert told["content"] == talk.say("error.blocked", until=1_800_000_000)
    assert told["content"] not in await talk.words(ben)


async def test_a_refused_answer_is_told_to_its_author_alone(talk: Talk, ada: Visitor, ben: Visitor) -> None:
    writers = talk.talking.writers
    usual, writers.write = writers.write, lambda request: "Pornografie ist …"
    try:
        direct = await ada.direct()
        await ada.say(f"{ada.mention()} Frage", channel=talk.place)
        told = await ada.wait_for_message(lambda one: bool(one["content"]), channel=direct["id"])
        assert "Pornografie" not in told["content"]
        post = await form_answer(talk, ben, talk.intro, "noch eine")
        assert post["flags"] & EPHEMERAL
    finally:
        writers.write = usual
    assert [one for one in await ada.messages(talk.place) if one["embeds"]] == []


async def test_who_cannot_be_told_stops_nothing(talk: Talk, ada: Visitor, ben: Visitor) -> None:
    talk.klass.school.server.set_direct_messages(ada.me["id"], allowed=False)
    await ada.say(f"{ada.mention()} {FORBIDDEN}", channel=talk.place)
    # why is nobody else's business, but silence would look like a fault
    said = await ada.wait_for_message(
        lambda one: one["content"] == talk.say("chat.refused_here"), channel=talk.place
    )
    assert not talk.klass.school.server.state.messages[said["id"]]["pinged"]
    await ben.say(f"{ben.mention()} weiter", channel=talk.place)
    await talk.answer(ada, "weiter")
    me = talk.klass.school.server.bot_id
    assert len([one for one in await ada.messages(talk.place) if one["author"]["id"] == me]) == 3


async def test_a_broken_service_is_said_and_not_quoted(
    talk: Talk, ada: Visitor, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(question: str, *_: object, **__: object) -> None:
        raise RuntimeError(question)

    monkeypatch.setattr(talk.talking.desk.chat, "ask", broken)
    await ada.say(f"{ada.mention()} mein Geheimnis", channel=talk.place)
    await ada.wait_for_message(lambda one: one["content"] == talk.say("error.internal"), channel=talk.place)
    assert "RuntimeError" in caplog.text
    assert "Geheimnis" not in caplog.text


async def test_an_empty_mention_gets_a_sentence(talk: Talk, ada: Visitor) -> None:
    await ada.say(f"{ada.mention()} ", channel=talk.place)
    await ada.wait_for_message(
        lambda one: one["content"] == talk.say("error.prompt_empty"), channel=talk.place
    )


# Restart


async def test_conversations_and_their_buttons_survive_a_restart(
    talk: Talk, ada: Visitor, ben: Visitor
) -> None:
    post = await form_answer(talk, ada, talk.intro, "eins")
    form = await ben.open_form(ben.press(talk.intro, label=talk.say("button.answer")))
    writers = talk.talking.writers
    writers.on_start = lambda request: writers.held.add(request.job)
    await ada.say(f"{ada.mention()} zwei", channel=talk.place)
    await until(lambda: writers.requests[-1].params["prompt"] == "zwei")
    await writers.started(writers.requests[-1].job)
    await talk.talking.restart()
    await talk.answer(ada, "zwei")
    await ben.fill_in(form, question="drei").message(lambda one: answers(one, "drei"))
    await form_answer(talk, ada, post, "vier")
    texts = [message["text"] for message in talk.talking.writers.requests[-1].params["messages"]]
    assert texts[1::2] == ["eins", "zwei", "drei", "vier"]
    assert len([one for one in await ada.messages(talk.place) if answers(one, "zwei")]) == 1


# The end


async def test_the_owner_ends_it(talk: Talk, ada: Visitor, ben: Visitor) -> None:
    post = await form_answer(talk, ada, talk.intro, "geheim")
    said = await ben.press(post, label=talk.say("button.end_chat")).message(lambda one: bool(one["content"]))
    assert said["content"] == talk.say("error.not_allowed")
    assert said["flags"] & EPHEMERAL
    said = await ada.command("chat-ende", channel=talk.place).message(lambda one: bool(one["content"]))
    assert said["content"] == talk.say("chat.ended_open", who=f"<@{ada.me['id']}>")
    assert not talk.klass.school.server.state.messages[said["id"]]["pinged"]
    thread = talk.klass.school.server.state.channels[talk.place]
    await until(lambda: talk.klass.school.server.state.channels[talk.place]["thread_metadata"]["archived"])
    assert not thread["thread_metadata"]["locked"]
    # the bot may not lock it: who writes there wakes it up and is told that it is over
    await ben.say(f"{ben.mention()} noch da?", channel=talk.place)
    await ben.wait_for_message(lambda one: one["content"] == talk.say("error.chat_ended"), channel=talk.place)
    said = await ben.press(post, label=talk.say("button.answer")).message(lambda one: bool(one["content"]))
    assert said["content"] == talk.say("error.chat_ended")


async def test_a_teacher_ends_it_by_the_button(talk: Talk, ada: Visitor) -> None:
    teacher = await talk.klass.enter("Frau Sommer")
    await teacher.thread()
    (intro,) = await teacher.messages(talk.place)
    await teacher.press(intro, label=talk.say("button.end_chat")).message(
        lambda one: one["content"] == talk.say("chat.ended_open", who=f"<@{teacher.me['id']}>")
    )


async def test_with_the_right_to_it_the_thread_is_locked(talking: TalkingSchool, school: School) -> None:
    more = int(BOT_PERMISSIONS | Permission.MANAGE_THREADS)
    klass = Class(school, school.server.add_guild("darf mehr", bot_permissions=more))
    await until(lambda: talking.bot.get_guild(int(klass.guild_id)) is not None)
    async with await klass.enter() as ada:
        talk = await begin(klass, talking, ada)
        await ada.command("chat-ende", channel=talk.place).message(
            lambda one: one["content"] == klass.say("chat.ended", who=f"<@{ada.me['id']}>")
        )
        await until(lambda: school.server.state.channels[talk.place]["thread_metadata"]["locked"])
        assert school.server.state.channels[talk.place]["thread_metadata"]["archived"]


async def test_the_end_outside_a_conversation(klass: Class, ada: Visitor) -> None:
    said = await ada.command("chat-ende").message(lambda one: bool(one["content"]))
    assert said["content"] == klass.say("error.chat_not_here")


@pytest.mark.parametrize("action", ["answer", "endchat"])
async def test_forged_ids_do_nothing(
    klass: Class, talking: TalkingSchool, talk: Talk, ada: Visitor, action: str
) -> None:
    """The id of a conversation on a button elsewhere, and a made-up one in its thread."""
    found = await talking.desk.chat.at(klass.guild_id, talk.place)
    assert found is not None
    for place, subject in ((ada.channel_id("atelier"), found.id), (talk.place, "0000000000")):
        channel: Any = talking.bot.get_channel(int(place))
        view = discord.ui.View(timeout=None)
        view.add_item(discord.ui.Button(label="x", custom_id=f"ka:{action}:{subject}"))
        view.stop()
        sent = await channel.send("?", view=view)
        message = await ada.wait_for_message(lambda one, sent=sent: one["id"] == str(sent.id))
        said = await ada.press(message, label="x").message(lambda one: bool(one["content"]))
        assert said["content"] == klass.say("error.chat_not_here")
    assert (await talking.desk.chat.at(klass.guild_id, talk.place)) == found


# Explanations


async def test_an_explanation_is_for_one_person(
    klass: Class, talking: TalkingSchool, ada: Visitor, ben: Visitor
) -> None:
    said = await ben.say("Der Bundesrat vertritt die Länder.")
    before = len(ben.events)
    handle = ada.menu("Erklär mir das", said)
    post = await handle.message(lambda one: answers(one, "Der Bundesrat vertritt die Länder."))
    assert post["flags"] & EPHEMERAL
    assert post["components"] == []
    assert post["embeds"][0]["title"] == klass.say("preset.explain")
    await ben.say("danach")
    await ben.wait_for_message(lambda one: one["content"] == "danach", since=before)
    assert not any(name == "MESSAGE_CREATE" and data["id"] == post["id"] for name, data in ben.events)


async def test_an_explanation_that_is_held_back_stays_private(
    talking: TalkingSchool, ada: Visitor, ben: Visitor
) -> None:
    writers = talking.writers
    usual, writers.write = writers.write, lambda request: "Pornografie ist …"
    try:
        said = await ben.say("Was ist das?")
        handle = ada.menu("Erklär mir das", said)
        post = await handle.message(lambda one: bool(one["content"]) and not one["components"])
    finally:
        writers.write = usual
    assert post["flags"] & EPHEMERAL
    assert "Pornografie" not in post["content"]
    assert post["id"] not in ben.seen


async def test_a_late_explanation_comes_by_direct_message(
    klass: Class, talking: TalkingSchool, ada: Visitor, ben: Visitor
) -> None:
    said = await ben.say("Photosynthese")
    writers = talking.writers
    writers.on_start = lambda request: writers.held.add(request.job)
    await ada.menu("Erklär mir das", said)
    await until(lambda: writers.requests[-1].params["prompt"] == "Photosynthese")
    direct = await ada.direct()
    klass.school.server.clock.advance(15 * 60)
    writers.release(writers.requests[-1].job)
    late = await ada.wait_for_message(lambda one: answers(one, "Photosynthese"), channel=direct["id"])
    assert late["components"] == []
    assert not any(one["embeds"] for one in await ben.messages())


async def test_a_late_explanation_that_failed_is_no_message_for_all(
    klass: Class, talking: TalkingSchool, ada: Visitor, ben: Visitor
) -> None:
    said = await ben.say("Zellteilung")
    writers = talking.writers
    writers.on_start = lambda request: writers.held.add(request.job)
    await ada.menu("Erklär mir das", said)
    await until(lambda: writers.requests[-1].params["prompt"] == "Zellteilung")
    job = writers.requests[-1].job
    direct = await ada.direct()
    klass.school.server.clock.advance(15 * 60)
    who = Requester(
        guild_id=klass.guild_id, channel_id="1", person_id=str(ada.me["id"]), locale="de", is_teacher=False
    )
    assert await talking.room.desk.cancel.cancel(job, who)
    told = await ada.wait_for_message(lambda one: bool(one["content"]), channel=direct["id"])
    assert told["content"] == klass.say("error.cancelled")
    assert [one["content"] for one in await ben.messages()] == ["Zellteilung"]
    assert await talking.room.state(job) is JobState.CANCELLED


async def test_an_explanation_of_nothing_and_of_what_is_refused(
    klass: Class, ada: Visitor, ben: Visitor
) -> None:
    for text, code in ((FORBIDDEN, "refused_sexual"), ("\u200b", "nothing_to_explain")):
        said = await ben.say(text)
        told = await ada.menu("Erklär mir das", said).message(lambda one: bool(one["content"]))
        assert told["content"] == klass.say(f"error.{code}")
        assert told["flags"] & EPHEMERAL
        assert told["id"] not in ben.seen


async def test_the_queue_shows_questions(talk: Talk, ada: Visitor) -> None:
    writers = talk.talking.writers
    writers.on_start = lambda request: writers.held.add(request.job)
    await ada.say(f"{ada.mention()} Wie viele\nBeine hat ein Käfer?", channel=talk.place)
    await until(lambda: bool(writers.requests) and "Käfer" in writers.requests[-1].params["prompt"])
    (queue,) = await ada.command("warteschlange")
    assert "Wie viele Beine hat ein Käfer?" in queue["content"]
    label = queue["components"][0]["components"][0]["label"]
    assert "\n" not in label
    writers.release(writers.requests[-1].job)
    await talk.answer(ada, "Wie viele\nBeine")
