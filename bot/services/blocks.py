"""`/block` and `/unblock`: a pupil asks for nothing for a while. What ends or deletes something always works."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final

from bot.services.care_ports import CareNotes, demand_teacher
from bot.services.ports import Requester
from bot.services.setup import ALWAYS, ENDING, OPEN_PRESSES
from data.blocks import Block, BlockRows
from data.jobs import Jobs
from generation.dispatcher import Dispatcher
from generation.errors import InvalidInput, NotAllowed, NotFound

LESSON_MINUTES: Final = 45
LONGEST_MINUTES: Final = 30 * 24 * 60


FREE_COMMANDS: Final = ALWAYS | ENDING | {"chat-end", "my-works", "gallery", "queue", "models", "glossary"}
"""Commands, by their English names, that a blocked pupil may use: to look, to end something, to have their own."""
Demand = Callable[[Requester], Awaitable[None]]


def unblocked(rows: BlockRows) -> Demand:
    """What the class's door asks (`Door(others=…)`): raises NotAllowed blocked, `until` as epoch seconds."""

    async def demand(who: Requester) -> None:
        block = None if who.is_teacher else await rows.of_person(who.guild_id, who.person_id)
        if block is not None:
            raise NotAllowed("blocked", until=round(block.until))

    return demand


class Blocks:
    """Who is a teacher is read from Discord by the caller: nobody blocks a teacher, or themselves.

    Blocks are remembered, class by class: `demand_free` stands before every command and press.
    """

    def __init__(
        self,
        *,
        rows: BlockRows,
        jobs: Jobs,
        dispatcher: Dispatcher,
        notes: CareNotes | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._rows = rows
        self._clock = clock
        self._known: dict[str, dict[str, float]] = {}
        self._changing = asyncio.Lock()
        self._jobs = jobs
        self._dispatcher = dispatcher
        self._notes = notes
        self.demand: Final = unblocked(rows)

    async def demand_free(self, who: Requester, *, command: str = "", action: str = "") -> None:
        """Raise NotAllowed blocked before a command, button or form of somebody who is; see `Setup.demand`."""
        if who.is_teacher or command in FREE_COMMANDS or action in OPEN_PRESSES:
            return
        until = (await self._of(who.guild_id)).get(who.person_id)
        if until is not None and until > self._clock():
            raise NotAllowed("blocked", until=round(until))

    async def _of(self, guild_id: str) -> dict[str, float]:
        if (known := self._known.get(guild_id)) is not None:
            return known
        async with (
            self._changing
        ):  # a change that is made meanwhile is not overwritten by what was read before it
            found = {one.person: one.until for one in await self._rows.of_class(guild_id)}
            return self._known.setdefault(guild_id, found)

    async def block(
        self, person: str, minutes: int, who: Requester, *, is_teacher: bool
    ) -> tuple[Block, int]:
        """From now on, in place of an earlier one; what waits of this person is cancelled: how many jobs.

        Raises NotAllowed, InvalidInput minutes_invalid.
        """
        demand_teacher(who)
        if is_teacher or person == who.person_id:
            raise NotAllowed("block_teacher")
        if not 1 <= minutes <= LONGEST_MINUTES:
            raise InvalidInput("minutes_invalid", low=1, high=LONGEST_MINUTES)
        async with self._changing:
            block = await self._rows.put(who.guild_id, person, who.person_id, 60.0 * minutes)
            self._known.pop(who.guild_id, None)
        await self._note(who, "block", person, {"minutes": minutes})
        return block, await self._cancel(who.guild_id, person)

    async def unblock(self, person: str, who: Requester) -> None:
        """Raises NotAllowed; NotFound not_blocked."""
        demand_teacher(who)
        async with self._changing:
            was_blocked = await self._rows.drop(who.guild_id, person)
            self._known.pop(who.guild_id, None)
        if not was_blocked:
            raise NotFound("not_blocked")
        await self._note(who, "unblock", person, {})

    async def standing(self, who: Requester) -> list[Block]:
        """Who is blocked now, the first to be free first. Raises NotAllowed."""
        demand_teacher(who)
        return await self._rows.of_class(who.guild_id)

    async def purge(self) -> int:
        """Forget those that have run out; how many. For the upkeep, once a minute."""
        return await self._rows.purge()

    async def sweep(self) -> int:
        """For the start."""
        return await self.purge()

    async def _cancel(self, guild_id: str, person: str) -> int:
        own = [
            job for job in await self._jobs.unfinished() if (job.guild_id, job.owner_id) == (guild_id, person)
        ]
        return sum([await self._dispatcher.cancel(job.id) for job in own])

    async def _note(self, who: Requester, what: str, person: str, detail: dict[str, str | int]) -> None:
        if self._notes is not None:
            await self._notes.note(who.guild_id, who.person_id, what, person, detail=detail)
