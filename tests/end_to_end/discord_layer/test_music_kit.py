"""`/musik-baukasten` over real sockets: seen by one person; its buttons take what stands in the message."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import discord
import pytest

from bot.local.errors import Json
from bot.local.visitor import Visitor
from bot.services.music_kit import FREE_LIMIT
from tests.end_to_end.discord_layer.conftest import Class, School
from tests.end_to_end.discord_layer.music_school import (
    EPHEMERAL,
    PlayingSchool,
    facts,
    has_files,
    labels,
    playing_school,
    private,
)


@pytest.fixture(scope="module")
async def playing(school: School, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[PlayingSchool]:
    async with playing_school(school, tmp_path_factory.mktemp("building")) as made:
        yield made


@pytest.fixture
async def klass(playing: PlayingSchool, klass: Class) -> Class:
    """Made when the bot with the real services is there."""
    return klass


async def suggested(visitor: Visitor, **options: Any) -> Json:
    name = "musik-baukasten" if visitor.me["locale"] == "de" else "music-kit"
    return await visitor.command(name, **options).message(lambda one: bool(one["embeds"]))


def prompt_in(message: Json) -> str:
    return message["embeds"][0]["fields"][-1]["value"].removeprefix("```\n").removesuffix("\n```")


async def test_the_words_are_shown_to_one_person_alone(klass: Class) -> None:
    ada, ben = await klass.enter(), await klass.enter("Ben")
    message = await suggested(
        ada, genre="Reggae", stimmung="fröhlich", tempo="schnell", instrumente="E-Gitarre, Orgel und Ukulele"
    )
    assert message["flags"] & EPHEMERAL
    assert message["id"] not in ben.seen
    assert facts(message) == {
        "Genre": "`Reggae`",
        "Stimmung": "`fröhlich`",
        "Tempo": "`schnell`",
        "Instrumente": "`E-Gitarre, Orgel, Ukulele`",
        "Dein Prompt": f"```\n{prompt_in(message)}\n```",
    }
    words = prompt_in(message)
    assert words.startswith("happy")
    assert all(part in words for part in ("reggae", "fast tempo", "electric guitar, organ and Ukulele"))
    assert labels(message) == [["So machen", "Anderer Vorschlag"]]


@pytest.mark.parametrize("restart", [False, True])
async def test_make_it_makes_exactly_this(klass: Class, playing: PlayingSchool, *, restart: bool) -> None:
    ada, ben = await klass.enter(), await klass.enter("Ben")
    message = await suggested(ada, genre="Jazz")
    if restart:
        await playing.restart()
    post = await ada.press(message, label="So machen").message(has_files)
    assert playing.asked().params["prompt"] == prompt_in(message)
    assert await ben.wait_for_message(lambda one: one["id"] == post["id"] and has_files(one))


async def test_another_suggestion_keeps_what_was_asked(klass: Class) -> None:
    ben = await klass.enter("Ben", "en-US")
    message = await suggested(ben, mood="sad", instruments="flute, harp")
    seen = {prompt_in(message)}
    for _ in range(4):
        before, since = prompt_in(message), len(ben.events)
        await ben.press(message, label="Another suggestion")
        message = await ben.wait_for_message(lambda one: bool(one["embeds"]), since=since)
        assert prompt_in(message) != before
        assert facts(message)["Mood"] == "`sad`"
        assert facts(message)["Instruments"] == "`flute, harp`"
        assert facts(message)["Genre"].startswith("🎲")
        assert facts(message)["Tempo"] == "🎲 `slow`"
        assert prompt_in(message).startswith("sad")
        seen.add(prompt_in(message))
    assert len(seen) > 2
    assert message["flags"] & EPHEMERAL


async def test_everything_may_be_left_open(klass: Class) -> None:
    message = await suggested(await klass.enter())
    assert klass.say("kit.small") in message["embeds"][0]["description"]
    assert all(value.startswith("🎲") for name, value in facts(message).items() if name != "Dein Prompt")


async def test_what_is_offered_speaks_the_persons_language(klass: Class) -> None:
    ada, ben = await klass.enter(), await klass.enter("Ben", "en-GB")
    assert [one["value"] for one in await ada.autocomplete("musik-baukasten", "tempo", "")] == [
        "langsam",
        "mittel",
        "schnell",
    ]
    assert [one["value"] for one in await ben.autocomplete("music-kit", "mood", "hap")] == ["happy"]
    offered = await ada.autocomplete("musik-baukasten", "instrumente", "Klavier, gei")
    assert [one["value"] for one in offered] == ["Klavier, Geige"]
    assert len(await ada.autocomplete("musik-baukasten", "genre", "")) == 17


async def test_too_many_own_words_get_a_sentence(klass: Class) -> None:
    said = await private((await klass.enter()).command("musik-baukasten", genre="x" * (FREE_LIMIT + 1)))
    assert said["content"] == klass.say("error.kit_long", limit=FREE_LIMIT)


async def test_own_words_neither_break_the_frame_nor_pass_unchecked(
    klass: Class, playing: PlayingSchool
) -> None:
    ada = await klass.enter()
    message = await suggested(ada, genre="``` @everyone `x`", stimmung="pornografie")
    assert "`" not in prompt_in(message)
    assert not message["mention_everyone"]
    before = len(playing.band.requests)
    said = await private(ada.press(message, label="So machen"))
    assert said["content"] == klass.say("error.refused_sexual")
    assert len(playing.band.requests) == before


@pytest.mark.parametrize("action", ["kitmake", "kitother"])
async def test_a_button_under_another_message_finds_no_prompt(
    klass: Class, playing: PlayingSchool, action: str
) -> None:
    ada = await klass.enter()
    channel: Any = klass.school.bot.get_channel(int(ada.channel_id("atelier")))
    view = discord.ui.View(timeout=None)
    view.add_item(discord.ui.Button(label="x", custom_id=f"ka:{action}:prompt"))
    view.stop()
    embed = discord.Embed().add_field(name=klass.say("kit.prompt"), value="no frame")
    sent = await channel.send("?", view=view, embed=embed)
    message = await ada.wait_for_message(lambda one: one["id"] == str(sent.id))
    said = await private(ada.press(message, label="x"))
    assert said["content"] == klass.say("error.button_unknown")
