"""Seeing inside a language model: what was typed or pressed becomes a job.

Next words, tokens, surprising words and the book: each is a medium of its own that runs on a text model.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from bot.services.insight_book import BookCount, count_in
from bot.services.insight_data import (
    BOOK,
    NEXT_WORD,
    RUN_LENGTH,
    SURPRISE,
    TOKENS,
    Choice,
    NextWord,
)
from bot.services.insight_kept import KeptInsights
from bot.services.intake import Intake
from bot.services.ports import ReplyAddress, Requester, Ticket
from generation.errors import InvalidInput, NotFound
from generation.job import Job, draw_seed
from generation.text_params import check_temperature, clean_text

TEXT_MEDIUM: Final = "text"
"""Its models do all of this."""
TEXT_LIMIT: Final = 1000
GROWN_LIMIT: Final = 2000
"""Characters that a text may have grown to, word by word."""
TEMPERATURES: Final = (0.0, 0.3, 0.7, 1.0, 1.5, 2.0)
OWN_TEMPERATURE: Final = 1.0
"""At 1 the probabilities are the model's own: nothing is sharpened or flattened."""
_NO_SEED = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class NextWordRequest:
    """`/next-word` as it was typed. `vote`: the class guesses before it sees the model's probabilities."""

    text: str
    temperature: float | None = None
    model: str | None = None
    vote: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TokensRequest:
    """`/tokens` as it was typed. `english`: the same sentence in English, to stand beside it."""

    text: str
    english: str | None = None
    model: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LikelyRequest:
    text: str
    model: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BookRequest:
    """`/book` as it was typed. `book`: the bytes of an uploaded file, None for the book that comes with the bot."""

    text: str
    book: bytes | None = None
    model: str | None = None


InsightRequest = NextWordRequest | TokensRequest | LikelyRequest | BookRequest


class Insight:
    """Every method returns a Ticket or raises an AtelierError with its sentence's code; then nothing is queued."""

    def __init__(self, *, intake: Intake, kept: KeptInsights) -> None:
        self._intake = intake
        self._kept = kept

    async def next_word(
        self, request: NextWordRequest, who: Requester, address: ReplyAddress | None
    ) -> Ticket:
        temperature = OWN_TEMPERATURE if request.temperature is None else request.temperature
        params = next_word_params(
            clean_text(request.text, limit=TEXT_LIMIT), check_temperature(temperature), vote=request.vote
        )
        return await self._queue(NEXT_WORD, params, request.model, who, address)

    async def tokens(self, request: TokensRequest, who: Requester, address: ReplyAddress | None) -> Ticket:
        texts = [clean_text(request.text, limit=TEXT_LIMIT)]
        if request.english is not None and request.english.strip():
            texts.append(clean_text(request.english, limit=TEXT_LIMIT))
        return await self._queue(TOKENS, {"prompt": texts[0], "texts": texts}, request.model, who, address)

    async def likely(self, request: LikelyRequest, who: Requester, address: ReplyAddress | None) -> Ticket:
        text = clean_text(request.text, limit=TEXT_LIMIT)
        return await self._queue(SURPRISE, {"prompt": text, "text": text}, request.model, who, address)

    async def book(self, request: BookRequest, who: Requester, address: ReplyAddress | None) -> Ticket:
        """Raises InvalidInput book_… for a file that is no text, and where it does not know the last word either."""
        text = clean_text(request.text, limit=TEXT_LIMIT)
        # a large book is read in a thread, counted and forgotten: only the numbers go with the job
        counted = await asyncio.to_thread(count_in, request.book, text, who.locale)
        params = next_word_params(text, OWN_TEMPERATURE) | {"book": counted.to_plain()}
        return await self._queue(BOOK, params, request.model, who, address)

    # -- buttons --

    async def pick(self, job_id: str, place: int, who: Requester, address: ReplyAddress | None) -> Ticket:
        """Go on with choice `place` (1 …) of a post. Raises NotFound job_gone or choice_gone."""
        job, found = await self._shown(job_id, who)
        return await self._follow(job, found.text + chosen(found, place), who, address)

    async def change_temperature(
        self, job_id: str, who: Requester, address: ReplyAddress | None, *, up: bool
    ) -> Ticket:
        """The same text, a step cooler or warmer. Raises NotFound job_gone, InvalidInput temperature_end."""
        job, found = await self._shown(job_id, who)
        temperature = next_temperature(float(job.params["temperature"]), up=up)
        if temperature is None:
            raise InvalidInput("temperature_end")
        return await self._follow(job, found.text, who, address, temperature=temperature)

    async def run_on(self, job_id: str, who: Requester, address: ReplyAddress | None) -> Ticket:
        """Let the model write ten more words by itself, with a seed that is drawn now."""
        job, found = await self._shown(job_id, who)
        return await self._follow(job, found.text, who, address, run=RUN_LENGTH)

    async def again_with(
        self,
        job: Job,
        changes: Mapping[str, Any],
        words: Sequence[str],
        who: Requester,
        address: ReplyAddress | None,
    ) -> Ticket:
        """The job once more with other parameters, whose `words` are checked like all texts."""
        params = {**job.params, **changes}
        return await self._queue(
            job.medium, params, job.model, who, address, words=words, parent=(job.id, None)
        )

    async def recipe(self, job_id: str, who: Requester, *, vote: bool) -> Job:
        """The posted next word of this class; `vote`: one that is still to be guessed. Raises NotFound job_gone."""
        job = await self._intake.recipe(job_id, NEXT_WORD, who)
        if bool(job.params.get("vote")) != vote:
            raise NotFound("job_gone")
        return job

    async def _shown(self, job_id: str, who: Requester) -> tuple[Job, NextWord]:
        job = await self.recipe(job_id, who, vote=False)
        return job, await self._kept.next_word(job)

    async def _follow(
        self,
        job: Job,
        text: str,
        who: Requester,
        address: ReplyAddress | None,
        *,
        temperature: float | None = None,
        run: int = 0,
    ) -> Ticket:
        if len(text) > GROWN_LIMIT:
            raise InvalidInput("text_full", limit=GROWN_LIMIT)
        warmth = float(job.params["temperature"]) if temperature is None else temperature
        params = next_word_params(text, warmth, run=run)
        return await self._queue(NEXT_WORD, params, job.model, who, address, parent=(job.id, None))

    async def _queue(
        self,
        medium: str,
        params: dict[str, Any],
        model_id: str | None,
        who: Requester,
        address: ReplyAddress | None,
        *,
        words: Sequence[str] = (),
        parent: tuple[str | None, int | None] = (None, None),
    ) -> Ticket:
        model = self._intake.model(TEXT_MEDIUM, model_id)
        texts = params["texts"] if medium == TOKENS else [params["text"]]
        return await self._intake.queue(
            model,
            {**params, "length": _work(params)},
            draw_seed() if params.get("run") else _NO_SEED,
            who,
            address,
            texts=(*texts, *words),
            medium=medium,
            parent=parent,
        )


def _work(params: Mapping[str, Any]) -> int:
    """About as much work as writing so many tokens: with that the expected time of texts stays right."""
    read = sum(len(text) for text in params.get("texts") or [params["text"]])
    return 10 + read // 20 + 2 * int(params.get("run", 0))


def next_word_params(text: str, temperature: float, *, run: int = 0, vote: bool = False) -> dict[str, Any]:
    """`prompt` is what the queue shows of it."""
    return {"prompt": text, "text": text, "temperature": temperature, "run": run, "vote": vote}


def next_temperature(now: float, *, up: bool) -> float | None:
    """The next step of `TEMPERATURES`; None at the end."""
    steps = [step for step in TEMPERATURES if (step > now if up else step < now)]
    if not steps:
        return None
    return steps[0] if up else steps[-1]


def chosen(found: NextWord, place: int) -> str:
    """The text of choice `place` (1 …). Raises NotFound choice_gone for none, a hidden one or the end of the text."""
    choice: Choice | None = found.choices[place - 1] if 1 <= place <= len(found.choices) else None
    if choice is None or not choice.can_follow or choice.text is None:
        raise NotFound("choice_gone")
    return choice.text


def book_of(job: Job) -> BookCount | None:
    plain = job.params.get("book")
    return None if plain is None else BookCount.from_plain(plain)


def votes_of(job: Job) -> dict[str, int] | None:
    """What the class voted for, where a post shows it beside the model."""
    plain = job.params.get("votes")
    return None if plain is None else {str(word): int(votes) for word, votes in plain}


def without_vote(votes: Mapping[str, int]) -> dict[str, Any]:
    """The change that resolves a vote."""
    return {"vote": False, "votes": [[word, number] for word, number in votes.items()]}
