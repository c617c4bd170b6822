"""What became of something a visitor did."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Generator
from typing import Any

from bot.local.errors import Json
from bot.local.visitor_line import VisitorLine

LOADING = 1 << 7


class InteractionFailed(Exception):
    """The bot did not answer within 3 seconds."""


class Handle:
    """What became of a command, a press or a sent form.

    `await handle` waits for the first answer and, if that is a deferred one, for its content; it gives the messages
    that stem from the interaction, in order, as they stand then. It raises `InteractionFailed` when the bot did not
    answer. A form that opens instead is in `modal`; then the list is empty.
    """

    def __init__(
        self, visitor: VisitorLine, start: Callable[[], Coroutine[Any, Any, Any]], timeout: float
    ) -> None:
        self._visitor = visitor
        self._timeout = timeout
        self.interaction_id: str | None = None
        self._started = asyncio.ensure_future(start())

    def __await__(self) -> Generator[Any, None, list[Json]]:
        return self.settled().__await__()

    async def sent(self) -> str:
        """Wait until the server has taken it; gives the interaction's id. Raises `VisitError` for a refusal."""
        self.interaction_id = str(await self._started)
        return self.interaction_id

    async def settled(self, timeout: float | None = None) -> list[Json]:  # noqa: ASYNC109
        """The same as awaiting the handle, with another patience in seconds."""
        mine = await self.sent()

        def done(_name: str, _data: Json) -> bool:
            if mine in self._visitor.failed:
                return True
            answered = mine in self._visitor.answered
            return answered and not any(one["flags"] & LOADING for one in self.messages)

        await self._visitor.until(done, timeout or self._timeout, f"the answer to {mine}")
        if mine in self._visitor.failed:
            raise InteractionFailed(self._visitor.failed[mine])
        return self.messages

    async def acknowledged(self, timeout: float = 5.0) -> int:  # noqa: ASYNC109
        """Wait for the first answer only; gives its type (5 for deferred)."""
        mine = await self.sent()

        def done(_name: str, _data: Json) -> bool:
            return mine in self._visitor.answered or mine in self._visitor.failed

        await self._visitor.until(done, timeout, f"an acknowledgement of {mine}")
        if mine in self._visitor.failed:
            raise InteractionFailed(self._visitor.failed[mine])
        return self._visitor.answered[mine]

    async def message(
        self,
        wanted: Callable[[Json], bool] = lambda _message: True,
        timeout: float | None = None,  # noqa: ASYNC109
    ) -> Json:
        """Wait for a message of this interaction that satisfies `wanted`, e.g. one with attachments."""
        await self.sent()

        def done(_name: str, _data: Json) -> bool:
            return any(wanted(one) for one in self.messages)

        await self._visitor.until(done, timeout or self._timeout, "a message of this interaction")
        return next(one for one in self.messages if wanted(one))

    @property
    def messages(self) -> list[Json]:
        """The messages that stem from the interaction, oldest first, as they stand now."""
        return list(self._visitor.stemming.get(self.interaction_id or "", {}).values())

    @property
    def modal(self) -> Json | None:
        """The form that the bot answered with."""
        return self._visitor.modals_of.get(self.interaction_id or "")
