"""The teachers' cards over real sockets: sent where only they look, found again, changed once it is decided."""

from __future__ import annotations

import time
from dataclasses import replace

import discord
import pytest

from bot.care_board import DiscordCareBoard
from bot.services.care_ports import Waiting
from bot.services.ports import NotDelivered
from data.care_cards import CardKind, CareCard
from tests.end_to_end.discord_layer.conftest import Class

ROOM = "lehrkraft"


def card_of(klass: Class, kind: CardKind = CardKind.QUESTION) -> CareCard:
    channels = {
        str(one["name"]): str(one["id"]) for one in klass.school.server.state.channels_of(klass.guild_id)
    }
    return CareCard(
        kind=kind, job="job0000001", guild=klass.guild_id, marker="job0000001", channel=channels[ROOM]
    )


@pytest.mark.parametrize("kind", list(CardKind))
async def test_a_card_is_seen_by_teachers_found_and_settled(klass: Class, kind: CardKind) -> None:
    board = DiscordCareBoard(client=klass.school.bot, sentences=klass.school.sentences)
    teacher, ada = await klass.enter("Frau Sommer"), await klass.enter("Ada")
    card = card_of(klass, kind)
    code = {CardKind.REPORT: "hurtful", CardKind.QUESTION: "violence"}[kind]
    assert await board.find(card) is None
    sent = await board.put(card, Waiting(marker=card.marker, code=code, since=time.time()))
    seen = await teacher.wait_for_message(lambda one: one["id"] == sent, channel=ROOM)
    word = {CardKind.REPORT: "reason.hurtful", CardKind.QUESTION: "category.violence"}[kind]
    assert klass.say(word) in seen["content"]
    action = {CardKind.REPORT: "repsee", CardKind.QUESTION: "appsee"}[kind]
    (button,) = seen["components"][0]["components"]
    assert button["custom_id"] == f"ka:{action}:{card.marker}"
    await ada.refresh()
    assert sent not in ada.seen
    assert await board.find(card) == sent
    assert await board.find(replace(card, marker="job0000002")) is None
    await board.settle(card, sent)
    done = klass.say(f"care.card_{kind}_done")
    settled = await teacher.wait_for_message(lambda one: one["content"] == done, channel=ROOM)
    assert settled["id"] == sent
    assert not settled["components"]


async def test_what_is_out_of_reach_is_said(klass: Class) -> None:
    board = DiscordCareBoard(client=klass.school.bot, sentences=klass.school.sentences)
    card, waiting = card_of(klass), Waiting(marker="job0000001", code="hate", since=time.time())
    gone = replace(card, channel="1")
    with pytest.raises(NotDelivered):
        await board.put(gone, waiting)
    with pytest.raises(NotDelivered):
        await board.put(replace(card, channel="no channel"), waiting)
    assert await board.find(gone) is None
    await board.settle(card, "1")
    await board.settle(gone, "1")


async def test_before_the_bot_has_logged_in_nothing_is_sent(klass: Class) -> None:
    nobody = discord.Client(intents=discord.Intents.none())
    board = DiscordCareBoard(client=nobody, sentences=klass.school.sentences)
    waiting = Waiting(marker="job0000001", code="hate", since=time.time())
    with pytest.raises(NotDelivered):
        await board.put(card_of(klass), waiting)
    with pytest.raises(NotDelivered):
        await board.find(card_of(klass))
