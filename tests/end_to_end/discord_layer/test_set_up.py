"""`/einrichten` and `/set-up` over real sockets: looking, stating, making, choosing; and who may not.

The service is the real one on a real database; roles and channels are the class server's.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import discord
import pytest

from bot.buttons import ButtonId
from bot.i18n import LANGUAGES
from bot.invite import PERMISSIONS
from bot.local.classroom import BOT_PERMISSIONS, FORUM, Channel
from bot.local.errors import Json
from bot.local.permissions import Permission
from bot.local.visitor import Handle, Visitor
from bot.permissions import permission_lines, start_lines
from bot.services.ports import Requester
from bot.services.setup import Founder, Setup
from bot.services.setup_rules import FoundChannel, Place, Statement
from bot.setup_presses import SetupPresses
from data.database import Database
from data.setup import Setups
from tests.end_to_end.discord_layer.conftest import PATIENCE_S, Class, School
from tests.end_to_end.discord_layer.music_school import EPHEMERAL, labels
from tests.unit.bot.local.openapi import Description

MAKING = int(BOT_PERMISSIONS | Permission.MANAGE_ROLES | Permission.MANAGE_CHANNELS)
COMMAND = {"de": "einrichten", "en": "set-up"}
LINK = 5
"""A button that opens a page."""


@dataclass
class Stage:
    school: School
    setup: Setup
    presses: SetupPresses
    classes: list[Class] = field(default_factory=list)

    async def klass(
        self, name: str, *, permissions: int = MAKING, channels: tuple[Channel, ...] = ()
    ) -> Class:
        there = channels or (Channel("flur", ""),)
        guild = self.school.server.add_guild(name, bot_permissions=permissions, channels=there)
        async with asyncio.timeout(PATIENCE_S):
            while self.school.bot.get_guild(int(guild)) is None:
                await asyncio.sleep(0.005)
        self.classes.append(Class(self.school, guild))
        return self.classes[-1]


@pytest.fixture(scope="module")
async def stage(school: School, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    """The real service in the bot's desk, with a teachers' role that no class has at first."""
    bot: Any = school.bot
    description = Description.find()
    if description is not None:
        school.server.observe(description.observe)
    async with await Database.open(tmp_path_factory.mktemp("setup") / "data") as database:
        setup = Setup(setups=Setups(database), given=Statement(), on_discord=True)
        presses = SetupPresses(
            setup=lambda: setup, sentences=school.sentences, teacher_role="Kursleitung", who=bot.requester
        )
        before = bot.setup_presses, school.desk.setup
        bot.setup_presses, school.desk.setup = presses, setup
        role, bot._teacher_role = bot._teacher_role, "Kursleitung"
        kept = bot._presses._buttons, bot._presses._forms
        bot._presses._buttons = {**kept[0], **presses.buttons}
        bot._presses._forms = {**kept[1], **presses.forms}
        yield Stage(school, setup, presses)
        bot._presses._buttons, bot._presses._forms = kept
        bot._teacher_role = role
        bot.setup_presses, school.desk.setup = before
    if description is not None:
        assert description.complaints == []


@pytest.fixture(autouse=True)
async def leaving(stage: Stage) -> AsyncIterator[None]:
    yield
    for klass in stage.classes:
        for visitor in klass.visitors:
            await visitor.leave()
    stage.classes.clear()


async def said(handle: Handle) -> Json:
    """The private answer; a card's text, which stands in an embed, is its content."""
    message = await handle.message(
        lambda one: bool(one["flags"] & EPHEMERAL and (one["content"] or one["embeds"]))
    )
    return {**message, "content": message["content"] or message["embeds"][0]["description"]}


async def card(visitor: Visitor, locale: str = "de") -> Json:
    return await said(visitor.command(COMMAND[locale], channel=anywhere(visitor)))


def anywhere(visitor: Visitor) -> str:
    return str(next(one["name"] for one in visitor.state["channels"] if one["type"] == 0))


async def pressed(klass: Class, visitor: Visitor, message: Json, key: str, locale: str = "de") -> Json:
    return await said(visitor.press(message, label=klass.say(f"button.{key}", locale)))


async def forged(klass: Class, visitor: Visitor, action: str, subject: str) -> Json:
    """What a press on a button answers that nobody made."""
    channel: Any = klass.school.bot.get_channel(int(visitor.channel_id(anywhere(visitor))))
    view = discord.ui.View(timeout=None)
    custom_id = str(ButtonId(action=action, subject=subject))
    view.add_item(discord.ui.Button(label="x", custom_id=custom_id))
    view.stop()
    sent = await channel.send("?", view=view)
    there = await visitor.wait_for_message(lambda one: one["id"] == str(sent.id), channel=anywhere(visitor))
    return await said(visitor.press(there, custom_id=custom_id))


def roles_of(klass: Class) -> list[Json]:
    return list(klass.school.server.state.roles_of(klass.guild_id))


def channels_of(klass: Class) -> dict[str, Json]:
    return {str(one["name"]): one for one in klass.school.server.state.channels_of(klass.guild_id)}


@pytest.mark.parametrize(("locale", "short"), [("de", "de"), ("en-GB", "en")])
async def test_from_nothing_to_ready(stage: Stage, locale: str, short: str) -> None:
    klass = await stage.klass(f"neu {short}")
    teacher = await klass.enter("Frau Sommer", locale)
    ada = await klass.enter("Ada")
    first = await card(teacher, short)
    assert klass.say("setup.go_on", short) in first["content"]
    assert first["content"].count("✅") == 1, "only the permissions"

    form = await teacher.open_form(teacher.press(first, label=klass.say("button.setup_rules", short)))
    stated = await said(teacher.fill_in(form))  # as suggested
    assert "**DE**" not in stated["content"]
    assert klass.say("setup.step_rules", short, country="DE", age=16) in stated["content"]
    assert await stage.setup.statement(klass.guild_id) == Statement(country="DE", min_age=16)

    made = await pressed(klass, teacher, stated, "setup_make", short)
    names = [klass.say(f"setup.channel_{place}", short) for place in Place]
    assert set(names) <= set(channels_of(klass))
    role = next(one for one in roles_of(klass) if one["name"] == "Kursleitung")
    assert role["permissions"] == 0, "on Discord itself it gives nothing"
    assert sum(one["name"] == "Klasse" for one in roles_of(klass)) == 1, "the class's own role is adopted"
    assert klass.say("button.setup_make", short) not in labels(made)[0]
    assert made["content"].count("✅") == 4, made["content"]

    pupil = {str(one["name"]) for one in (await ada.refresh())["channels"]}
    assert names[2] not in pupil
    assert {names[0], names[1]} <= pupil
    member = stage.school.server.state.member(klass.guild_id, teacher.me["id"])
    assert member is not None
    stage.school.server._world.put("members", {**member, "roles": [*member["roles"], role["id"]]})
    ready = await pressed(klass, teacher, made, "setup_look", short)
    assert klass.say("setup.ready", short) in ready["content"]


async def test_what_is_there_is_adopted_and_never_doubled(stage: Stage) -> None:
    there = (Channel("gallery", ""), Channel("werkstatt", ""))
    klass = await stage.klass("bestehend", channels=there)
    teacher = await klass.enter("Frau Sommer")
    first = await card(teacher)
    await asyncio.gather(*(pressed(klass, teacher, first, "setup_make") for _ in range(2)))
    names = sorted(name for name, one in channels_of(klass).items() if one["type"] == 0)
    assert names == ["atelier", "gallery", "lehrkraft", "werkstatt"]
    state = stage.school.server.state
    assert len(state.channels_of(klass.guild_id)) == len(names) + 1
    assert sum(one["name"] == "Kursleitung" for one in roles_of(klass)) == 1
    gallery = channels_of(klass)["gallery"]["id"]
    assert await stage.setup.place(klass.guild_id, Place.GALLERY) == gallery

    menu = await pressed(klass, teacher, await card(teacher), "setup_pick")
    workshop = str(channels_of(klass)["werkstatt"]["id"])
    chosen = await said(
        teacher.select(menu, workshop, custom_id=str(ButtonId(action="setuproom", subject="studio")))
    )
    assert f"<#{workshop}>" in chosen["content"]
    refused = await said(
        teacher.select(menu, workshop, custom_id=str(ButtonId(action="setuproom", subject="review")))
    )
    assert refused["content"] == klass.say("error.review_open")
    assert await stage.setup.place(klass.guild_id, Place.STUDIO) == workshop


async def test_channels_made_by_hand_are_used_once_the_card_shows_them(stage: Stage) -> None:
    there = (Channel("atelier", ""), Channel("galerie", ""), Channel("lehrkraft", "", hidden=True))
    klass = await stage.klass("von Hand", channels=there)
    teacher = await klass.enter("Frau Sommer")
    await card(teacher)
    found = [await stage.setup.place(klass.guild_id, place) for place in (Place.GALLERY, Place.REVIEW)]
    assert found == [channels_of(klass)[name]["id"] for name in ("galerie", "lehrkraft")]


async def test_a_review_channel_that_all_see_is_shown_and_not_used(stage: Stage) -> None:
    there = (Channel("atelier", ""), Channel("galerie", ""), Channel("lehrkraft", ""))
    klass = await stage.klass("offen", channels=there)
    shown = await card(await klass.enter("Frau Sommer"))
    assert klass.say("setup.review_open") in shown["content"]
    assert await stage.setup.place(klass.guild_id, Place.REVIEW) is None


@pytest.mark.parametrize("status", [400, 403, 500])
@pytest.mark.parametrize("after", [0, 1, 2])
async def test_what_was_broken_off_is_gone_on_with_and_nothing_is_doubled(
    stage: Stage, after: int, status: int
) -> None:
    klass = await stage.klass(f"abgebrochen {after} {status}")
    teacher = await klass.enter("Frau Sommer")
    first = await card(teacher)
    # what is made before the break: nothing; the role; the role and a channel
    path, method = ("/guilds/*/roles", "POST") if after == 0 else ("/guilds/*/channels", "POST")
    broken = {"status": status} if status != 500 else {"close": True}
    if after == 2:
        stage.school.server.faults.add(method, path, delay=0.0)
    stage.school.server.faults.add(method, path, **broken)  # type: ignore[arg-type]
    said_ = await pressed(klass, teacher, first, "setup_make")
    code = "setup_forbidden" if status == 403 else "setup_broken"
    assert said_["content"] == klass.say(f"error.{code}")
    assert sum(one["name"] == "Kursleitung" for one in roles_of(klass)) == (after > 0)
    assert ("atelier" in channels_of(klass)) is (after == 2)
    done = await pressed(klass, teacher, await card(teacher), "setup_make")
    assert klass.say("button.setup_make") not in labels(done)[0]
    assert sum(one["name"] == "Kursleitung" for one in roles_of(klass)) == 1
    names = sorted(
        str(one["name"]) for one in stage.school.server.state.channels_of(klass.guild_id) if one["type"] == 0
    )
    assert names == ["atelier", "flur", "galerie", "lehrkraft"]


async def test_a_forum_may_be_the_gallery(stage: Stage) -> None:
    there = (Channel("flur", ""), Channel("ausstellung", "", kind=FORUM))
    klass = await stage.klass("mit Forum", channels=there)
    teacher = await klass.enter("Frau Sommer")
    menu = await pressed(klass, teacher, await card(teacher), "setup_pick")
    forum = str(channels_of(klass)["ausstellung"]["id"])
    for place, answer in (("gallery", f"<#{forum}>"), ("studio", klass.say("error.place_forum"))):
        custom_id = str(ButtonId(action="setuproom", subject=place))
        kinds = next(
            one["channel_types"] for row in menu["components"] for one in row["components"]
            if one["custom_id"] == custom_id
        )  # fmt: skip
        assert (FORUM in kinds) is (place == "gallery")
        if place == "gallery":
            chosen = await said(teacher.select(menu, forum, custom_id=custom_id))
            assert answer in chosen["content"]
    assert await stage.setup.place(klass.guild_id, Place.GALLERY) == forum


async def test_a_channel_that_the_class_sees_by_its_role_is_none_for_reviews(stage: Stage) -> None:
    """@everyone does not see it, and every pupil does."""
    klass = await stage.klass(
        "halboffen", channels=(Channel("flur", ""), Channel("besprechung", "", hidden=True))
    )
    teacher = await klass.enter("Frau Sommer")
    pupils = next(one for one in roles_of(klass) if one["name"] == "Klasse")
    room = channels_of(klass)["besprechung"]
    allow = {"id": pupils["id"], "type": 0, "allow": str(int(Permission.VIEW_CHANNEL)), "deny": "0"}
    world = stage.school.server._world
    menu = await pressed(klass, teacher, await card(teacher), "setup_pick")
    custom_id = str(ButtonId(action="setuproom", subject="review"))
    world.put("channels", {**room, "permission_overwrites": [*room["permission_overwrites"], allow]})
    refused = await said(teacher.select(menu, str(room["id"]), custom_id=custom_id))
    assert refused["content"] == klass.say("error.review_open")
    world.put("channels", room)
    chosen = await said(teacher.select(menu, str(room["id"]), custom_id=custom_id))
    assert f"<#{room['id']}>" in chosen["content"]


@pytest.mark.parametrize("name", list(PERMISSIONS))
async def test_each_permission_that_is_missing_is_told_at_the_start_and_on_the_card(
    stage: Stage, name: str
) -> None:
    bit = PERMISSIONS[name]
    klass = await stage.klass(f"ohne {name}", permissions=MAKING & ~bit)
    world = stage.school.server._world
    everyone = next(one for one in roles_of(klass) if one["id"] == klass.guild_id)
    world.put("roles", {**everyone, "permissions": everyone["permissions"] & ~bit})
    guild = await seen(stage, klass, lambda one: not one.default_role.permissions.value & bit)
    lines = permission_lines([guild], stage.school.sentences, "de")
    # Discord counts "send messages" and "view channel" as what others are worth nothing without; the rest is alone
    assert klass.say(f"permission.{name}") in lines[0]
    assert len(lines) == 1
    for language in LANGUAGES:
        (line,) = permission_lines([guild], stage.school.sentences, language)
        assert klass.say(f"permission.{name}", language) in line
    if name != "view_channel":
        teacher = await klass.enter("Frau Sommer")
        assert klass.say(f"permission.{name}") in (await card(teacher))["content"]


async def seen(stage: Stage, klass: Class, is_so: Callable[[discord.Guild], bool]) -> discord.Guild:
    """The class server as the bot knows it, once it has heard."""
    guild = stage.school.bot.get_guild(int(klass.guild_id))
    assert guild is not None
    async with asyncio.timeout(PATIENCE_S):
        while not is_so(guild):
            await asyncio.sleep(0.005)
    return guild


async def test_the_start_tells_of_a_chosen_channel_and_of_the_teachers_role(stage: Stage) -> None:
    klass = await stage.klass("eingerichtet", channels=(Channel("flur", ""),))
    guild = await seen(stage, klass, lambda one: bool(one.channels))
    flur = channels_of(klass)["flur"]
    world, role = stage.school.server._world, "Kursleitung"

    async def lines() -> tuple[str, ...]:
        sentences = stage.school.sentences
        return await start_lines([guild], stage.setup, sentences, "de", teacher_role=role)

    missing = klass.say("cli.teacher_role_missing", server="eingerichtet", role=role)
    assert await lines() == (missing,)
    found = FoundChannel(id=str(flur["id"]), name="flur")
    founder = Founder(
        who=Requester(guild_id=klass.guild_id, channel_id="1", person_id="1", locale="de", is_teacher=True),
        manages=True,
    )
    await stage.setup.adopt({Place.STUDIO: found}, founder)
    deny = {"id": klass.guild_id, "type": 0, "allow": "0", "deny": str(PERMISSIONS["attach_files"])}
    world.put("channels", {**flur, "permission_overwrites": [deny]})
    await seen(stage, klass, lambda one: bool(one.text_channels[0].overwrites))
    wanted = klass.say("permission.attach_files")
    there = klass.say("cli.permission_missing_in", server="eingerichtet", channel="flur", wanted=wanted)
    assert await lines() == (there, missing)
    for _ in range(2):
        await guild.create_role(name=role)
    await seen(stage, klass, lambda one: sum(held.name == role for held in one.roles) == 2)
    assert await lines() == (there, klass.say("cli.teacher_role_twice", server="eingerichtet", role=role))


async def test_without_the_permissions_it_says_how_to_get_them(stage: Stage) -> None:
    fewer = int(BOT_PERMISSIONS & ~Permission.ATTACH_FILES)
    klass = await stage.klass("darf wenig", permissions=fewer)
    world = stage.school.server._world
    everyone = next(one for one in roles_of(klass) if one["id"] == klass.guild_id)
    allowed = everyone["permissions"] & ~int(Permission.ATTACH_FILES)
    world.put("roles", {**everyone, "permissions": allowed})
    guild = stage.school.bot.get_guild(int(klass.guild_id))
    assert guild is not None
    async with asyncio.timeout(PATIENCE_S):
        while guild.default_role.permissions.attach_files:
            await asyncio.sleep(0.005)
    teacher = await klass.enter("Frau Sommer")
    first = await card(teacher)
    assert klass.say("permission.attach_files") in first["content"]
    assert klass.say("permission.send_messages") not in first["content"]
    links = [one for row in first["components"] for one in row["components"] if one["style"] == LINK]
    (link,) = links
    assert link["label"] == klass.say("button.setup_link")
    wanted = sum(PERMISSIONS.values()) | int(Permission.MANAGE_ROLES | Permission.MANAGE_CHANNELS)
    assert f"permissions={wanted}" in link["url"]
    before = len(stage.school.server.state.channels_of(klass.guild_id))
    answer = await forged(klass, teacher, "setupmake", "server")
    assert answer["content"] == klass.say("error.setup_forbidden")
    assert len(stage.school.server.state.channels_of(klass.guild_id)) == before

    (line,) = permission_lines([guild], stage.school.sentences, "de")
    assert klass.say("permission.attach_files") in line
    assert "darf wenig" in line


async def test_pupils_are_sent_away_whatever_they_press(stage: Stage) -> None:
    klass = await stage.klass("neugierig")
    teacher, ada = await klass.enter("Frau Sommer"), await klass.enter("Ada")
    refused = klass.say("error.setup_not_allowed")
    assert (await card(ada))["content"] == refused
    await card(teacher)
    before = len(stage.school.server.state.channels_of(klass.guild_id)), len(roles_of(klass))
    for action in stage.presses.buttons:
        subject = "studio" if action == "setuproom" else "server"
        answer = await forged(klass, ada, action, subject)
        assert answer["content"] == refused, action
    assert (len(stage.school.server.state.channels_of(klass.guild_id)), len(roles_of(klass))) == before
    assert await stage.setup.statement(klass.guild_id) == Statement()


async def test_a_wrong_age_is_explained(stage: Stage) -> None:
    klass = await stage.klass("jung")
    teacher = await klass.enter("Frau Sommer")
    first = await card(teacher)
    form = await teacher.open_form(teacher.press(first, label=klass.say("button.setup_rules")))
    answer = await said(teacher.fill_in(form, country="Deutschland", age="14"))
    assert answer["content"] == klass.say("error.age_low", least=16)
    assert await stage.setup.statement(klass.guild_id) == Statement()


@pytest.mark.parametrize(("locale", "short"), [("de", "de"), ("en-GB", "en")])
async def test_before_the_statement_only_set_up_and_help_work(stage: Stage, locale: str, short: str) -> None:
    klass = await stage.klass(f"zuerst {short}")
    ada, teacher = await klass.enter("Ada", locale), await klass.enter("Frau Sommer", locale)
    name = {"de": "bild", "en": "image"}[short]
    place = anywhere(ada)
    missing = klass.say("error.setup_missing", short)
    stage.school.desk.jobs.clear()
    assert (await said(ada.command(name, channel=place, prompt="ein Kreis")))["content"] == missing
    assert (await said(teacher.command(name, channel=place, prompt="ein Kreis")))["content"] == missing
    style = {"de": "groesse", "en": "size"}[short]
    assert await ada.autocomplete(name, style, "", channel=place) == []
    assert stage.school.desk.jobs == {}
    # a message does not say its author's language: it is the class server's
    await ada.say(f"{ada.mention()} hallo?", channel=place)
    spoken = klass.say("error.setup_missing")
    await ada.wait_for_message(lambda one: one["content"] == spoken, channel=place)
    help_card = await said(ada.command({"de": "hilfe", "en": "help"}[short], channel=place))
    assert klass.say("help.title", short) in help_card["content"]

    form = await teacher.open_form(
        teacher.press(await card(teacher, short), label=klass.say("button.setup_rules", short))
    )
    await said(teacher.fill_in(form))
    await ada.command(name, channel=place, prompt="ein Kreis").acknowledged()
    assert (await stage.school.desk.wait_for_job()).params["prompt"] == "ein Kreis"
    assert await ada.autocomplete(name, style, "", channel=place) != []
