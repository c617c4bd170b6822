"""Why may this file be used? The private question that an upload asks once, and what its four buttons do."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.local.errors import Json
from bot.local.visitor import Handle, Visitor
from tests.end_to_end.discord_layer.conftest import Class, School
from tests.end_to_end.discord_layer.music_school import (
    EPHEMERAL,
    PlayingSchool,
    forged,
    has_files,
    labels,
    names,
    played,
    playing_school,
    private,
    told,
)
from tests.fakes import until

PROMPT = "fröhlich und schnell"


@pytest.fixture(scope="module")
async def playing(school: School, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[PlayingSchool]:
    async with playing_school(school, tmp_path_factory.mktemp("declaring")) as made:
        yield made


@pytest.fixture
async def klass(playing: PlayingSchool, klass: Class) -> Class:
    """Made when the bot with the real services is there."""
    return klass


@pytest.fixture
async def ada(klass: Class) -> Visitor:
    return await klass.enter()


@pytest.fixture
async def ben(klass: Class) -> Visitor:
    return await klass.enter("Ben", "en-GB")


@pytest.fixture
def melody(tmp_path: Path) -> Path:
    file = tmp_path / "entchen.ogg"
    file.write_bytes(b"a melody")
    return file


async def asked(visitor: Visitor, melody: Path, **options: Any) -> Json:
    """The question that the upload asks."""
    given = {"prompt": PROMPT, "melodie": melody, **options}
    return await question_of(visitor.command("musik", **given))


async def question_of(handle: Handle) -> Json:
    return await handle.message(lambda one: bool(one["flags"] & EPHEMERAL and one["components"]))


def button_id(message: Json, label: str) -> str:
    (found,) = (
        one["custom_id"]
        for row in message["components"]
        for one in row["components"]
        if one["label"] == label
    )
    return str(found)


async def test_an_upload_asks_privately_and_nothing_is_queued(
    klass: Class, playing: PlayingSchool, ada: Visitor, ben: Visitor, melody: Path
) -> None:
    question = await asked(ada, melody)
    assert question["content"] == klass.say("declaration.question", name="entchen.ogg")
    assert labels(question) == [["Selbst gemacht", "Gemeinfrei", "Mit Erlaubnis"], ["Abbrechen"]]
    assert question["flags"] & EPHEMERAL
    assert [one for one in playing.band.requests if one.task == "music"] == []
    # the public "thinking" is gone for everybody, the question was never there for others
    await until(lambda: not ben.seen)
    assert list(ada.seen) == [question["id"]]


@pytest.mark.parametrize("code", ["own", "public_domain", "permission"])
async def test_a_declaration_starts_the_job_for_all_to_see(
    klass: Class, playing: PlayingSchool, ada: Visitor, ben: Visitor, melody: Path, code: str
) -> None:
    melody.write_bytes(code.encode())  # a file of its own for each
    question = await asked(ada, melody, seed="7")
    label = klass.say(f"declaration.{code}")
    post = await ada.press(question, label=label).message(has_files)
    assert klass.say("audio.declared", said=label) in told(post)
    assert klass.say("audio.follows") in told(post)
    assert post["content"] == "Seed: `7`"
    assert playing.asked().params["melody"].endswith(".wav")
    assert "declaration" not in playing.asked().params
    assert await ben.wait_for_message(lambda one: one["id"] == post["id"] and has_files(one))

    thanks = klass.say("declaration.thanks", said=label)
    closed = await ada.wait_for_message(lambda one: one["id"] == question["id"] and one["content"] == thanks)
    assert closed["components"] == []
    assert question["id"] not in ben.seen

    # the second time there is no question, and the post says the same
    again = await played(ada, "musik", prompt=PROMPT, melodie=melody)
    assert klass.say("audio.declared", said=label) in told(again)


async def test_english_people_are_asked_in_english(klass: Class, ben: Visitor, melody: Path) -> None:
    question = await question_of(ben.command("music", prompt="happy", melody=melody))
    assert question["content"] == klass.say("declaration.question", "en", name="entchen.ogg")
    post = await ben.press(question, label="Public domain").message(has_files)
    assert "Said about the uploaded file: Public domain" in told(post)


async def test_cancelling_deletes_the_file(
    klass: Class, playing: PlayingSchool, ada: Visitor, melody: Path
) -> None:
    melody.write_bytes(b"another one")
    before = playing.stage.uploaded()
    question = await asked(ada, melody)
    assert len(playing.stage.uploaded()) == len(before) + 1
    handle = ada.press(question, label="Abbrechen")
    await handle
    deleted = await ada.wait_for_message(
        lambda one: one["id"] == question["id"] and one["content"] == klass.say("declaration.deleted")
    )
    assert deleted["components"] == []
    assert playing.stage.uploaded() == before


async def test_another_person_can_neither_declare_nor_cancel(
    klass: Class, playing: PlayingSchool, ada: Visitor, ben: Visitor, melody: Path
) -> None:
    melody.write_bytes(b"only ada's")
    question = await asked(ada, melody)
    before = len(playing.band.requests)
    for label in ("Selbst gemacht", "Abbrechen"):
        message = await forged(klass, ben, button_id(question, label))
        said = await private(ben.press(message, label="x"))
        assert said["content"] in {klass.say("error.upload_gone", "en"), klass.say("error.not_allowed", "en")}
        assert said["id"] not in ada.seen
    assert len(playing.band.requests) == before
    # and the question is still open for its person
    assert has_files(await ada.press(question, label="Mit Erlaubnis").message(has_files))


async def test_a_question_survives_a_restart_and_is_answered_once(
    klass: Class, playing: PlayingSchool, ada: Visitor, melody: Path
) -> None:
    melody.write_bytes(b"before the restart")
    question = await asked(ada, melody)
    custom_id = button_id(question, "Selbst gemacht")
    await playing.restart()
    assert has_files(await ada.press(question, label="Selbst gemacht").message(has_files))
    message = await forged(klass, ada, custom_id)
    said = await private(ada.press(message, label="x"))
    assert said["content"] == klass.say("error.upload_gone")


async def test_a_song_is_continued_after_the_question(
    klass: Class, playing: PlayingSchool, ada: Visitor, melody: Path
) -> None:
    melody.write_bytes(b"a song")
    handle = ada.command("musik-weiter", datei=melody, prompt=PROMPT, laenge=6)
    post = await ada.press(await question_of(handle), label="Selbst gemacht").message(has_files)
    assert post["embeds"][0]["title"] == "3 Fortsetzungen"
    assert playing.asked().params["prior"].endswith(".wav")
    assert klass.say("audio.says_music_further") in told(post)


async def test_a_midi_file_is_continued_after_the_question(
    klass: Class, playing: PlayingSchool, ada: Visitor, tmp_path: Path
) -> None:
    midi = tmp_path / "anfang.mid"
    midi.write_bytes(b"MThd")
    question = await question_of(ada.command("noten", datei=midi, anzahl=2))
    assert klass.say("declaration.question", name="anfang.mid") == question["content"]
    post = await ada.press(question, label="Gemeinfrei").message(has_files)
    assert [name.rsplit(".", 1)[-1] for name in names(post)] == ["png", "ogg", "ogg", "mid", "mid"]
    assert len(playing.asked("notes").params["melody"]) == 2
    assert klass.say("audio.declared", said="Gemeinfrei") in told(post)


async def test_others_cannot_repeat_what_needs_somebodys_file(
    klass: Class, playing: PlayingSchool, ada: Visitor, ben: Visitor, melody: Path
) -> None:
    melody.write_bytes(b"ada's own voice")
    question = await asked(ada, melody)
    post = await ada.press(question, label="Selbst gemacht").message(has_files)
    seen = await ben.wait_for_message(lambda one: one["id"] == post["id"] and has_files(one))
    said = await private(ben.press(seen, label="Nochmal"))
    assert said["content"] == klass.say("error.upload_of_other", "en")
    assert has_files(await ada.press(post, label="Nochmal").message(has_files))


@pytest.mark.parametrize(
    ("content", "key"),
    [(b"broken", "audio_broken"), (b"long", "audio_long"), (b"odd", "upload_broken")],
)
async def test_a_file_that_is_no_melody_gets_one_private_sentence(
    klass: Class, ada: Visitor, ben: Visitor, melody: Path, content: bytes, key: str
) -> None:
    melody.write_bytes(content)
    said = await private(ada.command("musik", prompt=PROMPT, melodie=melody))
    assert said["content"] == klass.say(f"error.{key}", limit=60)
    assert said["components"] == []
    await until(lambda: not ben.seen)


async def test_a_forbidden_prompt_is_refused_before_the_file_is_looked_at(
    klass: Class, playing: PlayingSchool, ada: Visitor, melody: Path
) -> None:
    melody.write_bytes(b"never read")
    probes = [one for one in playing.band.requests if one.task == "probe_audio"]
    said = await private(ada.command("musik", prompt="pornografie", melodie=melody))
    assert said["content"] == klass.say("error.refused_sexual")
    assert [one for one in playing.band.requests if one.task == "probe_audio"] == probes
