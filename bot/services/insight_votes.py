"""The class guesses the next word before it sees what the model thinks."""

from __future__ import annotations

from dataclasses import dataclass

from bot.services.insight import Insight, without_vote
from bot.services.insight_data import candidates
from bot.services.insight_kept import KeptInsights
from bot.services.ports import ReplyAddress, Requester, Ticket
from data.errors import StaleMove
from data.votes import Votes
from generation.errors import InvalidInput, NotAllowed, NotFound, Refused
from generation.job import Job
from generation.params import clean_prompt
from moderation.pipeline import Pipeline

WORD_LIMIT = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """A vote that counts now. `number`: how many people have voted."""

    job: Job
    choice: str
    number: int


class InsightVotes:
    """Each person has one vote and may change it until the vote is resolved. Nobody ever sees whose is whose."""

    def __init__(self, *, insight: Insight, kept: KeptInsights, votes: Votes, pipeline: Pipeline) -> None:
        self._insight = insight
        self._kept = kept
        self._votes = votes
        self._pipeline = pipeline

    async def cast(self, job_id: str, place: int, who: Requester) -> Cast:
        """Vote for candidate `place` (1 …). Raises NotFound job_gone or choice_gone, NotAllowed vote_closed."""
        job = await self._insight.recipe(job_id, who, vote=True)
        words = candidates(await self._kept.next_word(job))
        if not 1 <= place <= len(words):
            raise NotFound("choice_gone")
        return await self._count(job, words[place - 1], who)

    async def cast_word(self, job_id: str, typed: str, who: Requester) -> Cast:
        """Vote for a word of one's own. Raises InvalidInput word_long, Refused, and what `cast` raises."""
        job = await self._insight.recipe(job_id, who, vote=True)
        word = clean_prompt(typed)
        if len(word) > WORD_LIMIT:
            raise InvalidInput("word_long", limit=WORD_LIMIT)
        verdict = await self._pipeline.check_text(word, f"{job.params['text']} {word}", guild=job.guild_id)
        if not verdict.allowed:
            raise Refused(f"refused_{verdict.code}")
        words = candidates(await self._kept.next_word(job))
        same = (one for one in words if one.strip().casefold() == word.casefold())
        return await self._count(job, next(same, word), who)

    async def resolve(self, job_id: str, who: Requester, address: ReplyAddress | None) -> Ticket:
        """Count, forget who voted, and show the class's votes beside the model's. For its owner and for teachers.

        It can be repeated: the numbers stay. Raises NotFound, NotAllowed, and what queueing raises.
        """
        job = await self._insight.recipe(job_id, who, vote=True)
        if not who.is_teacher and who.person_id != job.owner_id:
            raise NotAllowed("not_allowed")
        counted = await self._votes.close(job.id)
        return await self._insight.again_with(job, without_vote(counted), tuple(counted), who, address)

    async def _count(self, job: Job, choice: str, who: Requester) -> Cast:
        try:
            number = await self._votes.cast(job.id, who.person_id, choice)
        except StaleMove:
            raise NotAllowed("vote_closed") from None
        return Cast(job=job, choice=choice, number=number)
