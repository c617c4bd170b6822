"""Uploaded melodies and songs: probed, kept, and used once their person has said why they may use them."""

from __future__ import annotations

from bot.services.ports import ReplyAddress, Requester, Ticket
from generation.music_params import Declaration


class Uploads:
    """What the buttons under the question call. Methods raise an AtelierError with its sentence's code."""

    async def decide(
        self, question_id: str, declaration: Declaration, who: Requester, address: ReplyAddress | None
    ) -> Ticket:
        """Keep the declaration and queue the request that waits for it. Raises NotFound upload_gone, and what
        queueing raises (LimitReached: the request goes on waiting)."""
        raise NotImplementedError

    async def cancel(self, question_id: str, who: Requester) -> None:
        """Forget the request and delete its file at once. Raises NotFound upload_gone."""
        raise NotImplementedError
