"""The gallery over real sockets: sending in, reviewing, hanging in a channel or a forum, stars, taking down, commands.

The service is the real one on a real database; only the check of pictures says yes to everything.
"""

from __future__ import annotations

import asyncio
import io
import zipfile
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import discord
import pytest

from bot.buttons import ButtonId, gallery_button
from bot.gallery_wall import DiscordWall
from bot.local.classroom import CHANNELS, FORUM, Channel
from bot.local.errors import Json
from bot.local.visitor import Handle, Visitor
from bot.services.gallery_ports import GalleryRule, Work
from bot.services.ports import ImagePost, Picture, Requester, TakenBack
from data.artifacts import Artifact, Artifacts, NewArtifact
from data.database import Database
from data.gallery_records import GalleryMessage, GalleryPlace, GalleryState
from data.jobs import Jobs
from generation.job import Job, JobState, new_job_id
from moderation.verdict import Approved
from tests.end_to_end.discord_layer.conftest import PATIENCE_S, Class, School
from tests.end_to_end.discord_layer.fakes import approved, png
from tests.end_to_end.discord_layer.music_school import EPHEMERAL
from tests.fakes_gallery import Hall
from tests.unit.bot.local.openapi import Description

S = GalleryState
WITH_FORUM = (*CHANNELS, Channel("ausstellung", "", kind=FORUM))


class Kept:
    """Finishes kept files as the bot does, with a check that says yes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def finish_kept(self, job: Job, kept: Sequence[Artifact], *, seconds: float) -> Approved[ImagePost]:
        files = {item.kind: item.path for item in kept if item.path is not None}

        def of_kept(post: ImagePost) -> ImagePost:
            return replace(
                post, sheet=files["sheet"], pictures=(Picture(index=1, seed=job.seed, file=files["image"]),)
            )

        return (await approved(job, self._folder)).map(of_kept)


@dataclass
class ByClass:
    """Which channels serve which class."""

    known: dict[str, dict[str, str]] = field(default_factory=dict)

    async def places(self, guild_id: str) -> Mapping[str, str]:
        return self.known[guild_id]


class Gallery:
    def __init__(self, school: School, database: Database, folder: Path) -> None:
        self.school, self.folder = school, folder
        self.places = ByClass()
        self.classes: list[Class] = []
        self.hall = Hall(folder, places=self.places)  # type: ignore[arg-type]
        wall: Any = DiscordWall(sentences=school.sentences, tell=school.bot.publisher.tell_person)
        wall.attach(school.bot)
        self.hall.wall = self.wall = wall
        self.jobs = Jobs(database)
        self.artifacts = Artifacts(database, folder / "artifacts")
        self.hall.open(
            database=database,
            jobs=self.jobs,
            artifacts=self.artifacts,
            finishers={"image": Kept(folder)},
            posting=None,
            work_dir=folder,
        )

    async def klass(self, name: str, *, gallery: str = "galerie") -> Class:
        guild = self.school.server.add_guild(name, channels=WITH_FORUM)
        async with asyncio.timeout(PATIENCE_S):
            while self.school.bot.get_guild(int(guild)) is None:
                await asyncio.sleep(0.005)
        ids = {one["name"]: one["id"] for one in self.school.server.state.channels_of(guild)}
        self.places.known[guild] = {"gallery": str(ids[gallery]), "review": str(ids["lehrkraft"])}
        self.classes.append(Class(self.school, guild))
        return self.classes[-1]

    async def posted(self, klass: Class, visitor: Visitor) -> Job:
        params = {"prompt": "ein Haus", "count": 1, "steps": 2, "guidance": 1.0, "width": 8, "height": 8}
        job = Job(
            id=new_job_id(), guild_id=klass.guild_id, channel_id="1", owner_id=visitor.me["id"], medium="image",
            family="fake", model="mini", params=params, seed=5, locale="de", created_at=1.8e9,
            state=JobState.QUEUED,
        )  # fmt: skip
        await self.jobs.add(job)
        for state in (JobState.RUNNING, JobState.CHECKING, JobState.POSTING, JobState.POSTED):
            job = await self.jobs.move(job.id, state)
        new = [("sheet", 0, (9, 9, 9)), ("image", 1, (200, 30, 30))]
        files = [
            (kind, index, png(self.folder / f"{job.id}-{kind}.png", colour)) for kind, index, colour in new
        ]
        await self.artifacts.store(
            job.id, [NewArtifact(index=index, seed=5, kind=kind, path=path) for kind, index, path in files]
        )
        return job

    async def sent_in(self, klass: Class, visitor: Visitor, label: str = "gallery_named") -> Job:
        """Through the buttons, as a pupil does."""
        job = await self.posted(klass, visitor)
        button = gallery_button(self.school.sentences, job.id, "de", row=0)
        question = await said(
            visitor.press(await show(klass, visitor, button), custom_id=str(button.custom_id))
        )
        answer = await said(visitor.press(question, label=klass.say(f"button.{label}")))
        assert answer["content"] == klass.say("gallery.sent_in")
        return job

    async def state(self, job: Job) -> GalleryState:
        entry = await self.hall.entries.get(job.id)
        assert entry is not None
        return entry.state


@pytest.fixture(scope="module")
async def gallery(school: School, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Gallery]:
    bot: Any = school.bot
    description = Description.find()
    if description is not None:
        school.server.observe(description.observe)
    folder = tmp_path_factory.mktemp("gallery")
    async with await Database.open(folder / "data") as database:
        opened = Gallery(school, database, folder)
        opened.hall.rules.rule = GalleryRule(names=True)
        bot.desk.gallery, bot.desk.own_works = opened.hall.gallery, opened.hall.own
        bot.desk.gallery_clearing = opened.hall.clearing
        yield opened
        del bot.desk.gallery, bot.desk.own_works, bot.desk.gallery_clearing
    if description is not None:
        assert description.complaints == []


@pytest.fixture(autouse=True)
async def leaving(gallery: Gallery) -> AsyncIterator[None]:
    yield
    for klass in gallery.classes:
        for visitor in klass.visitors:
            await visitor.leave()
    gallery.classes.clear()


async def said(handle: Handle) -> Json:
    return await handle.message(lambda one: bool(one["flags"] & EPHEMERAL and one["content"]))


async def show(klass: Class, visitor: Visitor, button: discord.ui.Button[Any]) -> Json:
    """A message with this button, as it stands under a result (or as nobody has made it)."""
    channel: Any = klass.school.bot.get_channel(int(visitor.channel_id("atelier")))
    view = discord.ui.View(timeout=None)
    view.add_item(button)
    view.stop()
    sent = await channel.send("?", view=view)
    return await visitor.wait_for_message(lambda one: one["id"] == str(sent.id), channel="atelier")


async def at(visitor: Visitor, channel: str, job: Job) -> list[Json]:
    found = await visitor.messages(channel=channel)
    return [one for one in found if any(job.id in embed["footer"]["text"] for embed in one["embeds"])]


def ids_of(message: Json) -> list[str]:
    return [one["custom_id"] for row in message["components"] for one in row["components"]]


async def test_from_the_button_to_the_gallery_and_back(gallery: Gallery) -> None:
    klass = await gallery.klass("galerie eins")
    ada, ben, teacher = await klass.enter("Ada"), await klass.enter("Ben"), await klass.enter("Frau Sommer")
    job = await gallery.sent_in(klass, ada)
    (card,) = await at(teacher, "lehrkraft", job)
    assert f"<@{ada.me['id']}>" in card["content"]
    assert "ein Haus" in card["embeds"][0]["description"]
    assert len(card["attachments"]) == 2
    assert await at(ben, "galerie", job) == []

    accept = str(ButtonId(action="galaccept", subject=job.id, index=1))
    answer = await said(teacher.press(card, custom_id=accept))
    assert answer["content"].startswith(klass.say("gallery.done_accepted"))
    (work,) = await at(ben, "galerie", job)
    assert work["content"].startswith(klass.say("gallery.hangs_named", person=f"<@{ada.me['id']}>"))
    (card,) = await at(teacher, "lehrkraft", job)
    assert ids_of(card) == []
    assert klass.say("gallery.said_accepted") in card["content"]
    files = await gallery.hall.entries.files(job.id)
    assert [one.name for one in files] == ["sheet-0.png", "image-1.png"]

    star = str(ButtonId(action="galstar", subject=job.id))
    await ben.press(work, custom_id=star)
    (work,) = await at(ben, "galerie", job)
    assert klass.say("button.gallery_star", n=1, stars=1) in str(work["components"])
    own = await said(ada.press(work, custom_id=star))
    assert own["content"] == klass.say("error.gallery_own_star")

    down = str(ButtonId(action="galdown", subject=job.id))
    refused = await said(ben.press(work, custom_id=down))
    assert refused["content"] == klass.say("error.not_allowed")
    gone = await said(ada.press(work, custom_id=down))
    assert gone["content"] == klass.say("gallery.withdrawn")
    assert await at(ben, "galerie", job) == []
    assert await at(teacher, "lehrkraft", job) == []


@pytest.mark.parametrize(("locale", "short"), [("de", "de"), ("en-GB", "en")])
async def test_no_is_said_with_a_reason_in_a_form(gallery: Gallery, locale: str, short: str) -> None:
    klass = await gallery.klass(f"galerie nein {short}")
    ada, teacher = await klass.enter("Ada"), await klass.enter("Frau Sommer", locale)
    for action, state in (("galchange", S.CHANGE), ("galdecline", S.DECLINED)):
        job = await gallery.sent_in(klass, ada, "gallery_send")
        (card,) = await at(teacher, "lehrkraft", job)
        pressed = str(ButtonId(action=action, subject=job.id, index=1))
        form = await teacher.open_form(teacher.press(card, custom_id=pressed))
        answer = await said(teacher.fill_in(form, reason="Bitte **heller**."))
        assert answer["content"].startswith(klass.say(f"gallery.done_{state}", short))
        assert await gallery.state(job) is state
        late: discord.ui.Button[Any] = discord.ui.Button(custom_id=pressed, label="x")
        again = await said(teacher.press(await show(klass, teacher, late), custom_id=pressed))
        assert again["content"] == klass.say("error.gallery_decided", short)
        (card,) = await at(teacher, "lehrkraft", job)
        assert "Bitte \\*\\*heller\\*\\*" in card["content"]


async def test_a_teacher_takes_down_with_a_reason(gallery: Gallery) -> None:
    klass = await gallery.klass("galerie weg")
    ada, teacher = await klass.enter("Ada"), await klass.enter("Frau Sommer")
    job = await gallery.sent_in(klass, ada)
    (card,) = await at(teacher, "lehrkraft", job)
    await said(teacher.press(card, custom_id=str(ButtonId(action="galaccept", subject=job.id, index=1))))
    (work,) = await at(teacher, "galerie", job)
    form = await teacher.open_form(
        teacher.press(work, custom_id=str(ButtonId(action="galdown", subject=job.id)))
    )
    await said(teacher.fill_in(form, reason="Da ist jemand zu erkennen."))
    assert await at(ada, "galerie", job) == []
    assert await gallery.state(job) is S.TAKEN_DOWN


async def test_forged_buttons_of_a_pupil_decide_nothing(gallery: Gallery) -> None:
    klass = await gallery.klass("galerie gefälscht")
    ada, ben = await klass.enter("Ada"), await klass.enter("Ben")
    job = await gallery.sent_in(klass, ada)
    forged = {"galaccept": "not_allowed", "galchange": "not_allowed", "galdecline": "not_allowed",
              "galdown": "not_allowed", "galstar": "gallery_gone", "galnamed": "gallery_not_yours",
              "gallery": "gallery_not_yours"}  # fmt: skip
    for action, code in forged.items():
        custom_id = str(ButtonId(action=action, subject=job.id, index=1))
        button: discord.ui.Button[Any] = discord.ui.Button(custom_id=custom_id, label="x")
        answer = await said(ben.press(await show(klass, ben, button), custom_id=custom_id))
        assert answer["content"] == klass.say(f"error.{code}"), action
    assert await gallery.state(job) is S.WAITING
    assert await at(ben, "galerie", job) == []


@pytest.mark.parametrize("place", ["galerie", "ausstellung"])
async def test_what_a_crash_left_unnoted_is_found_and_not_sent_twice(gallery: Gallery, place: str) -> None:
    klass = await gallery.klass(f"galerie absturz {place}", gallery=place)
    ada, teacher = await klass.enter("Ada"), await klass.enter("Frau Sommer")
    job = await gallery.sent_in(klass, ada)
    (card,) = await at(teacher, "lehrkraft", job)
    await said(teacher.press(card, custom_id=str(ButtonId(action="galaccept", subject=job.id, index=1))))
    entry = await gallery.hall.entries.get(job.id)
    assert entry is not None
    hung = next(
        one for one in await gallery.hall.entries.messages(job.id) if one.place is GalleryPlace.GALLERY
    )
    assert (hung.channel == hung.message) is (place == "ausstellung"), (
        "a forum's post begins with its message"
    )
    channel = gallery.places.known[klass.guild_id]["gallery"]
    post = await gallery.hall.approval.of(job)
    again = await gallery.wall.hang(post.map(lambda value: Work(post=value, entry=entry)), channel)
    assert again.message == hung
    planned = GalleryMessage(job=job.id, place=hung.place, round=1, channel=channel, message=None)
    assert await gallery.wall.remove(planned, entry) == TakenBack(deleted=1)
    assert await gallery.wall.remove(planned, entry) == TakenBack()
    assert await gallery.wall.remove(hung, entry) == TakenBack()


async def test_the_commands_list_works_and_hand_out_ones_own(gallery: Gallery) -> None:
    klass = await gallery.klass("galerie liste")
    ada, ben, teacher = await klass.enter("Ada"), await klass.enter("Ben"), await klass.enter("Frau Sommer")
    job = await gallery.sent_in(klass, ada)
    empty = await said(ben.command("galerie"))
    assert empty["content"] == klass.say("gallery.nothing")
    assert job.id in (await said(ada.command("galerie", welche="mine")))["content"]
    assert job.id in (await said(teacher.command("galerie", welche="waiting")))["content"]
    refused = await said(ben.command("galerie", welche="waiting"))
    assert refused["content"] == klass.say("error.not_allowed")
    (card,) = await at(teacher, "lehrkraft", job)
    await said(teacher.press(card, custom_id=str(ButtonId(action="galaccept", subject=job.id, index=1))))
    found = await said(ben.command("galerie", art="image", person="Ada", reihenfolge="stars"))
    assert job.id in found["content"]
    assert f"https://discord.com/channels/{klass.guild_id}/" in found["content"]
    assert (await said(ben.command("galerie", art="music")))["content"] == klass.say("gallery.nothing")

    sent = await ada.command("meine-werke")
    (attached,) = [file for one in sent for file in one["attachments"]]
    data = await ada.download(attached)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert f"image-{job.id}/recipe.json" in archive.namelist()


async def standing(gallery: Gallery, klass: Class, place: str) -> list[Any]:
    """What stands in the gallery, as Discord has it: the beginnings of a forum's posts, or messages."""
    guild: Any = gallery.school.bot.get_guild(int(klass.guild_id))
    channel = next(one for one in await guild.fetch_channels() if one.name == place)
    if isinstance(channel, discord.ForumChannel):
        posts = [one for one in await guild.active_threads() if one.parent_id == channel.id]
        return [one for post in posts async for one in post.history(limit=5)]
    return [one async for one in channel.history(limit=50)]


FAULTS: list[tuple[dict[str, Any], bool]] = [
    ({"status": 500, "applied": True}, True),
    ({"status": 502}, True),
    ({"close": True, "applied": True}, False),
    ({"close": True}, False),
    ({"status": 429, "retry_after": 0.05}, True),
    ({"status": 403}, False),
    ({"status": 404}, False),
]


@pytest.mark.parametrize("place", ["galerie", "ausstellung"])
@pytest.mark.parametrize(("fault", "at_once"), FAULTS)
async def test_whatever_discord_answers_it_hangs_once_and_goes_whole(
    gallery: Gallery, place: str, fault: dict[str, Any], at_once: bool
) -> None:
    klass = await gallery.klass("galerie fehler", gallery=place)
    ada, teacher = await klass.enter("Ada"), await klass.enter("Frau Sommer")
    job = await gallery.sent_in(klass, ada)
    (card,) = await at(teacher, "lehrkraft", job)
    channel = gallery.places.known[klass.guild_id]["gallery"]
    path = f"/channels/{channel}/{'threads' if place == 'ausstellung' else 'messages'}"
    struck = klass.school.server.faults.add("POST", path, **fault)
    accepted = await said(
        teacher.press(card, custom_id=str(ButtonId(action="galaccept", subject=job.id, index=1)))
    )
    assert struck.hits == 1
    later = {code: klass.say(f"gallery.shown_{code}") for code in ("barred", "away")}
    told = [code for code, sentence in later.items() if sentence in accepted["content"]]
    assert told == ([] if at_once else ["barred" if "status" in fault else "away"])
    await gallery.hall.clearing.purge()
    assert len(await standing(gallery, klass, place)) == 1
    assert await gallery.hall.entries.unfinished() == []
    assert (await gallery.hall.gallery.take_down(job.id, who_of(klass, ada))).taken == TakenBack(deleted=2)
    assert await standing(gallery, klass, place) == []


@pytest.mark.parametrize("place", ["galerie", "ausstellung"])
async def test_what_cannot_be_deleted_at_once_goes_later(gallery: Gallery, place: str) -> None:
    klass = await gallery.klass("galerie bleibt", gallery=place)
    ada, teacher = await klass.enter("Ada"), await klass.enter("Frau Sommer")
    job = await gallery.sent_in(klass, ada)
    (card,) = await at(teacher, "lehrkraft", job)
    await said(teacher.press(card, custom_id=str(ButtonId(action="galaccept", subject=job.id, index=1))))
    klass.school.server.faults.add("DELETE", "/channels/*", close=True, times=99)
    down = str(ButtonId(action="galdown", subject=job.id))
    button: discord.ui.Button[Any] = discord.ui.Button(custom_id=down, label="x")
    told = await said(ada.press(await show(klass, ada, button), custom_id=down))
    sentences = [klass.say(f"gallery.{key}") for key in ("withdrawn_only", "down_away")]
    assert told["content"].splitlines() == sentences, "nothing is said to be deleted that stands"
    assert await gallery.state(job) is S.WITHDRAWN
    klass.school.server.faults.clear()
    await gallery.hall.clearing.purge()
    assert await standing(gallery, klass, place) == []
    assert await at(teacher, "lehrkraft", job) == []


def who_of(klass: Class, visitor: Visitor) -> Requester:
    return Requester(
        person_id=visitor.me["id"], guild_id=klass.guild_id, channel_id="1", locale="de", is_teacher=False
    )


async def test_who_has_made_nothing_is_told_so(gallery: Gallery) -> None:
    klass = await gallery.klass("galerie leer")
    ada = await klass.enter("Ada")
    (told,) = await ada.command("meine-werke")
    assert (told["content"], told["attachments"]) == (klass.say("gallery.own_none"), [])


@pytest.mark.parametrize("place", ["galerie", "ausstellung"])
async def test_what_somebody_deletes_by_hand_is_taken_down(gallery: Gallery, place: str) -> None:
    klass = await gallery.klass("galerie von hand", gallery=place)
    ada, teacher = await klass.enter("Ada"), await klass.enter("Frau Sommer")
    job, other = await gallery.sent_in(klass, ada), await gallery.sent_in(klass, ada)
    for one in (job, other):
        (card,) = await at(teacher, "lehrkraft", one)
        accept = str(ButtonId(action="galaccept", subject=one.id, index=1))
        await said(teacher.press(card, custom_id=accept))
    (hung,) = [
        one for one in await gallery.hall.entries.messages(job.id) if one.place is GalleryPlace.GALLERY
    ]
    await gallery.school.bot.http.delete_message(int(hung.channel), int(str(hung.message)))
    async with asyncio.timeout(PATIENCE_S):
        while await gallery.hall.entries.files(job.id):
            await asyncio.sleep(0.01)
    assert [await gallery.state(one) for one in (job, other)] == [S.TAKEN_DOWN, S.ACCEPTED]
    found = await said(ada.command("galerie", welche="mine"))
    assert klass.say("gallery.state_taken_down") in found["content"]


@pytest.mark.parametrize("whom", ["everybody", "the class"])
async def test_no_card_is_shown_in_a_channel_that_was_opened_to_the_class(
    gallery: Gallery, whom: str
) -> None:
    klass = await gallery.klass(f"galerie offen {whom}")
    ada, teacher = await klass.enter("Ada"), await klass.enter("Frau Sommer")
    server = klass.school.server
    room = next(one for one in server.state.channels_of(klass.guild_id) if one["name"] == "lehrkraft")
    roles = {one["name"]: one["id"] for one in server.state.roles_of(klass.guild_id)}
    opened = klass.guild_id if whom == "everybody" else roles["Klasse"]
    closed = [one for one in room["permission_overwrites"] if one["id"] != opened]
    allow = {"id": opened, "type": 0, "allow": str(1 << 10), "deny": "0"}
    server._world.put("channels", {**room, "permission_overwrites": [*closed, allow]})
    await ada.refresh()
    guild: Any = klass.school.bot.get_guild(int(klass.guild_id))
    async with asyncio.timeout(PATIENCE_S):
        while not guild.get_channel(int(room["id"])).overwrites_for(guild.get_role(int(opened))).view_channel:
            await asyncio.sleep(0.005)
    job = await gallery.posted(klass, ada)
    button = gallery_button(gallery.school.sentences, job.id, "de", row=0)
    question = await said(ada.press(await show(klass, ada, button), custom_id=str(button.custom_id)))
    answer = await said(ada.press(question, label=klass.say("button.gallery_send")))
    assert klass.say("gallery.shown_barred") in answer["content"]
    assert await at(teacher, "lehrkraft", job) == []
    server._world.put("channels", room)
    async with asyncio.timeout(PATIENCE_S):
        while guild.get_channel(int(room["id"])).overwrites_for(guild.get_role(int(opened))).view_channel:
            await asyncio.sleep(0.005)
    await gallery.hall.clearing.purge()
    assert len(await at(teacher, "lehrkraft", job)) == 1
