"""Notes: a title, a mood or a melody becomes a job."""

from __future__ import annotations

from bot.services.audio_ports import NotesRequest, Question
from bot.services.ports import ReplyAddress, Requester, Ticket
from generation.job import Job


class Notes:
    """`/notes` and its buttons. Every method raises an AtelierError with its sentence's code."""

    async def notes(
        self, request: NotesRequest, who: Requester, address: ReplyAddress | None
    ) -> Ticket | Question:
        """Raises InvalidInput, ModelMissing, LimitReached or Refused; then nothing is queued."""
        raise NotImplementedError

    async def again(
        self, job_id: str, who: Requester, address: ReplyAddress | None, *, new_seed: bool
    ) -> Ticket:
        """The same request once more, with the same or with a new seed, for the person who asks."""
        raise NotImplementedError

    async def recipe(self, job_id: str, who: Requester) -> Job:
        """The posted notes of this class. Raises NotFound job_gone."""
        raise NotImplementedError
