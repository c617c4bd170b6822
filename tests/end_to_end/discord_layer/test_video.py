"""`/video` and `/video-skript` over real sockets, in both languages: commands, pictures on the way, posts, buttons."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import pytest

from bot.local.visitor import Visitor
from tests.end_to_end.discord_layer.conftest import Class, School
from tests.end_to_end.discord_layer.music_school import (
    PlayingSchool,
    facts,
    has_files,
    labels,
    names,
    played,
    private,
    told,
)
from tests.fakes import Workshop
from tests.fakes_video import VideoWorkshop, video_catalog
from tests.unit.bot.local.openapi import Description
from tests.unit.bot.services.video_room import VideoRoom

SCRIPT = "0: Äpfel in einem Korb\n8: Orangen in einem Korb"


class FilmSchool(PlayingSchool):
    @property
    def studio(self) -> VideoWorkshop:
        return cast("VideoWorkshop", self.room.workers)


def _workers() -> Workshop:
    workers = VideoWorkshop()
    workers.on_start = lambda request: None  # nothing waits for the test
    return workers


@asynccontextmanager
async def film_school(school: School, folder: Path) -> AsyncIterator[FilmSchool]:
    """In place of the school's own bot; what goes over the wire is held against Discord's description."""
    await school.disconnect()
    description = Description.find()
    if description is not None:
        school.server.observe(description.observe)
    made = FilmSchool(school, VideoRoom(folder, catalog=video_catalog(), limit=20), _workers)
    await made.connect()
    try:
        yield made
    finally:
        await made.disconnect()
        await school.restart()
    if description is not None:
        assert description.complaints == []


@pytest.fixture(scope="module")
async def filming(school: School, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[FilmSchool]:
    async with film_school(school, tmp_path_factory.mktemp("filming")) as made:
        yield made


@pytest.fixture
async def klass(filming: FilmSchool, klass: Class) -> Class:
    """Made when the bot with the real services is there."""
    return klass


@pytest.fixture
async def ada(klass: Class) -> Visitor:
    return await klass.enter()


@pytest.fixture
async def ben(klass: Class) -> Visitor:
    return await klass.enter("Ben", "en-GB")


def job_of(post: Any) -> str:
    return str(post["embeds"][0]["footer"]["text"].rsplit(" ", 1)[-1])


def is_video(message: Any) -> bool:
    return any(name.endswith(".mp4") for name in names(message))


async def seen_by(visitor: Visitor, post: Any) -> Any:
    return await visitor.wait_for_message(lambda one: one["id"] == post["id"] and has_files(one))


async def test_a_video_is_a_post_with_its_file_and_a_picture(
    klass: Class, ada: Visitor, ben: Visitor
) -> None:
    post = await played(
        ada,
        "video",
        prompt1="ein rotes Haus",
        prompt2="ein blaues Haus",
        laenge=2,
        fps=6,
        seed1="3",
        seed2="4",
    )
    assert names(post) == [f"atelier-{job_of(post)}-video.mp4", f"atelier-{job_of(post)}-poster.png"]
    assert [one["content_type"] for one in post["attachments"]] == ["video/mp4", "image/png"]
    assert all("KI gemacht" in one["description"] for one in post["attachments"])
    assert post["content"] == "Seeds: `3` → `4`"
    assert post["embeds"][0]["title"] == klass.say("video.title_walk")
    assert facts(post)["Bilder"] == "12 (6 pro Sekunde)"
    assert "ein rotes Haus" in told(post)
    assert labels(post) == [["Nochmal", "Neue Seeds"]]
    assert await seen_by(ben, post) == post


async def test_english_pupils_get_english(klass: Class, ben: Visitor) -> None:
    post = await played(ben, "video", prompt1="a red house", prompt2="a blue house", length=1)
    assert post["embeds"][0]["title"] == klass.say("video.title_walk", "en")
    assert facts(post)["Frames"] == "8 (8 per second)"
    assert labels(post) == [["Again", "New seeds"]]


@pytest.mark.parametrize("label", ["Nochmal", "Neue Seeds"])
async def test_once_more(klass: Class, ada: Visitor, ben: Visitor, label: str) -> None:
    post = await played(ada, "video", prompt1="ein Haus", prompt2="ein Baum", laenge=1, seed1="3", seed2="4")
    again = await ben.press(await seen_by(ben, post), label=label).message(is_video)
    assert job_of(again) != job_of(post)
    assert (again["content"] == "Seeds: `3` → `4`") is (label == "Nochmal")


async def test_a_script_comes_in_a_form(klass: Class, ada: Visitor) -> None:
    form = await ada.open_form(ada.command("video-skript"))
    assert form["title"] == klass.say("form.script")
    post = await ada.fill_in(form, lines=SCRIPT, common="Aquarell", seconds="2", seed="5").message(is_video)
    assert post["content"] == "Seed: `5`"
    assert post["embeds"][0]["title"] == klass.say("video.title_script")
    assert "`1 s` Orangen in einem Korb, Aquarell" in told(post)
    form = await ada.open_form(ada.command("video-skript"))
    said = await private(ada.fill_in(form, lines="0: Äpfel\n\nOrangen", seconds="2"))
    assert said["content"] == klass.say("error.script_line", line=3)


async def test_a_song_is_asked_for_first(
    klass: Class, filming: FilmSchool, ada: Visitor, tmp_path: Path
) -> None:
    song = tmp_path / "lied.ogg"
    song.write_bytes(b"a song for a video")
    handle = ada.command("video", prompt1="ein Haus", prompt2="ein Baum", lied=song)
    question = await private(handle)
    assert question["content"] == klass.say("declaration.question", name="lied.ogg")
    post = await ada.press(question, label="Gemeinfrei").message(is_video)
    assert klass.say("video.says_song") in told(post)
    assert klass.say("declaration.public_domain") in told(post)
    assert filming.studio.moved[job_of(post)] == b"clean a song for a video"


async def test_a_refused_frame_is_told_to_its_person_alone(
    klass: Class, filming: FilmSchool, ada: Visitor, ben: Visitor
) -> None:
    filming.studio.flagged = {5}
    try:
        said = await private(ada.command("video", prompt1="ein Haus", prompt2="ein Baum", laenge=1))
    finally:
        filming.studio.flagged = set()
    assert said["content"] == klass.say("error.refused_video_flagged")
    assert not any(is_video(message) for message in ben.seen.values())


async def test_the_ends_are_shown_while_one_waits(
    klass: Class, filming: FilmSchool, ada: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.services.progress._LEAST_SECONDS", -1.0)
    filming.studio.on_start = lambda request: (
        filming.studio.held.add(request.job) if request.task == "video" else None
    )
    try:
        handle = ada.command("video", prompt1="ein Haus", prompt2="ein Baum", laenge=2)
        waiting = await handle.message(has_files)
        assert klass.say("status.frames", done=2, total=16) in waiting["content"]
        assert klass.say("status.ends") in waiting["content"]
        assert [name.rsplit("-", 1)[-1] for name in names(waiting)] == ["first.png", "last.png"]
        assert labels(waiting) == [[klass.say("button.cancel")]]
    finally:
        filming.studio.on_start = lambda request: None
        for job in list(filming.studio.held):
            filming.studio.release(job)
    post = await handle.message(is_video)
    assert post["id"] == waiting["id"]
    assert len(names(post)) == 2
