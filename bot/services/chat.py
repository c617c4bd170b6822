"""Conversations: opened with `/chat`, one a thread, with a memory of what was asked and shown there.

Whoever goes on is checked here (class, thread, not ended): a button's id may be forged.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final
from weakref import WeakValueDictionary

from bot.services.intake import Intake
from bot.services.ports import ChatRequest, ReplyAddress, Requester, Ticket
from bot.services.write import MEDIUM, Sentence
from bot.texts import plain, readable
from data.conversations import Conversation, Conversations, Turn
from data.jobs import Jobs
from generation.dispatcher import Dispatcher
from generation.errors import LimitReached, NotAllowed, NotFound
from generation.job import JobState, draw_seed, new_job_id
from generation.text_params import DEFAULT_TEMPERATURE, Message, TextParams, check_temperature, clean_text
from moderation.pipeline import Pipeline

PRESET: Final = "chat"
OPEN_LIMIT: Final = 3
"""Conversations that a pupil may have open at a time."""
MEMORY_TURNS: Final = 10
MEMORY_CHARACTERS: Final = 6000
"""What a model is given to read of the earlier questions and answers; the oldest are dropped first."""
DROPPED_AT_ONCE: Final = 5
NAME_LIMIT: Final = 60
WRITING: Final = frozenset({JobState.ACCEPTED, JobState.QUEUED, JobState.RUNNING, JobState.CHECKING})


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """What a conversation begins with, all of it checked. `name`: its thread's, None for a neutral one. `private`: its
    answers are seen only by whoever asks, so they come another way than into the thread that all can read."""

    model: str
    temperature: float
    prompt: str | None
    name: str | None
    private: bool = False


class Chat:
    """`/chat` and what follows. Methods raise an AtelierError with its sentence's code."""

    def __init__(
        self,
        *,
        intake: Intake,
        conversations: Conversations,
        jobs: Jobs,
        dispatcher: Dispatcher,
        pipeline: Pipeline,
        sentence: Sentence,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._intake = intake
        self._conversations = conversations
        self._jobs = jobs
        self._dispatcher = dispatcher
        self._pipeline = pipeline
        self._sentence = sentence
        self._clock = clock
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def prepare(self, request: ChatRequest, who: Requester) -> Opening:
        """Everything that can be wrong, before a thread is made for it.

        Raises InvalidInput, ModelMissing, LimitReached, NotAllowed or Refused.
        """
        model = self._intake.model(MEDIUM, request.model)
        temperature = DEFAULT_TEMPERATURE if request.temperature is None else request.temperature
        temperature = check_temperature(temperature)
        if not who.is_teacher and len(await self.open_threads(who)) >= OPEN_LIMIT:
            raise LimitReached("limit_chats", limit=OPEN_LIMIT)
        private = self._intake.posts_privately(who)
        if request.prompt is None:
            await self._intake.demand_begin(model, who)
            return Opening(model=model.id, temperature=temperature, prompt=None, name=None, private=private)
        prompt = clean_text(request.prompt)
        params = {"prompt": prompt, "temperature": temperature, "preset": PRESET}
        await self._intake.demand_allowed(model, params, who, texts=(prompt,))
        name = None if private else await self._name_after(prompt, who)
        return Opening(model=model.id, temperature=temperature, prompt=prompt, name=name, private=private)

    async def open(self, opening: Opening, who: Requester, thread_id: str) -> Conversation:
        """The conversation of a thread that has just been made. Raises LimitReached."""
        conversation = Conversation(
            id=new_job_id(),
            guild_id=who.guild_id,
            channel_id=thread_id,
            parent_id=who.channel_id,
            owner_id=who.person_id,
            model=opening.model,
            locale=who.locale,
            temperature=opening.temperature,
            created_at=self._clock(),
        )
        limit = None if who.is_teacher else OPEN_LIMIT
        if not await self._conversations.add(conversation, limit=limit):
            raise LimitReached("limit_chats", limit=OPEN_LIMIT)
        return conversation

    async def at(self, guild_id: str, thread_id: str) -> Conversation | None:
        """The conversation of this thread of this class, ended or not."""
        found = await self._conversations.in_channel(thread_id)
        return found if found is not None and found.guild_id == guild_id else None

    async def here(self, who: Requester, conversation_id: str | None = None) -> Conversation:
        """The open conversation where `who` is; with an id it must be that one. Raises NotFound."""
        found = await self.at(who.guild_id, who.channel_id)
        if found is None or conversation_id not in (None, found.id):
            raise NotFound("chat_not_here")
        if found.ended_at is not None:
            raise NotFound("chat_ended")
        return found

    async def ask(
        self,
        question: str,
        who: Requester,
        address: ReplyAddress | None,
        *,
        conversation_id: str | None = None,
    ) -> Ticket:
        """The next question in the thread where `who` is; without an address it is answered by a message there.

        Raises NotFound, LimitReached (`chat_busy`: one at a time), InvalidInput, ModelMissing or Refused.
        """
        async with self._alone(who.channel_id):
            conversation = await self.here(who, conversation_id)
            if await self._conversations.answering(conversation.id):
                raise LimitReached("chat_busy")
            question = clean_text(question)
            turns, dropped = remembered(await self._conversations.turns(conversation.id))
            return await self._intake.queue(
                self._intake.model(MEDIUM, conversation.model),
                self._params(conversation, question, turns).to_plain(),
                draw_seed(),
                who,
                address,
                texts=(question,),
                notices=("memory_cut",) if dropped else (),
            )

    async def end(self, who: Requester, *, conversation_id: str | None = None) -> None:
        """Forget it all; an answer that is being written is not shown any more. Raises NotFound or NotAllowed."""
        conversation = await self.here(who, conversation_id)
        if conversation.owner_id != who.person_id and not who.is_teacher:
            raise NotAllowed("not_allowed")
        await self._end(conversation)

    async def forget(self, thread_id: str) -> None:
        """The thread is gone: so is what was remembered of it."""
        conversation = await self._conversations.in_channel(thread_id)
        if conversation is not None and conversation.ended_at is None:
            await self._end(conversation)

    async def open_threads(self, who: Requester) -> list[str]:
        """The threads of a person's open conversations, oldest first."""
        return [one.channel_id for one in await self._conversations.open_of(who.guild_id, who.person_id)]

    async def is_writing(self, job_id: str) -> bool:
        """Whether an answer is still waiting, being written or checked."""
        job = await self._jobs.get(job_id)
        return job is not None and job.state in WRITING

    async def _end(self, conversation: Conversation) -> None:
        async with self._alone(conversation.channel_id):
            answering = await self._conversations.answering(conversation.id)
            await self._conversations.end(conversation.id)
        for job_id in answering:
            await self._dispatcher.cancel(job_id)

    async def _name_after(self, prompt: str, who: Requester) -> str | None:
        """The prompt's beginning, if it may stand alone: what is cut off can change what the rest says."""
        name = plain(readable(prompt))
        if len(name) > NAME_LIMIT:
            end = name.rfind(" ", 0, NAME_LIMIT)
            name = name[: end if end > 0 else NAME_LIMIT].rstrip() + "…"
        return name if name and (await self._pipeline.check_text(name, guild=who.guild_id)).allowed else None

    def _params(self, conversation: Conversation, question: str, turns: Sequence[Turn]) -> TextParams:
        messages = [Message("system", self._sentence("instruction.system", conversation.locale))]
        for turn in turns:
            messages += [Message("user", turn.question), Message("assistant", turn.answer)]
        return TextParams(
            prompt=question,
            messages=(*messages, Message("user", question)),
            temperature=conversation.temperature,
            preset=PRESET,
            conversation=conversation.id,
        )

    def _alone(self, thread_id: str) -> asyncio.Lock:
        """One change at a time in a thread: else two quick questions would both find nobody answering."""
        return self._locks.setdefault(thread_id, asyncio.Lock())


def remembered(turns: Sequence[Turn]) -> tuple[tuple[Turn, ...], bool]:
    """The newest turns that fit, oldest first, and whether any had to be left out.

    Turns go several at a time: a model reads on where it stopped only while the beginning stays as it was.
    """
    room, fitting = MEMORY_CHARACTERS, 0
    for turn in reversed(turns[-MEMORY_TURNS:]):
        room -= len(turn.question) + len(turn.answer)
        if room < 0:
            break
        fitting += 1
    dropped = len(turns) - fitting
    at_once = -(-dropped // DROPPED_AT_ONCE) * DROPPED_AT_ONCE
    if 2 * (len(turns) - at_once) >= fitting:
        dropped = at_once  # unless too little were left
    return tuple(turns[dropped:]), dropped > 0
