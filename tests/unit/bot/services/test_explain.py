"""The context menu: somebody's message goes the way of every prompt, and its explanation is for one person."""

from __future__ import annotations

import pytest

from bot.services.ports import ChatRequest
from generation.errors import InvalidInput, NotFound, Refused
from generation.job import JobState
from generation.text_params import TEXT_LIMIT
from tests.unit.bot.services.conftest import ADDRESS, ANNA, BEN, SENTENCES
from tests.unit.bot.services.test_chat import FORBIDDEN, ChatRoom, at, room

__all__ = ["room"]


async def test_a_message_is_explained_to_one_person(room: ChatRoom) -> None:
    ticket = await room.desk.explain.explain("Photosynthese macht Zucker.", BEN, ADDRESS)
    job = await room.end(ticket)
    assert job.state is JobState.POSTED
    assert job.params["private"] is True
    asked = SENTENCES.text("instruction.explain", "en", prompt="Photosynthese macht Zucker.")
    assert room.writers.read(job.id)[-1] == ("user", asked)
    # nobody else can have it made again for all to see
    with pytest.raises(NotFound, match="job_gone"):
        await room.desk.write.again(job.id, ANNA, None, new_seed=False)


async def test_an_answer_of_a_conversation_is_not_made_again_outside(room: ChatRoom) -> None:
    opening = await room.desk.chat.prepare(ChatRequest(), ANNA)
    await room.desk.chat.open(opening, ANNA, "thread")
    job = await room.end(await room.desk.chat.ask("geheim", at("thread"), None))
    with pytest.raises(NotFound, match="job_gone"):
        await room.desk.write.again(job.id, BEN, None, new_seed=True)


async def test_what_is_chosen_is_checked_before_the_model_reads_it(room: ChatRoom) -> None:
    with pytest.raises(Refused, match="refused_sexual"):
        await room.desk.explain.explain(FORBIDDEN, ANNA, ADDRESS)
    assert room.writers.requests == []


async def test_the_explanation_is_checked_before_it_is_shown(room: ChatRoom) -> None:
    room.writers.write = lambda request: "Das ist Pornografie."
    job = await room.end(await room.desk.explain.explain("Was ist das?", ANNA, ADDRESS))
    assert job.state is JobState.REFUSED
    assert room.texts.texts == {}
    ((_, code, _, private),) = room.texts.told
    assert code.startswith("refused_")
    assert private


@pytest.mark.parametrize("text", ["", "  \n ", "\u200b", "\x07"])
async def test_a_message_without_text(room: ChatRoom, text: str) -> None:
    with pytest.raises(InvalidInput, match="nothing_to_explain"):
        await room.desk.explain.explain(text, ANNA, ADDRESS)


async def test_a_long_message_is_cut_and_says_so(room: ChatRoom) -> None:
    job = await room.end(await room.desk.explain.explain("Haus \x07" * 2000, ANNA, ADDRESS))
    assert job.notices == ("prompt_cut",)
    assert len(job.params["prompt"]) <= TEXT_LIMIT
