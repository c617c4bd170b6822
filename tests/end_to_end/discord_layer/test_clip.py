"""`/clip` and `/kette` over real sockets, in both languages: lists, posts, buttons, what is said when it cannot be."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.local.visitor import Visitor
from tests.end_to_end.discord_layer.conftest import Class, School
from tests.end_to_end.discord_layer.music_school import PlayingSchool, labels, names, played, private, told
from tests.end_to_end.discord_layer.test_video import job_of
from tests.fakes import Workshop
from tests.fakes_clip import ClipWorkshop, clip_catalog
from tests.unit.bot.local.openapi import Description
from tests.unit.bot.services.clip_room import TEXT
from tests.unit.bot.services.conftest import Room


def _workers() -> Workshop:
    workers = ClipWorkshop(write=lambda _: TEXT)
    workers.on_start = lambda request: None  # nothing waits for the test
    return workers


@pytest.fixture(scope="module")
async def cutting(school: School, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[PlayingSchool]:
    """In place of the school's own bot; what goes over the wire is held against Discord's description."""
    await school.disconnect()
    description = Description.find()
    if description is not None:
        school.server.observe(description.observe)
    room = Room(tmp_path_factory.mktemp("cutting"), catalog=clip_catalog(), limit=20)
    made = PlayingSchool(school, room, _workers)
    await made.connect()
    room.desk.chain.open()
    try:
        yield made
    finally:
        await made.disconnect()
        await school.restart()
    if description is not None:
        assert description.complaints == []


@pytest.fixture
async def klass(cutting: PlayingSchool, klass: Class) -> Class:
    """Made when the bot with the real services is there."""
    return klass


@pytest.fixture
async def ada(klass: Class) -> Visitor:
    return await klass.enter()


@pytest.fixture
async def ben(klass: Class) -> Visitor:
    return await klass.enter("Ben", "en-GB")


async def offered_to(visitor: Visitor, option: str, value: str = "") -> list[Any]:
    """What the list offers, as soon as a post that was just seen is noted down."""
    async with asyncio.timeout(5):
        while not (found := await visitor.autocomplete("clip", option, value)):
            await asyncio.sleep(0.01)
    return found


async def test_a_piece_is_chosen_from_the_lists_of_the_class(
    klass: Class, ada: Visitor, ben: Visitor
) -> None:
    picture = await played(ada, "bild", prompt="ein Fuchs", anzahl=2, seed="7")
    music = await played(ada, "musik", prompt="fröhlich", seed="5")
    speech = await played(ada, "stimme", text=TEXT, seed="3")
    offered = await offered_to(ada, "bild1", "fuchs")
    assert [(one["name"], one["value"]) for one in offered] == [
        ("Bild 1: ein Fuchs · Seed 7", f"{job_of(picture)}:1"),
        ("Bild 2: ein Fuchs · Seed 8", f"{job_of(picture)}:2"),
    ]
    (heard,) = await offered_to(ada, "stimme")
    assert heard["value"] == f"{job_of(speech)}:1"
    assert [one["name"] for one in await ben.autocomplete("clip", "subtitles")] == [
        "in the picture", "to switch on"
    ]  # fmt: skip
    (tune,) = await offered_to(ada, "musik")
    assert tune["value"] == f"{job_of(music)}:1"
    post = await played(
        ada,
        "clip",
        bild1=offered[1]["value"],
        musik=tune["value"],
        stimme=heard["value"],
        untertitel="zum Einschalten",
        titel="Der Fuchs",
    )
    stem = f"atelier-{job_of(post)}"
    assert names(post) == [f"{stem}-video.mp4", f"{stem}-poster.png", f"{stem}-subtitles.srt"]
    assert post["embeds"][0]["title"] == "Der Fuchs"
    for line in ("Bild: Mini · Seed 8", "Musik: Mini-Music · Seed 5", "KI-Stimme: eSpeak NG · Seed 3", TEXT):
        assert line in told(post)
    assert labels(post) == [["Nochmal", "Andere Untertitel"]]
    again = await ada.press(post, label="Andere Untertitel").message(lambda one: len(names(one)) == 3)
    assert job_of(again) != job_of(post)
    fields = {one["name"]: one["value"] for one in again["embeds"][0]["fields"]}
    assert fields["Untertitel"] == "im Bild"


async def test_what_cannot_be_is_said_in_private(klass: Class, ben: Visitor) -> None:
    said = await private(ben.command("clip", title="empty"))
    assert said["content"] == klass.say("error.clip_empty", "en")
    said = await private(ben.command("clip", picture1="no such thing!"))
    assert said["content"] == klass.say("error.clip_reference", "en")
    said = await private(ben.command("chain", theme="a fox", voice="0123456789abcdef"))
    assert said["content"] == klass.say("error.refused_voice_unknown", "en")


async def test_a_chain_posts_each_step(klass: Class, ben: Visitor) -> None:
    voices = await ben.autocomplete("chain", "voice")
    assert voices[0]["value"] == "nobody"
    before = {one["id"] for one in await ben.messages()}
    first = ben.command("chain", theme="a fox", seed="40", subtitles="track")
    assert TEXT in told(await first.message(lambda one: bool(one["embeds"])))

    async def new() -> list[Any]:
        return [one for one in await ben.messages() if one["id"] not in before]

    async with asyncio.timeout(20):
        while not any(name.endswith(".mp4") for post in await new() for name in names(post)):
            await asyncio.sleep(0.05)
    posts = await new()
    assert len(posts) == 5
    piece = next(one for one in posts if any(name.endswith(".mp4") for name in names(one)))
    assert piece["embeds"][0]["title"] == "a fox"
    assert "Pictures: Mini · seeds 41, 42, 43, 44" in told(piece)
