"""Conversations on the real wiring: memory, one answer at a time, and nothing from one thread in another."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.services.chat import DROPPED_AT_ONCE, MEMORY_CHARACTERS, MEMORY_TURNS, OPEN_LIMIT, remembered
from bot.services.lesson_rules import LessonRequest, TaskRequest
from bot.services.ports import ChatRequest, ReplyAddress, Requester, TextRequest
from data.conversations import Conversation, Conversations, Turn
from generation.errors import AtelierError, InvalidInput, LimitReached, NotAllowed, NotFound, Refused
from generation.job import Job, JobState
from tests.chat_counts import count_leaks
from tests.fakes import AWAY, Fault, until
from tests.fakes_text import TextDiscord, TextWorkshop, echo, text_catalog
from tests.unit.bot.services.conftest import ANNA, BEN, SENTENCES, STRANGER, TEACHER, Room

FORBIDDEN = "erzähl mir etwas über pornografie"


@dataclasses.dataclass
class ChatRoom(Room):
    async def restart(self) -> None:
        await self.close()
        self.workers = TextWorkshop()
        await self.open()
        await self.atelier.recovery.run()

    @property
    def writers(self) -> TextWorkshop:
        return cast("TextWorkshop", self.workers)

    @property
    def texts(self) -> TextDiscord:
        return cast("TextDiscord", self.discord)

    @property
    def memory(self) -> Conversations:
        return Conversations(self.database)

    async def talk(self, thread: str = "thread", who: Requester = ANNA, **request: object) -> Conversation:
        opening = await self.desk.chat.prepare(ChatRequest(**request), who)  # type: ignore[arg-type]
        return await self.desk.chat.open(opening, who, thread)

    async def ask(  # type: ignore[override]
        self, question: str, who: Requester = ANNA, *, thread: str = "thread", address: str | None = None
    ) -> Job:
        """A question and what has become of it."""
        ticket = await self.desk.chat.ask(
            question, at(thread, who), None if address is None else ReplyAddress(address)
        )
        return await self.end(ticket)


def at(thread: str, who: Requester = ANNA) -> Requester:
    return dataclasses.replace(who, channel_id=thread)


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[ChatRoom]:
    opened = ChatRoom(tmp_path, catalog=text_catalog(), discord=TextDiscord(), workers=TextWorkshop())
    await opened.open()
    try:
        yield opened
    finally:
        await opened.close()


# Going on


async def test_a_conversation_remembers_its_thread(room: ChatRoom) -> None:
    room.writers.write = lambda request: f"Antwort auf {request.params['prompt']}"
    talk = await room.talk(temperature=0.2)
    first, second = await room.ask("Wer bist du?"), await room.ask("Und ich?", BEN)
    assert (first.state, second.state) == (JobState.POSTED, JobState.POSTED)
    system = ("system", SENTENCES.text("instruction.system", "de"))
    assert room.writers.read(first.id) == [system, ("user", "Wer bist du?")]
    assert room.writers.read(second.id) == [
        system,
        ("user", "Wer bist du?"),
        ("assistant", "Antwort auf Wer bist du?"),
        ("user", "Und ich?"),
    ]
    assert second.params["temperature"] == 0.2
    assert (second.owner_id, second.channel_id, second.locale) == ("ben", "thread", "en")
    assert second.params["conversation"] == talk.id
    assert first.seed != second.seed
    assert "memory_cut" not in second.notices


async def test_only_what_was_shown_is_remembered(room: ChatRoom) -> None:
    await room.talk()
    room.writers.write = lambda request: "Pornografie ist …" if "eins" in request.params["prompt"] else "gut"
    assert (await room.ask("eins")).state is JobState.REFUSED
    room.writers.fault["text"] = Fault(RuntimeError("broken"), 1)
    assert (await room.ask("zwei")).state is JobState.FAILED
    third = await room.ask("drei")
    assert [text for _, text in room.writers.read(third.id)[1:]] == ["drei"]
    assert (await room.ask("vier")).state is JobState.POSTED
    assert [turn.question for turn in await room.memory.turns(third.params["conversation"])] == [
        "drei",
        "vier",
    ]


async def test_a_long_conversation_forgets_its_beginning_and_says_so(room: ChatRoom) -> None:
    room.limit = 3
    room.writers.write = lambda request: f"Antwort {request.params['prompt']}"
    await room.talk()
    jobs = [await room.ask(f"Frage {number}") for number in range(MEMORY_TURNS + 2)]
    read = [text for role, text in room.writers.read(jobs[-1].id) if role == "user"]
    assert read == [f"Frage {number}" for number in range(DROPPED_AT_ONCE, MEMORY_TURNS + 2)]
    assert jobs[-1].notices == ("memory_cut",)
    assert jobs[-2].notices == ()
    assert SENTENCES.has("notice.memory_cut")


@pytest.mark.parametrize("code", ["prompt_cut", "memory_cut"])
async def test_what_the_model_had_no_room_for_is_told_apart(room: ChatRoom, code: str) -> None:
    await room.talk()
    room.writers.facts = {"prompt_cut": code == "prompt_cut", "memory_cut": code == "memory_cut"}
    job = await room.ask("Was ist ein Igel?")
    assert room.texts.texts[job.id].notices == (code,)


async def test_a_sort_of_text_is_known_by_its_name_too(room: ChatRoom) -> None:
    for typed in ("poem", " Gedicht ", "GEDICHT"):
        ticket = await room.desk.write.text(TextRequest(prompt="ein Igel", preset=typed), ANNA, None)
        job = await room.end(ticket)
        assert job.params["preset"] == "poem"
    with pytest.raises(InvalidInput) as caught:
        await room.desk.write.text(TextRequest(prompt="ein Igel", preset="Ode"), ANNA, None)
    assert "Gedicht" in caught.value.values["known"]


def test_the_beginning_stays_the_same_for_several_turns() -> None:
    turns = [Turn(question=f"Frage {number}", answer="gut") for number in range(60)]
    beginnings = [remembered(turns[:count])[0][0] for count in range(1, 61)]
    changes = sum(before != after for before, after in pairwise(beginnings))
    assert changes == (60 - MEMORY_TURNS) / DROPPED_AT_ONCE


@given(st.lists(st.tuples(st.text(max_size=2500), st.text(max_size=2500)), max_size=15))
def test_memory_is_the_newest_that_fits(pairs: list[tuple[str, str]]) -> None:
    turns = [Turn(question=question, answer=answer) for question, answer in pairs]
    kept, dropped = remembered(turns)
    assert list(kept) == turns[len(turns) - len(kept) :]
    assert dropped == (len(kept) < len(turns))
    assert len(kept) <= MEMORY_TURNS
    assert sum(len(turn.question) + len(turn.answer) for turn in kept) <= MEMORY_CHARACTERS
    # never less than half of what would have fitted
    fitting = [
        count
        for count in range(min(len(turns), MEMORY_TURNS) + 1)
        if sum(len(one.question) + len(one.answer) for one in turns[len(turns) - count :])
        <= MEMORY_CHARACTERS
    ]
    assert 2 * len(kept) >= max(fitting)


# Nothing leaks


async def test_no_conversation_leaks_into_another(room: ChatRoom) -> None:
    """Each thread tells its own secret again and again to a model that repeats all it reads."""
    room.writers.write = echo
    threads = {f"thread {letter}": f"kanarienvogel{letter}" for letter in "ab"}
    for thread, who in zip(threads, (ANNA, BEN), strict=True):
        await room.talk(thread, who)
    for number in range(4):
        done = await asyncio.gather(
            *(room.ask(f"{secret} {number}", thread=thread) for thread, secret in threads.items())
        )
        # the one beside, which is no conversation, sees nothing either
        alone = await room.end(await room.desk.write.text(TextRequest(prompt="allein"), ANNA, None))
        assert "kanarienvogel" not in room.texts.texts[alone.id].text
        for job, (thread, secret) in zip(done, threads.items(), strict=True):
            text = room.texts.texts[job.id].text
            (other,) = set(threads.values()) - {secret}
            assert text.count(secret) >= number + 1, thread
            assert other not in text


async def test_canaries_stay_in_their_threads(tmp_path: Path) -> None:
    """A sample; the full count is `python -m tests.chat_counts -n 500`."""
    assert await count_leaks(30, 2026, tmp_path) == (0, 0)


# One at a time


async def test_one_question_at_a_time(room: ChatRoom) -> None:
    await room.talk()
    room.writers.on_start = lambda request: room.writers.held.add(request.job)
    asked = await asyncio.gather(
        *(room.desk.chat.ask(f"Frage {number}", at("thread"), None) for number in range(3)),
        return_exceptions=True,
    )
    errors = [one for one in asked if isinstance(one, LimitReached)]
    (ticket,) = [one for one in asked if not isinstance(one, BaseException)]
    assert [error.code for error in errors] == ["chat_busy"] * 2
    assert await room.desk.chat.is_writing(ticket.job.id)
    await room.writers.started(ticket.job.id)
    with pytest.raises(LimitReached, match="chat_busy"):
        await room.desk.chat.ask("noch eine", at("thread", BEN), None)
    room.writers.on_start = lambda request: None
    room.writers.release(ticket.job.id)
    await room.end(ticket)
    assert not await room.desk.chat.is_writing(ticket.job.id)
    assert (await room.ask("jetzt")).state is JobState.POSTED


async def test_two_threads_do_not_wait_for_each_other(room: ChatRoom) -> None:
    await room.talk("one")
    await room.talk("two")
    tickets = [await room.desk.chat.ask("Frage", at(thread), None) for thread in ("one", "two")]
    assert [(await room.end(ticket)).state for ticket in tickets] == [JobState.POSTED] * 2


async def test_an_answer_that_waits_for_discord_does_not_block(room: ChatRoom) -> None:
    await room.talk()
    room.texts.fault = Fault(AWAY, 1)
    first = await room.desk.chat.ask("eins", at("thread"), None)
    await room.in_state(first.job.id, JobState.POSTING, JobState.POSTED)
    second = await room.ask("zwei")
    assert [text for _, text in room.writers.read(second.id)][1] == "eins"


# What cannot be


async def test_everything_is_checked_before_a_thread_is_made(room: ChatRoom) -> None:
    chat = room.desk.chat
    for request, code in (
        (ChatRequest(prompt="  "), "prompt_empty"),
        (ChatRequest(temperature=9.0), "temperature_invalid"),
        (ChatRequest(temperature=float("nan")), "temperature_invalid"),
        (ChatRequest(model="nobody"), "model_unknown"),
        (ChatRequest(prompt=FORBIDDEN), "refused_sexual"),
    ):
        with pytest.raises(AtelierError) as caught:
            await chat.prepare(request, ANNA)
        assert caught.value.code == code
    (refused,) = await room.desk.queue.refusals(TEACHER)
    assert refused.error_code == "refused_sexual"
    assert await room.jobs.unfinished() == []


async def test_a_thread_is_named_after_the_prompt(room: ChatRoom) -> None:
    chat = room.desk.chat
    assert (await chat.prepare(ChatRequest(), ANNA)).name is None
    opening = await chat.prepare(ChatRequest(prompt="  Wie   heißt\nder Mond? " + "lang " * 40), ANNA)
    assert opening.name is not None
    assert opening.name.startswith("Wie heißt der Mond? lang")
    assert opening.name.endswith("lang…"), "no word is cut in two: half a word may be a bad one"
    assert len(opening.name) <= 100
    opening = await chat.prepare(ChatRequest(prompt="x" * 500), ANNA)
    assert opening.name is not None
    assert 1 < len(opening.name) <= 100


async def test_only_so_many_open_ones(room: ChatRoom) -> None:
    for number in range(OPEN_LIMIT):
        await room.talk(f"thread {number}")
    with pytest.raises(LimitReached) as caught:
        await room.talk("one more")
    assert (caught.value.code, caught.value.values) == ("limit_chats", {"limit": OPEN_LIMIT})
    opening = await room.desk.chat.prepare(ChatRequest(), TEACHER)
    with pytest.raises(LimitReached):
        await room.desk.chat.open(opening, ANNA, "two commands at once")
    await room.desk.chat.open(opening, TEACHER, "of the teacher")
    await room.desk.chat.end(at("thread 1"))
    await room.talk("one more")
    assert await room.desk.chat.open_threads(ANNA) == ["thread 0", "thread 2", "one more"]


async def test_where_no_conversation_is(room: ChatRoom) -> None:
    talk = await room.talk()
    other = await room.talk("elsewhere")
    chat = room.desk.chat
    for who, conversation in (
        (at("channel"), None),
        (at("thread", STRANGER), None),
        (at("thread", STRANGER), talk.id),
        (at("thread"), other.id),
        (at("channel"), talk.id),
        (at("thread"), "0000000000"),
    ):
        with pytest.raises(NotFound, match="chat_not_here"):
            await chat.ask("Hallo", who, None, conversation_id=conversation)
        with pytest.raises(NotFound, match="chat_not_here"):
            await chat.end(who, conversation_id=conversation)
    assert await chat.at("class", "thread") == talk
    assert await chat.at("other", "thread") is None
    assert await room.jobs.unfinished() == []


@pytest.mark.parametrize(
    ("question", "kind", "code"),
    [
        ("", InvalidInput, "prompt_empty"),
        ("x" * 5000, InvalidInput, "prompt_long"),
        ("a\x07b", InvalidInput, "prompt_control"),
        (FORBIDDEN, Refused, "refused_sexual"),
    ],
)
async def test_a_bad_question(room: ChatRoom, question: str, kind: type[AtelierError], code: str) -> None:
    talk = await room.talk()
    with pytest.raises(kind, match=code):
        await room.desk.chat.ask(question, at("thread"), None)
    assert await room.memory.turns(talk.id) == []
    assert (await room.ask("gut")).state is JobState.POSTED


async def test_a_pupils_limit_holds_here_too(room: ChatRoom) -> None:
    await room.talk()
    room.writers.on_start = lambda request: room.writers.held.add(request.job)
    await room.desk.chat.ask("Frage", at("thread"), None)
    for _ in range(room.limit - 1):
        await room.desk.write.text(TextRequest(prompt="ein Gedicht"), ANNA, None)
    with pytest.raises(LimitReached, match="limit_waiting"):
        await room.desk.chat.prepare(ChatRequest(prompt="noch eine"), ANNA)


# The end


async def test_the_end_forgets(room: ChatRoom) -> None:
    talk = await room.talk()
    first = await room.ask("geheim")
    second = await room.ask("zwei")
    with pytest.raises(NotAllowed):
        await room.desk.chat.end(at("thread", BEN))
    assert len(await room.memory.turns(talk.id)) == 2
    await room.desk.chat.end(at("thread", TEACHER), conversation_id=talk.id)
    assert await room.memory.turns(talk.id) == []
    kept = await room.jobs.get(second.id)
    assert kept is not None
    assert "geheim" not in str(kept.params)
    assert (await room.jobs.get(first.id)) is not None
    for ask in (room.desk.chat.ask("weiter", at("thread"), None), room.desk.chat.end(at("thread"))):
        with pytest.raises(NotFound, match="chat_ended"):
            await ask


async def test_the_end_stops_what_is_being_written(room: ChatRoom) -> None:
    talk = await room.talk()
    room.writers.on_start = lambda request: room.writers.held.add(request.job)
    ticket = await room.desk.chat.ask("Frage", at("thread"), None)
    await room.writers.started(ticket.job.id)
    await room.desk.chat.end(at("thread"))
    assert (await room.end(ticket)).state is JobState.CANCELLED
    await room.close()  # whatever would still be said
    # another message would open the closed thread again
    assert room.texts.codes(ticket.job.id) == []
    await room.open()
    assert room.texts.texts == {}
    assert await room.memory.turns(talk.id) == []


async def test_who_cancels_one_answer_goes_on_and_it_is_said(room: ChatRoom) -> None:
    await room.talk()
    room.writers.on_start = lambda request: room.writers.held.add(request.job)
    ticket = await room.desk.chat.ask("Frage", at("thread"), None)
    await room.writers.started(ticket.job.id)
    await room.desk.cancel.cancel(ticket.job.id, ANNA)
    assert (await room.end(ticket)).state is JobState.CANCELLED
    await until(lambda: room.texts.codes(ticket.job.id) == ["cancelled"])


async def test_a_deleted_thread_is_forgotten(room: ChatRoom) -> None:
    talk = await room.talk()
    await room.ask("Frage")
    await room.desk.chat.forget("thread")
    await room.desk.chat.forget("thread")
    await room.desk.chat.forget("unknown")
    assert await room.memory.turns(talk.id) == []
    assert await room.desk.chat.open_threads(ANNA) == []


# Restarts


async def test_a_restart_keeps_memory_and_the_running_answer(room: ChatRoom) -> None:
    await room.talk()
    await room.ask("eins")
    room.writers.on_start = lambda request: room.writers.held.add(request.job)
    ticket = await room.desk.chat.ask("zwei", at("thread"), None)
    await room.writers.started(ticket.job.id)
    await room.restart()
    job = await room.end(ticket)
    assert job.state is JobState.POSTED
    third = await room.ask("drei")
    assert [text for role, text in room.writers.read(third.id) if role == "user"] == ["eins", "zwei", "drei"]


async def test_an_answer_that_was_being_posted_is_posted_once_more_and_remembered_once(
    room: ChatRoom,
) -> None:
    talk = await room.talk()
    room.pauses = (60.0,)
    await room.restart()
    room.texts.fault = Fault(AWAY)
    ticket = await room.desk.chat.ask("eins", at("thread"), None)
    await room.in_state(ticket.job.id, JobState.POSTING)
    await until(lambda: room.texts.fault.count > 0)
    room.texts.fault = Fault()
    await room.restart()
    assert (await room.end(ticket)).state is JobState.POSTED
    assert [turn.question for turn in await room.memory.turns(talk.id)] == ["eins"]


async def test_no_conversation_begins_where_nothing_may_be_asked(room: ChatRoom) -> None:
    """Its thread would stand there for all, also without a question."""
    lessons, emergency = room.desk.lessons, room.desk.emergency
    await lessons.start(LessonRequest(media="image"), TEACHER)
    with pytest.raises(NotAllowed, match="lesson_medium"):
        await room.talk()
    await lessons.end(TEACHER)
    await lessons.start(LessonRequest(media="text"), TEACHER)
    await lessons.give_task(TaskRequest(medium="text", words="Turm"), TEACHER)
    await room.talk()  # the task is for what is asked
    await lessons.pause(TEACHER)
    for who in (ANNA, TEACHER):
        with pytest.raises(NotAllowed, match="paused"):
            await room.talk("another", who)
    await emergency.stop(TEACHER)
    with pytest.raises(NotAllowed, match="emergency_on"):
        await room.talk("another", TEACHER)


async def test_in_a_private_lesson_no_thread_tells_the_question(room: ChatRoom) -> None:
    await room.desk.lessons.start(LessonRequest(private=True), TEACHER)
    opening = await room.desk.chat.prepare(ChatRequest(prompt="Wer bin ich?"), ANNA)
    assert (opening.name, opening.private) == (None, True)
    assert (await room.desk.chat.prepare(ChatRequest(), ANNA)).private
    await room.desk.lessons.end(TEACHER)
    opening = await room.desk.chat.prepare(ChatRequest(prompt="Wer bin ich?"), ANNA)
    assert (opening.name, opening.private) == ("Wer bin ich?", False)
