"""A recording in a direct message passes the same gates as a command in the class."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import discord
import pytest

from bot.i18n import Sentences
from bot.services.ports import Requester
from bot.voice_messages import VoiceMessages
from generation.errors import AtelierError, NotAllowed

SENTENCES = Sentences.load(strict=True)


@dataclass
class Desk:
    """Somebody is reading their words for class 7; `shut` is what stands before it."""

    shut: dict[str, AtelierError] = field(default_factory=dict)
    taken: list[str] = field(default_factory=list)

    @property
    def enrol(self) -> Desk:
        return self

    setup = care = blocks = enrol

    def language_of(self, person: str) -> str:
        return "de"

    async def reading(self, guilds: object, person: str) -> SimpleNamespace:
        return SimpleNamespace(id="voice", guild="7")

    async def demand(self, guild: str) -> None:
        assert guild == "7"
        self._raise("setup")

    async def demand_free(self, who: Requester) -> None:
        assert (who.guild_id, who.person_id) == ("7", "5")
        self._raise("blocks")

    async def take_phrase(self, voice: str, upload: object, who: Requester) -> None:
        self.taken.append(voice)
        raise NotAllowed("only_in_class")  # what follows is tried elsewhere

    def _raise(self, gate: str) -> None:
        if gate in self.shut:
            raise self.shut[gate]


class Channel:
    id = 3

    def __init__(self) -> None:
        self.said: list[str] = []

    async def send(self, text: str, *, allowed_mentions: discord.AllowedMentions) -> None:
        self.said.append(text)


async def answered(desk: Desk) -> list[str]:
    async def nobody(_: int) -> SimpleNamespace:
        return SimpleNamespace(roles=[])

    channel = Channel()
    file = SimpleNamespace(filename="a.ogg", size=9, read=None)
    message = SimpleNamespace(
        guild=None, channel=channel, author=SimpleNamespace(bot=False, id=5), attachments=[file]
    )
    guild = SimpleNamespace(id=7, preferred_locale="de", fetch_member=nobody)
    messages = VoiceMessages(desk=cast("Any", desk), sentences=SENTENCES, teacher_role="Lehrkraft")
    await messages.answer(cast("Any", message), [cast("Any", guild)])
    return channel.said


@pytest.mark.parametrize(
    ("gate", "error"),
    [("setup", NotAllowed("setup_missing")), ("blocks", NotAllowed("blocked", until=1_800_000_000))],
)
async def test_nothing_is_taken_from_who_is_blocked_or_before_the_school_has_stated_anything(
    gate: str, error: AtelierError
) -> None:
    desk = Desk(shut={gate: error})
    assert await answered(desk) == [SENTENCES.of_error(error.code, "de", error.values)]
    assert desk.taken == []


async def test_otherwise_it_is_taken() -> None:
    desk = Desk()
    assert await answered(desk) == [SENTENCES.text("error.only_in_class", "de")]
    assert desk.taken == ["voice"]
