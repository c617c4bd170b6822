"""Music and sounds: what was typed, uploaded or pressed becomes a job."""

from __future__ import annotations

from typing import Final

from bot.services.audio_ports import ContinueRequest, MusicRequest, Question, SoundRequest
from bot.services.ports import ReplyAddress, Requester, Ticket
from generation.job import Job

LONGER_S: Final = 10
"""Seconds that "longer" adds."""


class Music:
    """`/music`, `/music-more`, `/sound` and their buttons. Each raises an AtelierError with its sentence's code."""

    async def music(
        self, request: MusicRequest, who: Requester, address: ReplyAddress | None
    ) -> Ticket | Question:
        """Raises InvalidInput, ModelMissing, LimitReached or Refused; then nothing is queued."""
        raise NotImplementedError

    async def further(
        self, request: ContinueRequest, who: Requester, address: ReplyAddress | None
    ) -> Ticket | Question:
        """Continue an upload or an earlier piece of this class. Raises NotFound job_gone besides."""
        raise NotImplementedError

    async def sound(self, request: SoundRequest, who: Requester, address: ReplyAddress | None) -> Ticket:
        raise NotImplementedError

    async def again(
        self, job_id: str, who: Requester, address: ReplyAddress | None, *, new_seed: bool
    ) -> Ticket:
        """Music or a sound once more, for the person who asks. NotAllowed upload_of_other: it needs another's file."""
        raise NotImplementedError

    async def longer(self, job_id: str, who: Requester, address: ReplyAddress | None) -> Ticket:
        """The same music with the same seed, LONGER_S seconds longer. Raises InvalidInput longest at 60 seconds."""
        raise NotImplementedError

    async def recipe(self, job_id: str, index: int | None, who: Requester) -> Job:
        """The posted music or sound of this class that has piece `index`. Raises NotFound job_gone."""
        raise NotImplementedError
